import { copyName } from '../../src/gateway/redirect-copy.ts';
import { SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import { type KubeObject, valueAt } from '../control-plane/objects.ts';
import { ciliumPod } from '../control-plane/scenario.ts';
import { waitFor } from '../control-plane/wait.ts';
import type { EnvoyAnswer } from './answer.ts';
import { endpointSlice } from './backends.ts';
import type { Datapath } from './fixture.ts';
import { ENTRYPOINT, ENTRYPOINT_NODE_PORT } from './guide.ts';
import { NODES } from './network.ts';
import { xdsOf } from './xds.ts';

/* What the product's tests on the datapath have in common: entrypoints as users make them, and looks at its copies. */

/** What the cloud gives the entrypoint: on both Services it is the same. */
const ADDRESS = '198.51.100.10';

export const GATEWAY: ObjectRef = { namespace: 'default', name: 'ip-gateway' };

export interface UserEntrypoint {
  readonly ref?: ObjectRef;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Port → NodePort. */
  readonly ports?: Readonly<Record<number, number>>;
  readonly address?: string;
}

/** Makes an entrypoint as the guides say, its targetPort long out of date, and gives it its address as the cloud does. */
export async function makeEntrypoint({ controlPlane }: Datapath, given: UserEntrypoint = {}): Promise<void> {
  const { ref = ENTRYPOINT, annotations = {}, ports = { 80: ENTRYPOINT_NODE_PORT }, address = ADDRESS } = given;
  await controlPlane.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...ref, annotations: { 'kubernetes.io/elb.id': 'your-elb-id', ...annotations } },
    spec: {
      type: 'LoadBalancer',
      selector: { 'k8s-app': 'cilium' },
      ports: Object.entries(ports).map(([port, nodePort]) => ({
        name: `port-${port}`,
        port: Number(port),
        nodePort,
        targetPort: 1,
        protocol: 'TCP',
      })),
    },
  });
  await controlPlane.patchStatus(SERVICES, ref, { loadBalancer: { ingress: [{ ip: address }] } }, 'cloud');
}

/** The endpoints that the entrypoint's selector gives it, at its targetPorts as they are now; no controller here does it. */
export async function renewEndpoints({ controlPlane }: Datapath, ref: ObjectRef = ENTRYPOINT): Promise<void> {
  const ports = valueAt(await controlPlane.get(SERVICES, ref), 'spec', 'ports');
  const wanted = (Array.isArray(ports) ? ports : []).map((port: unknown) => ({
    name: String(valueAt(port, 'name')),
    port: Number(valueAt(port, 'targetPort')),
  }));
  const endpoints = NODES.map(({ name, address }) => ({ addresses: [address], nodeName: name }));
  await controlPlane.apply(endpointSlice(ref, wanted, endpoints));
}

/** The agents as Pods, by which the program knows how many nodes there are. */
export async function showAgents({ controlPlane }: Datapath): Promise<void> {
  for (const { name } of NODES) {
    const pod = ciliumPod(`cilium-${name}`, 'cilium', controlPlane.versions.cilium);
    const spec = valueAt(pod, 'spec');
    await controlPlane.apply({ ...pod, spec: { ...(typeof spec === 'object' ? spec : {}), nodeName: name } });
  }
}

/** The redirect copy of an entrypoint. */
export function copyOf(entrypoint: ObjectRef = ENTRYPOINT): ObjectRef {
  return { namespace: entrypoint.namespace, name: copyName(entrypoint) };
}

/** Whether an answer came by way of the copy. */
export function byCopy(answer: EnvoyAnswer, entrypoint: ObjectRef = ENTRYPOINT): boolean {
  const { namespace, name } = copyOf(entrypoint);
  return answer.listener.startsWith(`${namespace}/${name}/`);
}

/** What the agents sent to their Envoys for the copy and for its source, as pairs that must be equal. */
export async function sentFor(
  { nodes }: Datapath,
  entrypoint: ObjectRef,
  source: ObjectRef,
): Promise<readonly { readonly copy: XdsOf; readonly source: XdsOf }[]> {
  return Promise.all(
    nodes.map(async ({ envoy }) => {
      const state = await envoy.state();
      return { copy: xdsOf(state, copyOf(entrypoint)), source: xdsOf(state, source) };
    }),
  );
}

type XdsOf = ReturnType<typeof xdsOf>;

const TABLES = ['ciliumenvoyconfigs', 'envoy-resources', 'services', 'frontends', 'backends'] as const;

/** Where agents and Envoys still know a CiliumEnvoyConfig: `n1 envoy-resources`. */
export async function tracesOf({ nodes }: Datapath, { namespace, name }: ObjectRef): Promise<readonly string[]> {
  const found: string[] = [];
  for (const node of nodes) {
    for (const table of TABLES) {
      const rows = JSON.stringify(await node.agent.table(table));
      if (rows.includes(name)) found.push(`${node.name} ${table}`);
    }
    if (JSON.stringify(await node.envoy.state()).includes(`${namespace}/${name}/`)) found.push(`${node.name} Envoy`);
  }
  return found;
}

export async function untilNoTrace(datapath: Datapath, ref: ObjectRef): Promise<void> {
  let last: readonly string[] = [];
  await waitFor(`no agent to know ${ref.namespace}/${ref.name}`, async () => {
    last = await tracesOf(datapath, ref);
    return last.length === 0;
  }).catch((error: unknown) => {
    throw new Error(`still known to ${last.join(', ')}`, { cause: error });
  });
}

/** Lines by which an agent says that two Services want one address. */
export function ownershipQuarrels({ nodes }: Datapath): readonly string[] {
  return nodes.flatMap(({ agent }) => agent.log.lines(/frontend already owned/));
}

export function annotate(datapath: Datapath, ref: ObjectRef, key: string, value: string | null): Promise<KubeObject> {
  return datapath.controlPlane.patch(SERVICES, ref, { metadata: { annotations: { [key]: value } } });
}
