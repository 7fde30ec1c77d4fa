/** Events that an object may have at once, and how long it takes until it may have one more (client-go's figures). */
const BURST = 25;
const REFILL_MS = 300_000;
/** Objects that are remembered; the longest untouched is forgotten first. */
const MAX_OBJECTS = 4_096;

interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

/** A token bucket per object. */
export interface EventLimiter {
  /** Whether one more Event about the object may be sent at this time (monotonic, milliseconds). */
  allow(key: string, nowMs: number): boolean;
}

export function createEventLimiter(): EventLimiter {
  const buckets = new Map<string, Bucket>();
  return {
    allow(key, nowMs) {
      const former = buckets.get(key) ?? { tokens: BURST, at: nowMs };
      const tokens = Math.min(BURST, former.tokens + (nowMs - former.at) / REFILL_MS);
      const allowed = tokens >= 1;
      buckets.delete(key);
      buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, at: nowMs });
      const oldest = buckets.keys().next();
      if (buckets.size > MAX_OBJECTS && oldest.done !== true) {
        buckets.delete(oldest.value);
      }
      return allowed;
    },
  };
}
