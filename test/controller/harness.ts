import type { Announcer } from '../../src/controller/announcer.ts';
import { createLoop, type LoopOptions } from '../../src/controller/loop.ts';
import type { RawObject } from '../../src/kube/types.ts';
import type { WriteHistory } from '../../src/plan/history.ts';
import { finding } from '../../src/plan/make.ts';
import type { Action, Finding } from '../../src/plan/plan.types.ts';
import type { Reconciler } from '../../src/plan/reconciler.types.ts';
import { fakeClock } from '../kube/fake-clock.ts';
import { recordLog } from '../kube/recorded-log.ts';
import { type Sent, scriptedClient } from '../plan/build.ts';

const MINUTE = 60_000;

export interface HarnessGiven {
  readonly answer?: (sent: Sent) => Promise<RawObject>;
  readonly history?: WriteHistory;
  readonly options?: Partial<LoopOptions>;
}

/** A loop on a clock that the test moves, over a cluster that is nothing but a list of due actions. */
export function startLoop({
  answer = () => Promise.resolve({}),
  history = new Map(),
  options = {},
}: HarnessGiven = {}) {
  const clock = fakeClock();
  const log = recordLog();
  const client = scriptedClient(answer);
  const cluster = {
    due: [] as readonly Action[],
    findings: [] as readonly Finding[],
    nextLookMs: undefined as number | undefined,
    looks: 0,
    leader: true,
    config: { readOnly: false, resyncMs: 10 * MINUTE },
    admits: true,
    /** uids of objects that the watch shows as they are to be. */
    shown: new Set<string>(),
    /** Runs in the middle of each look. */
    duringLook: (): Promise<void> => Promise.resolve(),
  };
  const told: string[] = [];
  const announcer: Announcer = {
    applied: (action) => told.push(`applied ${action.target.uid}`),
    refused: (action) => told.push(`refused ${action.target.uid}`),
    finding: (one) => told.push(`finding ${one.reason}`),
    holdOff: (action, writer, _, until) =>
      told.push(`hold-off ${action.target.uid} ${writer} ${new Date(until).toISOString()}`),
  };
  const reconciler: Reconciler = {
    look: async () => {
      cluster.looks += 1;
      await cluster.duringLook();
      return { actions: cluster.due, findings: cluster.findings, nextLookMs: cluster.nextLookMs };
    },
    admit: () => cluster.admits,
    isShown: ({ target }) => cluster.shown.has(target.uid),
    noteApplied: ({ outcome: { status, action } }) => {
      if (status === 'applied') cluster.due = cluster.due.filter((one) => one !== action);
    },
    writerOf: () => 'rival',
    explainDeclined: (declined) =>
      declined.map(({ action, reason, message }) =>
        finding('pending', 'warn', { reason, target: action.target, message, fix: 'mend it' }),
      ),
  };
  const prepare = (): Promise<never> => Promise.reject(new Error('nothing to prepare'));
  const loop = createLoop({
    reconciler,
    ports: { client, fieldManager: 'test', prepare, mayWrite: () => cluster.leader },
    config: () => cluster.config,
    holdOff: () => ({ reverts: 3, windowMs: 10 * MINUTE, durationMs: 30 * MINUTE }),
    clock,
    logger: log,
    announcer,
    random: () => 0,
    ...options,
  });
  loop.noteHoldOffs(history);
  const stop = new AbortController();
  const hardStop = new AbortController();
  let ended = false;
  const running = loop.run(stop.signal, hardStop.signal).then(() => {
    ended = true;
  });
  return {
    clock,
    log,
    client,
    cluster,
    told,
    stop,
    hardStop,
    hasEnded: () => ended,
    ended: running,
    /** Names of the objects written so far, in order. */
    written: () => client.sent.map(({ name }) => name),
    /** Makes these writes due, as a change in the cluster does. */
    become: async (...due: readonly Action[]) => {
      cluster.due = due;
      loop.wake();
      await settled();
    },
    wake: () => loop.wake(),
    pass: async (ms: number) => {
      clock.advance(ms);
      await settled();
    },
  };
}

/** Everything that can happen without time going on has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
