import { actionId, type WriteHistory } from './history.ts';
import { describeTarget } from './make.ts';
import type { Action, Declined } from './plan.types.ts';
import { createHolds } from './stages.ts';

/** What may be written now, as data. */
export interface Policy {
  /** `readOnly` in the configuration: the whole program only looks. */
  readonly readOnly: boolean;
  /** Asked for a plan only. */
  readonly dryRun: boolean;
  /** Second writers that are being avoided. */
  readonly history: WriteHistory;
  /** Monotonic clock, milliseconds. */
  readonly now: number;
}

export interface Limited {
  readonly actions: readonly Action[];
  readonly declined: readonly Declined[];
}

/**
 * Splits a plan's actions into those to carry out and those that wait, with the reason. An action that is declined
 * takes the later ones of its subject with it, since they rest on it; not those that go beside it.
 */
export function limit(actions: readonly Action[], policy: Policy): Limited {
  const todo: Action[] = [];
  const declined: Declined[] = [];
  const holds = createHolds<Declined>();
  for (const action of actions) {
    const before = holds.on(action);
    const refusal = before === undefined ? refuse(action, policy) : { ...before, action };
    if (refusal === undefined) {
      todo.push(action);
    } else {
      declined.push(refusal);
      if (action.mayFail !== true) holds.add(action, refusal);
    }
  }
  return { actions: todo, declined };
}

function refuse(action: Action, policy: Policy): Declined | undefined {
  if (action.pausedBy !== undefined) {
    return { action, reason: 'Paused', message: `${describeTarget(action.pausedBy)} is paused.` };
  }
  if (policy.readOnly) {
    return { action, reason: 'ReadOnly', message: 'The configuration says readOnly.' };
  }
  const record = policy.history.get(actionId(action));
  if (record !== undefined && record.heldUntil > policy.now) {
    const minutes = Math.ceil((record.heldUntil - policy.now) / 60_000);
    const writer = record.writer === '' ? 'another writer' : record.writer;
    return {
      action,
      reason: 'SecondWriter',
      message: `${writer} keeps undoing this write; nothing is written for another ${minutes} min.`,
    };
  }
  return policy.dryRun ? { action, reason: 'DryRun', message: 'This is a dry run.' } : undefined;
}
