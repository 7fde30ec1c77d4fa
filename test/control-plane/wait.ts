import { systemClock } from '../../src/lib/clock.ts';

export interface WaitOptions {
  /** Default 15 s. */
  readonly timeoutMs?: number;
  /** Between two looks. Default 25 ms. */
  readonly everyMs?: number;
}

/**
 * Looks until `look` gives something other than `undefined` or `false`, and returns it.
 * An error that `look` throws counts as "not yet" and is named when the time is up.
 */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 15_000, everyMs = 25 }: WaitOptions = {},
): Promise<T> {
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    let failure: unknown;
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
    } catch (error) {
      failure = error;
    }
    if (performance.now() > endsAt) {
      throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause: failure });
    }
    await systemClock.sleep(everyMs);
  }
}
