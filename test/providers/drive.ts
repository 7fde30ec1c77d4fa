import { setImmediate as nextTurn } from 'node:timers/promises';
import { CloudError, type CloudErrorCategory } from '../../src/providers/errors.ts';
import type { FakeClock } from '../kube/fake-clock.ts';

/** Lets everything happen that needs no time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await nextTurn();
}

/** Moves the clock on, in small steps, until the promise is settled or `maxMs` are over; says how it ended. */
export async function drive<T>(
  clock: FakeClock,
  promise: Promise<T>,
  maxMs = 60_000,
): Promise<PromiseSettledResult<T> | 'waiting'> {
  let result: PromiseSettledResult<T> | undefined;
  promise.then(
    (value) => {
      result = { status: 'fulfilled', value };
    },
    (reason: unknown) => {
      result = { status: 'rejected', reason };
    },
  );
  for (let ms = 0; ms <= maxMs; ms += STEP_MS) {
    await settle();
    if (result !== undefined) return result;
    clock.advance(STEP_MS);
  }
  return 'waiting';
}

const STEP_MS = 10;

export function cloudError(category: CloudErrorCategory, retryAfterMs?: number): CloudError {
  return new CloudError(`elb:get: it failed (${category}).`, {
    category,
    action: 'elb:get',
    code: '',
    status: 0,
    requestId: 'r-1',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
