import { CONFIG_MAPS, DAEMON_SETS, NODES, PODS } from '../../src/kube/resources.ts';
import { type AgentParts, agentPod, ciliumConfig, daemonSet, type NodeParts } from '../taints/fixture.ts';
import type { ControlPlane } from './fixture.ts';
import { isKubeObject, type KubeObject, resourcePath, valueAt } from './objects.ts';
import { waitFor } from './wait.ts';

/** Nodes, agents and the operator on a real API server, which has neither kubelets nor a scheduler here. */

const JSON_PATCH = 'application/json-patch+json';
const CILIUM_SET = { namespace: 'kube-system', name: 'cilium' };

/** So many seconds ago, as Kubernetes writes times. */
export function ago(seconds: number): string {
  return new Date(Math.floor(Date.now() / 1000) * 1000 - seconds * 1000).toISOString().replace('.000Z', 'Z');
}

/** Cilium in tunnel mode, its DaemonSet, and the account that its Pods run as. */
export async function installCilium(
  cluster: ControlPlane,
  settings: Readonly<Record<string, string>> = { 'routing-mode': 'tunnel' },
): Promise<void> {
  await waitFor('the ServiceAccount of Pods', async () => {
    const answer = await cluster.request('GET', '/api/v1/namespaces/kube-system/serviceaccounts/default');
    return answer.status === 200;
  });
  await cluster.apply(daemonSet('cilium', 1));
  await cluster.apply(ciliumConfig(settings));
}

/** Makes the node, or makes the present one like it: taints, marks and status. */
export async function putNode(
  cluster: ControlPlane,
  make: (name: string, parts?: NodeParts) => KubeObject,
  name: string,
  parts: NodeParts = {},
): Promise<void> {
  const ref = { namespace: '', name };
  const { metadata, status, ...rest } = make(name, { readySince: ago(3600), heartbeat: ago(30), ...parts });
  const { uid: _, ...identity } = metadata;
  if ((await cluster.get(NODES, ref)) === undefined) await cluster.create({ ...rest, metadata: identity });
  // The API server adds node.kubernetes.io/not-ready to each node that is made.
  await setTaints(cluster, name, valueAt(rest, 'spec', 'taints'), 'test');
  await cluster.patchStatus(NODES, ref, status);
}

/** Sets the whole taint list, as that field manager. */
export async function setTaints(cluster: ControlPlane, name: string, taints: unknown, manager: string): Promise<void> {
  const patch = [{ op: 'add', path: '/spec/taints', value: taints }];
  await cluster.patch(NODES, { namespace: '', name }, patch, { contentType: JSON_PATCH, fieldManager: manager });
}

/** Makes the agent's Pod on a node, or gives the present one that status. */
export async function putAgent(cluster: ControlPlane, node: string, parts: AgentParts = {}): Promise<void> {
  const set = await cluster.get(DAEMON_SETS, CILIUM_SET);
  const wanted = { startedAt: ago(3700), readySince: ago(3650), ownerUid: set?.metadata.uid ?? '', ...parts };
  await putPod(cluster, agentPod(node, wanted));
  if (parts.terminating === true) {
    const path = resourcePath(PODS, { namespace: 'kube-system', name: parts.name ?? `cilium-${node}` });
    await cluster.request('DELETE', `${path}?gracePeriodSeconds=3600`);
  }
}

export async function putPod(cluster: ControlPlane, pod: KubeObject): Promise<void> {
  const { metadata, status, ...rest } = pod;
  const { uid: _, deletionTimestamp: __, ...identity } = metadata;
  const ref = { namespace: String(metadata.namespace), name: metadata.name };
  if ((await cluster.get(PODS, ref)) === undefined) await cluster.create({ ...rest, metadata: identity });
  await cluster.patchStatus(PODS, ref, status);
}

/** Keys of the node's taints. */
export async function taintKeys(cluster: ControlPlane, name: string): Promise<readonly string[]> {
  const taints = valueAt(await cluster.get(NODES, { namespace: '', name }), 'spec', 'taints');
  return Array.isArray(taints) ? taints.map((taint) => String(valueAt(taint, 'key'))) : [];
}

/** Names of the nodes that carry this taint, in order. */
export async function nodesWith(cluster: ControlPlane, key: string): Promise<readonly string[]> {
  const nodes = await cluster.list(NODES);
  return nodes
    .filter((node) => {
      const taints = valueAt(node, 'spec', 'taints');
      return Array.isArray(taints) && taints.some((taint) => valueAt(taint, 'key') === key);
    })
    .map((node) => node.metadata.name)
    .toSorted();
}

/** Events about a node, as `reason: message`. */
export async function nodeEvents(cluster: ControlPlane, name: string): Promise<readonly string[]> {
  const { body } = await cluster.request(
    'GET',
    `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=${name}`,
  );
  const items = valueAt(body, 'items');
  return Array.isArray(items)
    ? items.map((item) => `${String(valueAt(item, 'reason'))}: ${String(valueAt(item, 'message'))}`)
    : [];
}

/** Takes everything away that the tests of taints make. */
export async function removeNodes(cluster: ControlPlane): Promise<void> {
  for (const pod of await cluster.list(PODS, 'kube-system')) {
    await cluster.request('DELETE', `${resourcePath(PODS, podRef(pod))}?gracePeriodSeconds=0`);
  }
  for (const node of await cluster.list(NODES))
    await cluster.remove(NODES, { namespace: '', name: node.metadata.name });
  for (const set of await cluster.list(DAEMON_SETS, 'kube-system')) await cluster.remove(DAEMON_SETS, podRef(set));
  await cluster.remove(CONFIG_MAPS, { namespace: 'kube-system', name: 'cilium-config' });
}

function podRef(object: KubeObject): { namespace: string; name: string } {
  if (!isKubeObject(object)) throw new Error('no object');
  return { namespace: object.metadata.namespace ?? '', name: object.metadata.name };
}
