import { orAborted } from '../lib/abort.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { KubeClient, RequestOptions } from './client.types.ts';
import { onAbort } from './deadline.ts';
import { KubeError } from './errors.ts';
import type { EventRecorder } from './events.ts';
import { findLease, isOutdated, storeLease } from './lease-object.ts';
import { claimSpec, type LeaseRecord, leaseSpec, saysOther } from './lease-record.ts';
import { watchLease } from './lease-watch.ts';
import { isNewer } from './resource-version.ts';

const RELEASE_TIMEOUT_MS = 2_000;
const RELEASE_TRIES = 3;
/** Up to so many retry periods are added at random, so that standbys don't ask in step. As client-go. */
const JITTER = 1.2;
/** No API server works on one request for longer. */
const UNDER_WAY_MS = 600_000;
/** Why a term ends that nobody took away: no cause for a warning. */
const STOPPING = 'stopping';
const LATE = 'it could not be renewed in time';
const TAKEN = 'another holds it now';
const TWIN = 'another process uses the same identity';

/** Milliseconds; as client-go's LeaseDuration, RenewDeadline and RetryPeriod. */
export interface LeaseTimes {
  /** Others take over when the record has not changed for so long. Whole seconds. */
  readonly durationMs: number;
  /** Who could not renew for so long stops leading. Less than the duration. */
  readonly renewDeadlineMs: number;
  /** Between two tries. */
  readonly retryPeriodMs: number;
}

export interface LeaseOptions extends LeaseTimes {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Who we are: of this process alone, and telling for people (`<pod>_<uid>`). */
  readonly identity: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Gets an Event about the Lease at each change, as client-go's. */
  readonly recorder?: Pick<EventRecorder, 'record'>;
  readonly fieldManager?: string;
  /** Yields 0 ≤ x < 1, for jitter. */
  readonly random?: () => number;
}

/** A Lease that this process holds, or tries to. */
export interface Lease {
  /**
   * Acquires and renews until the signal is aborted, then gives the Lease up if it holds it. Stop writing before.
   * Never rejects.
   */
  run(signal: AbortSignal): Promise<void>;
  /** Whether a write may be sent in this very tick: answered from the clock, without asking anybody. */
  isLeader(): boolean;
  /** Aborted when the present term ends, so that nothing under way outlives it; aborted already when there is none. */
  term(): AbortSignal;
  /** Resolves with the present or next term: a signal that is aborted when the leadership is lost or given up. */
  whenLeader(signal: AbortSignal): Promise<AbortSignal>;
  /** Who held the Lease when it was last read; empty when nobody did. */
  holder(): string;
}

/** One moment, by both clocks. */
interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

/**
 * Leader election on a Lease with client-go's semantics (tools/leaderelection): another's Lease counts as expired when
 * its record has not changed for its duration by our own monotonic clock, so that clocks need not agree. Beyond
 * client-go: a watch tells of changes at once, a Lease that is deleted under its holder is not free before its time, and
 * who loses it stands by instead of ending.
 */
export function createLease(options: LeaseOptions): Lease {
  const { client, clock, logger, identity, durationMs, renewDeadlineMs, retryPeriodMs } = options;
  const { random = Math.random, fieldManager = 'cilium-cloud-bridge' } = options;
  const ref = { namespace: options.namespace, name: options.name };
  const lease = `${ref.namespace}/${ref.name}`;

  let observed: LeaseRecord | undefined;
  /** When what it says changed for the last time. */
  let observedAt = 0;
  /** Nothing happened since it was read that would make a write on its version fail. */
  let isCurrent = false;
  /** What was sent since the last renewal that is known to be stored, by renewTime: answers get lost. */
  const sent = new Map<string, Moment>();
  let hasClaimed = false;
  /** Start of the last request that made or renewed the Lease. */
  let renewedAt: Moment | undefined;
  let term: AbortController | undefined;
  let nextTerm = Promise.withResolvers<AbortSignal>();
  let isStopping = false;
  let nap: AbortController | undefined;
  let isNudged = false;
  let warned = '';
  let toldHolder = identity;

  /** The monotonic clock stands still while a virtual machine is paused; others' clocks don't. */
  function isFresh(): boolean {
    return (
      renewedAt !== undefined &&
      clock.monotonic() - renewedAt.monotonic < renewDeadlineMs &&
      clock.now() - renewedAt.wall < renewDeadlineMs
    );
  }

  /** Milliseconds until the present term ends by itself. */
  function remaining(): number {
    return renewedAt === undefined ? 0 : renewedAt.monotonic + renewDeadlineMs - clock.monotonic();
  }

  /** Our name under what we did not write. Before our first write that was an earlier process: it has ended. */
  function isTwin(record: LeaseRecord): boolean {
    return hasClaimed && record.holder === identity && !sent.has(record.renewTime);
  }

  /** Milliseconds for which another may still lead; 0: nobody else does. */
  function heldForMs(): number {
    if (observed === undefined || observed.holder === '') return 0;
    if (observed.holder === identity && !isTwin(observed)) return 0;
    return Math.max(0, observedAt + (observed.durationMs || durationMs) - clock.monotonic());
  }

  function observe(record: LeaseRecord): void {
    if (observed === undefined || saysOther(observed, record)) observedAt = clock.monotonic();
    observed = record;
    isCurrent = true;
    const stored = sent.get(record.renewTime);
    if (record.holder === identity && stored !== undefined) {
      renewedAt = stored;
      for (const [renewTime, { monotonic }] of sent) if (monotonic < stored.monotonic) sent.delete(renewTime);
    }
    settle(record);
  }

  /** From the watch, or an answer that it overtook. */
  function hear(record: LeaseRecord | undefined): void {
    if (record === undefined) isCurrent = false;
    else if (observed === undefined || !isNewer(observed.resourceVersion, record.resourceVersion)) observe(record);
    const isDue = record === undefined || (term === undefined && heldForMs() === 0);
    if (isDue) {
      isNudged = true;
      nap?.abort();
    }
  }

  /** Begins or ends the term as the record says. */
  function settle(record: LeaseRecord): void {
    if (isStopping) return;
    if (record.holder !== identity || isTwin(record)) {
      end(isTwin(record) ? TWIN : TAKEN);
      if (record.holder !== toldHolder && record.holder !== '') {
        logger.info({ lease, holder: record.holder, seconds: record.durationMs / 1000 }, 'standing by');
      }
      toldHolder = record.holder;
    } else if (term === undefined && isFresh()) {
      begin(record);
    }
  }

  function request(signal: AbortSignal): RequestOptions {
    // No request may outlive the term, or the loss would be noticed late.
    return { timeoutMs: Math.max(1, Math.min(renewDeadlineMs / 2, term ? remaining() : renewDeadlineMs)), signal };
  }

  /** The Lease is renewed, or taken where it is free; else it is only looked at. */
  async function tryHold(signal: AbortSignal): Promise<void> {
    if (term !== undefined && isCurrent && observed !== undefined) {
      try {
        await claim(observed, request(signal));
        return;
      } catch (error) {
        if (!isOutdated(error)) throw error;
      }
    }
    const found = await findLease(client, ref, request(signal));
    if (found !== undefined) observe(found);
    // A Lease that somebody deleted is made anew by its holder. Until its time is over it is not free.
    if (heldForMs() === 0) await claim(found, request(signal));
  }

  async function claim(from: LeaseRecord | undefined, options: RequestOptions): Promise<void> {
    const started = { monotonic: clock.monotonic(), wall: clock.now() };
    const spec = claimSpec(from, identity, durationMs, started.wall);
    for (const [key, { monotonic }] of sent) if (started.monotonic - monotonic > UNDER_WAY_MS) sent.delete(key);
    sent.set(spec.renewTime, started);
    hasClaimed = true;
    isCurrent = false;
    hear(await storeLease(client, ref, from, spec, { ...options, fieldManager }));
  }

  async function step(signal: AbortSignal): Promise<void> {
    // This machine slept, or its clock was set: what was not written in between is due in the next term.
    if (!isFresh()) end(LATE);
    try {
      await tryHold(signal);
      warned = '';
    } catch (caught) {
      if (isOutdated(caught)) logger.debug({ lease }, 'another wrote the lease at the same moment');
      else if (!signal.aborted) complain(caught);
    }
    if (!isFresh()) end(LATE);
  }

  function complain(caught: unknown): void {
    const fields = { lease, error: caught instanceof Error ? caught.message : String(caught) };
    const category = caught instanceof KubeError ? caught.category : 'unknown';
    logger[category === warned ? 'debug' : 'warn'](fields, 'lease cannot be read or written; trying again');
    warned = category;
  }

  function begin(record: LeaseRecord): void {
    term = new AbortController();
    toldHolder = identity;
    logger.info({ lease, identity, transitions: record.transitions }, 'leading');
    announce(record, 'became leader');
    nextTerm.resolve(term.signal);
  }

  function end(why: string): void {
    if (term === undefined) return;
    const former = term;
    term = undefined;
    renewedAt = undefined;
    nextTerm = Promise.withResolvers<AbortSignal>();
    const fields = { lease, identity, holder: observed?.holder, why };
    if (why === STOPPING) logger.debug(fields, 'no longer leading');
    else logger.warn(fields, 'no longer leading');
    former.abort(new Error(`no longer leading: ${why}`));
    if (observed !== undefined) announce(observed, 'stopped leading');
  }

  function announce({ uid, resourceVersion }: LeaseRecord, what: string): void {
    const target = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', ...ref, uid, resourceVersion };
    const message = `${identity} ${what}`;
    options.recorder?.record({ target, type: 'Normal', reason: 'LeaderElection', action: 'LeaderElection', message });
  }

  /** Lets the next one in at once. An answer that was lost may have made us the holder, so the record decides. */
  async function giveUp(): Promise<void> {
    isStopping = true;
    end(STOPPING);
    if (!hasClaimed) return;
    const over = AbortSignal.timeout(RELEASE_TIMEOUT_MS);
    const during = { timeoutMs: RELEASE_TIMEOUT_MS, signal: over };
    for (let tries = 1; tries <= RELEASE_TRIES; tries += 1) {
      try {
        const found = await findLease(client, ref, during);
        if (found?.holder !== identity || isTwin(found)) return;
        const free = leaseSpec('', 1_000, '', found.transitions, clock.now());
        await storeLease(client, ref, found, free, { ...during, fieldManager });
        logger.info({ lease, identity }, 'lease given up');
        return;
      } catch (caught) {
        // A renewal whose answer was not waited for may come in between.
        if (isOutdated(caught) && tries < RELEASE_TRIES) continue;
        complain(caught);
        return;
      }
    }
  }

  async function rest(ms: number, signal: AbortSignal): Promise<void> {
    if (isNudged) return;
    nap = new AbortController();
    const { signal: woken } = nap;
    const unlisten = onAbort([signal], () => nap?.abort());
    await clock.sleep(ms, woken).catch(() => undefined);
    unlisten();
    nap = undefined;
  }

  /** As client-go; besides, no standby sleeps beyond the moment at which the Lease is free. */
  function waitMs(): number {
    if (term !== undefined) return Math.min(retryPeriodMs, remaining());
    const jittered = retryPeriodMs * (1 + JITTER * random());
    const held = heldForMs();
    return held === 0 ? jittered : Math.min(jittered, held);
  }

  return {
    isLeader: () => term !== undefined && isFresh(),
    holder: () => observed?.holder ?? '',
    term: () => term?.signal ?? NO_TERM,
    whenLeader: (signal) => (term === undefined ? orAborted(nextTerm.promise, signal) : Promise.resolve(term.signal)),
    async run(signal) {
      let watching: Promise<void> | undefined;
      while (!signal.aborted) {
        isNudged = false;
        await step(signal);
        if (observed !== undefined) {
          const version = (): string => observed?.resourceVersion ?? '';
          watching ??= watchLease({ client, ref, clock, random, version, onChange: hear }, signal);
        }
        await rest(waitMs(), signal);
      }
      await giveUp();
      await watching;
    },
  };
}

const NO_TERM = AbortSignal.abort(new Error('no longer leading'));
