import type { KubeError } from '../kube/errors.ts';
import type { Resource } from '../kube/resources.ts';
import type { RawObject } from '../kube/types.ts';
import type { CacheState } from '../kube/watch.types.ts';
import type { ClusterState } from './judgement.ts';
import type { AgentPod, NodeModel, OperatorPod } from './models.ts';

/** What planning taints reads: state by node, and which nodes changed, so that one change costs one node's work. */
export interface TaintReads {
  node(name: string): NodeModel | undefined;
  /** Nodes of the cluster, tainted or not. */
  nodeCount(): number;
  agentsOn(node: string): readonly AgentPod[];
  operators(): readonly OperatorPod[];
  /** The same object until something of it changes. */
  cluster(): ClusterState;
  /** Names of nodes that, or whose agents, changed or went since the last call. */
  takeChanged(): ReadonlySet<string>;
  /** Whether the node, or its agents, changed since the last `takeChanged`. */
  isChanged(node: string): boolean;
  /** Takes what a write of ours returned. */
  upsert(resource: Resource, object: RawObject): void;
}

/** `TaintReads` kept current by list and watch. */
export interface TaintView extends TaintReads {
  /** Resolves when every kind was asked for once: listed, or refused (which its state then says). */
  whenAsked(signal: AbortSignal): Promise<void>;
  /** State of each cache by what it holds. */
  states(): ReadonlyMap<string, CacheState>;
  /** Why nodes cannot be read, if they can't. */
  failure(): KubeError | undefined;
  run(signal: AbortSignal): Promise<void>;
}
