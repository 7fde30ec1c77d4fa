import { abortReason } from '../lib/clock.ts';

/** Ends something at a timeout or at the abort of one of several signals. Must be cleared. */
export interface Deadline {
  /** Why it is over; undefined while it is not. */
  reason(): Error | undefined;
  /** Calls back when it is over, at once when it is already. One listener. */
  onOver(listener: (reason: Error) => void): void;
  /** The promise, or a rejection with the reason if that comes first. */
  race<T>(promise: Promise<T>): Promise<T>;
  clear(): void;
}

/**
 * Starts a deadline. (AbortSignal.any and AbortSignal.timeout would leave something behind in long-lived signals.)
 * @param timeoutError made when the time is up
 */
export function startDeadline(signals: readonly AbortSignal[], timeoutMs: number, timeoutError: () => Error): Deadline {
  let reason: Error | undefined;
  let listener: ((reason: Error) => void) | undefined;
  function end(why: Error): void {
    if (reason === undefined) {
      reason = why;
      listener?.(why);
    }
  }
  const timer = setTimeout(() => end(timeoutError()), timeoutMs);
  const unlisten = onAbort(signals, end);
  return {
    reason: () => reason,
    onOver(callback) {
      listener = callback;
      if (reason !== undefined) {
        callback(reason);
      }
    },
    race: (promise) =>
      new Promise((resolve, reject) => {
        listener = reject;
        if (reason !== undefined) {
          reject(reason);
        }
        promise.then(resolve, reject);
      }),
    clear() {
      clearTimeout(timer);
      unlisten();
    },
  };
}

/** Calls back on the first abort, at once when that was before; returns how to stop listening. */
export function onAbort(signals: readonly AbortSignal[], callback: (reason: Error) => void): () => void {
  function listener(): void {
    const aborted = signals.find((signal) => signal.aborted);
    if (aborted !== undefined) {
      callback(abortReason(aborted));
    }
  }
  for (const signal of signals) {
    signal.addEventListener('abort', listener, { once: true });
  }
  listener();
  return () => {
    for (const signal of signals) {
      signal.removeEventListener('abort', listener);
    }
  };
}
