import { asArray, asRecord, asString } from '../../kube/read.ts';
import type { Meta } from '../../kube/types.ts';
import type { DoctorNode } from '../models/node.ts';
import type { KubeWorld } from '../world.types.ts';
import { matchesSelector } from './label-selector.ts';
import { ordinaryNodes } from './network.ts';

/** One gateway of a CiliumEgressGatewayPolicy. */
export interface EgressGateway {
  readonly policy: Meta;
  /** Nodes that its nodeSelector matches. */
  readonly nodes: readonly DoctorNode[];
  /** Address that traffic leaves with; empty: the first one of the interface. */
  readonly egressIp: string;
  /** The nodeSelector as it stands, for messages. */
  readonly selector: string;
  /** `spec.destinationCIDRs`. */
  readonly destinations: readonly string[];
}

/** Every gateway of every policy: `egressGateway`, and `egressGateways` since Cilium 1.18. */
export function egressGateways(kube: KubeWorld): EgressGateway[] {
  const nodes = ordinaryNodes(kube);
  return kube.egressPolicies.items.flatMap(({ meta, spec }) =>
    [spec.egressGateway, ...asArray(spec.egressGateways)]
      .filter((entry) => entry !== undefined && entry !== null)
      .map(asRecord)
      .map((gateway) => ({
        policy: meta,
        nodes: nodes.filter((node) => matchesSelector(gateway.nodeSelector, node.meta.labels)),
        egressIp: asString(gateway.egressIP),
        selector: JSON.stringify(asRecord(gateway.nodeSelector)),
        destinations: asArray(spec.destinationCIDRs).map((one) => asString(one)),
      })),
  );
}

/** Names of the nodes that traffic of policies leaves by. */
export function egressNodeNames(kube: KubeWorld): string[] {
  return egressGateways(kube).flatMap(({ nodes }) => nodes.map(({ meta }) => meta.name));
}
