import type { SubjectState } from '../gateway/plan-subject.types.ts';
import type { GatewayReconciler } from '../gateway/reconciler.ts';
import { KubeError } from '../kube/errors.ts';
import type { Bell } from '../lib/bell.ts';
import type { Clock } from '../lib/clock.ts';
import type { MigrationPlan } from '../migrate/plan.ts';
import type { MigrationReads } from '../migrate/read.ts';
import type { Stage } from '../migrate/steps.ts';
import type { Action, Outcome } from '../plan/plan.types.ts';
import type { Executor } from './once-executor.ts';

const LOOK_AGAIN_MS = 500;
const AFTER_FAILURE_MS = 1_000;

/** One look: what was read, and what comes next. */
export interface Moved {
  readonly reads: MigrationReads;
  readonly state: SubjectState | undefined;
  readonly plan: MigrationPlan;
}

export interface Mover {
  readonly reconciler: GatewayReconciler;
  look(signal: AbortSignal): Promise<Moved>;
}

export interface RunPorts {
  readonly clock: Clock;
  readonly changes: Bell;
  /** Tells what is going on, for people who wait. */
  readonly progress: (text: string) => void;
}

/** How far it came. */
export interface End {
  readonly now: Moved;
  /** What kept it from going on; undefined: time was up. */
  readonly trouble: string | undefined;
}

/** Step after step, each from a new look, until it is done, refused, or time is up. Rejects only when the Gateway is gone. */
export async function carryOn(
  mover: Mover,
  executor: Executor,
  waitMs: number,
  first: Moved,
  { clock, changes, progress }: RunPorts,
  signal: AbortSignal,
): Promise<End> {
  const deadline = clock.monotonic() + waitMs;
  let now = first;
  let trouble: string | undefined;
  while (!signal.aborted) {
    try {
      now = await mover.look(signal);
      trouble = undefined;
      const { stage, actions } = now.plan;
      if (stage === undefined || stage === 'done') break;
      if (actions.some(({ pausedBy }) => pausedBy !== undefined)) {
        return { now, trouble: 'the Gateway or its entrypoint was paused meanwhile' };
      }
      progress(WORDS[stage]);
      if (actions.length > 0) {
        await executor.apply(actions);
        const failed = executor.outcomes().filter((one) => one.status !== 'applied' && isOneOf(one, actions));
        // A lease that was renewed too late is soon held again; what a controller wrote meanwhile, the next look shows.
        const final = failed.find(
          ({ status, reason }) => status === 'refused' || (status === 'declined' && reason !== 'NotLeader'),
        );
        if (final !== undefined) return { now, trouble: final.message };
        trouble = failed[0]?.message;
      }
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof KubeError)) throw error;
      trouble = error.message;
      if (!error.retryable) return { now, trouble };
    }
    const left = deadline - clock.monotonic();
    if (left <= 0) break;
    if (trouble !== undefined) {
      await clock.sleep(Math.min(AFTER_FAILURE_MS, left), signal).catch(() => undefined);
    } else if (now.plan.actions.length === 0) {
      await changes.wait(Math.min(LOOK_AGAIN_MS, left), clock, signal).catch(() => undefined);
    }
  }
  return { now, trouble };
}

/** What is being done in each stage. */
export const WORDS: Readonly<Record<Stage, string>> = {
  'switch-class': 'Naming the new class',
  'await-class': 'Waiting until Cilium has seen the new class',
  'recreate-service': 'Deleting the old Service',
  'await-service': 'Waiting until Cilium has made the new Service',
  publish: 'Publishing the address',
  'await-programmed': 'Waiting until the Gateway is Programmed',
  done: 'Done',
};

function isOneOf({ action }: Outcome, actions: readonly Action[]): boolean {
  return actions.some(({ kind, target }) => kind === action.kind && target.uid === action.target.uid);
}

/** A write whose answer was lost, and that the cluster shows all the same. */
export function asSeen(outcomes: readonly Outcome[], stage: Stage | undefined): readonly Outcome[] {
  return outcomes.map((one) => {
    const passed =
      stage === 'done' ||
      (one.action.kind === 'switch-class' && stage !== 'switch-class') ||
      (one.action.kind === 'recreate-service' && stage !== 'recreate-service' && stage !== 'switch-class');
    const lost = one.status === 'failed' || one.status === 'conflict';
    return passed && lost ? { action: one.action, status: 'applied', reason: '', message: '' } : one;
  });
}
