import { NODES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { RUN_LABEL } from '../../pod-probe/pod.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { listOf } from '../facts/names.ts';
import { NO_PODS } from './reading.ts';

export const podProbeRan = defineCheck({
  id: 'pod-probe-ran',
  section: 'probe',
  link: 'Pod',
  title: 'A new Pod starts on each node, and reports',
  looksAt: 'a short-lived Pod on each node (`--probe-pods`)',
  docs: PAGES.gatewayApi,
  causes: ['agents-ready', 'ipam-needs-podcidr'],
  needs: [],
  reasons: {
    PodProbeNotMade: 'No Pod was made: not agreed to, or not allowed.',
    PodProbeFailed: 'A Pod could not be created on a node, did not start, or did not report.',
    PodProbeRemains: 'A Pod could not be removed again.',
  },
  run({ kube, podProbe }, say) {
    if (podProbe === undefined) return [say.notApplicable(NO_PODS)];
    if (podProbe.state === 'not-measured') {
      return [say.unknown('PodProbeNotMade', { message: `No Pods were made: ${podProbe.why}.`, fix: podProbe.mend })];
    }
    const { plan, results, remains } = podProbe;
    const findings = [];
    const failed = Map.groupBy(
      results.filter(({ measures }) => measures === undefined),
      ({ why }) => why,
    );
    for (const [why, pods] of failed) {
      const names = pods.map(({ node }) => node);
      const node = kube.nodes.items.find(({ meta }) => meta.name === names[0]);
      const image = /image|Image|pull/.test(why);
      findings.push(
        say.fail('PodProbeFailed', {
          target: node === undefined ? undefined : targetOf(NODES, node.meta),
          message: `The Pod on ${names.length} of ${results.length} nodes (${listOf(names)}) came to nothing: ${why}.`,
          fix: image
            ? "Name an image that the nodes can pull, with --probe-image=REGISTRY/IMAGE (a shell and curl is all it needs), or --probe-image=agent for that of Cilium's agent."
            : `See what is in its way: kubectl -n ${plan.namespace} get events --field-selector involvedObject.kind=Pod`,
          evidence: { nodes: names.slice(0, 20), image: plan.image, namespace: plan.namespace },
        }),
      );
    }
    if (remains.length > 0) {
      findings.push(
        say.warn('PodProbeRemains', {
          message: `${remains.length} Pods could not be removed: ${listOf(remains)}.`,
          fix: `Remove them: kubectl -n ${plan.namespace} delete pod -l ${RUN_LABEL}`,
          evidence: { pods: remains.slice(0, 20) },
        }),
      );
    }
    if (findings.length > 0) return findings;
    const more = plan.leftOut === 0 ? '' : ` ${plan.leftOut} more nodes got none.`;
    return [say.pass(`A Pod ran on each of ${results.length} nodes, reported, and was removed.${more}`)];
  },
});
