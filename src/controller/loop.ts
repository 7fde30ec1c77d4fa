import { setImmediate } from 'node:timers/promises';
import type { Config } from '../config/config.types.ts';
import { backoffDelay } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { type Applied, type ApplyPorts, applyAction } from '../plan/apply.ts';
import { actionId, afterOf, type HoldOffPolicy, noteReverts, recordWrite, type WriteHistory } from '../plan/history.ts';
import { limit } from '../plan/limit.ts';
import { describeTarget } from '../plan/make.ts';
import type { Action, Finding } from '../plan/plan.types.ts';
import type { Reconciler } from '../plan/reconciler.types.ts';
import { refusalFinding } from '../plan/refusal.ts';
import { carryOutStage, createHolds, stagesOf } from '../plan/stages.ts';
import type { Announcer } from './announcer.ts';
import { createFindingMonitor } from './finding-monitor.ts';
import { SECOND_WRITER } from './hold-offs.ts';
import type { LoopObserver, LoopStatus } from './loop-observer.ts';

/** So many subjects are written to at the same time. */
const MAX_IN_FLIGHT = 16;
const FINDING_SETTLE_MS = 5_000;
const BACKOFF = { baseMs: 100, maxMs: 60_000 };
const CONFLICT_BACKOFF = { baseMs: 20, maxMs: 5_000 };
/** Events that come without end must not keep a core busy: beyond a burst, passes take this share of it at most. */
const BUSY_SHARE = 0.2;
/** Length of passes, in milliseconds, that a burst may take in a row: a few changes are answered at once. */
const BURST_MS = 500;
const MAX_REST_MS = 1_000;
/** A pass that takes longer hangs. */
const LONGEST_PASS_MS = 300_000;
/** Events wait so long: what follows a write, here and in Cilium's operator, needs the same cores and connections. */
const ANNOUNCE_AFTER_MS = 250;
/** Writes under way hold the next pass up for so long at most. */
const WRITES_FIRST_MS = 20;
/** Nobody reads it, and it costs less than the one that would be made each time. */
const WOKEN = new Error('woken');
/** Subjects that wait for their turn. */
const LONG_QUEUE = 100;

type LoopConfig = Pick<Config, 'readOnly' | 'resyncMs'>;

export interface LoopOptions {
  readonly reconciler: Reconciler;
  readonly ports: ApplyPorts;
  /** The same object until something changes. No write that was planned with one is sent under another. */
  readonly config: () => LoopConfig;
  /** Second writers are recognised by their reverts (rule 7). Undefined: the reconciler does that itself. */
  readonly holdOff: (() => HoldOffPolicy) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly announcer: Announcer;
  readonly observer?: LoopObserver | undefined;
  /** Yields 0 ≤ x < 1, for jitter. */
  readonly random: () => number;
}

/**
 * Runs observe → plan → limit → apply of one feature whenever something changed, one run at a time a subject. Each
 * feature has a loop of its own: its keys, its passes, its troubles.
 */
export interface Loop {
  /** Something may have changed. Cheap; calls in a burst are merged. */
  wake(): void;
  /** What the last pass found; nothing while another leads. */
  findings(): readonly Finding[];
  status(): LoopStatus;
  /** Hold-offs that others have written down meanwhile count as our own. To be told before a term's first write. */
  noteHoldOffs(history: WriteHistory): void;
  /**
   * Ends after `signal` is aborted, when the writes under way have ended; `hardStop` ends these too. Never rejects for
   * a failed pass.
   */
  run(signal: AbortSignal, hardStop: AbortSignal): Promise<void>;
}

interface Trouble {
  readonly failures: number;
  /** Monotonic time before which the subject is left alone. */
  readonly until: number;
}

interface Refusal {
  readonly wish: string;
  readonly until: number;
  readonly finding: Finding;
}

export function createLoop(options: LoopOptions): Loop {
  const { reconciler, ports, config: configNow, holdOff, clock, logger, announcer, observer, random } = options;
  let history: WriteHistory = new Map();
  let dirty = true;
  let standing: readonly Finding[] = [];
  let wakeUp: (() => void) | undefined;
  let passes = 0;
  let turnsBy: number | undefined;
  /** No write begins after this, not even the next one of a subject in work. */
  let stopping = false;
  const running = new Map<string, Promise<void>>();
  /** Called at each change: those that wait for the watch to show a write. */
  const watching = new Set<() => void>();
  /** What the last pass wants written and nobody works on yet. */
  let queue = new Map<string, readonly Action[]>();
  /** Subjects that were worked on while the present pass looked: its plan may be older than their writes. */
  let touched = new Set<string>();
  /** Writes whose Events wait until the queue is empty: during a burst, writes go first. */
  let unannounced: Action[] = [];
  const over = new AbortController();
  const troubles = new Map<string, Trouble>();
  /** Writes that the server refused: not tried again until the object or the wish changes, or a full pass is due. */
  const refused = new Map<string, Refusal>();
  const monitor = createFindingMonitor(FINDING_SETTLE_MS, new Set([SECOND_WRITER]));

  function wake(): void {
    dirty = true;
    for (const look of watching) look();
    wakeUp?.();
  }

  /** A pass while writes are under way delays what follows them, and mostly plans the same again. */
  async function writesEnded(): Promise<void> {
    if (running.size === 0) return;
    const limit = new AbortController();
    await Promise.race([
      Promise.allSettled(running.values()),
      clock.sleep(WRITES_FIRST_MS, limit.signal).catch(() => undefined),
    ]);
    limit.abort(WOKEN);
  }

  /** Waits until something changed or `ms` passed. */
  async function idle(ms: number, signal: AbortSignal): Promise<void> {
    if (dirty || signal.aborted) return;
    const woken = Promise.withResolvers<void>();
    wakeUp = woken.resolve;
    const timer = new AbortController();
    const stop = (): void => woken.resolve();
    signal.addEventListener('abort', stop, { once: true });
    clock.sleep(ms, timer.signal).then(woken.resolve, () => undefined);
    await woken.promise;
    wakeUp = undefined;
    timer.abort(WOKEN);
    signal.removeEventListener('abort', stop);
  }

  async function pass(signal: AbortSignal, hardStop: AbortSignal): Promise<number> {
    touched = new Set(running.keys());
    const config = configNow();
    const plan = await reconciler.look(signal);
    queue = new Map();
    if (configNow() !== config) {
      observer?.queued([]);
      dirty = true; // planned with what no longer holds
      return 1;
    }
    observer?.planned(plan.actions);
    if (!ports.mayWrite()) {
      observer?.queued([]);
      standing = [];
      return config.resyncMs;
    }
    const now = clock.monotonic();
    passes += 1;
    const reconcileId = `${process.pid}-${passes}`;
    const free = freeActions(plan.actions, now);
    const started = holdOff === undefined ? [] : noteSecondWriters(free, holdOff(), now);
    const { actions, declined } = limit(free, { readOnly: config.readOnly, dryRun: false, history, now });
    const pending = reconciler.explainDeclined(declined);
    for (const action of started) announceHoldOff(action, pending, now);
    const settle = report([...plan.findings, ...pending, ...standingRefusals(plan.actions)], now);
    queue = groupByKey(actions);
    observer?.queued(queue.keys());
    work(reconcileId, config, hardStop);
    return Math.max(1, Math.min(config.resyncMs, plan.nextLookMs ?? config.resyncMs, settle, nextDue(now)));
  }

  /** Keeps as many subjects in work as may be, until the queue is empty. */
  function work(reconcileId: string, config: LoopConfig, hardStop: AbortSignal): void {
    for (const [key, group] of queue) {
      if (running.size >= MAX_IN_FLIGHT || !mayWrite(config)) return;
      queue.delete(key);
      touched.add(key);
      observer?.started(key);
      running.set(
        key,
        runGroup(key, group, reconcileId, config, hardStop).finally(() => {
          running.delete(key);
          observer?.ended(key);
          work(reconcileId, config, hardStop);
          wake();
        }),
      );
    }
  }

  /** Whether a write that was planned with this configuration may still be sent. */
  function mayWrite(config: LoopConfig): boolean {
    return configNow() === config && ports.mayWrite();
  }

  /** Tells of writes once there is time for it. */
  async function announceLater(): Promise<void> {
    do {
      await clock.sleep(ANNOUNCE_AFTER_MS, over.signal).catch(() => undefined);
    } while (queue.size > 0 && !over.signal.aborted);
    announceWaiting();
  }

  function announceWaiting(): void {
    const actions = unannounced;
    unannounced = [];
    for (const action of actions) announcer.applied(action);
  }

  function noteSecondWriters(actions: readonly Action[], policy: HoldOffPolicy, now: number): readonly Action[] {
    const noted = noteReverts(history, actions, policy, now, (action) => reconciler.writerOf(action));
    history = noted.history;
    return noted.started;
  }

  /** Those that may be tried now. The later ones of a subject rest on the earlier: they wait with one that was refused. */
  function freeActions(actions: readonly Action[], now: number): readonly Action[] {
    const holds = createHolds<true>();
    return actions.filter((action) => {
      if (holds.on(action) === undefined && isFree(action, now)) return true;
      if (action.mayFail !== true) holds.add(action, true);
      return false;
    });
  }

  function isFree(action: Action, now: number): boolean {
    if (touched.has(action.key) || isInTrouble(action.key, now) || isInTrouble(actionId(action), now)) return false;
    const refusal = refused.get(actionId(action));
    return refusal === undefined || refusal.wish !== wishOf(action) || refusal.until <= now;
  }

  function isInTrouble(id: string, now: number): boolean {
    return (troubles.get(id)?.until ?? 0) > now;
  }

  /** What the server refused and is still wanted. */
  function standingRefusals(actions: readonly Action[]): readonly Finding[] {
    return actions.flatMap((action) => {
      const refusal = refused.get(actionId(action));
      return refusal !== undefined && refusal.wish === wishOf(action) ? [refusal.finding] : [];
    });
  }

  /** Milliseconds until a back-off or hold-off ends. */
  function nextDue(now: number): number {
    const times = [...troubles.values()].map((trouble) => trouble.until);
    times.push(...[...history.values()].map((record) => record.heldUntil));
    const future = times.filter((time) => time > now);
    return Math.min(Number.POSITIVE_INFINITY, ...future) - now;
  }

  function report(findings: readonly Finding[], now: number): number {
    standing = findings;
    const { appeared, resolved, nextMs } = monitor.update(findings, now);
    for (const finding of appeared) {
      logger.warn(
        { check: finding.check, reason: finding.reason, verdict: finding.verdict, ...about(finding), fix: finding.fix },
        finding.message,
      );
      if (finding.target !== undefined && finding.reason !== SECOND_WRITER) announcer.finding(finding, finding.target);
    }
    for (const finding of resolved) {
      logger.info(
        { check: finding.check, reason: finding.reason, ...about(finding) },
        `No longer so: ${finding.message}`,
      );
    }
    return nextMs ?? Number.POSITIVE_INFINITY;
  }

  function announceHoldOff(action: Action, pending: readonly Finding[], now: number): void {
    observer?.holdOffStarted(action);
    const record = history.get(actionId(action));
    const fix = pending.find((one) => one.reason === SECOND_WRITER && one.target === action.target)?.fix ?? '';
    announcer.holdOff(action, record?.writer ?? '', fix, clock.now() + (record?.heldUntil ?? now) - now);
  }

  async function runGroup(
    key: string,
    group: readonly Action[],
    reconcileId: string,
    config: LoopConfig,
    signal: AbortSignal,
  ): Promise<void> {
    const gated = { ...ports, mayWrite: () => !stopping && mayWrite(config) };
    const answers: Promise<boolean>[] = [];
    const carryOutUntilSeen = (action: Action): Promise<boolean> => {
      const answer = carryOut(key, action, reconcileId, gated, signal);
      answers.push(answer);
      return orShown(action, answer);
    };
    try {
      const before = troubles.get(key);
      for (const stage of stagesOf(group)) {
        if (stopping) break;
        if (stage.some((action) => reconciler.admit?.(action) === false)) {
          postpone(key, undefined, CONFLICT_BACKOFF);
          break;
        }
        if (!(await carryOutStage(stage, carryOutUntilSeen))) break;
      }
      const ended = await Promise.all(answers);
      if (!ended.includes(false) && troubles.get(key) === before) troubles.delete(key);
    } catch (error) {
      if (signal.aborted) return;
      logger.error({ err: error, subject: key, reconcileId }, 'a write could not be carried out');
      postpone(key, undefined, BACKOFF);
    } finally {
      await Promise.allSettled(answers);
    }
  }

  /** True as soon as the watch shows what the action writes, which may be before its answer; else what that says. */
  async function orShown(action: Action, answer: Promise<boolean>): Promise<boolean> {
    if (reconciler.isShown === undefined) return await answer;
    const shown = Promise.withResolvers<boolean>();
    const look = (): void => {
      if (reconciler.isShown?.(action) === true) shown.resolve(true);
    };
    watching.add(look);
    try {
      return await Promise.race([answer, shown.promise]);
    } finally {
      watching.delete(look);
    }
  }

  /** Resolves with whether the next action of the subject may follow. */
  async function carryOut(
    key: string,
    action: Action,
    reconcileId: string,
    gated: ApplyPorts,
    signal: AbortSignal,
  ): Promise<boolean> {
    const applied = await applyAction(action, gated, signal);
    reconciler.noteApplied(applied);
    return settleOutcome(key, applied, reconcileId);
  }

  /** Whether the next action of the subject may follow. */
  function settleOutcome(key: string, { outcome, error }: Applied, reconcileId: string): boolean {
    const { action } = outcome;
    observer?.settled(outcome);
    // What the others do not rest on does not hold them back either.
    const held = action.mayFail === true ? actionId(action) : key;
    const fields = { reconcileId, action: action.kind, reason: action.reason, object: describeTarget(action.target) };
    switch (outcome.status) {
      case 'applied':
        if (holdOff !== undefined) history = recordWrite(history, action);
        refused.delete(actionId(action));
        troubles.delete(actionId(action));
        logger.info({ ...fields, changes: action.changes }, action.message);
        unannounced.push(action);
        if (unannounced.length === 1) void announceLater();
        return true;
      case 'conflict':
        logger.debug({ ...fields, err: error }, 'the object changed in between: looking again');
        postpone(held, undefined, CONFLICT_BACKOFF);
        return action.mayFail === true;
      case 'refused':
        refused.set(actionId(action), {
          wish: wishOf(action),
          until: clock.monotonic() + configNow().resyncMs,
          finding: refusalFinding(outcome),
        });
        logger.error({ ...fields, err: error }, 'the API server refused a write');
        announcer.refused(action, outcome.message);
        return action.mayFail === true;
      case 'failed':
        logger.warn({ ...fields, err: error }, 'a write failed and is tried again');
        postpone(held, error?.retryAfterMs, BACKOFF);
        return action.mayFail === true;
      case 'declined':
        return false;
    }
  }

  function postpone(key: string, retryAfterMs: number | undefined, backoff: typeof BACKOFF): void {
    observer?.retried();
    const failures = (troubles.get(key)?.failures ?? 0) + 1;
    const delay = Math.max(retryAfterMs ?? 0, backoffDelay(failures, backoff, random));
    troubles.set(key, { failures, until: clock.monotonic() + delay });
  }

  return {
    wake,
    findings: () => standing,
    status: () => {
      const now = clock.monotonic();
      const heldOff = [...history.values()].filter(({ heldUntil }) => heldUntil > now).length;
      return { queued: queue.size, running: running.size, heldOff, turnsBy };
    },
    noteHoldOffs: (told) => {
      const newer = [...told].filter(([id, { heldUntil }]) => heldUntil > (history.get(id)?.heldUntil ?? 0));
      history = new Map([...history, ...newer]);
    },
    run: async (signal, hardStop) => {
      /** Time that passes took, less what was earned back since by idling. */
      let spent = 0;
      let lastEndedAt = clock.monotonic();
      onceAborted(signal, () => {
        stopping = true;
      });
      while (!signal.aborted) {
        dirty = false;
        const startedAt = clock.monotonic();
        turnsBy = startedAt + LONGEST_PASS_MS;
        let waitMs = BACKOFF.maxMs;
        let isOk = true;
        try {
          waitMs = await pass(signal, hardStop);
        } catch (error) {
          isOk = false;
          queue = new Map();
          if (!signal.aborted) logger.error({ err: error }, 'a pass failed');
          waitMs = 1_000;
        }
        const endedAt = clock.monotonic();
        turnsBy = endedAt + MAX_REST_MS + waitMs;
        if (!signal.aborted) observer?.passEnded(isOk, endedAt - startedAt);
        spent = Math.max(0, spent - (startedAt - lastEndedAt) * BUSY_SHARE) + endedAt - startedAt;
        lastEndedAt = endedAt;
        // While a long queue is worked off, another pass would mostly plan the same again.
        const rest = queue.size > LONG_QUEUE ? MAX_REST_MS : Math.min(MAX_REST_MS, (spent - BURST_MS) / BUSY_SHARE);
        if (rest > 1) await clock.sleep(rest, signal).catch(() => undefined);
        await idle(waitMs, signal);
        // What came in together makes one pass.
        await setImmediate();
        await writesEnded();
      }
      queue = new Map();
      turnsBy = undefined;
      await Promise.allSettled(running.values());
      over.abort(WOKEN);
      announceWaiting();
    },
  };
}

function onceAborted(signal: AbortSignal, then: () => void): void {
  if (signal.aborted) then();
  else signal.addEventListener('abort', then, { once: true });
}

/** What a refusal holds for: this wish for this version of the object. */
function wishOf(action: Action): string {
  return `${action.targetVersion} ${afterOf(action)}`;
}

function about(finding: Finding): { readonly object?: string } {
  return finding.target === undefined ? {} : { object: describeTarget(finding.target) };
}

function groupByKey(actions: readonly Action[]): Map<string, readonly Action[]> {
  const groups = new Map<string, Action[]>();
  for (const action of actions) {
    const group = groups.get(action.key) ?? [];
    group.push(action);
    groups.set(action.key, group);
  }
  return groups;
}
