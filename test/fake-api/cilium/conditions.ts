import { isObject, type Json, type JsonObject } from '../json.ts';
import { timestamp } from '../times.ts';

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

/** The list with a condition replaced or added; its time moves when anything else of it does. */
export function withCondition(conditions: readonly Json[], update: Condition): Json[] {
  const fresh: JsonObject = { ...update, lastTransitionTime: timestamp(Date.now()) };
  let found = false;
  const merged = conditions.map((present): Json => {
    if (!isObject(present) || present.type !== update.type) {
      return present;
    }
    found = true;
    const same = (['status', 'reason', 'message', 'observedGeneration'] as const).every(
      (member) => present[member] === update[member],
    );
    return same ? present : fresh;
  });
  return found ? merged : [...merged, fresh];
}
