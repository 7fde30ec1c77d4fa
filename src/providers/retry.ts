import pRetry from 'p-retry';
import type { Clock } from '../lib/clock.ts';
import { CloudError } from './errors.ts';

/** How often and for how long a request is tried. All in milliseconds. */
export interface RetryLimits {
  readonly attempts: number;
  /** Full jitter: a wait is anything between 0 and this doubled for each failure before, up to `maxWaitMs`. */
  readonly baseWaitMs: number;
  readonly maxWaitMs: number;
  /** Of all attempts and waits together, without the time in the limiter's queue. */
  readonly totalMs: number;
}

export interface RetryParts {
  readonly limits: RetryLimits;
  readonly clock: Clock;
  /** Yields 0 ≤ x < 1. */
  readonly random: () => number;
  /** New credentials, once; false: there are none. */
  readonly refresh: (signal: AbortSignal) => Promise<boolean>;
  /** Before a wait. */
  readonly onRetry: (error: CloudError, attempt: number, waitMs: number) => void;
}

/** What is left of a request's total time. */
export interface Budget {
  restMs(): number;
  /** Time that does not count: spent in the limiter's queue. */
  skip(ms: number): void;
}

/**
 * Tries until it works, or until it makes no sense: only `throttled` and `unavailable` are tried again, and `credentials`
 * once after a refresh. A wait that the cloud asks for is kept to the millisecond (and jitter comes on top, since all who
 * were throttled hear the same); when it does not fit into the total, nothing more is tried.
 */
export async function withRetries<T>(
  attempt: (budget: Budget) => Promise<T>,
  { limits, clock, random, refresh, onRetry }: RetryParts,
  signal: AbortSignal,
): Promise<T> {
  let endsAt = clock.monotonic() + limits.totalMs;
  const restMs = (): number => endsAt - clock.monotonic();
  const skip = (ms: number): void => {
    endsAt += ms;
  };
  let tried = 0;
  let refreshed = false;

  function waitBefore(error: CloudError): number {
    const jitter = random() * Math.min(limits.maxWaitMs, limits.baseWaitMs * 2 ** (tried - 1));
    return (error.details.retryAfterMs ?? 0) + jitter;
  }

  async function again(error: CloudError): Promise<boolean> {
    switch (error.details.category) {
      case 'credentials': {
        const fresh = !refreshed && (await refresh(signal));
        refreshed = true;
        return fresh && restMs() > 0;
      }
      case 'throttled':
      case 'unavailable': {
        const wait = waitBefore(error);
        if (wait >= restMs()) return false;
        onRetry(error, tried, wait);
        await clock.sleep(wait, signal);
        return true;
      }
      case 'denied':
      case 'not-found':
      case 'unsupported':
      case 'invalid':
      case 'garbage':
        return false;
    }
  }

  try {
    return await pRetry(
      () => {
        tried += 1;
        return attempt({ restMs, skip });
      },
      {
        retries: limits.attempts - 1,
        // The waits are ours: the clock is injected, and the cloud may ask for one.
        minTimeout: 0,
        signal,
        shouldRetry: async ({ error }) => error instanceof CloudError && (await again(error)),
      },
    );
  } catch (error) {
    if (!(error instanceof CloudError) || tried < 2) throw error;
    throw new CloudError(`${error.message} It was tried ${tried} times.`, error.details);
  }
}
