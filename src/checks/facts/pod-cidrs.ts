import type { KubeWorld } from '../world.types.ts';
import type { CiliumSetup } from './cilium.ts';
import { ordinaryNodes } from './network.ts';

/** Where the addresses of Pods come from. */
export interface PodCidrs {
  readonly cidrs: readonly string[];
  /** For messages: `cluster-pool-ipv4-cidr`. */
  readonly from: string;
}

/** The ranges that Cilium gives Pods addresses out of; none where the cloud gives the addresses. */
export function podCidrsOf(kube: KubeWorld, cilium: CiliumSetup): PodCidrs {
  switch (cilium.ipam) {
    case 'cluster-pool':
      return { cidrs: words(cilium.data['cluster-pool-ipv4-cidr']), from: 'cluster-pool-ipv4-cidr' };
    case 'multi-pool':
      return { cidrs: kube.podPools.items.flatMap(({ cidrs }) => cidrs), from: 'CiliumPodIPPools' };
    case 'kubernetes':
      return { cidrs: ordinaryNodes(kube).flatMap(({ podCidrs }) => podCidrs), from: 'spec.podCIDRs of the Nodes' };
    default:
      return { cidrs: [], from: `ipam ${cilium.ipam}` };
  }
}

/** Lists in cilium-config are separated by blanks; some versions take commas. */
function words(text: string | undefined): string[] {
  return (text ?? '').split(/[\s,]+/).filter((word) => word !== '');
}
