import type { NetworkMode, TaintsConfig } from '../config/config.types.ts';
import type { Cloud, NetworkHints } from './clouds.ts';
import type { NodeMemory } from './memory.ts';
import type { AgentPod, NodeModel, RoutingSettings, Taint } from './models.ts';

/** The conditions, in the order in which they are evaluated and shown. */
export const CONDITIONS = [
  'observed',
  'cloud',
  'node-kind',
  'network',
  'rule',
  'routing',
  'staying',
  'node-ready',
  'grace',
  'agent',
  'agent-boot',
  'agent-taint',
  'second-writer',
  'second-look',
] as const;
export type ConditionId = (typeof CONDITIONS)[number];

/** What a condition says of one node. Only `pass` lets a taint go. */
export interface Judgement {
  readonly verdict: 'pass' | 'fail' | 'unknown' | 'not-applicable';
  /** Stable CamelCase code; empty when it passes. */
  readonly reason: string;
  /** One sentence; empty when it passes. */
  readonly message: string;
  /** It may pass after so many milliseconds even if nothing changes. */
  readonly againInMs?: number;
}

/** The cluster, as far as it decides about taints. */
export interface ClusterState {
  /** Kinds without which nothing is removed, and why they could not be read. */
  readonly unread: readonly { readonly kind: string; readonly why: string }[];
  /** Undefined: `cilium-config` could not be read, or is not there. */
  readonly settings: RoutingSettings | undefined;
  readonly hints: NetworkHints;
}

/** Everything that the conditions look at. */
export interface NodeFacts {
  readonly node: NodeModel;
  /** Pods of Cilium's agent on this node. */
  readonly agents: readonly AgentPod[];
  readonly cluster: ClusterState;
  readonly config: TaintsConfig;
  readonly memory: NodeMemory;
  readonly cloud: Cloud;
  readonly network: NetworkMode | 'unknown';
  /** Taints of the node that the configuration or a default names. */
  readonly listed: readonly Taint[];
  /** Those of them that a rule for this node's network means. */
  readonly ruled: readonly Taint[];
  /** Monotonic clock, milliseconds. */
  readonly now: number;
  /** Wall clock, milliseconds since the epoch. */
  readonly wallNow: number;
}

export const PASS: Judgement = Object.freeze({ verdict: 'pass', reason: '', message: '' });

export function fail(reason: string, message: string, againInMs?: number): Judgement {
  return { verdict: 'fail', reason, message, ...(againInMs === undefined ? {} : { againInMs }) };
}

export function unknown(reason: string, message: string): Judgement {
  return { verdict: 'unknown', reason, message };
}

export function notApplicable(reason: string, message: string): Judgement {
  return { verdict: 'not-applicable', reason, message };
}
