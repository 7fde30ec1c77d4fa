import { SERVICES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { compareShare } from '../../probe/binomial.ts';
import { describeFigures, figuresOf } from '../../probe/figures.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { groupsOf, NO_TARGETS, NOT_PROBED, NOT_TRIED, rowsOf, silentNodes, wasPlanned } from './reading.ts';

export const probeShare = defineCheck({
  id: 'probe-share',
  section: 'probe',
  link: 'Envoy',
  title: "As many connections to the entrypoint's NodePort are refused as its exposure predicts: none",
  looksAt: "refused connections to the entrypoint's NodePort of each node, beside the exposure (`--probe`)",
  docs: PAGES.gatewayApi,
  causes: ['probe-nodes'],
  needs: [],
  reasons: {
    ShareRefused: 'The exposure refuses a share of all connections, and that share was measured.',
    MoreRefused: 'More connections are refused than the exposure predicts.',
    FewerRefused: 'Fewer connections are refused than the exposure predicts: something else serves the entrypoint.',
    ConnectionsLost: 'Some connections got no answer in time, were reset, or did not get there.',
    ShareNotTried: "No connection to the entrypoint's NodePort was begun.",
  },
  run(world, say) {
    const { probe } = world;
    if (probe === undefined) return [say.notApplicable(NOT_PROBED)];
    const all = groupsOf(world, probe);
    if (wasPlanned(probe, 'entrypoint') && !all.some(({ place }) => place === 'entrypoint')) {
      return [say.unknown('ShareNotTried', NOT_TRIED)];
    }
    const silent = silentNodes(all);
    const groups = all.filter(({ place, figures, results, shareOf }) => {
      const reached = figures.outcomes.answered > 0 || results.some(({ target }) => shareOf(target.node) === 1);
      return place === 'entrypoint' && reached;
    });
    if (groups.length === 0) return [say.notApplicable(NO_TARGETS)];
    return groups.flatMap(({ state, listenerPort, results, shareOf }) => {
      const { entrypoint, exposure, subject } = state;
      // A node that is silent altogether is told by itself, and would hide the share of the others.
      const heard = results.filter(({ target }) => !silent.has(target.node));
      const figures = figuresOf(heard.flatMap(({ attempts }) => attempts));
      const tries = figures.attempts;
      if (tries === 0) return [];
      const { refused } = figures.outcomes;
      const predicted =
        heard.reduce((sum, { target, attempts }) => sum + shareOf(target.node) * attempts.length, 0) / tries;
      const target = entrypoint === undefined ? subject.target : targetOf(SERVICES, entrypoint.meta);
      const what = `Port ${listenerPort} of ${subject.key}, exposure ${exposure}`;
      const measured = `${percent(refused / tries)} of ${tries} connections refused, ${percent(predicted)} predicted`;
      const evidence = {
        exposure: exposure ?? '',
        refused,
        connections: tries,
        measuredShare: round(refused / tries),
        predictedShare: round(predicted),
        nodes: rowsOf(heard),
      };
      const findings = [];
      const compared = compareShare(refused, tries, predicted);
      if (compared === 'more') {
        findings.push(
          say.fail('MoreRefused', {
            target,
            message: `${what}: ${measured}. That is no chance.`,
            fix: 'See which nodes refuse in the evidence, and what their agents say of the entrypoint: cilium-dbg service list in the agent Pod of that node.',
            evidence,
          }),
        );
      } else if (compared === 'fewer') {
        findings.push(
          say.warn('FewerRefused', {
            target,
            message: `${what}: ${measured}. Something else than this exposure serves the entrypoint.`,
            fix: `See who: kubectl get ciliumenvoyconfigs -A, and look for services that name ${entrypoint?.meta.name ?? 'the entrypoint'}.`,
            evidence,
          }),
        );
      } else if (refused > 0) {
        findings.push(
          say.warn('ShareRefused', {
            target,
            message: `${what}: ${measured}. A node that picks itself as the backend finds nothing listening on the NodePort.`,
            fix: 'Run the controller with the exposure auto, which sends the entrypoint straight to Envoy.',
            evidence,
          }),
        );
      }
      const { reset, unreachable, failed } = figures.outcomes;
      const lost = figures.outcomes['timed-out'] + reset + unreachable + failed;
      if (lost > 0) {
        findings.push(
          say.warn('ConnectionsLost', {
            target,
            message: `${what}: ${lost} of ${tries} connections got no answer (${describeFigures(figures)}).`,
            fix: 'See which nodes in the evidence; try again, and look at the load and the connection tracking of these nodes.',
            evidence,
          }),
        );
      }
      return findings.length > 0 ? findings : [say.pass(`${what}: ${measured}.`, { target, evidence })];
    });
  },
});

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

function round(share: number): number {
  return Math.round(share * 10_000) / 10_000;
}
