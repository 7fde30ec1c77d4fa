import { abortReason, type Clock } from '../lib/clock.ts';
import { createAnswerCache } from './cache.ts';
import type { CredentialSource } from './caller.types.ts';

/** Temporary keys, and until when they are good: milliseconds since the epoch. */
export interface Leased<C> {
  readonly credentials: C;
  readonly goodUntilMs: number;
}

/** How long before their end keys are fetched anew; half of their time where they live for less than twice as long. */
const EARLY_MS = 5 * 60_000;
/** With so much left, keys still serve when new ones cannot be had. */
const LAST_MS = 30_000;
/** So long a renewal may keep those waiting who have keys that still serve; after a failure, nobody tries for a while. */
const PATIENCE_MS = 3_000;
const PAUSE_MS = 15_000;
/** Who hears a refusal so soon after a fetch was refused for older keys. */
const JUST_FETCHED_MS = 5_000;

/**
 * Temporary keys that are fetched anew well before their end: one fetch at a time, shared by all who wait; a failed one
 * is told to those and not kept.
 */
export function createRenewing<C>(
  fetch: (signal: AbortSignal) => Promise<Leased<C>>,
  clock: Clock,
): Pick<CredentialSource<C>, 'current' | 'refresh'> {
  const flights = createAnswerCache(0, clock);
  /** Monotonic: until then, keys that still serve are not renewed, since it has just failed. */
  let pausedUntil = Number.NEGATIVE_INFINITY;
  let held: (Leased<C> & { readonly fetchedAt: number; readonly earlyMs: number }) | undefined;

  function renew(signal: AbortSignal): Promise<C> {
    const fetchAndHold = async (during: AbortSignal): Promise<C> => {
      const leased = await fetch(during);
      const lifeMs = leased.goodUntilMs - clock.now();
      held = { ...leased, fetchedAt: clock.monotonic(), earlyMs: Math.min(EARLY_MS, lifeMs / 2) };
      return leased.credentials;
    };
    return flights.get('keys', fetchAndHold, signal);
  }

  /** Gives a renewal up that would cost more than it is worth. */
  async function inTime(signal: AbortSignal): Promise<C> {
    const late = new AbortController();
    const done = new AbortController();
    clock.sleep(PATIENCE_MS, done.signal).then(
      () => late.abort(new Error('the renewal takes too long')),
      () => undefined,
    );
    try {
      return await renew(AbortSignal.any([signal, late.signal]));
    } finally {
      done.abort(new Error('over'));
    }
  }

  return {
    async current(signal) {
      const old = held;
      const leftMs = old === undefined ? 0 : old.goodUntilMs - clock.now();
      if (old !== undefined && leftMs > old.earlyMs) return old.credentials;
      if (old === undefined || leftMs <= LAST_MS) return await renew(signal);
      if (clock.monotonic() < pausedUntil) return old.credentials;
      try {
        return await inTime(signal);
      } catch {
        if (signal.aborted) throw abortReason(signal);
        pausedUntil = clock.monotonic() + PAUSE_MS;
        return old.credentials;
      }
    },
    async refresh(signal) {
      // Nothing was refused: there were no keys, and whoever asked has just been told why.
      if (held === undefined) return false;
      if (clock.monotonic() - held.fetchedAt < JUST_FETCHED_MS) return true;
      held = { ...held, goodUntilMs: Number.NEGATIVE_INFINITY };
      await renew(signal);
      return true;
    },
  };
}
