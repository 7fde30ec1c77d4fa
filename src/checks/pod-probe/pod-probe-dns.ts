import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { listOf } from '../facts/names.ts';
import { describeMeasures, measuredOf, resultsOf } from './reading.ts';

export const podProbeDns = defineCheck({
  id: 'pod-probe-dns',
  section: 'probe',
  link: 'Pod',
  title: 'Pods resolve names, of the cluster and of the world',
  looksAt: 'names resolved inside a Pod on each node (`--probe-pods`)',
  docs: PAGES.kubeProxyFree,
  causes: ['kpr-off', 'kube-proxy-leftovers', 'agents-ready', 'pod-probe-ran'],
  needs: [],
  reasons: {
    ClusterDnsFails: 'A Pod cannot resolve a name of the cluster: the way to CoreDNS is broken.',
    PublicDnsFails: 'A Pod resolves names of the cluster, and none of the world.',
    DnsNotMeasured: 'No Pod could measure DNS.',
  },
  run(world, say) {
    const read = resultsOf(world, say);
    if ('finding' in read) return [read.finding];
    const { results } = read.measurement;
    const cluster = measuredOf(results, 'cluster-dns');
    const outside = measuredOf(results, 'public-dns');
    if (cluster.length === 0) {
      return [
        say.unknown('DnsNotMeasured', {
          message: 'No Pod could measure DNS: see pod-probe-ran, or use another image.',
        }),
      ];
    }
    const deaf = cluster.filter(({ failed }) => failed.length > 0);
    // Without CoreDNS nothing of the world is resolved either.
    const cut = outside.filter(({ node, ok }) => ok.length === 0 && !deaf.some((one) => one.node === node));
    const findings = [];
    if (deaf.length > 0) {
      findings.push(
        say.fail('ClusterDnsFails', {
          message: `Pods on ${deaf.length} of ${cluster.length} nodes (${listOf(deaf.map(({ node }) => node))}) cannot resolve a name of the cluster.`,
          fix:
            deaf.length === cluster.length
              ? 'See whether CoreDNS runs: kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide'
              : "See what differs there: the agents' state, and whether the node-to-node ports of the security group are open.",
          evidence: { nodes: describeMeasures(deaf) },
        }),
      );
    }
    if (cut.length > 0) {
      findings.push(
        say.fail('PublicDnsFails', {
          message: `Pods on ${cut.length} of ${outside.length} nodes (${listOf(cut.map(({ node }) => node))}) resolve names of the cluster, and none of the world.`,
          fix: 'See where CoreDNS forwards to, and whether its Pods reach that server: kubectl -n kube-system get configmap coredns -o yaml',
          evidence: { nodes: describeMeasures(cut) },
        }),
      );
    }
    return findings.length > 0
      ? findings
      : [say.pass(`Pods on ${cluster.length} nodes resolve names of the cluster and of the world.`)];
  },
});
