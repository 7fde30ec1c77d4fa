import type { Applied } from './apply.ts';
import type { Action, Declined, Finding, Plan } from './plan.types.ts';

/**
 * Observe and plan for one feature, with what it remembers between passes. The controller's loop and `--once` drive
 * every feature through this, and know nothing else of it.
 */
export interface Reconciler<P extends Plan = Plan> {
  /** Observes and plans. Rejects only when nothing at all can be said, or with the signal's reason. */
  look(signal: AbortSignal): Promise<P>;
  /**
   * Asked in the tick in which the write is sent: whether it still rests on the newest that is known. False: it is
   * skipped, and the next look decides. Absent: the write's own precondition is enough.
   */
  admit?(action: Action): boolean;
  /**
   * Whether the cluster, as it is watched, has by now what the write was to bring. The API server tells its watches of a
   * write while it still makes the answer. Absent: only the answer tells.
   */
  isShown?(action: Action): boolean;
  /** Takes note of a write's outcome. Each admitted action is noted once. */
  noteApplied(applied: Applied): void;
  /** Who, besides us, wrote last where this action writes; empty when managedFields don't tell. */
  writerOf(action: Action): string;
  /** What was planned and not written, as findings. */
  explainDeclined(declined: readonly Declined[]): readonly Finding[];
}
