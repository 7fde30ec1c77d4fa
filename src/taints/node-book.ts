import type { TaintsConfig } from '../config/config.types.ts';
import type { Action } from '../plan/plan.types.ts';
import { removalAction } from './action.ts';
import { evaluateNode, type NodeVerdict } from './evaluate.ts';
import { type GivenUp, givenUpFor } from './given-up.ts';
import type { ClusterState } from './judgement.ts';
import { type NodeMemory, noteRemovals, remember } from './memory.ts';
import type { Taint } from './models.ts';
import { taintId } from './rules.ts';
import type { TaintReads } from './view.types.ts';

/** Verdicts and memories of all nodes, kept such that a change of one node is the work of one node. */
export interface NodeBook {
  /** Judges the nodes that changed, those whose time has come, all tainted ones when the cluster changed, and all when the configuration did. */
  update(time: { readonly now: number; readonly wallNow: number }): void;
  /** Writes for nodes whose conditions all hold, by name. */
  fit(): ReadonlyMap<string, Action>;
  /** The other tainted nodes, by reason and name. */
  blocked(): ReadonlyMap<string, ReadonlyMap<string, NodeVerdict>>;
  /** By name, in order. */
  verdicts(): readonly NodeVerdict[];
  /** One of each listed taint that any node carries. */
  listedTaints(): readonly Taint[];
  /** Milliseconds until a node has to be judged again though nothing changes. */
  nextDueMs(now: number): number | undefined;
  /** What a removal takes from the node as it is known now, `taintId`. */
  removable(name: string): readonly string[];
  /** Taints that other processes have left to whoever keeps setting them. */
  noteGivenUp(told: GivenUp): void;
  noteRemoved(name: string, taintIds: readonly string[], now: number): void;
  /** The write did not fit the node any more: it is not planned again before a newer state was seen, or should have been. */
  noteConflict(action: Action, now: number): void;
  judgements(): number;
}

/** What the watch has not told so long after a conflict will not come: the conflict was about something else. */
const NEWS_MS = 10_000;

export function createNodeBook(view: TaintReads, configNow: () => TaintsConfig): NodeBook {
  let config = configNow();
  let stopped: GivenUp = new Map();
  const memories = new Map<string, NodeMemory>();
  const verdicts = new Map<string, NodeVerdict>();
  const fit = new Map<string, Action>();
  const blocked = new Map<string, Map<string, NodeVerdict>>();
  /** Monotonic time at which a node has to be judged again. */
  const due = new Map<string, number>();
  let nextDue = Number.POSITIVE_INFINITY;
  /** Version of a node that turned out to be outdated, and until when that is believed, by name. */
  const outdated = new Map<string, { readonly version: string; readonly until: number }>();
  let cluster: ClusterState | undefined;
  let clusterKey = '';
  let judgements = 0;

  function forget(name: string): void {
    const reason = verdicts.get(name)?.blockedBy?.reason;
    if (reason !== undefined) {
      const group = blocked.get(reason);
      group?.delete(name);
      if (group?.size === 0) blocked.delete(reason);
    }
    verdicts.delete(name);
    fit.delete(name);
    due.delete(name);
  }

  function judge(name: string, state: ClusterState, time: { readonly now: number; readonly wallNow: number }): void {
    forget(name);
    const node = view.node(name);
    if (node === undefined) {
      // Without a complete list a node may only be out of sight: its boot and its removals are not forgotten.
      if (state.unread.length === 0) memories.delete(name);
      return;
    }
    judgements += 1;
    const agents = view.agentsOn(name);
    const memory = remember(
      memories.get(name),
      node,
      agents,
      time.now,
      state.unread.length === 0,
      givenUpFor(stopped, node, config.rules),
    );
    const evaluated = evaluateNode(node, agents, state, memory, config, time);
    memories.set(name, evaluated.memory);
    const { verdict } = evaluated;
    if (verdict === undefined) return;
    verdicts.set(name, verdict);
    const { blockedBy } = verdict;
    if (blockedBy === undefined) {
      const conflict = outdated.get(name);
      if (conflict?.version !== node.meta.resourceVersion) fit.set(name, removalAction(verdict));
      else judgeAgainAt(name, conflict.until);
      return;
    }
    const group = blocked.get(blockedBy.reason) ?? new Map<string, NodeVerdict>();
    blocked.set(blockedBy.reason, group.set(name, verdict));
    if (blockedBy.againInMs !== undefined) judgeAgainAt(name, time.now + Math.max(1, blockedBy.againInMs));
  }

  function judgeAgainAt(name: string, at: number): void {
    due.set(name, at);
    nextDue = Math.min(nextDue, at);
  }

  return {
    update: (time) => {
      const state = view.cluster();
      const names = new Set(view.takeChanged());
      if (configNow() !== config) {
        config = configNow();
        // Another rule, another judgement: of every node, and with a second look anew.
        for (const [name, memory] of memories) {
          memories.set(name, { ...memory, fitSince: undefined });
          names.add(name);
        }
      }
      if (state !== cluster) {
        cluster = state;
        const key = JSON.stringify(state);
        if (key !== clusterKey) for (const name of verdicts.keys()) names.add(name);
        clusterKey = key;
      }
      if (nextDue <= time.now) {
        for (const [name, at] of due) if (at <= time.now) names.add(name);
      }
      for (const [name, { version, until }] of outdated) {
        if (view.node(name)?.meta.resourceVersion === version && time.now < until) continue;
        outdated.delete(name);
        names.add(name);
      }
      for (const name of names) judge(name, state, time);
      if (nextDue <= time.now) {
        nextDue = Number.POSITIVE_INFINITY;
        for (const at of due.values()) nextDue = Math.min(nextDue, at);
      }
    },
    fit: () => fit,
    blocked: () => blocked,
    verdicts: () => [...verdicts.values()].toSorted((a, b) => (a.node.meta.name < b.node.meta.name ? -1 : 1)),
    listedTaints: () => {
      const taints = [...verdicts.values()].flatMap((verdict) => verdict.listed);
      return [...new Map(taints.map((taint) => [taintId(taint), taint])).values()];
    },
    nextDueMs: (now) => (nextDue === Number.POSITIVE_INFINITY ? undefined : Math.max(1, nextDue - now)),
    removable: (name) => verdicts.get(name)?.removable.map(taintId) ?? [],
    noteGivenUp: (told) => {
      stopped = told;
      for (const [name, memory] of memories) {
        const node = view.node(name);
        const lost = node === undefined ? undefined : givenUpFor(stopped, node, config.rules);
        if (lost === undefined || lost.size === 0) continue;
        memories.set(name, { ...memory, removals: new Map([...memory.removals, ...lost]) });
        judgeAgainAt(name, 0);
      }
    },
    noteRemoved: (name, taintIds, now) => {
      const memory = memories.get(name);
      if (memory !== undefined) memories.set(name, noteRemovals(memory, taintIds, now));
    },
    noteConflict: (action, now) => {
      const { name } = action.target;
      const until = now + NEWS_MS;
      outdated.set(name, { version: action.targetVersion, until });
      fit.delete(name);
      judgeAgainAt(name, until);
    },
    judgements: () => judgements,
  };
}
