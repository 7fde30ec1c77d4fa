import { type Backoff, backoffDelay } from '../lib/backoff.ts';
import { KubeError } from './errors.ts';

/** When things are tried again and given up. Milliseconds. */
export interface WatchTiming {
  /** A complete list in between, in case an event was missed. Default 10 min, ± 10 %. */
  readonly relistMs: number;
  /**
   * A watch that was silent for so long is opened anew. Bookmarks come about each minute, but not for a kind that
   * nobody touches (unless etcd notifies of its progress). Default 2 min, up to 20 % more.
   */
  readonly idleTimeoutMs: number;
  /** The server ends a watch after this to twice this, as with client-go. Default 5 min. */
  readonly serverTimeoutMs: number;
  /** A watch that was open for so long was healthy: failures start at one again. Default 5 s. */
  readonly healthyMs: number;
  /**
   * A kind, or all its objects at once, must be missing for so long before they are dropped, and lists be older than
   * what was seen before they are believed. Default 10 s.
   */
  readonly vanishedMs: number;
  /** Of a page of a list. Default 30 s. */
  readonly listTimeoutMs: number;
}

export const DEFAULT_TIMING: WatchTiming = {
  relistMs: 600_000,
  idleTimeoutMs: 120_000,
  serverTimeoutMs: 300_000,
  healthyMs: 5_000,
  vanishedMs: 10_000,
  listTimeoutMs: 30_000,
};

/** The server is ailing or away: come back soon. */
const OUTAGE: Backoff = { baseMs: 250, maxMs: 10_000 };
/** The server said no: it takes a person to change that. */
const REFUSED: Backoff = { baseMs: 1_000, maxMs: 30_000 };
const NOT_SERVED: Backoff = { baseMs: 2_000, maxMs: 60_000 };

/**
 * How long to wait after a failure, in milliseconds: by its kind, and never less than the server asked for.
 * @param failures in a row, 1 for the first
 * @param error undefined for a watch that the server ended too soon
 * @param random yields 0 ≤ x < 1
 */
export function retryDelay(failures: number, error: KubeError | undefined, random: () => number): number {
  const asked = (error?.retryAfterMs ?? 0) * (1 + 0.1 * random());
  return Math.max(asked, backoffDelay(failures, backoffFor(error), random));
}

function backoffFor(error: KubeError | undefined): Backoff {
  if (error?.category === 'not-served') {
    return NOT_SERVED;
  }
  return error !== undefined && ['unauthorized', 'forbidden', 'invalid'].includes(error.category) ? REFUSED : OUTAGE;
}

/** Whatever was thrown as a KubeError, so that the loop has one kind of failure. */
export function asKubeError(error: unknown, operation: string): KubeError {
  if (error instanceof KubeError) {
    return error;
  }
  const message = error instanceof Error ? error.message : String(error);
  return new KubeError(`${operation}: ${message}`, {
    category: 'garbled',
    status: 0,
    reason: '',
    operation,
    cause: error,
  });
}
