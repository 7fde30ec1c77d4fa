import type { Clock } from './clock.ts';

/** Rings when something changed; a ring that nobody waits for is remembered once. */
export interface Bell {
  readonly ring: () => void;
  /** Resolves at the next ring, or after `ms` milliseconds; rejects with the signal's reason when it is aborted. */
  wait(ms: number, clock: Clock, signal: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let rung = false;
  let listener: (() => void) | undefined;
  return {
    ring: () => {
      rung = true;
      listener?.();
    },
    wait: async (ms, clock, signal) => {
      signal.throwIfAborted();
      if (!rung) {
        const timer = new AbortController();
        const heard = new Promise<void>((resolve) => {
          listener = resolve;
        });
        const timeout = clock.sleep(ms, AbortSignal.any([signal, timer.signal]));
        try {
          await Promise.race([heard, timeout]);
        } finally {
          timer.abort();
          timeout.catch(() => undefined);
          listener = undefined;
        }
      }
      rung = false;
    },
  };
}
