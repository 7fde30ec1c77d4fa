import { versionOf } from './object-store.ts';
import { asNumber, asString, at } from './read.ts';
import { microTime } from './times.ts';
import type { RawObject } from './types.ts';

/** Of a Lease that says none. */
export const DEFAULT_DURATION_MS = 15_000;

/** Begins the name of a holder that has ended, writes nothing any more, and shall only keep controllers waiting for a while. */
export const FINISHED = 'uninstalled_';

/** What a Lease says. Fields that only newer election protocols know (strategy, preferredHolder) are left alone. */
export interface LeaseRecord {
  /** Empty: nobody holds it. */
  readonly holder: string;
  /** 0: it says none. */
  readonly durationMs: number;
  /** RFC 3339 with microseconds; empty when absent. */
  readonly renewTime: string;
  readonly acquireTime: string;
  readonly transitions: number;
  readonly resourceVersion: string;
  readonly uid: string;
}

export function readLease(raw: RawObject): LeaseRecord {
  return {
    holder: asString(at(raw, 'spec', 'holderIdentity')),
    durationMs: Math.max(0, asNumber(at(raw, 'spec', 'leaseDurationSeconds')) * 1000),
    renewTime: asString(at(raw, 'spec', 'renewTime')),
    acquireTime: asString(at(raw, 'spec', 'acquireTime')),
    transitions: Math.max(0, asNumber(at(raw, 'spec', 'leaseTransitions'))),
    resourceVersion: versionOf(raw),
    uid: asString(at(raw, 'metadata', 'uid')),
  };
}

/** Whether the holder, or somebody in its place, wrote in between: an annotation of somebody else is no sign of life. */
export function saysOther(one: LeaseRecord, other: LeaseRecord): boolean {
  return (
    one.holder !== other.holder ||
    one.renewTime !== other.renewTime ||
    one.acquireTime !== other.acquireTime ||
    one.durationMs !== other.durationMs ||
    one.transitions !== other.transitions
  );
}

/** As it is written. */
export interface LeaseSpec extends RawObject {
  readonly renewTime: string;
}

/** The spec of a Lease that was taken or renewed at `nowMs` (wall clock). */
export function leaseSpec(
  holder: string,
  durationMs: number,
  acquireTime: string,
  transitions: number,
  nowMs: number,
): LeaseSpec {
  const renewTime = microTime(nowMs);
  return {
    holderIdentity: holder,
    leaseDurationSeconds: Math.floor(durationMs / 1000),
    acquireTime: acquireTime === '' ? renewTime : acquireTime,
    renewTime,
    leaseTransitions: transitions,
  };
}

/** The spec by which `holder` takes a Lease or renews its own, counted as client-go counts: a new holder is a transition. */
export function claimSpec(from: LeaseRecord | undefined, holder: string, durationMs: number, nowMs: number): LeaseSpec {
  if (from === undefined) return leaseSpec(holder, durationMs, '', 0, nowMs);
  return from.holder === holder
    ? leaseSpec(holder, durationMs, from.acquireTime, from.transitions, nowMs)
    : leaseSpec(holder, durationMs, '', from.transitions + 1, nowMs);
}
