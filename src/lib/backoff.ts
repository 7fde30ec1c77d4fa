/** Delays that double up to a limit. All in milliseconds. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * The wait after a number of failures in a row, with jitter: between half and all of the doubled base.
 * @param failures 1 for the first
 * @param random yields 0 ≤ x < 1
 */
export function backoffDelay(failures: number, { baseMs, maxMs }: Backoff, random: () => number): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(30, Math.max(0, failures - 1)));
  return full / 2 + (full / 2) * random();
}
