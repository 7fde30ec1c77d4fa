import { orAborted } from '../lib/abort.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { KubeClient, RequestOptions } from './client.types.ts';
import { KubeError } from './errors.ts';
import { type LeaseRecord, leaseSpec, readLease } from './lease-record.ts';
import { LEASES } from './resources.ts';
import type { RawObject } from './types.ts';

const RELEASE_TIMEOUT_MS = 2_000;
/** Share of the retry time that is added at random, so that standbys don't ask in step. */
const JITTER = 0.25;
/** Why a term ends that nobody took away: no cause for a warning. */
const STOPPING = 'stopping';
const LATE = 'it could not be renewed in time';

export interface LeaseOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Who we are: unique to this process, and telling for people (`<pod>_<random>`). */
  readonly identity: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fieldManager?: string;
  /** Others take over when the record has not changed for so long. Default 15 s, as client-go. */
  readonly durationMs?: number;
  /** We stop leading when we could not renew for so long. Less than the duration. Default 10 s. */
  readonly renewDeadlineMs?: number;
  /** Between two tries. Default 2 s. */
  readonly retryMs?: number;
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
  /** Resolves with the present or next term: a signal that is aborted when the leadership is lost or given up. */
  whenLeader(signal: AbortSignal): Promise<AbortSignal>;
  /** Who held the Lease when it was last read; empty when nobody did. */
  holder(): string;
}

/**
 * Leader election on a Lease with client-go's semantics (tools/leaderelection): another's Lease counts as expired when
 * its record has not changed for its duration by our own monotonic clock, so that clocks need not agree.
 */
export function createLease(options: LeaseOptions): Lease {
  const { client, clock, logger, identity, random = Math.random } = options;
  const { durationMs = 15_000, renewDeadlineMs = 10_000, retryMs = 2_000 } = options;
  const { fieldManager = 'cilium-cloud-bridge' } = options;
  const ref = { namespace: options.namespace, name: options.name };

  let observed: LeaseRecord | undefined;
  let observedAt = 0;
  /** Start of the last request that made or renewed the Lease, by both clocks. */
  let renewedAt: { readonly monotonic: number; readonly wall: number } | undefined;
  let term: AbortController | undefined;
  let nextTerm = Promise.withResolvers<AbortSignal>();
  let claimed = false;
  let warned = '';

  function isLeader(): boolean {
    return (
      term !== undefined &&
      renewedAt !== undefined &&
      clock.monotonic() - renewedAt.monotonic < renewDeadlineMs &&
      // The monotonic clock stands still while a virtual machine is paused; others' clocks don't.
      clock.now() - renewedAt.wall < renewDeadlineMs
    );
  }

  function observe(record: LeaseRecord): void {
    if (observed?.resourceVersion !== record.resourceVersion || observed.renewTime !== record.renewTime) {
      observedAt = clock.monotonic();
    }
    observed = record;
  }

  function heldByAnother(record: LeaseRecord): boolean {
    const expired = clock.monotonic() - observedAt >= (record.durationMs === 0 ? durationMs : record.durationMs);
    return record.holder !== '' && record.holder !== identity && !expired;
  }

  /** One look and, if the Lease is ours or free, one write. Whether we hold it now. */
  async function tryHold(request: RequestOptions): Promise<boolean> {
    if (observed?.holder !== identity) {
      const found = await find(request);
      if (found === undefined) {
        return claim(undefined, request);
      }
      observe(found);
    }
    if (observed === undefined || heldByAnother(observed)) {
      return false;
    }
    return claim(observed, request);
  }

  async function find(request: RequestOptions): Promise<LeaseRecord | undefined> {
    try {
      return readLease(await client.get(LEASES, ref, request));
    } catch (error) {
      if (error instanceof KubeError && error.category === 'not-found') {
        return undefined;
      }
      throw error;
    }
  }

  async function claim(from: LeaseRecord | undefined, request: RequestOptions): Promise<boolean> {
    const started = { monotonic: clock.monotonic(), wall: clock.now() };
    const ours = from?.holder === identity;
    const transitions = from === undefined ? 0 : from.transitions + (ours ? 0 : 1);
    claimed = true;
    try {
      observe(
        await store(
          from,
          leaseSpec(identity, durationMs, ours ? from.acquireTime : '', transitions, started.wall),
          request,
        ),
      );
    } catch (error) {
      if (error instanceof KubeError && ['conflict', 'exists', 'not-found'].includes(error.category)) {
        // Somebody wrote in between, perhaps ourselves in a request whose answer was lost: look anew.
        observed = undefined;
      }
      throw error;
    }
    renewedAt = started;
    return true;
  }

  async function store(from: LeaseRecord | undefined, spec: RawObject, request: RequestOptions): Promise<LeaseRecord> {
    if (from === undefined) {
      const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: ref, spec };
      return readLease(await client.create(LEASES, lease, { ...request, fieldManager }));
    }
    // The resourceVersion makes it a conditional update: of two that see an expired Lease, one gets it.
    const body = { metadata: { resourceVersion: from.resourceVersion }, spec };
    return readLease(await client.patch(LEASES, ref, { type: 'merge', body }, { ...request, fieldManager }));
  }

  /** Milliseconds until the present term ends by itself. */
  function remaining(): number {
    return renewedAt === undefined ? 0 : renewedAt.monotonic + renewDeadlineMs - clock.monotonic();
  }

  async function step(signal: AbortSignal): Promise<void> {
    if (term !== undefined && !isLeader()) {
      // This machine slept, or its clock was set: what was not written in between is due in the next term.
      end(LATE);
    }
    // No request may outlive the term, or the loss would be noticed late.
    const timeoutMs = Math.max(1, Math.min(renewDeadlineMs / 2, term === undefined ? renewDeadlineMs : remaining()));
    try {
      if (await tryHoldTwice({ timeoutMs, signal })) {
        begin();
      } else {
        end('another holds it now');
      }
      warned = '';
    } catch (caught) {
      if (!signal.aborted) {
        complain(caught);
      }
    }
    if (term !== undefined && !isLeader() && remaining() <= 0) {
      end(LATE);
    }
  }

  async function tryHoldTwice(request: RequestOptions): Promise<boolean> {
    try {
      return await tryHold(request);
    } catch (error) {
      if (observed === undefined && error instanceof KubeError && error.category !== 'unreachable') {
        return await tryHold(request);
      }
      throw error;
    }
  }

  function complain(caught: unknown): void {
    const error = caught instanceof Error ? caught.message : String(caught);
    const fields = { lease: `${ref.namespace}/${ref.name}`, error };
    const category = caught instanceof KubeError ? caught.category : 'unknown';
    if (category === warned) {
      logger.debug(fields, 'lease cannot be read or written; trying again');
    } else {
      logger.warn(fields, 'lease cannot be read or written; trying again');
    }
    warned = category;
  }

  function begin(): void {
    if (term === undefined) {
      term = new AbortController();
      logger.info({ lease: `${ref.namespace}/${ref.name}`, identity }, 'leading');
      nextTerm.resolve(term.signal);
    }
  }

  function end(why: string): void {
    if (term !== undefined) {
      const former = term;
      term = undefined;
      renewedAt = undefined;
      nextTerm = Promise.withResolvers<AbortSignal>();
      const fields = { lease: `${ref.namespace}/${ref.name}`, identity, holder: observed?.holder, why };
      if (why === STOPPING) logger.debug(fields, 'no longer leading');
      else logger.warn(fields, 'no longer leading');
      former.abort(new Error(`no longer leading: ${why}`));
    }
  }

  /** Lets the next one in at once. An answer that was lost may have made us the holder, so the record decides. */
  async function giveUp(): Promise<void> {
    end(STOPPING);
    if (!claimed) {
      return;
    }
    const request = { timeoutMs: RELEASE_TIMEOUT_MS };
    try {
      const found = await find(request);
      if (found?.holder === identity) {
        await store(found, leaseSpec('', 1_000, '', found.transitions, clock.now()), request);
        logger.info({ lease: `${ref.namespace}/${ref.name}`, identity }, 'lease given up');
      }
    } catch (caught) {
      complain(caught);
    }
  }

  return {
    isLeader,
    holder: () => observed?.holder ?? '',
    whenLeader: (signal) => (term === undefined ? orAborted(nextTerm.promise, signal) : Promise.resolve(term.signal)),
    async run(signal) {
      while (!signal.aborted) {
        await step(signal);
        const wait = term === undefined ? retryMs * (1 + JITTER * random()) : Math.min(retryMs, remaining());
        await clock.sleep(wait, signal).catch(() => undefined);
      }
      await giveUp();
    },
  };
}
