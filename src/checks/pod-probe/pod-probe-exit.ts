import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { listOf } from '../facts/names.ts';
import { describeMeasures, measuredOf, resultsOf } from './reading.ts';

export const podProbeExit = defineCheck({
  id: 'pod-probe-exit',
  section: 'probe',
  link: 'way out',
  title: 'Pods reach public addresses, without DNS',
  looksAt: 'HTTPS connections from a Pod on each node to two public addresses, by address alone (`--probe-pods`)',
  docs: PAGES.masquerading,
  causes: ['pod-probe-ran'],
  needs: [],
  reasons: {
    NoPublicExit: 'Pods on a node reach no public address.',
    PublicExitPartly: 'Pods reach one of the public addresses, and not the other.',
    ExitNotMeasured: 'The way out could not be measured.',
  },
  run(world, say) {
    const read = resultsOf(world, say);
    if ('finding' in read) return [read.finding];
    const { results, plan } = read.measurement;
    const measured = measuredOf(results, 'https');
    if (measured.length === 0) {
      const why =
        plan.targets.length === 0
          ? `none of ${plan.names.join(', ')} could be resolved where doctor runs`
          : 'no Pod could measure it: see pod-probe-ran, or use another image';
      return [
        say.unknown('ExitNotMeasured', {
          message: `The way out could not be measured: ${why}.`,
          fix: plan.targets.length === 0 ? 'Name others that can be resolved here: --probe-targets=NAME,NAME' : '',
        }),
      ];
    }
    const shut = measured.filter(({ ok }) => ok.length === 0);
    const partly = measured.filter(({ ok, failed }) => ok.length > 0 && failed.length > 0);
    const findings = [];
    const targets = plan.targets.map(({ name, ip }) => `${name}=${ip}`);
    if (shut.length > 0) {
      findings.push(
        say.fail('NoPublicExit', {
          message: `Pods on ${shut.length} of ${measured.length} nodes (${listOf(shut.map(({ node }) => node))}) reach no public address (${targets.join(', ')}).`,
          fix: 'See the checks of the way out: a NAT gateway with an SNAT rule for the Pods, or masquerading on nodes that have a public exit themselves.',
          evidence: { nodes: describeMeasures(shut), targets },
        }),
      );
    }
    if (partly.length > 0) {
      findings.push(
        say.warn('PublicExitPartly', {
          message: `Pods on ${partly.length} of ${measured.length} nodes (${listOf(partly.map(({ node }) => node))}) reach one public address, and not the other.`,
          fix: 'The way out is open; try other addresses with --probe-targets=NAME,NAME to see whether it is theirs.',
          evidence: { nodes: describeMeasures(partly), targets },
        }),
      );
    }
    return findings.length > 0
      ? findings
      : [
          say.pass(`Pods on ${measured.length} nodes reach ${targets.join(' and ')}.`, {
            evidence: { nodes: describeMeasures(measured) },
          }),
        ];
  },
});
