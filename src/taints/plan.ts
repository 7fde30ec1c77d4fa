import type { TaintsConfig } from '../config/config.types.ts';
import type { Action, Declined, Finding, Plan } from '../plan/plan.types.ts';
import { bootstrapAction } from './action.ts';
import { type Deadlock, deadlockFinding, isBootstrapCandidate } from './bootstrap.ts';
import type { NodeVerdict } from './evaluate.ts';
import { blockedFindings, unreadFindings } from './findings.ts';
import type { ClusterState } from './judgement.ts';

/** What the plan for all nodes rests on. */
export interface TaintPlanInput {
  /** The writes for nodes whose conditions all hold, by the node's name, without those that are under way. */
  readonly fit: ReadonlyMap<string, Action>;
  /** The others that carry a listed taint: by the reason that blocks them, then by name. */
  readonly blocked: ReadonlyMap<string, ReadonlyMap<string, NodeVerdict>>;
  /** Nodes that may be freed now. */
  readonly free: number;
  /** Nodes that may be freed within 60 s, for messages. */
  readonly limit: number;
  /** Milliseconds until one more may be freed. */
  readonly nextFreeMs: number | undefined;
  /** What could not be read, and why. */
  readonly unread: ClusterState['unread'];
  /** The operator's plight; undefined: there is none. */
  readonly bootstrap:
    | { readonly deadlock: Deadlock /** Until the next node may be freed for it; 0: now. */; readonly waitMs: number }
    | undefined;
  readonly config: TaintsConfig;
}

export interface TaintPlan extends Plan {
  /** Nodes whose conditions hold, and that have to wait for the limit. */
  readonly held: readonly Declined[];
}

/** Plans which nodes are freed now. Pure: the same input, in whatever order, gives the same plan. */
export function planTaints(input: TaintPlanInput): TaintPlan {
  const ordinary = [...input.fit.values()].toSorted(byName);
  const paused = ordinary.filter((action) => action.pausedBy !== undefined);
  const wanted = ordinary.filter((action) => action.pausedBy === undefined);
  const now = wanted.slice(0, input.free);
  const waiting = wanted.slice(input.free);
  const help = planBootstrap(input, input.free - now.length);
  const times = [waiting.length > 0 ? input.nextFreeMs : undefined, help.nextLookMs].filter((ms) => ms !== undefined);
  return {
    actions: [...now, ...help.actions, ...paused],
    findings: [...unreadFindings(input.unread), ...blockedFindings(input.blocked), ...help.findings],
    nextLookMs: times.length === 0 ? undefined : Math.min(...times),
    held: waiting.map((action) => ({
      action,
      reason: 'CapReached',
      message: `At most ${input.limit} nodes are freed within 60 s (taints.maxPercent, taints.maxNodes).`,
    })),
  };
}

interface Help {
  readonly actions: readonly Action[];
  readonly findings: readonly Finding[];
  readonly nextLookMs: number | undefined;
}

const NO_HELP: Help = { actions: [], findings: [], nextLookMs: undefined };

function planBootstrap({ bootstrap, blocked, fit, config }: TaintPlanInput, free: number): Help {
  // Where a node is freed by the ordinary rule, the operator can go there.
  const isComing = blocked.has('SecondLookDue') || [...fit.values()].some((action) => action.pausedBy === undefined);
  if (bootstrap === undefined || isComing) return NO_HELP;
  const { deadlock, waitMs } = bootstrap;
  const verdicts = [...blocked.values()].flatMap((nodes) => [...nodes.values()]);
  const candidates = config.bootstrap ? verdicts.filter((one) => isBootstrapCandidate(one, deadlock)) : [];
  const { namespace, name } = deadlock.pod.meta;
  const possible = candidates.map((one) => bootstrapAction(one, `${namespace}/${name}`)).toSorted(byName);
  const paused = possible.filter((action) => action.pausedBy !== undefined);
  const chosen = possible.find((action) => action.pausedBy === undefined);
  const [first] = paused;
  const obstacle = first === undefined ? obstacleOf(verdicts) : `node ${first.target.name} is paused`;
  const state = { deadlock, helping: chosen !== undefined, config, obstacle };
  const findings = [deadlockFinding(state)];
  if (chosen === undefined) return { actions: paused.slice(0, 1), findings, nextLookMs: undefined };
  if (waitMs > 0 || free < 1) return { actions: [], findings, nextLookMs: Math.max(1, waitMs) };
  return { actions: [chosen], findings, nextLookMs: undefined };
}

/** Why the tainted nodes can't be freed even for the operator's sake: what blocks the first of them. */
function obstacleOf(verdicts: readonly NodeVerdict[]): string {
  const [first] = verdicts.toSorted((a, b) => compare(a.node.meta.name, b.node.meta.name));
  const blockedBy = first?.blockedBy;
  if (first === undefined || blockedBy === undefined) return '';
  return blockedBy.condition.startsWith('agent') ? '' : `on node ${first.node.meta.name} ${blockedBy.message}`;
}

function byName(a: Action, b: Action): number {
  return compare(a.target.name, b.target.name);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
