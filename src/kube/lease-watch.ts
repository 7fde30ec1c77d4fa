import type { Clock } from '../lib/clock.ts';
import type { KubeClient } from './client.types.ts';
import { type LeaseRecord, readLease } from './lease-record.ts';
import { LEASES } from './resources.ts';
import type { ObjectRef } from './types.ts';
import { asKubeError, DEFAULT_TIMING, retryDelay } from './watch-timing.ts';

export interface LeaseWatchOptions {
  readonly client: KubeClient;
  readonly ref: ObjectRef;
  readonly clock: Clock;
  /** Yields 0 ≤ x < 1, for jitter. */
  readonly random: () => number;
  /** The version that is known now: the watch goes on from there. */
  readonly version: () => string;
  /** Undefined: somebody deleted it. */
  readonly onChange: (record: LeaseRecord | undefined) => void;
}

/**
 * Tells of each change of one Lease when it happens, until `signal` is aborted. As well as it can: who must be certain
 * reads the Lease besides. Never rejects.
 */
export async function watchLease(options: LeaseWatchOptions, signal: AbortSignal): Promise<void> {
  const { client, ref, clock, random, version, onChange } = options;
  const { idleTimeoutMs, serverTimeoutMs, healthyMs } = DEFAULT_TIMING;
  let failures = 0;
  while (!signal.aborted) {
    const openedAt = clock.monotonic();
    let error: unknown;
    try {
      const request = {
        namespace: ref.namespace,
        fieldSelector: `metadata.name=${ref.name}`,
        resourceVersion: version(),
        serverTimeoutSeconds: serverTimeoutMs / 1000,
        idleTimeoutMs,
        signal,
      };
      for await (const event of client.watch(LEASES, request)) {
        if (event.type === 'DELETED') onChange(undefined);
        else if (event.type !== 'BOOKMARK') onChange(readLease(event.object));
      }
    } catch (caught) {
      error = caught;
    }
    failures = clock.monotonic() - openedAt >= healthyMs ? 0 : failures + 1;
    if (failures > 0) {
      const cause = error === undefined ? undefined : asKubeError(error, 'WATCH leases');
      await clock.sleep(retryDelay(failures, cause, random), signal).catch(() => undefined);
    }
  }
}
