import { covers, parseCidr, parseCidrs } from '../../lib/cidr.ts';
import type { CloudInstance, CloudRoute, CloudRouteTable } from '../../providers/provider.types.ts';
import type { KubeWorld } from '../world.types.ts';
import { ordinaryNodes } from './network.ts';

/** A node whose Pods no route leads to. */
export interface UnroutedNode {
  readonly node: string;
  readonly podCidr: string;
  /** The route that there is, if it leads elsewhere; undefined: there is none. */
  readonly wrong: CloudRoute | undefined;
}

/** Nodes' Pod CIDRs that no route table of the VPC leads to the node's own server. */
export function unroutedNodes(
  kube: KubeWorld,
  tables: readonly CloudRouteTable[],
  servers: readonly CloudInstance[],
): UnroutedNode[] {
  const routes = tables.flatMap((table) => table.routes).filter(({ enabled }) => enabled);
  return ordinaryNodes(kube).flatMap(({ meta, podCidrs }) => {
    const given = kube.ciliumNodes.items.find((one) => one.meta.name === meta.name)?.podCidrs ?? [];
    const server = servers.find(({ nodeName }) => nodeName === meta.name);
    return (given.length > 0 ? given : podCidrs).flatMap((podCidr): UnroutedNode[] => {
      const wanted = parseCidr(podCidr);
      if (wanted === undefined) return [];
      const leading = routes.filter(
        (route) =>
          (route.via === 'instance' || route.via === 'interface') && covers(parseCidrs([route.destination]), wanted),
      );
      // Ids of interfaces are not known: whose they are is not judged.
      const right = leading.some(
        ({ via, target }) => via === 'interface' || server === undefined || target === server.id,
      );
      return right ? [] : [{ node: meta.name, podCidr, wrong: leading[0] }];
    });
  });
}
