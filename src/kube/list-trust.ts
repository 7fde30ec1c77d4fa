import type { Clock } from '../lib/clock.ts';
import { KubeError } from './errors.ts';
import { isNewer } from './resource-version.ts';

/** What is known of a list, besides its objects. */
export interface ListFacts {
  /** Of the list. */
  readonly version: string;
  /** Newest version that was seen before it was asked for; empty: none. */
  readonly seenBefore: string;
  /** Objects in it, and objects that are held. */
  readonly listed: number;
  readonly held: number;
}

/**
 * Doubts a list that is older than what was seen before (a server that stays behind), and one that is empty though no
 * event said that its objects went (a server that has not loaded them yet). What lasts is believed: etcd may have been
 * restored from a backup, and everything may be gone.
 */
export interface ListTrust {
  /**
   * @returns whether versions went back, and this is the truth now
   * @throws KubeError `unavailable` while the list is doubted: it is to be asked for again
   */
  judge(list: ListFacts): boolean;
  /** A list that could not be had proves nothing: what lasts must last without it. */
  failed(): void;
}

/** @param lastingMs what is said for so long, and nothing else in between, is believed */
export function createListTrust(operation: string, lastingMs: number, clock: Clock): ListTrust {
  let behindSince: number | undefined;
  let emptySince: number | undefined;

  /** Monotonic time since when it is so. */
  function since(isSo: boolean, before: number | undefined): number | undefined {
    return isSo ? (before ?? clock.monotonic()) : undefined;
  }

  function refuseYoung(start: number | undefined, what: string): void {
    if (start !== undefined && clock.monotonic() - start < lastingMs) {
      throw new KubeError(`${operation}: ${what}`, { category: 'unavailable', status: 200, reason: '', operation });
    }
  }

  return {
    judge({ version, seenBefore, listed, held }) {
      behindSince = since(isNewer(seenBefore, version), behindSince);
      emptySince = since(listed === 0 && held > 0, emptySince);
      refuseYoung(behindSince, `answered version ${version}, older than ${seenBefore} that was seen before`);
      refuseYoung(emptySince, `answered an empty list, though there were ${held} a moment ago`);
      const wentBack = behindSince !== undefined;
      behindSince = undefined;
      emptySince = undefined;
      return wentBack;
    },
    failed() {
      behindSince = undefined;
      emptySince = undefined;
    },
  };
}
