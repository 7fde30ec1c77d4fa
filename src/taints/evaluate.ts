import type { NetworkMode, TaintsConfig } from '../config/config.types.ts';
import { type Cloud, cloudOf, networkOf } from './clouds.ts';
import {
  cloudKnown,
  networkIsCiliums,
  observed,
  ordinaryNode,
  routingHandled,
  ruleGiven,
} from './cluster-conditions.ts';
import { type ClusterState, CONDITIONS, type ConditionId, type Judgement, type NodeFacts } from './judgement.ts';
import type { NodeMemory } from './memory.ts';
import { givenUp } from './memory.ts';
import type { AgentPod, NodeModel, Taint } from './models.ts';
import {
  agentOfThisBoot,
  agentReady,
  heldForAWhile,
  noAgentTaint,
  nodeReady,
  notFought,
  pastGrace,
  staying,
} from './node-conditions.ts';
import { DEFAULT_RULES, listedTaints, matches, taintId } from './rules.ts';

const CHECKS: Readonly<Record<ConditionId, (facts: NodeFacts) => Judgement>> = {
  observed,
  cloud: cloudKnown,
  'node-kind': ordinaryNode,
  network: networkIsCiliums,
  rule: ruleGiven,
  routing: routingHandled,
  staying,
  'node-ready': nodeReady,
  grace: pastGrace,
  agent: agentReady,
  'agent-boot': agentOfThisBoot,
  'agent-taint': noAgentTaint,
  'second-writer': notFought,
  'second-look': heldForAWhile,
};

/** One condition's say about a node. */
export interface Judged extends Judgement {
  readonly condition: ConditionId;
}

/** What was found of a node that carries a listed taint. */
export interface NodeVerdict {
  readonly node: NodeModel;
  readonly cloud: Cloud;
  readonly network: NetworkMode | 'unknown';
  /** Taints that the configuration or a default names. */
  readonly listed: readonly Taint[];
  /** Those that go when every condition passes. */
  readonly removable: readonly Taint[];
  /** Every condition, in order. */
  readonly judged: readonly Judged[];
  /** The first that does not pass; undefined: the taints may go. */
  readonly blockedBy: Judged | undefined;
  /** The agent's Pods, for evidence. */
  readonly agents: readonly AgentPod[];
}

export interface Evaluation {
  /** Undefined: the node carries no listed taint. */
  readonly verdict: NodeVerdict | undefined;
  readonly memory: NodeMemory;
}

/**
 * Judges one node by every condition. Pure.
 * @param memory what `remember` made of this same look
 */
export function evaluateNode(
  node: NodeModel,
  agents: readonly AgentPod[],
  cluster: ClusterState,
  memory: NodeMemory,
  config: TaintsConfig,
  time: { readonly now: number; readonly wallNow: number },
): Evaluation {
  // Without uid no write could name the node exactly; no API server sends such.
  const listed = node.meta.uid === '' ? [] : listedTaints(node.taints, config.rules).map(({ taint }) => taint);
  if (listed.length === 0) return { verdict: undefined, memory: withFitSince(memory, undefined) };
  const cloud = cloudOf(node);
  const network = networkOf(node, cloud, cluster.hints, cluster.settings, config.network);
  const rules = config.rules ?? (network === 'unknown' ? [] : DEFAULT_RULES[network]);
  const ruled = listed.filter((taint) => rules.some((rule) => matches(rule, taint)));
  const before = { node, agents, cluster, config, memory, cloud, network, listed, ruled, ...time };
  const early = CONDITIONS.filter((id) => id !== 'second-look').map((id) => judge(id, before));
  const isFit = early.every((one) => one.verdict === 'pass');
  const noted = withFitSince(memory, isFit ? (memory.fitSince ?? time.now) : undefined);
  const last: Judged = isFit ? judge('second-look', { ...before, memory: noted }) : NOT_YET;
  const judged = [...early, last];
  const lost = givenUp(memory, config.removalsPerBoot);
  return {
    verdict: {
      node,
      cloud,
      network,
      listed,
      removable: ruled.filter((taint) => !lost.has(taintId(taint))),
      judged,
      blockedBy: judged.find((one) => one.verdict !== 'pass'),
      agents,
    },
    memory: noted,
  };
}

const NOT_YET: Judged = Object.freeze({
  condition: 'second-look',
  verdict: 'not-applicable',
  reason: 'NotFit',
  message: 'another condition does not hold',
});

const PASSES = Object.fromEntries(
  CONDITIONS.map((condition) => [condition, Object.freeze({ condition, verdict: 'pass', reason: '', message: '' })]),
) as Readonly<Record<ConditionId, Judged>>;

function judge(condition: ConditionId, facts: NodeFacts): Judged {
  const judgement = CHECKS[condition](facts);
  return judgement.verdict === 'pass' ? PASSES[condition] : { condition, ...judgement };
}

function withFitSince(memory: NodeMemory, fitSince: number | undefined): NodeMemory {
  return memory.fitSince === fitSince ? memory : { ...memory, fitSince };
}
