import type { Clock } from '../lib/clock.ts';
import type { KubeClient, RequestOptions } from './client.types.ts';
import { findLease } from './lease-object.ts';
import { DEFAULT_DURATION_MS, FINISHED } from './lease-record.ts';

/** Clocks that differ by more than this are not what an old renewal means: its holder is dead. */
const MAX_SKEW_MS = 3_600_000;
const LOOK_AGAIN_MS = 1_000;
const NOBODY: LeaseHolder = { live: false, holder: '', renewTime: '' };

/** Whether somebody leads now. */
export type LeaseHolder =
  | {
      readonly live: false;
      /** Who held it last; empty when nobody did. */
      readonly holder: string;
      /** Of that one; empty when nobody held it. */
      readonly renewTime: string;
    }
  | {
      readonly live: true;
      readonly holder: string;
      /** RFC 3339, as the holder's clock had it. */
      readonly renewTime: string;
    };

/**
 * Looks whether a Lease is held by somebody alive, without taking part in the election. A renewal within the Lease's
 * duration says yes. One that is older, or in the future, may come from a clock that differs from ours: then the record
 * is watched for up to its duration, and a change says yes. Who says that it has ended has (FINISHED).
 * @throws KubeError when the Lease cannot be read (a missing one can: nobody holds it); the signal's reason
 */
export async function readLeaseHolder(
  client: KubeClient,
  namespace: string,
  name: string,
  clock: Clock,
  options: RequestOptions = {},
): Promise<LeaseHolder> {
  const first = await findLease(client, { namespace, name }, options);
  if (first === undefined || first.holder === '') {
    return NOBODY;
  }
  const gone: LeaseHolder = { live: false, holder: first.holder, renewTime: first.renewTime };
  if (first.holder.startsWith(FINISHED)) return gone;
  const durationMs = first.durationMs || DEFAULT_DURATION_MS;
  const age = clock.now() - Date.parse(first.renewTime);
  if (age >= 0 && age < durationMs) {
    return { live: true, holder: first.holder, renewTime: first.renewTime };
  }
  if (!(Math.abs(age) < MAX_SKEW_MS)) {
    return gone;
  }
  const until = clock.monotonic() + durationMs;
  while (clock.monotonic() < until) {
    await clock.sleep(LOOK_AGAIN_MS, options.signal);
    const next = await findLease(client, { namespace, name }, options);
    if (next === undefined || next.holder === '') {
      return gone;
    }
    if (next.renewTime !== first.renewTime || next.holder !== first.holder) {
      return { live: true, holder: next.holder, renewTime: next.renewTime };
    }
  }
  return gone;
}
