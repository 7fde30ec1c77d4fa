import { refName } from '../kube/paths.ts';
import type { Clock } from '../lib/clock.ts';
import type { Action, Outcome } from '../plan/plan.types.ts';

/** A redirect copy that differs from its source. */
export interface LateCopy {
  /** `namespace/name` */
  readonly copy: string;
  readonly lagMs: number;
}

/** For how long redirect copies have been behind their sources: since the first look that saw it. */
export interface CopyLag {
  planned(actions: readonly Action[]): void;
  /** How long the copy that was written had been behind; undefined for any other outcome. */
  settled(outcome: Outcome): number | undefined;
  /** The longest first. */
  late(): readonly LateCopy[];
}

export function createCopyLag(clock: Pick<Clock, 'monotonic'>): CopyLag {
  let since = new Map<string, number>();
  /** Those that the last look no longer saw: the answer to their write may come after the watch's event. */
  let gone: typeof since = new Map();

  return {
    planned(actions) {
      const now = clock.monotonic();
      const next: typeof since = new Map();
      for (const { kind, target, pausedBy } of actions) {
        // Whoever pauses one wants it behind.
        if (kind !== 'write-redirect-copy' || pausedBy !== undefined) continue;
        const copy = refName(target);
        next.set(copy, since.get(copy) ?? now);
      }
      gone = new Map([...since].filter(([copy]) => !next.has(copy)));
      since = next;
    },
    settled({ action: { kind, target }, status }) {
      if (kind !== 'write-redirect-copy' || status !== 'applied') return undefined;
      const copy = refName(target);
      const late = since.get(copy) ?? gone.get(copy);
      since.delete(copy);
      gone.delete(copy);
      return late === undefined ? undefined : clock.monotonic() - late;
    },
    late() {
      const now = clock.monotonic();
      const copies = [...since].map(([copy, at]) => ({ copy, lagMs: now - at }));
      return copies.toSorted((a, b) => b.lagMs - a.lagMs);
    },
  };
}
