import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { listOf } from '../facts/names.ts';
import { describeMeasures, measuredOf, resultsOf } from './reading.ts';

export const podProbeNodes = defineCheck({
  id: 'pod-probe-nodes',
  section: 'probe',
  link: 'node',
  title: 'Pods reach the addresses of the nodes',
  looksAt: 'ping from a Pod on each node to the nodes, else TCP to the port of the kubelet (`--probe-pods`)',
  docs: PAGES.routing,
  causes: ['pod-probe-ran'],
  needs: [],
  reasons: {
    NodesNotReachedFromPods: 'Pods on a node do not reach the address of a node.',
    NodesNotMeasured: 'The way from Pods to nodes could not be measured.',
  },
  run(world, say) {
    const read = resultsOf(world, say);
    if ('finding' in read) return [read.finding];
    const measured = measuredOf(read.measurement.results, 'node');
    if (measured.length === 0) {
      const message = 'No Pod could measure the way to the nodes: see pod-probe-ran, or use another image.';
      return [say.unknown('NodesNotMeasured', { message })];
    }
    const by = [...new Set(measured.flatMap(({ ok, failed }) => [...ok, ...failed]).map((one) => one.by))].join(
      ' and ',
    );
    const cut = measured.filter(({ failed }) => failed.length > 0);
    if (cut.length === 0) {
      return [
        say.pass(`Pods on ${measured.length} nodes reach the addresses of the nodes, by ${by}.`, {
          evidence: { nodes: describeMeasures(measured) },
        }),
      ];
    }
    return [
      say.fail('NodesNotReachedFromPods', {
        message: `Pods on ${cut.length} of ${measured.length} nodes (${listOf(cut.map(({ node }) => node))}) do not reach ${listOf([...new Set(cut.flatMap(({ failed }) => failed.map(({ subject }) => subject)))])}, measured by ${by}.`,
        fix: "Let the security group of the nodes take ICMP and the tunnel's port (vxlan: UDP 8472) from the nodes and the Pod range.",
        evidence: { nodes: describeMeasures(cut) },
      }),
    ];
  },
});
