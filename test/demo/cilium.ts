import { PODS } from '../../src/kube/resources.ts';
import type { ObjectRef, RawObject } from '../../src/kube/types.ts';
import { objectAt, objectsAt } from '../fake-api/json.ts';
import type { FakeApi } from '../fake-api/server.ts';
import { ago } from './nodes.ts';

export interface CiliumWishes {
  /** Without `v`. */
  readonly version: string;
  /** Name and internal address of each node. */
  readonly nodes: Readonly<Record<string, string>>;
  /** Keys of `cilium-config` besides the usual ones. */
  readonly config?: Readonly<Record<string, string>>;
}

/** Nodes with a running agent each, and what Cilium's chart leaves in a cluster: what the program looks at. */
export function ciliumObjects({ version, nodes, config = {} }: CiliumWishes): RawObject[] {
  const names = Object.keys(nodes);
  return [
    configMap(config),
    daemonSet(AGENT, version, names.length),
    ...Object.entries(nodes).flatMap(([name, address], index) => [
      plainNode(name, address),
      daemonPod(AGENT, version, { node: name, address, index }),
    ]),
  ];
}

export interface InstalledWishes {
  readonly version: string;
  /** As the API server shows them. */
  readonly nodes: readonly RawObject[];
  readonly config?: Readonly<Record<string, string>>;
  /** Default true: `gatewayAPI.enabled` in the chart's values. */
  readonly gatewayApi?: boolean;
  /** Nodes whose agent does not become Ready. */
  readonly notReady?: readonly string[];
  /** What the scheduler says of the operator's Pod; undefined: it runs on the first node. */
  readonly operatorPending?: string;
}

/**
 * Cilium as its chart installs it on these nodes: configuration, agents, Envoy, operator. Owners are named without uid:
 * who applies the objects puts it in.
 */
export function installedCilium(wishes: InstalledWishes): RawObject[] {
  const { version, nodes, config = {}, gatewayApi = true, notReady = [], operatorPending } = wishes;
  const names = nodes.map(nameOf);
  return [
    configMap({ 'external-envoy-proxy': 'true', ...config }, gatewayApi),
    daemonSet(AGENT, version, names.length, names.length - notReady.length),
    daemonSet(ENVOY, version, names.length),
    ...nodes,
    ...names.flatMap((node, index) => [
      daemonPod(AGENT, version, { node, address: node, index, ready: !notReady.includes(node), owned: true }),
      daemonPod(ENVOY, version, { node, address: node, index, owned: true }),
    ]),
    ...operator(version, operatorPending === undefined ? { node: names[0] ?? '' } : { pending: operatorPending }),
  ];
}

/** Name of the agent's Pod on the node of that index. */
export function agentName(index: number): string {
  return `cilium-${SUFFIXES[index] ?? index}`;
}

export const OPERATOR_POD = 'cilium-operator-6d9f7c5b8-x2vqn';

interface Daemon {
  readonly name: string;
  readonly app: string;
  readonly container: string;
  readonly image: (version: string) => string;
}

const AGENT: Daemon = {
  name: 'cilium',
  app: 'cilium',
  container: 'cilium-agent',
  image: (version) => `quay.io/cilium/cilium:v${version}`,
};
const ENVOY: Daemon = {
  name: 'cilium-envoy',
  app: 'cilium-envoy',
  container: 'cilium-envoy',
  image: () => 'quay.io/cilium/cilium-envoy:v1.35.9-1773656288',
};

function configMap(config: Readonly<Record<string, string>>, gatewayApi = true): RawObject {
  const envoy = gatewayApi ? { 'enable-gateway-api': 'true', 'enable-envoy-config': 'true' } : {};
  const data = { ...envoy, 'routing-mode': 'tunnel', 'kube-proxy-replacement': 'true', ...config };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: inKubeSystem('cilium-config'), data };
}

function labelsOf({ app, container }: Daemon): Readonly<Record<string, string>> {
  return { 'k8s-app': app, 'app.kubernetes.io/name': container, 'app.kubernetes.io/part-of': 'cilium' };
}

function containersOf({ container, image }: Daemon, version: string): RawObject[] {
  return [{ name: container, image: image(version) }];
}

function daemonSet(daemon: Daemon, version: string, nodes: number, ready = nodes): RawObject {
  const labels = labelsOf(daemon);
  const spec = { containers: containersOf(daemon, version), hostNetwork: true, tolerations: [{ operator: 'Exists' }] };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { ...inKubeSystem(daemon.name), labels },
    spec: { selector: { matchLabels: { 'k8s-app': daemon.app } }, template: { metadata: { labels }, spec } },
    status: {
      desiredNumberScheduled: nodes,
      currentNumberScheduled: nodes,
      updatedNumberScheduled: nodes,
      numberMisscheduled: 0,
      numberReady: ready,
      numberAvailable: ready,
    },
  };
}

interface PodWishes {
  readonly node: string;
  readonly address: string;
  readonly index: number;
  readonly ready?: boolean;
  /** Names the DaemonSet as its owner. */
  readonly owned?: boolean;
}

function daemonPod(daemon: Daemon, version: string, wishes: PodWishes): RawObject {
  const { node, address, index, ready = true, owned = false } = wishes;
  const name = daemon === AGENT ? agentName(index) : `${daemon.name}-${SUFFIXES[index] ?? index}`;
  const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: daemon.name, controller: true };
  const containers = containersOf(daemon, version);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...inKubeSystem(name), labels: labelsOf(daemon), ...(owned ? { ownerReferences: [owner] } : {}) },
    spec: { containers, nodeName: node, hostNetwork: true },
    status: {
      phase: 'Running',
      podIP: address,
      hostIP: address,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: ago(3500) }],
      containerStatuses: containers.map(({ name: container, image }) => ({
        name: container,
        image,
        imageID: '',
        ready,
        restartCount: 0,
        containerID: `containerd://${name}-1`,
        state: { running: { startedAt: ago(3550) } },
      })),
    },
  };
}

/** Those of the chart, with what both clouds' guides add for a new cluster. */
const OPERATOR_TOLERATIONS = [
  { key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' },
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists' },
  { key: 'node.cloudprovider.kubernetes.io/uninitialized', operator: 'Exists' },
  { key: 'node.cilium.io/agent-not-ready', operator: 'Exists' },
];

function operator(version: string, where: { readonly node: string } | { readonly pending: string }): RawObject[] {
  const labels = { 'io.cilium/app': 'operator', name: 'cilium-operator', 'app.kubernetes.io/part-of': 'cilium' };
  const containers = [{ name: 'cilium-operator', image: `quay.io/cilium/operator-generic:v${version}` }];
  const spec = { containers, hostNetwork: true, tolerations: OPERATOR_TOLERATIONS };
  const ready = 'node' in where ? 1 : 0;
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...inKubeSystem('cilium-operator'), labels },
      spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
      status: { replicas: 1, updatedReplicas: 1, readyReplicas: ready, availableReplicas: ready },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...inKubeSystem(OPERATOR_POD), labels },
      spec: { ...spec, ...('node' in where ? { nodeName: where.node } : {}) },
      status:
        'node' in where
          ? { phase: 'Running', podIP: where.node, hostIP: where.node, conditions: [READY] }
          : {
              phase: 'Pending',
              conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: where.pending }],
            },
    },
  ];
}

const SUFFIXES = ['7k2xw', 'p9d4n', 'q6tzv', 'b5mhj', 'x8rlc'];
const READY = { type: 'Ready', status: 'True' };

function inKubeSystem(name: string): { readonly name: string; readonly namespace: string } {
  return { name, namespace: 'kube-system' };
}

function nameOf(object: RawObject): string {
  const { metadata } = object;
  const name = typeof metadata === 'object' && metadata !== null && 'name' in metadata ? metadata.name : undefined;
  if (typeof name !== 'string') throw new Error('a node without a name');
  return name;
}

function plainNode(name: string, address: string): RawObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    status: { addresses: [{ type: 'InternalIP', address }], conditions: [READY] },
  };
}

/** The Pod gets Ready now, with all its containers, wherever it is. */
export function makeReady(api: FakeApi, ref: ObjectRef): void {
  api.update(
    PODS,
    ref,
    (pod) => {
      const condition = { type: 'Ready', status: 'True', lastTransitionTime: ago(0) };
      const statuses = objectsAt(pod, 'status', 'containerStatuses').map((status) => ({ ...status, ready: true }));
      pod.status = {
        ...objectAt(pod, 'status'),
        phase: 'Running',
        conditions: [condition],
        ...(statuses.length === 0 ? {} : { containerStatuses: statuses }),
      };
    },
    { manager: 'kubelet', subresource: 'status' },
  );
}
