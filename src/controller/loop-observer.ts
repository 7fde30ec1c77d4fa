import type { Action, Outcome } from '../plan/plan.types.ts';

/** What a loop tells of its work while it goes on, for metrics. Nothing waits for it, and it throws nothing. */
export interface LoopObserver {
  /** A pass began to look; `ended` tells whether it could plan. */
  passEnded(isOk: boolean, tookMs: number): void;
  /** What the last pass planned, in a standby too, and before anything of it is held back. */
  planned(actions: readonly Action[]): void;
  /** The subjects that wait for their turn now; those that waited before have kept their place. */
  queued(keys: Iterable<string>): void;
  started(key: string): void;
  ended(key: string): void;
  /** The subject, or one write of it, is tried again later. */
  retried(): void;
  /** What became of a write. */
  settled(outcome: Outcome): void;
  holdOffStarted(action: Action): void;
}

/** How a loop stands. Times are of the monotonic clock, milliseconds. */
export interface LoopStatus {
  /** Subjects that wait for their turn. */
  readonly queued: number;
  /** Subjects that are written to now. */
  readonly running: number;
  /** Writes that are held off because another writer undoes them. */
  readonly heldOff: number;
  /** The loop must have turned by then: a pass that is under way has ended, the next one has begun. Undefined: it does not run. */
  readonly turnsBy: number | undefined;
}
