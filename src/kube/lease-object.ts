import type { KubeClient, RequestOptions, WriteOptions } from './client.types.ts';
import { KubeError } from './errors.ts';
import { type LeaseRecord, readLease } from './lease-record.ts';
import { LEASES } from './resources.ts';
import type { ObjectRef, RawObject } from './types.ts';

/**
 * What a Lease says now; undefined: there is none.
 * @throws KubeError when it cannot be read; the signal's reason
 */
export async function findLease(
  client: KubeClient,
  ref: ObjectRef,
  options: RequestOptions,
): Promise<LeaseRecord | undefined> {
  try {
    return readLease(await client.get(LEASES, ref, options));
  } catch (error) {
    if (error instanceof KubeError && error.category === 'not-found') return undefined;
    throw error;
  }
}

/**
 * Makes a Lease, or changes the one that was found. The resourceVersion makes that a conditional update: of two that see
 * an expired Lease, one gets it.
 * @throws KubeError, one of which `isOutdated` says whether somebody wrote in between
 */
export async function storeLease(
  client: KubeClient,
  ref: ObjectRef,
  from: LeaseRecord | undefined,
  spec: RawObject,
  options: WriteOptions,
): Promise<LeaseRecord> {
  if (from === undefined) {
    const object = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: ref, spec };
    return readLease(await client.create(LEASES, object, options));
  }
  const body = { metadata: { resourceVersion: from.resourceVersion }, spec };
  return readLease(await client.patch(LEASES, ref, { type: 'merge', body }, options));
}

/** Somebody wrote in between, perhaps ourselves in a request whose answer was lost: look anew. */
export function isOutdated(error: unknown): boolean {
  if (!(error instanceof KubeError)) return false;
  // What cannot be made since its namespace is not there was changed by nobody.
  if (error.category === 'not-found') return !error.operation.startsWith('CREATE ');
  return error.category === 'conflict' || error.category === 'exists';
}
