import { CILIUM_CONFIG } from '../cilium/config-map.ts';
import type { KubeClient } from '../kube/client.types.ts';
import { CONFIG_MAPS, DAEMON_SETS, NODES, PODS, type Resource } from '../kube/resources.ts';
import type { RawObject } from '../kube/types.ts';
import type { CacheState, Model, WatchCache } from '../kube/watch.types.ts';
import { createWatchCache, type WatchCacheOptions } from '../kube/watch-cache.ts';
import type { WatchTiming } from '../kube/watch-timing.ts';
import { orAborted } from '../lib/abort.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { readNetworkHints } from './clouds.ts';
import type { ClusterState } from './judgement.ts';
import {
  type AgentPod,
  type NodeModel,
  trimAgentPod,
  trimNetworkDaemonSet,
  trimNode,
  trimOperatorPod,
  trimRoutingConfigMap,
} from './models.ts';
import type { TaintView } from './view.types.ts';

/** Where the clouds run their network agents, whatever namespace Cilium is in. */
const SYSTEM_NAMESPACE = 'kube-system';

export interface TaintViewOptions {
  readonly client: KubeClient;
  readonly ciliumNamespace: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timing?: Partial<WatchTiming>;
  /** Called when something changed that a plan could depend on. */
  readonly onChange: () => void;
}

/** Watches nodes, Cilium's agents and operator, its settings, and the DaemonSets that tell a cluster's network. */
export function createTaintView(options: TaintViewOptions): TaintView {
  const { client, ciliumNamespace, clock, logger, onChange } = options;
  const agentsByNode = new Map<string, readonly AgentPod[]>();
  let changed = new Set<string>();
  let nodeCount = 0;
  let cluster: ClusterState | undefined;
  const asked = Promise.withResolvers<void>();
  const caches = new Map<string, WatchCache<Model>>();

  function mark(node: string): void {
    changed.add(node);
    onChange();
  }

  function clusterChanged(): void {
    cluster = undefined;
    onChange();
  }

  function watch<T extends Model>(
    name: string,
    resource: Resource,
    trim: (raw: RawObject) => T,
    scope: Pick<WatchCacheOptions<T>, 'onChange' | 'namespace' | 'labelSelector' | 'fieldSelector'>,
  ): WatchCache<T> {
    const cache = createWatchCache<T>({
      client,
      resource,
      trim,
      clock,
      logger,
      onChange: clusterChanged,
      ...scope,
      ...(options.timing === undefined ? {} : { timing: options.timing }),
      onState: () => {
        if ([...caches.values()].every((each) => wasAsked(each.state()))) asked.resolve();
        clusterChanged();
      },
    });
    caches.set(name, cache);
    return cache;
  }

  const nodes = watch('nodes', NODES, trimNode, {
    onChange: ({ ref, before, after }) => {
      nodeCount += Number(after !== undefined) - Number(before !== undefined);
      if (before === undefined || after === undefined || nodeDiffers(before, after)) mark(ref.name);
    },
  });
  const inCilium = { namespace: ciliumNamespace };
  const agents = watch('agents', PODS, trimAgentPod, {
    ...inCilium,
    labelSelector: 'k8s-app=cilium',
    onChange: ({ before, after }) => {
      if (before !== undefined) index(before, undefined);
      if (after !== undefined) index(after, after);
    },
  });
  const operators = watch('operators', PODS, trimOperatorPod, { ...inCilium, labelSelector: 'io.cilium/app=operator' });
  const settings = watch('cilium-config', CONFIG_MAPS, trimRoutingConfigMap, {
    ...inCilium,
    fieldSelector: `metadata.name=${CILIUM_CONFIG}`,
  });
  const daemonSets = watch('daemonsets', DAEMON_SETS, trimNetworkDaemonSet, { namespace: SYSTEM_NAMESPACE });

  /** Puts an agent's Pod under its node's name, or takes it away. */
  function index(pod: AgentPod, next: AgentPod | undefined): void {
    if (pod.node === '') return;
    const others = (agentsByNode.get(pod.node) ?? []).filter((one) => one.meta.name !== pod.meta.name);
    const all = next === undefined ? others : [...others, next];
    if (all.length === 0) agentsByNode.delete(pod.node);
    else agentsByNode.set(pod.node, all);
    mark(pod.node);
  }

  function readCluster(): ClusterState {
    const needed = [
      { kind: 'Nodes', state: nodes.state() },
      { kind: "Pods of Cilium's agent", state: agents.state() },
      { kind: 'DaemonSets', state: daemonSets.state() },
    ];
    return {
      unread: needed
        .filter(({ state }) => !state.synced || state.error !== undefined)
        .map(({ kind, state }) => ({ kind, why: state.error?.message ?? 'not read yet' })),
      settings: settings.state().error === undefined ? settings.list()[0]?.settings : undefined,
      hints: readNetworkHints(daemonSets.list()),
    };
  }

  return {
    node: (name) => nodes.get({ namespace: '', name }),
    nodeCount: () => nodeCount,
    agentsOn: (node) => agentsByNode.get(node) ?? [],
    operators: () => operators.list(),
    cluster: () => {
      cluster ??= readCluster();
      return cluster;
    },
    takeChanged: () => {
      const taken = changed;
      changed = new Set();
      return taken;
    },
    isChanged: (node) => changed.has(node),
    upsert: (resource, object) => {
      if (resource === NODES) nodes.upsert(object);
    },
    whenAsked: (signal) => orAborted(asked.promise, signal),
    states: () => new Map([...caches].map(([name, cache]) => [name, cache.state()])),
    failure: () => nodes.state().error,
    run: async (signal) => {
      await Promise.all([...caches.values()].map((cache) => cache.run(signal)));
    },
  };
}

function wasAsked(state: CacheState): boolean {
  return state.synced || state.served || state.error !== undefined;
}

/** Whether two states of a node differ in anything that a verdict rests on: a heartbeat is no news. */
function nodeDiffers(before: NodeModel, after: NodeModel): boolean {
  return fingerprint(before) !== fingerprint(after);
}

function fingerprint(node: NodeModel): string {
  return JSON.stringify({
    ...node,
    meta: { ...node.meta, resourceVersion: '' },
    ready: { ...node.ready, heartbeat: '' },
  });
}
