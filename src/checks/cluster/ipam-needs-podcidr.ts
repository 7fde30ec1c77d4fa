import { NODES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { agentsOf, readCilium, restartCommand } from '../facts/cilium.ts';
import { namesOf } from '../facts/names.ts';
import { ordinaryNodes } from '../facts/network.ts';

export const ipamNeedsPodCidr = defineCheck({
  id: 'ipam-needs-podcidr',
  section: 'cluster',
  link: 'Pod',
  title: 'Every node has addresses for its Pods',
  looksAt: '`ipam` of cilium-config, spec.podCIDR of each Node, restarts of the agents',
  docs: PAGES.ipam,
  causes: ['cilium-eni-mode'],
  needs: ['nodes', 'ciliumConfig', 'pods'],
  reasons: {
    PodCidrMissing: 'Cilium takes the addresses of Pods from spec.podCIDR, and a node has none: its agent panics.',
  },
  run({ kube }, say) {
    const cilium = readCilium(kube);
    if (cilium === undefined) return [say.notApplicable('There is no cilium-config.')];
    if (cilium.ipam !== 'kubernetes') {
      return [say.pass(`ipam is ${cilium.ipam}, which needs no spec.podCIDR.`, { evidence: { ipam: cilium.ipam } })];
    }
    const nodes = ordinaryNodes(kube);
    const without = nodes.filter(({ podCidrs }) => podCidrs.length === 0);
    const [first] = without;
    if (first === undefined) {
      return [say.pass(`ipam is kubernetes, and each of ${nodes.length} nodes has a spec.podCIDR.`)];
    }
    const restarting = agentsOf(kube)
      .filter((pod) => without.some(({ meta }) => meta.name === pod.node))
      .flatMap((pod) => pod.containers.map(({ restarts, lastEnd }) => ({ pod: pod.meta.name, restarts, lastEnd })))
      .filter(({ restarts }) => restarts > 0);
    return [
      say.fail('PodCidrMissing', {
        target: targetOf(NODES, first.meta),
        message: `ipam is kubernetes, and ${without.length} of ${nodes.length} nodes have no spec.podCIDR (${namesOf(without)}): Cilium's agent finds no addresses for their Pods and panics.`,
        fix: `Let Cilium give the addresses itself, in its Helm values: ipam.mode=cluster-pool and ipam.operator.clusterPoolIPv4PodCIDRList={10.100.0.0/16} (a range outside the VPC and the Services); then: ${restartCommand(kube)}`,
        evidence: { ipam: 'kubernetes', nodes: without.map(({ meta }) => meta.name).slice(0, 20), restarting },
      }),
    ];
  },
});
