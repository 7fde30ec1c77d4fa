import { type FieldOwner, readFieldOwners } from '../kube/managed-fields.ts';
import { asArray, asBoolean, asRecord, asString, asStringMap, readMeta } from '../kube/read.ts';
import type { Meta, RawObject } from '../kube/types.ts';
import { foreignOwner } from '../plan/ours.ts';

export interface Taint {
  readonly key: string;
  readonly value: string;
  /** `NoSchedule`, `PreferNoSchedule`, `NoExecute`. */
  readonly effect: string;
}

/** The node's condition `Ready`. */
export interface NodeReadiness {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** RFC 3339; empty when absent. */
  readonly since: string;
  /** RFC 3339: when the kubelet last posted it, by the node's clock. */
  readonly heartbeat: string;
  /** Its place in `status.conditions`, for the precondition of a write. */
  readonly index: number;
}

/** What the program reads of a Node. */
export interface NodeModel {
  readonly meta: Meta;
  readonly providerId: string;
  readonly podCidr: string;
  readonly cordoned: boolean;
  readonly taints: readonly Taint[];
  /** `spec.taints` exactly as it was read, for the precondition of a write and for what is kept. */
  readonly rawTaints: readonly unknown[];
  /** Who, besides us, wrote `spec.taints` last; undefined where there are none, or nobody is known. */
  readonly taintWriter: FieldOwner | undefined;
  readonly ready: NodeReadiness;
  readonly bootId: string;
}

const NO_READINESS: NodeReadiness = { status: '', reason: '', message: '', since: '', heartbeat: '', index: -1 };

/** Of a node's many labels and annotations only these are read: 5,000 nodes are kept in memory. */
const READ_LABELS =
  /^(?:node\.kubernetes\.io\/(?:instance-type|subnetid)|beta\.kubernetes\.io\/instance-type|cce\.cloud\.com\/.*|kubernetes\.io\/eniquota|cloud\.tencent\.com\/.*|(?:[a-z]+\.)?tke\.cloud\.tencent\.com\/.*|type|kubernetes\.io\/role)$/;

export function trimNode(raw: RawObject): NodeModel {
  const spec = asRecord(raw.spec);
  const status = asRecord(raw.status);
  const rawTaints = asArray(spec.taints);
  const meta = readMeta(raw);
  return {
    meta: { ...meta, labels: pick(meta.labels, READ_LABELS), annotations: pick(meta.annotations, READ_ANNOTATIONS) },
    providerId: asString(spec.providerID),
    podCidr: asString(spec.podCIDR),
    cordoned: asBoolean(spec.unschedulable),
    taints: rawTaints.map((entry) => {
      const taint = asRecord(entry);
      return { key: asString(taint.key), value: asString(taint.value), effect: asString(taint.effect) };
    }),
    rawTaints,
    taintWriter: rawTaints.length === 0 ? undefined : foreignOwner(readFieldOwners(raw).of(['f:spec', 'f:taints'], '')),
    ready: readReadiness(status.conditions),
    bootId: asString(asRecord(status.nodeInfo).bootID),
  };
}

const READ_ANNOTATIONS = /^cilium-cloud-bridge\.io\//;

function pick(all: Readonly<Record<string, string>>, wanted: RegExp): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(all).filter(([key]) => wanted.test(key)));
}

function readReadiness(value: unknown): NodeReadiness {
  const conditions = asArray(value).map(asRecord);
  const index = conditions.findIndex((condition) => condition.type === 'Ready');
  const ready = conditions[index];
  if (ready === undefined) return NO_READINESS;
  return {
    status: asString(ready.status),
    reason: asString(ready.reason),
    message: asString(ready.message),
    since: asString(ready.lastTransitionTime),
    heartbeat: asString(ready.lastHeartbeatTime),
    index,
  };
}

/** What the program reads of a Cilium agent's Pod to know that Cilium is up on its node. */
export interface AgentPod {
  readonly meta: Meta;
  readonly node: string;
  readonly ready: boolean;
  /** RFC 3339: since when `ready` is what it is; empty when unknown. */
  readonly readySince: string;
  /** Belongs to a DaemonSet: a Pod with a borrowed label is no agent. */
  readonly ofDaemonSet: boolean;
  /** The container `cilium-agent` runs. */
  readonly running: boolean;
  /** RFC 3339: when that container was started, by the node's clock; empty when it doesn't run. */
  readonly startedAt: string;
  readonly containerId: string;
}

export function trimAgentPod(raw: RawObject): AgentPod {
  const status = asRecord(raw.status);
  const ready = asArray(status.conditions)
    .map(asRecord)
    .find((condition) => condition.type === 'Ready');
  const agent = asArray(status.containerStatuses)
    .map(asRecord)
    .find((container) => container.name === 'cilium-agent');
  const running = asRecord(asRecord(agent?.state).running);
  const meta = readMeta(raw);
  return {
    meta: { ...meta, labels: {}, annotations: {} },
    node: asString(asRecord(raw.spec).nodeName),
    ready: ready?.status === 'True',
    readySince: asString(ready?.lastTransitionTime),
    ofDaemonSet: meta.owners.some((owner) => owner.kind === 'DaemonSet' && owner.controller),
    running: asRecord(agent?.state).running !== undefined,
    startedAt: asString(running.startedAt),
    containerId: asString(agent?.containerID),
  };
}

export interface Toleration {
  readonly key: string;
  readonly operator: string;
  readonly value: string;
  readonly effect: string;
  readonly tolerationSeconds: number | undefined;
}

/** What the program reads of a Pod of Cilium's operator. */
export interface OperatorPod {
  readonly meta: Meta;
  /** Empty: not scheduled. */
  readonly node: string;
  readonly phase: string;
  /** The scheduler's words where it found no node; empty when it has not said so. */
  readonly unschedulable: string;
  readonly tolerations: readonly Toleration[];
}

export function trimOperatorPod(raw: RawObject): OperatorPod {
  const spec = asRecord(raw.spec);
  const status = asRecord(raw.status);
  const scheduled = asArray(status.conditions)
    .map(asRecord)
    .find((condition) => condition.type === 'PodScheduled');
  const refused = scheduled?.status === 'False' && scheduled.reason === 'Unschedulable';
  return {
    meta: readMeta(raw),
    node: asString(spec.nodeName),
    phase: asString(status.phase),
    unschedulable: refused ? asString(scheduled.message) || 'no node fits' : '',
    tolerations: asArray(spec.tolerations).map((entry) => {
      const toleration = asRecord(entry);
      const seconds = toleration.tolerationSeconds;
      return {
        key: asString(toleration.key),
        operator: asString(toleration.operator) || 'Equal',
        value: asString(toleration.value),
        effect: asString(toleration.effect),
        tolerationSeconds: typeof seconds === 'number' ? seconds : undefined,
      };
    }),
  };
}

/** A DaemonSet, as far as it tells what network a cluster has. */
export interface NetworkDaemonSet {
  readonly meta: Meta;
  readonly images: readonly string[];
  /** Nodes that it should run on: 0 where it was parked. */
  readonly wanted: number;
}

export function trimNetworkDaemonSet(raw: RawObject): NetworkDaemonSet {
  const template = asRecord(asRecord(raw.spec).template);
  const wanted = asRecord(raw.status).desiredNumberScheduled;
  const meta = readMeta(raw);
  return {
    meta: { ...meta, labels: pick(meta.labels, /^k8s-app$/), annotations: {} },
    images: asArray(asRecord(template.spec).containers).map((container) => asString(asRecord(container).image)),
    wanted: typeof wanted === 'number' ? wanted : 0,
  };
}

/** What of `cilium-config` decides about taints. */
export interface RoutingSettings {
  /** `tunnel` or `native`. */
  readonly routing: string;
  readonly ipam: string;
  /** Key of the taint that Cilium's operator sets until the agent is up. */
  readonly notReadyTaint: string;
}

export interface RoutingConfigMap {
  readonly meta: Meta;
  readonly settings: RoutingSettings;
}

/** Key that `agent-not-ready-taint-key` has by default. */
export const NOT_READY_TAINT = 'node.cilium.io/agent-not-ready';

/** Reads them from the ConfigMap's data, with Cilium's defaults for what is absent (cilium.md §8). */
export function trimRoutingConfigMap(raw: RawObject): RoutingConfigMap {
  const data = asStringMap(asRecord(raw).data);
  return {
    meta: { ...readMeta(raw), annotations: {} },
    settings: {
      routing: (data['routing-mode'] ?? '').trim() || (data.tunnel?.trim() === 'disabled' ? 'native' : 'tunnel'),
      ipam: (data.ipam ?? '').trim() || 'cluster-pool',
      notReadyTaint: (data['agent-not-ready-taint-key'] ?? '').trim() || NOT_READY_TAINT,
    },
  };
}
