import type { NetworkMode } from '../../config/config.types.ts';
import { type Cloud, cloudOf, networkOf, readNetworkHints, virtualKind } from '../../taints/clouds.ts';
import type { DoctorNode } from '../models/node.ts';
import type { Asked, DoctorWorld, KubeWorld } from '../world.types.ts';
import { readCilium } from './cilium.ts';

/** Nodes that Cilium can run on: no virtual or registered external ones. */
export function ordinaryNodes({ nodes }: KubeWorld): DoctorNode[] {
  return nodes.items.filter((node) => virtualKind(node) === undefined);
}

/** The cloud that most nodes belong to. */
export function cloudOfCluster(kube: KubeWorld): Cloud {
  const names = ordinaryNodes(kube).map(cloudOf);
  const count = (wanted: Cloud): number => names.filter((name) => name === wanted).length;
  if (count('cce') === 0 && count('tke') === 0) return 'unknown';
  return count('cce') >= count('tke') ? 'cce' : 'tke';
}

/** The cluster's network, and how it is known. */
export interface ClusterNetwork {
  readonly cloud: Cloud;
  readonly mode: NetworkMode | 'unknown';
  /** For evidence: `ShowCluster says overlay_l2`, `node label kubernetes.io/eniquota`. */
  readonly because: string;
}

const CCE_MODES: Readonly<Record<string, NetworkMode>> = {
  overlay_l2: 'cce-overlay',
  'vpc-router': 'cce-vpc-router',
  eni: 'cce-eni',
};

/** The network as the configuration says it, else the cloud, else the cluster's own objects. */
export function networkOfCluster({ kube, cloud, config }: DoctorWorld): ClusterNetwork {
  const name = cloudOfCluster(kube);
  const { network } = config.taints;
  if (network !== 'auto') return { cloud: name, mode: network, because: 'the configuration (taints.network)' };
  const hints = readNetworkHints(kube.daemonSets.items);
  if (name === 'cce') {
    if (hints.dataPlaneV2) return { cloud: name, mode: 'cce-dataplane-v2', because: 'DaemonSet yangtse-cilium' };
    const said = answerOf(cloud.cluster)?.networkMode ?? '';
    const mode = CCE_MODES[said];
    if (mode !== undefined) return { cloud: name, mode, because: `the cloud says ${said}` };
  }
  const cilium = readCilium(kube);
  const settings = cilium && { routing: cilium.routing, ipam: cilium.ipam, notReadyTaint: '' };
  const modes = ordinaryNodes(kube).map((node) => networkOf(node, cloudOf(node), hints, settings, 'auto'));
  const mode = modes.find((one) => one !== 'unknown') ?? 'unknown';
  return { cloud: name, mode, because: "the cluster's own objects" };
}

/** The answer, where there is one. */
export function answerOf<T>(asked: Asked<T> | undefined): T | undefined {
  return asked?.state === 'answered' ? asked.value : undefined;
}
