import type { TaintsConfig } from '../../src/config/config.types.ts';
import { parseConfig } from '../../src/config/load.ts';
import { NODES } from '../../src/kube/resources.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { readNetworkHints } from '../../src/taints/clouds.ts';
import type { ClusterState } from '../../src/taints/judgement.ts';
import {
  type AgentPod,
  type NodeModel,
  type OperatorPod,
  trimAgentPod,
  trimNetworkDaemonSet,
  trimNode,
  trimOperatorPod,
  trimRoutingConfigMap,
} from '../../src/taints/models.ts';
import type { TaintReads } from '../../src/taints/view.types.ts';
import { isKubeObject, type KubeObject } from '../control-plane/objects.ts';

export const ROUTE_TAINT = { key: 'node.kubernetes.io/route-unreachable', effect: 'NoSchedule' };
export const ENI_TAINT = { key: 'tke.cloud.tencent.com/eni-ip-unavailable', value: 'true', effect: 'NoSchedule' };

/** `2026-01-01T00:00:00Z` plus so many seconds, as Kubernetes writes times. */
export function at(seconds: number): string {
  return new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * 1000).toISOString().replace('.000Z', 'Z');
}

export interface NodeParts {
  readonly providerID?: string;
  readonly podCIDR?: string;
  /** Instead of those that the cloud sets. */
  readonly cloudLabels?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly taints?: readonly unknown[];
  readonly unschedulable?: boolean;
  readonly ready?: string;
  readonly readySince?: string;
  readonly readyMessage?: string;
  readonly heartbeat?: string;
  readonly bootID?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

const CCE_LABELS = {
  'node.kubernetes.io/subnetid': '6d9a7fd0-61a4-4e18-a43e-b4d2f4d4d3a0',
  'node.kubernetes.io/container-engine': 'containerd',
  'os.name': 'Huawei_Cloud_EulerOS_2.0_x86_64',
};
const TKE_LABELS = { 'cloud.tencent.com/node-instance-id': 'ins-1234abcd', 'topology.kubernetes.io/region': 'cd' };

/** A node as CCE's VPC network makes it: tainted, Ready for an hour. */
export function cceNode(name: string, parts: NodeParts = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      uid: `uid-${name}`,
      labels: { 'kubernetes.io/hostname': name, ...(parts.cloudLabels ?? CCE_LABELS), ...parts.labels },
      annotations: parts.annotations ?? {},
      ...parts.metadata,
    },
    spec: {
      providerID: parts.providerID ?? '06a5ea3a-0482-11ec-8e1a-0255ac101dc2',
      ...(parts.podCIDR === '' ? {} : { podCIDR: parts.podCIDR ?? '172.16.0.0/24' }),
      taints: parts.taints ?? [ROUTE_TAINT],
      ...(parts.unschedulable === true ? { unschedulable: true } : {}),
    },
    status: {
      conditions: [
        { type: 'MemoryPressure', status: 'False', lastTransitionTime: at(-7200), lastHeartbeatTime: at(-60) },
        {
          type: 'Ready',
          status: parts.ready ?? 'True',
          reason: parts.ready === 'False' ? 'KubeletNotReady' : 'KubeletReady',
          message: parts.readyMessage ?? '',
          lastTransitionTime: parts.readySince ?? at(-3600),
          lastHeartbeatTime: parts.heartbeat ?? at(-60),
        },
      ],
      nodeInfo: { bootID: parts.bootID ?? `boot-1-${name}` },
    },
  };
}

/** A node of a TKE cluster with VPC-CNI switched off. */
export function tkeNode(name: string, parts: NodeParts = {}): KubeObject {
  return cceNode(name, {
    providerID: 'qcloud:///800006/ins-1234abcd',
    taints: [ENI_TAINT],
    podCIDR: '',
    cloudLabels: TKE_LABELS,
    ...parts,
  });
}

export interface AgentParts {
  readonly name?: string;
  readonly ready?: boolean;
  readonly readySince?: string;
  readonly startedAt?: string;
  readonly container?: string;
  readonly terminating?: boolean;
  readonly running?: boolean;
  /** Kind of the owner. */
  readonly owner?: string;
  /** A real API server collects Pods whose owner does not exist. */
  readonly ownerUid?: string;
}

/** The agent's Pod on a node: Ready for an hour. */
export function agentPod(node: string, parts: AgentParts = {}): KubeObject {
  const name = parts.name ?? `cilium-${node}`;
  const ready = parts.ready ?? true;
  const startedAt = parts.startedAt ?? at(-3700);
  const running = { running: { startedAt } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: 'kube-system',
      name,
      uid: `uid-${name}`,
      labels: { 'k8s-app': 'cilium', 'app.kubernetes.io/name': 'cilium-agent' },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: parts.owner ?? 'DaemonSet',
          name: 'cilium',
          uid: parts.ownerUid ?? 'uid-set',
          controller: true,
        },
      ],
      ...(parts.terminating === true ? { deletionTimestamp: at(0) } : {}),
    },
    spec: { nodeName: node, containers: [{ name: 'cilium-agent', image: 'quay.io/cilium/cilium:v1.19.1' }] },
    status: {
      phase: 'Running',
      conditions: [
        { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: parts.readySince ?? at(-3650) },
      ],
      containerStatuses: [
        {
          name: 'cilium-agent',
          image: 'quay.io/cilium/cilium:v1.19.1',
          imageID: '',
          ready,
          restartCount: 0,
          containerID: parts.container ?? `containerd://${name}-1`,
          state: parts.running === false ? { waiting: { reason: 'CrashLoopBackOff' } } : running,
        },
      ],
    },
  };
}

/** Tolerations of the chart's operator, and those that the API server adds to every Pod. */
const OPERATOR_TOLERATIONS = [
  { key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' },
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists' },
  { key: 'node.cloudprovider.kubernetes.io/uninitialized', operator: 'Exists' },
  { key: 'node.cilium.io/agent-not-ready', operator: 'Exists' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
];

/** A Pod of the operator that the scheduler could not place, or that runs on a node. */
export function operatorPod(node: string, message = SCHEDULER_SAYS): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: 'kube-system',
      name: 'cilium-operator-6d4f',
      uid: 'uid-operator',
      labels: { 'io.cilium/app': 'operator', name: 'cilium-operator' },
    },
    spec: {
      ...(node === '' ? {} : { nodeName: node }),
      containers: [{ name: 'cilium-operator', image: 'quay.io/cilium/operator-generic:v1.19.1' }],
      tolerations: OPERATOR_TOLERATIONS,
    },
    status:
      node === ''
        ? {
            phase: 'Pending',
            conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
          }
        : { phase: 'Running' },
  };
}

const SCHEDULER_SAYS =
  '0/2 nodes are available: 2 node(s) had untolerated taint {node.kubernetes.io/route-unreachable: }. ' +
  'preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.';

/** `cilium-config` with these keys. */
export function ciliumConfig(data: Readonly<Record<string, string>> = { 'routing-mode': 'tunnel' }): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'kube-system', name: 'cilium-config' }, data };
}

/** A DaemonSet of kube-system that should run on so many nodes. */
export function daemonSet(name: string, wanted: number, image = 'example.com/agent:v1'): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { namespace: 'kube-system', name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'agent', image }] } },
    },
    status: { desiredNumberScheduled: wanted, currentNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 },
  };
}

/** The configuration of taints as written in YAML, with defaults. */
export function taintsConfig(yaml = ''): TaintsConfig {
  return parseConfig(yaml === '' ? '' : `taints: {${yaml}}`, 'test').taints;
}

/** A cluster in memory, changed by the test, as the views show it. */
export interface FakeCluster extends TaintReads {
  /** Adds or replaces a Node, a Pod, a DaemonSet or `cilium-config`. */
  put(...objects: readonly KubeObject[]): void;
  removeNode(name: string): void;
  removePod(name: string): void;
  setUnread(why: string | undefined): void;
  raw(node: string): KubeObject | undefined;
}

export function fakeCluster(...objects: readonly KubeObject[]): FakeCluster {
  const nodes = new Map<string, NodeModel>();
  const raws = new Map<string, KubeObject>();
  const agents = new Map<string, AgentPod>();
  const agentsByNode = new Map<string, Set<string>>();
  const operators = new Map<string, OperatorPod>();
  const daemonSets = new Map<string, KubeObject>();
  let config: KubeObject | undefined = ciliumConfig();
  let unread: string | undefined;
  let cluster: ClusterState | undefined;
  let changed = new Set<string>();
  let version = 1;

  function put(object: KubeObject): void {
    const { name } = object.metadata;
    switch (object.kind) {
      case 'Node': {
        version += 1;
        const raw = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
        raws.set(name, raw);
        nodes.set(name, trimNode(raw));
        changed.add(name);
        return;
      }
      case 'Pod': {
        if (object.metadata.labels?.['k8s-app'] === 'cilium') {
          const agent = trimAgentPod(object);
          agents.set(name, agent);
          agentsByNode.set(agent.node, (agentsByNode.get(agent.node) ?? new Set()).add(name));
          changed.add(agent.node);
        } else {
          operators.set(name, trimOperatorPod(object));
        }
        return;
      }
      case 'DaemonSet':
        daemonSets.set(name, object);
        break;
      default:
        config = object;
    }
    cluster = undefined;
  }
  for (const object of objects) put(object);

  return {
    put: (...more) => {
      for (const object of more) put(object);
    },
    removeNode: (name) => {
      nodes.delete(name);
      raws.delete(name);
      changed.add(name);
    },
    removePod: (name) => {
      const node = agents.get(name)?.node;
      agents.delete(name);
      operators.delete(name);
      if (node !== undefined) changed.add(node);
    },
    setUnread: (why) => {
      unread = why;
      cluster = undefined;
    },
    raw: (name) => raws.get(name),
    node: (name) => nodes.get(name),
    nodeCount: () => nodes.size,
    agentsOn: (node) => [...(agentsByNode.get(node) ?? [])].flatMap((name) => agents.get(name) ?? []),
    operators: () => [...operators.values()],
    cluster: () => {
      cluster ??= {
        unread: unread === undefined ? [] : [{ kind: 'Nodes', why: unread }],
        settings: config === undefined ? undefined : trimRoutingConfigMap(config).settings,
        hints: readNetworkHints([...daemonSets.values()].map(trimNetworkDaemonSet)),
      };
      return cluster;
    },
    takeChanged: () => {
      const taken = changed;
      changed = new Set();
      return taken;
    },
    isChanged: (node) => changed.has(node),
    upsert: (resource, object) => {
      if (resource === NODES) put(asKubeObject(object));
    },
  };
}

function asKubeObject(raw: RawObject): KubeObject {
  if (!isKubeObject(raw)) throw new Error('no Kubernetes object');
  return raw;
}
