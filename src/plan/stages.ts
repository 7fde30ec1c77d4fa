import type { Action } from './plan.types.ts';

/**
 * The actions of one subject, in order, those side by side that may be under way at the same time: each round trip that
 * is saved brings the Gateway to its address sooner.
 */
export function stagesOf(group: readonly Action[]): readonly (readonly Action[])[] {
  const stages: Action[][] = [];
  for (const action of group) {
    const last = stages.at(-1);
    if (action.beside === true && last !== undefined) last.push(action);
    else stages.push([action]);
  }
  return stages;
}

/**
 * Carries the actions of one stage out side by side. Resolves, when all have ended, with whether the next stage may
 * follow: each says so. Rejects with the first rejection, and not before all have ended.
 */
export async function carryOutStage(
  stage: readonly Action[],
  carryOut: (action: Action) => Promise<boolean>,
): Promise<boolean> {
  const ended = await Promise.allSettled(stage.map(carryOut));
  const values = ended.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
  return !values.includes(false);
}

/** What holds the later actions of a subject back. */
export interface Holds<T> {
  /** Asked for each action in turn; undefined: nothing does. */
  on(action: Action): T | undefined;
  /** The later actions of that one's subject rest on it, and it does not happen. */
  add(action: Action, why: T): void;
}

/** Who goes beside another does not rest on that one, but on those before both. */
export function createHolds<T>(): Holds<T> {
  const subjects = new Map<string, { beforeStage: T | undefined; sinceStage: T | undefined }>();
  return {
    on({ key, beside }) {
      const holds = subjects.get(key);
      if (holds !== undefined && beside !== true) holds.beforeStage ??= holds.sinceStage;
      return holds?.beforeStage;
    },
    add({ key }, why) {
      const holds = subjects.get(key) ?? { beforeStage: undefined, sinceStage: undefined };
      holds.sinceStage ??= why;
      subjects.set(key, holds);
    },
  };
}
