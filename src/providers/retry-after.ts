/** Asking once an hour harms nobody, and a wrong header may not keep a service from being asked for ever. */
const LONGEST_MS = 3_600_000;

/**
 * The wait that an answer asks for, milliseconds, at most an hour.
 * @param header Retry-After: seconds, or a date (RFC 9110)
 * @param now the clock here, milliseconds since the epoch
 * @returns undefined when it is neither
 */
export function retryAfterMs(header: string, now: number): number | undefined {
  const text = header.trim();
  if (/^\d+$/.test(text)) return atMost(Number(text) * 1_000);
  // `Date.parse` takes `-1` and `1.5` for dates, too.
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : atMost(date - now);
}

/** A wait within the bounds. */
function atMost(ms: number): number {
  return Math.min(Math.max(0, ms), LONGEST_MS);
}
