import type { Announcer } from '../controller/announcer.ts';
import { prepareCopy } from '../gateway/redirect-copy.ts';
import type { KubeClient } from '../kube/client.types.ts';
import type { Clock } from '../lib/clock.ts';
import { type ApplyPorts, applyAction } from '../plan/apply.ts';
import { actionId } from '../plan/history.ts';
import { ONCE_MANAGER } from '../plan/ours.ts';
import type { Action, Outcome, Plan } from '../plan/plan.types.ts';
import type { Reconciler } from '../plan/reconciler.types.ts';
import { carryOutStage, stagesOf } from '../plan/stages.ts';

const MAX_ROUNDS = 4;
const CONFLICT_PAUSE_MS = 200;
/** So many subjects are written to at the same time. */
const MAX_IN_FLIGHT = 16;

const NEVER = new AbortController().signal;

const OUTDATED = 'Something changed since the look that planned it.';

export interface ExecutorPorts {
  readonly client: KubeClient;
  readonly reconciler: Reconciler<Plan>;
  readonly clock: Clock;
  readonly announcer: Announcer;
  /** Asked in the tick in which a write is sent (rule 15). Default: always. */
  readonly mayWrite?: () => boolean;
}

export interface Executor {
  /** Resolves when each action was applied or has failed for good. */
  apply(actions: readonly Action[]): Promise<void>;
  /** The last outcome of each write so far. */
  outcomes(): readonly Outcome[];
  /** Ids of writes that did not go through and that a later look no longer wanted. */
  superseded(): ReadonlySet<string>;
  /** Monotonic time of the last write that went through; undefined: none did. */
  lastWriteAt(): number | undefined;
}

/** Another look may find another way: after a conflict, or for a NodePort that the API server does not give. */
function isOpen({ status, action }: Outcome): boolean {
  return status === 'conflict' || (status === 'refused' && action.kind === 'pin-node-port');
}

/** Applies the actions of each subject in order, subjects side by side; a conflict is looked at anew, not repeated. */
export function createExecutor(ports: ExecutorPorts, signal: AbortSignal): Executor {
  const { reconciler, clock, announcer, client } = ports;
  const outcomes = new Map<string, Outcome>();
  const superseded = new Set<string>();
  let lastWriteAt: number | undefined;
  const apply: ApplyPorts = {
    client,
    fieldManager: ONCE_MANAGER,
    prepare: (request, during) => prepareCopy(client, request, during, () => undefined), // it has just been listed
    mayWrite: ports.mayWrite ?? (() => true),
  };

  async function applyGroup(group: readonly Action[]): Promise<void> {
    for (const stage of stagesOf(group)) {
      if (signal.aborted) return;
      const outdated = stage.filter((action) => reconciler.admit?.(action) === false);
      for (const action of outdated) {
        // Something of the object changed since the look.
        outcomes.set(actionId(action), { action, status: 'conflict', reason: 'conflict', message: OUTDATED });
      }
      if (outdated.length > 0) return;
      if (!(await carryOutStage(stage, carryOut))) return;
    }
  }

  /** Resolves with whether the next action of the subject may follow. */
  async function carryOut(action: Action): Promise<boolean> {
    // A write that has begun is seen through, so that the report can say what became of it.
    const applied = await applyAction(action, apply, NEVER);
    reconciler.noteApplied(applied);
    outcomes.set(actionId(action), applied.outcome);
    superseded.delete(actionId(action));
    if (applied.outcome.status !== 'applied') return action.mayFail === true;
    lastWriteAt = clock.monotonic();
    announcer.applied(action);
    return true;
  }

  /** One of the workers that share the groups. */
  async function work(groups: Iterator<readonly Action[]>): Promise<void> {
    for (let next = groups.next(); next.done !== true; next = groups.next()) await applyGroup(next.value);
  }

  return {
    outcomes: () => [...outcomes.values()],
    superseded: () => superseded,
    lastWriteAt: () => lastWriteAt,
    apply: async (actions) => {
      let todo = actions;
      for (let round = 0; round < MAX_ROUNDS && todo.length > 0; round += 1) {
        const groups = Map.groupBy(todo, (action) => action.key).values();
        await Promise.all(Array.from({ length: MAX_IN_FLIGHT }, () => work(groups)));
        const open = [...outcomes].filter(([, outcome]) => isOpen(outcome));
        if (open.length === 0 || round === MAX_ROUNDS - 1) return;
        await clock.sleep(CONFLICT_PAUSE_MS * (round + 1), signal);
        const plan = await reconciler.look(signal);
        const wanted = new Set(plan.actions.map(actionId));
        for (const [id] of open.filter(([id]) => !wanted.has(id))) {
          outcomes.delete(id);
          superseded.add(id);
        }
        const again = new Set(open.map(([, outcome]) => outcome.action.key));
        todo = plan.actions.filter((action) => again.has(action.key) && action.pausedBy === undefined);
      }
    },
  };
}
