import type { AgentPod, NodeModel } from './models.ts';
import { taintId } from './rules.ts';

/** What became of one taint that we removed, within one boot of its node. */
export interface Removals {
  readonly count: number;
  /** Monotonic time of the last one. */
  readonly lastAt: number;
  /** Since then it was seen on the node again. */
  readonly cameBack: boolean;
}

/** What is remembered of a node between looks. Times are of the monotonic clock, except where said. */
export interface NodeMemory {
  readonly uid: string;
  readonly bootId: string;
  /** When this boot was first seen. */
  readonly bootSeenAt: number;
  /** This boot followed one that was seen, too. */
  readonly rebooted: boolean;
  /** The node's own clock in its first sign of life of this boot that was seen, milliseconds; NaN: it gave none. */
  readonly bootHeartbeat: number;
  /**
   * Containers of agents that were known before this boot was seen, or when agents were first read: they may have died
   * with the boot before.
   */
  readonly containersBefore: readonly string[];
  /** Containers of agents at the last look. */
  readonly containers: readonly string[];
  /** Agents could be read at some look of this boot. */
  readonly agentsSeen: boolean;
  /** `lastTransitionTime` of the condition Ready at the last look, and when it was first seen. */
  readonly readySince: string;
  readonly readySeenAt: number;
  /** It was another one at an earlier look: the condition changed before our eyes. */
  readonly readyChanged: boolean;
  /** Since when every condition but the second look holds; undefined: one doesn't. */
  readonly fitSince: number | undefined;
  /** By `taintId`, within this boot. */
  readonly removals: ReadonlyMap<string, Removals>;
}

/** A taint that came back later than this after its removal has nothing to do with that removal. */
const FIGHT_MEMORY_MS = 3_600_000;

const NO_REMOVALS: ReadonlyMap<string, Removals> = new Map();

/**
 * Notes what a look saw of a node: a new object or a new boot begins a new memory, in which old removals don't count
 * (a reboot is no fight). Pure.
 * @param agentsRead `agents` is all there are; false: they could not be read
 * @param stopped taints of which an earlier process said that it gave up, `taintId`
 */
export function remember(
  previous: NodeMemory | undefined,
  node: NodeModel,
  agents: readonly AgentPod[],
  now: number,
  agentsRead: boolean,
  stopped: ReadonlyMap<string, Removals> = NO_REMOVALS,
): NodeMemory {
  const containers = agents.map((agent) => agent.containerId).filter((id) => id !== '');
  const { since } = node.ready;
  if (previous === undefined || previous.uid !== node.meta.uid || previous.bootId !== node.bootId) {
    const rebooted = previous !== undefined && previous.uid === node.meta.uid && previous.bootId !== '';
    return {
      uid: node.meta.uid,
      bootId: node.bootId,
      bootSeenAt: now,
      rebooted,
      bootHeartbeat: Date.parse(node.ready.heartbeat),
      containersBefore: rebooted ? previous.containers : containers,
      containers,
      agentsSeen: agentsRead,
      readySince: since,
      readySeenAt: now,
      readyChanged: previous !== undefined && previous.readySince !== since,
      fitSince: undefined,
      removals: stopped,
    };
  }
  const removals = noteReturns(previous.removals, node, now);
  const sameReady = previous.readySince === since;
  const sameAgents = (previous.agentsSeen || !agentsRead) && sameItems(previous.containers, containers);
  if (sameReady && removals === previous.removals && sameAgents) return previous;
  return {
    ...previous,
    // What the first complete list shows may be as old as what a first look sees.
    containersBefore: previous.agentsSeen || previous.rebooted ? previous.containersBefore : containers,
    containers,
    agentsSeen: previous.agentsSeen || agentsRead,
    readySince: since,
    readySeenAt: sameReady ? previous.readySeenAt : now,
    readyChanged: previous.readyChanged || !sameReady,
    removals,
  };
}

function noteReturns(
  removals: ReadonlyMap<string, Removals>,
  node: NodeModel,
  now: number,
): ReadonlyMap<string, Removals> {
  if (removals.size === 0) return removals;
  const present = new Set(node.taints.map(taintId));
  const returned = [...removals].filter(([id, removal]) => !removal.cameBack && present.has(id));
  if (returned.length === 0) return removals;
  const next = new Map(removals);
  for (const [id, removal] of returned) {
    if (now - removal.lastAt > FIGHT_MEMORY_MS) next.delete(id);
    else next.set(id, { ...removal, cameBack: true });
  }
  return next;
}

/** Counts removals that were carried out. */
export function noteRemovals(memory: NodeMemory, taintIds: readonly string[], now: number): NodeMemory {
  const removals = new Map(memory.removals);
  for (const id of taintIds) {
    removals.set(id, { count: (removals.get(id)?.count ?? 0) + 1, lastAt: now, cameBack: false });
  }
  return { ...memory, removals, fitSince: undefined };
}

/** Taints of the node that somebody has set again so often within this boot that we leave them to them. */
export function givenUp(memory: NodeMemory, limit: number): ReadonlySet<string> {
  if (memory.removals.size === 0) return NONE;
  return new Set([...memory.removals].filter(([, { count }]) => count >= limit).map(([id]) => id));
}

const NONE: ReadonlySet<string> = new Set();

function sameItems(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
