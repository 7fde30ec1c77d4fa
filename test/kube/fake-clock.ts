import { abortReason, type Clock } from '../../src/lib/clock.ts';

/** A clock that stands still until the test moves it. */
export interface FakeClock extends Clock {
  /** Moves both clocks, and wakes the sleepers whose time has come, in order. */
  advance(ms: number): void;
  /** Sets the wall clock, as NTP or an administrator would; the monotonic one goes on. */
  setNow(epochMs: number): void;
  /** How long the present sleepers asked for, in order. */
  sleeping(): readonly number[];
}

interface Sleeper {
  readonly ms: number;
  readonly until: number;
  readonly wake: () => void;
}

export function fakeClock(startMs = Date.parse('2026-01-01T00:00:00Z')): FakeClock {
  let monotonic = 1_000;
  let wall = startMs;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => wall,
    monotonic: () => monotonic,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(abortReason(signal));
          return;
        }
        const onAbort = (): void => {
          sleepers.delete(sleeper);
          reject(signal === undefined ? new Error('aborted') : abortReason(signal));
        };
        const sleeper = {
          ms,
          until: monotonic + ms,
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', onAbort, { once: true });
      });
    },
    advance(ms) {
      monotonic += ms;
      wall += ms;
      for (const sleeper of [...sleepers].toSorted((a, b) => a.until - b.until)) {
        if (sleeper.until <= monotonic) {
          sleeper.wake();
        }
      }
    },
    setNow(epochMs) {
      wall = epochMs;
    },
    sleeping: () => [...sleepers].map((sleeper) => sleeper.ms),
  };
}
