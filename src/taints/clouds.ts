import type { NetworkMode, TaintsConfig } from '../config/config.types.ts';
import type { NetworkDaemonSet, NodeModel, RoutingSettings } from './models.ts';

/** Whose node it is: `cce` Huawei Cloud CCE, `tke` Tencent TKE. */
export type Cloud = 'cce' | 'tke' | 'unknown';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const TKE_LABEL = /^(?:cloud\.tencent\.com\/|(?:[a-z]+\.)?tke\.cloud\.tencent\.com\/)/;
const CCE_LABEL = /^(?:cce\.cloud\.com\/|node\.kubernetes\.io\/subnetid$|kubernetes\.io\/eniquota$)/;

/**
 * The cloud that a node belongs to, by its providerID, else by the labels that only that cloud sets (huawei.md §2.2,
 * tencent.md §3). A providerID of another scheme wins over any label.
 */
export function cloudOf({ providerId, meta }: Pick<NodeModel, 'providerId' | 'meta'>): Cloud {
  if (providerId.startsWith('qcloud:///') || providerId.startsWith('tencentcloud://')) return 'tke';
  if (providerId.includes('://')) return 'unknown';
  const labels = Object.keys(meta.labels);
  const isCce = labels.some((label) => CCE_LABEL.test(label));
  const isTke = labels.some((label) => TKE_LABEL.test(label));
  if (isCce && isTke) return 'unknown';
  if (isTke && providerId === '') return 'tke';
  // A bare UUID alone could be any private cloud's.
  return isCce && (providerId === '' || UUID.test(providerId)) ? 'cce' : 'unknown';
}

/** Kinds of nodes on which no agent can run; undefined: an ordinary one. */
export function virtualKind({ meta, taints }: NodeModel): string | undefined {
  const type = meta.labels['node.kubernetes.io/instance-type'] ?? meta.labels['beta.kubernetes.io/instance-type'] ?? '';
  if (type === 'eklet' || taints.some((taint) => taint.key.startsWith('eks.tke.cloud.tencent.com/'))) {
    return 'a super node (eklet)';
  }
  if (type === 'external') return 'a registered external node';
  const isVirtual =
    type === 'virtual-kubelet' ||
    meta.labels.type === 'virtual-kubelet' ||
    taints.some((taint) => taint.key.startsWith('virtual-kubelet.io/'));
  return isVirtual ? 'a virtual kubelet' : undefined;
}

/** What the cluster's own objects tell about its network, besides the nodes. */
export interface NetworkHints {
  /** `yangtse-cilium` runs: CCE's DataPlane V2. */
  readonly dataPlaneV2: boolean;
  /** The DaemonSet `cilium` runs images of TKE: CiliumOverlay or DataPlaneV2. */
  readonly tkeBuiltIn: boolean;
  /** VPC-CNI's agent runs on nodes: Pods get their addresses from ENIs. */
  readonly eniAgentRuns: boolean;
}

/** Reads the hints out of the DaemonSets (huawei.md §2.1, tencent.md §1.1). */
export function readNetworkHints(daemonSets: readonly NetworkDaemonSet[]): NetworkHints {
  const named = (name: string): NetworkDaemonSet[] => daemonSets.filter((set) => set.meta.name === name);
  return {
    dataPlaneV2: named('yangtse-cilium').length > 0,
    tkeBuiltIn: named('cilium').some((set) => set.images.some((image) => image.includes('tkeimages'))),
    eniAgentRuns: named('tke-eni-agent').some((set) => set.wanted > 0),
  };
}

/** The network of a node's cluster; `unknown` where the objects don't tell. */
export function networkOf(
  node: NodeModel,
  cloud: Cloud,
  hints: NetworkHints,
  settings: RoutingSettings | undefined,
  configured: TaintsConfig['network'],
): NetworkMode | 'unknown' {
  if (configured !== 'auto') return configured;
  switch (cloud) {
    case 'cce':
      if (hints.dataPlaneV2) return 'cce-dataplane-v2';
      if (node.meta.labels['kubernetes.io/eniquota'] !== undefined) return 'cce-eni';
      // podCIDR is set in the VPC network and in no other (huawei.md §2.1); without it, it is overlay_l2 or eni.
      return node.podCidr === '' ? 'unknown' : 'cce-vpc-router';
    case 'tke':
      if (hints.tkeBuiltIn) return 'tke-built-in';
      if (settings === undefined) return 'unknown';
      return settings.ipam === 'delegated-plugin' || (settings.routing === 'native' && hints.eniAgentRuns)
        ? 'tke-native'
        : 'tke-overlay';
    case 'unknown':
      return 'unknown';
  }
}
