import { orAborted } from '../lib/abort.ts';
import { abortReason, type Clock } from '../lib/clock.ts';

export interface LimiterOptions {
  /** So many starts within any second. */
  readonly perSecond: number;
  /** So many under way at a time. */
  readonly concurrent: number;
  readonly clock: Clock;
}

/** Holds requests back, first come, first served. */
export interface Limiter {
  /**
   * Resolves when one more request may start, with the function that says that it ended. Rejects with the signal's
   * reason.
   * @param onPause called before a wait for the end of a pause (milliseconds); what it throws ends the wait
   */
  acquire(signal: AbortSignal, onPause: (restMs: number) => void): Promise<() => void>;
  /** Nothing starts for so long: the cloud asked for it. A longer pause stays. */
  pause(ms: number): void;
}

const WINDOW_MS = 1_000;

/** The limits of one service for one credential. */
export function createLimiter({ perSecond, concurrent, clock }: LimiterOptions): Limiter {
  let last = Promise.resolve();
  let running = 0;
  let released = Promise.withResolvers<void>();
  let pausedUntil = Number.NEGATIVE_INFINITY;
  /** When the last ones started, monotonic; at most `perSecond`. */
  const starts: number[] = [];

  function release(): void {
    running -= 1;
    released.resolve();
    released = Promise.withResolvers<void>();
  }

  async function untilAllowed(signal: AbortSignal, onPause: (restMs: number) => void): Promise<void> {
    for (;;) {
      if (signal.aborted) throw abortReason(signal);
      if (running >= concurrent) {
        await orAborted(released.promise, signal);
        continue;
      }
      const now = clock.monotonic();
      const rest = pausedUntil - now;
      if (rest > 0) onPause(rest);
      const first = starts.length < perSecond ? undefined : starts[0];
      const wait = Math.max(rest, first === undefined ? 0 : first + WINDOW_MS - now);
      if (wait <= 0) return;
      await clock.sleep(wait, signal);
    }
  }

  return {
    async acquire(signal, onPause) {
      const before = last;
      const turn = Promise.withResolvers<void>();
      last = turn.promise;
      try {
        await orAborted(before, signal);
        await untilAllowed(signal, onPause);
        running += 1;
        starts.push(clock.monotonic());
        if (starts.length > perSecond) starts.shift();
      } finally {
        // Who gives up in the queue does not let others overtake.
        void before.then(turn.resolve);
      }
      let ended = false;
      return () => {
        if (!ended) release();
        ended = true;
      };
    },
    pause(ms) {
      pausedUntil = Math.max(pausedUntil, clock.monotonic() + ms);
    },
  };
}
