import type { KubeClient } from '../kube/client.types.ts';
import type { KubeError } from '../kube/errors.ts';
import { readAll } from '../kube/read-all.ts';
import { DAEMON_SETS, LB_IP_POOLS, PODS, type Resource } from '../kube/resources.ts';
import { CILIUM_POD_SELECTOR, findNamespace, trimCiliumDaemonSet, trimCiliumPod } from './agents.ts';

/** Where Cilium lives in this cluster. */
export interface CiliumPlace {
  readonly namespace: string;
  /** The version of CiliumLoadBalancerIPPool that is served: `v2` since Cilium 1.18, `v2alpha1` before. */
  readonly pools: Resource;
}

/**
 * Finds Cilium's namespace (configuration, else agents, else DaemonSet, else kube-system) and the served version of its
 * pools. What cannot be seen is assumed (design §6); rejects only where nothing at all can be asked.
 * @throws KubeError when the API server cannot be reached or does not know us
 */
export async function discoverCilium(
  client: KubeClient,
  configured: string | undefined,
  signal: AbortSignal,
): Promise<CiliumPlace> {
  const poolsV2: Resource = { ...LB_IP_POOLS, version: 'v2' };
  const [pods, daemonSets, pools] = await Promise.all([
    readAll(client, PODS, { labelSelector: CILIUM_POD_SELECTOR, signal }, trimCiliumPod),
    readAll(client, DAEMON_SETS, { labelSelector: 'k8s-app=cilium', signal }, trimCiliumDaemonSet),
    readAll(client, poolsV2, { signal }, () => undefined),
  ]);
  for (const read of [pods, daemonSets, pools]) {
    if (!read.ok && isConnectionFailure(read.error)) throw read.error;
  }
  const namespace = configured ?? findNamespace(pods.ok ? pods.items : [], daemonSets.ok ? daemonSets.items : []);
  return { namespace, pools: pools.ok ? poolsV2 : LB_IP_POOLS };
}

/** Whether there is no point in asking anything else. */
function isConnectionFailure(error: KubeError): boolean {
  return error.category === 'unreachable' || error.category === 'timeout' || error.category === 'unauthorized';
}
