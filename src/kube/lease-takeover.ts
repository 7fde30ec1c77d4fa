import type { Clock } from '../lib/clock.ts';
import type { KubeClient, RequestOptions } from './client.types.ts';
import { KubeError } from './errors.ts';
import { type LeaseHolder, readLeaseHolder } from './lease-holder.ts';
import { findLease, isOutdated, storeLease } from './lease-object.ts';
import { claimSpec, DEFAULT_DURATION_MS, FINISHED, type LeaseRecord, leaseSpec } from './lease-record.ts';

/** A holder renews every two seconds, and each renewal may come in between. */
const MAX_TRIES = 5;

export interface TakeoverOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Who takes it: unique to this process. */
  readonly identity: string;
  /** So long nobody else takes it, unless it is renewed. */
  readonly durationMs: number;
  readonly fieldManager: string;
  readonly clock: Clock;
  /** Who held it when this process looked last: where that has not changed, it does not look for as long again. */
  readonly seen?: LeaseHolder;
}

export interface Takeover {
  /** Who led until now; empty: nobody alive. */
  readonly former: string;
  /**
   * Milliseconds from now until the former leader surely writes no more: it stops when it could not renew for less than
   * its Lease's duration, whether or not it has seen that the Lease is another's. 0: nobody led.
   */
  readonly waitMs: number;
}

/**
 * Makes this process the holder of a Lease, also of one that a live leader holds: the leader sees at its next renewal
 * that it is another's, and stands by. What this process writes itself must wait for `waitMs`.
 * @throws KubeError when the Lease cannot be read or written; the signal's reason
 */
export async function takeLeaseOver(options: TakeoverOptions, request: RequestOptions = {}): Promise<Takeover> {
  const { client, namespace, name, clock } = options;
  for (let left = MAX_TRIES; ; left -= 1) {
    const isFirst = left === MAX_TRIES;
    const holder = (isFirst && options.seen) || (await readLeaseHolder(client, namespace, name, clock, request));
    const found = await findLease(client, { namespace, name }, request);
    try {
      await write(options, found, request);
    } catch (error) {
      if (!isOutdated(error) || left <= 1) throw error;
      continue;
    }
    // Whoever took or renewed it between the two reads is alive, too.
    const leads =
      found !== undefined &&
      found.holder !== '' &&
      !found.holder.startsWith(FINISHED) &&
      (holder.live || found.holder !== holder.holder || found.renewTime !== holder.renewTime);
    return leads
      ? { former: found.holder, waitMs: found.durationMs || DEFAULT_DURATION_MS }
      : { former: '', waitMs: 0 };
  }
}

/**
 * Prolongs a Lease that was taken over.
 * @throws KubeError `conflict` when it is another's by now, or what the request ends in
 */
export async function keepLease(options: TakeoverOptions, request: RequestOptions = {}): Promise<void> {
  const found = await findLease(options.client, { namespace: options.namespace, name: options.name }, request);
  if (found?.holder !== options.identity) {
    throw new KubeError(`Lease ${options.namespace}/${options.name} is held by ${found?.holder || 'nobody'} by now`, {
      category: 'conflict',
      status: 0,
      reason: '',
      operation: `PATCH leases ${options.namespace}/${options.name}`,
    });
  }
  await write(options, found, request);
}

/**
 * Says, if it is ours still, that this process has ended, and keeps controllers waiting for `durationMs` from now.
 * @param who the holder's name from now on is `uninstalled_<who>`
 * @throws what the requests end in
 */
export async function finishLease(options: TakeoverOptions, who: string, request: RequestOptions = {}): Promise<void> {
  const { client, namespace, name, identity, durationMs, fieldManager, clock } = options;
  const found = await findLease(client, { namespace, name }, request);
  if (found?.holder !== identity) return;
  const spec = claimSpec(found, `${FINISHED}${who}`, durationMs, clock.now());
  await storeLease(client, { namespace, name }, found, spec, { ...request, fieldManager });
}

/**
 * Lets the next one in at once, if it is ours still.
 * @throws what the requests end in
 */
export async function giveLeaseBack(options: TakeoverOptions, request: RequestOptions = {}): Promise<void> {
  const { client, namespace, name, identity, fieldManager, clock } = options;
  const found = await findLease(client, { namespace, name }, request);
  if (found?.holder !== identity) return;
  const free = leaseSpec('', 1_000, '', found.transitions, clock.now());
  await storeLease(client, { namespace, name }, found, free, { ...request, fieldManager });
}

async function write(options: TakeoverOptions, from: LeaseRecord | undefined, request: RequestOptions): Promise<void> {
  const { client, namespace, name, identity, durationMs, fieldManager, clock } = options;
  const spec = claimSpec(from, identity, durationMs, clock.now());
  await storeLease(client, { namespace, name }, from, spec, { ...request, fieldManager });
}
