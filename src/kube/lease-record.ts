import { versionOf } from './object-store.ts';
import { asNumber, asString, at } from './read.ts';
import { microTime } from './times.ts';
import type { RawObject } from './types.ts';

/** What a Lease says. */
export interface LeaseRecord {
  /** Empty: nobody holds it. */
  readonly holder: string;
  readonly durationMs: number;
  /** RFC 3339 with microseconds; empty when absent. */
  readonly renewTime: string;
  readonly acquireTime: string;
  readonly transitions: number;
  readonly resourceVersion: string;
}

export function readLease(raw: RawObject): LeaseRecord {
  return {
    holder: asString(at(raw, 'spec', 'holderIdentity')),
    durationMs: asNumber(at(raw, 'spec', 'leaseDurationSeconds')) * 1000,
    renewTime: asString(at(raw, 'spec', 'renewTime')),
    acquireTime: asString(at(raw, 'spec', 'acquireTime')),
    transitions: asNumber(at(raw, 'spec', 'leaseTransitions')),
    resourceVersion: versionOf(raw),
  };
}

/** The spec of a Lease that was taken or renewed at `nowMs` (wall clock). */
export function leaseSpec(
  holder: string,
  durationMs: number,
  acquireTime: string,
  transitions: number,
  nowMs: number,
): RawObject {
  return {
    holderIdentity: holder,
    leaseDurationSeconds: Math.round(durationMs / 1000),
    acquireTime: acquireTime === '' ? microTime(nowMs) : acquireTime,
    renewTime: microTime(nowMs),
    leaseTransitions: transitions,
  };
}
