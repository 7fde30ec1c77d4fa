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
  const [namespace, pools] = await Promise.all([
    configured ?? lookForNamespace(client, signal),
    readAll(client, poolsV2, { signal }, () => undefined),
  ]);
  if (!pools.ok && isConnectionFailure(pools.error)) throw pools.error;
  return { namespace, pools: pools.ok ? poolsV2 : LB_IP_POOLS };
}

/** Looks in all namespaces: with a configured one, an account needs no rights beyond it. */
async function lookForNamespace(client: KubeClient, signal: AbortSignal): Promise<string> {
  const [pods, daemonSets] = await Promise.all([
    readAll(client, PODS, { labelSelector: CILIUM_POD_SELECTOR, signal }, trimCiliumPod),
    readAll(client, DAEMON_SETS, { labelSelector: 'k8s-app=cilium', signal }, trimCiliumDaemonSet),
  ]);
  for (const read of [pods, daemonSets]) {
    if (!read.ok && isConnectionFailure(read.error)) throw read.error;
  }
  return findNamespace(pods.ok ? pods.items : [], daemonSets.ok ? daemonSets.items : []);
}

/** Whether there is no point in asking anything else. */
function isConnectionFailure(error: KubeError): boolean {
  return error.category === 'unreachable' || error.category === 'timeout' || error.category === 'unauthorized';
}
