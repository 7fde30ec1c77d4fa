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
