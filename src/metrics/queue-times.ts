import type { Clock } from '../lib/clock.ts';

/** Times of a loop's queue, as client-go measures its own. Milliseconds. */
export interface QueueTimes {
  /** The subjects that wait now; returns how many of them did not wait before. */
  queued(keys: Iterable<string>): number;
  /** Returns how long the subject waited. */
  started(key: string): number;
  /** Returns how long the work on it took. */
  ended(key: string): number;
  /** How long each of the subjects in work has been so. */
  underWay(): readonly number[];
}

export function createQueueTimes(clock: Pick<Clock, 'monotonic'>): QueueTimes {
  let waiting = new Map<string, number>();
  const working = new Map<string, number>();

  function take(from: Map<string, number>, key: string): number {
    const now = clock.monotonic();
    const since = from.get(key) ?? now;
    from.delete(key);
    return now - since;
  }

  return {
    queued(keys) {
      const now = clock.monotonic();
      const next = new Map<string, number>();
      let added = 0;
      for (const key of keys) {
        const since = waiting.get(key);
        if (since === undefined) added += 1;
        next.set(key, since ?? now);
      }
      waiting = next;
      return added;
    },
    started(key) {
      working.set(key, clock.monotonic());
      return take(waiting, key);
    },
    ended: (key) => take(working, key),
    underWay: () => {
      const now = clock.monotonic();
      return [...working.values()].map((since) => now - since);
    },
  };
}
