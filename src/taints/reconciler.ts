import type { TaintsConfig } from '../config/config.types.ts';
import type { Clock } from '../lib/clock.ts';
import type { Applied } from '../plan/apply.ts';
import type { Action } from '../plan/plan.types.ts';
import type { Reconciler } from '../plan/reconciler.types.ts';
import { findDeadlock } from './bootstrap.ts';
import { createCap, nodesPerWindow } from './cap.ts';
import type { NodeVerdict } from './evaluate.ts';
import { declinedFindings } from './findings.ts';
import type { GivenUp } from './given-up.ts';
import { createNodeBook } from './node-book.ts';
import { planTaints, type TaintPlan } from './plan.ts';
import type { TaintReads } from './view.types.ts';

export interface TaintReconcilerOptions {
  readonly view: TaintReads;
  /** Another object after each change. */
  readonly config: () => TaintsConfig;
  readonly clock: Clock;
}

/** What other processes did before this one leads. */
export interface EarlierTerms {
  /** Taints that they have left to whoever keeps setting them. */
  readonly givenUp?: GivenUp | undefined;
  /** When nodes were freed within the last 60 s, monotonic, oldest first. */
  readonly recentRemovals?: readonly number[] | undefined;
}

/** Observe and plan for node taints. */
export interface TaintReconciler extends Reconciler<TaintPlan> {
  /** To be told before a term's first write. */
  noteEarlier(earlier: EarlierTerms): void;
  /** Every node that carries a listed taint, and what each condition says of it, by name. */
  verdicts(): readonly NodeVerdict[];
  /** Milliseconds after which a second look can free a node; undefined: none waits for it alone. */
  secondLookInMs(): number | undefined;
  /** Nodes that were judged so far: one change of one node is one. */
  judgements(): number;
}

export function createTaintReconciler(options: TaintReconcilerOptions): TaintReconciler {
  const { view, config: configNow, clock } = options;
  const book = createNodeBook(view, configNow);
  const cap = createCap();
  /** What the writes under way take from their nodes: the watch may tell before their answers come. */
  const underWay = new Map<string, readonly string[]>();
  let stuckSince: number | undefined;
  let freedAt = Number.NEGATIVE_INFINITY;

  function limit(): number {
    const config = configNow();
    return nodesPerWindow(view.nodeCount(), config.maxPercent, config.maxNodes);
  }

  /** The operator's plight, and how long the next step for it has to wait. */
  function bootstrap(now: number): Parameters<typeof planTaints>[0]['bootstrap'] {
    const config = configNow();
    const operators = view.operators();
    const taints = operators.some((pod) => pod.unschedulable !== '') ? book.listedTaints() : [];
    const deadlock = findDeadlock(operators, taints);
    stuckSince = deadlock === undefined ? undefined : (stuckSince ?? now);
    if (deadlock === undefined || stuckSince === undefined) return undefined;
    const next = Math.max(stuckSince + config.confirmAfterMs, freedAt + config.bootstrapIntervalMs);
    return { deadlock, waitMs: Math.max(0, next - now) };
  }

  function planNow(): TaintPlan {
    const now = clock.monotonic();
    const config = configNow();
    if (!config.enabled) return { actions: [], findings: [], nextLookMs: undefined, held: [] };
    book.update({ now, wallNow: clock.now() });
    const fit = new Map([...book.fit()].filter(([name]) => !underWay.has(name)));
    const plan = planTaints({
      fit,
      blocked: book.blocked(),
      free: cap.free(limit(), now),
      limit: limit(),
      nextFreeMs: cap.nextFreeMs(now),
      unread: view.cluster().unread,
      bootstrap: bootstrap(now),
      config,
    });
    const times = [plan.nextLookMs, book.nextDueMs(now)].filter((ms) => ms !== undefined);
    return { ...plan, nextLookMs: times.length === 0 ? undefined : Math.max(1, Math.min(...times)) };
  }

  return {
    look: (signal) => {
      signal.throwIfAborted();
      return Promise.resolve(planNow());
    },
    admit: (action) => {
      const { name } = action.target;
      // Something is known that this write was not judged by, or the places of this minute are taken.
      if (
        !configNow().enabled ||
        view.isChanged(name) ||
        underWay.has(name) ||
        cap.free(limit(), clock.monotonic()) < 1
      )
        return false;
      cap.take();
      underWay.set(name, book.removable(name));
      // Whyever it is freed: the operator may go there.
      freedAt = clock.monotonic();
      return true;
    },
    noteApplied: ({ outcome, object }: Applied) => {
      const { action, status } = outcome;
      const now = clock.monotonic();
      // Without an answer the node may have been freed all the same.
      cap.settle(status === 'applied' || status === 'failed', now);
      const { name } = action.target;
      if (status === 'applied') book.noteRemoved(name, underWay.get(name) ?? [], now);
      underWay.delete(name);
      if (status === 'conflict') book.noteConflict(action, now);
      if (object !== undefined) view.upsert(action.request.resource, object);
    },
    writerOf: (action: Action) => view.node(action.target.name)?.taintWriter?.manager ?? '',
    explainDeclined: declinedFindings,
    noteEarlier: ({ givenUp = new Map(), recentRemovals = [] }) => {
      book.noteGivenUp(givenUp);
      cap.noteEarlier(recentRemovals);
    },
    verdicts: () => book.verdicts(),
    secondLookInMs: () => {
      const config = configNow();
      const waits = (book.blocked().get('SecondLookDue')?.size ?? 0) > 0;
      const isStuck = stuckSince !== undefined && clock.monotonic() - stuckSince < config.confirmAfterMs;
      return waits || (isStuck && config.bootstrap) ? config.confirmAfterMs : undefined;
    },
    judgements: () => book.judgements(),
  };
}
