import { vi } from 'vitest';
import { type Clock, systemClock } from '../../src/lib/clock.ts';

/** The machine's clock, so many times faster; its wall clock can be set. */
export interface FastClock extends Clock {
  readonly factor: number;
  /** Sets the wall clock forward or back; the monotonic one goes on. */
  jump(ms: number): void;
}

/**
 * Lets time run faster for everything in this process: the program's real time limits (10 s for an answer, two minutes
 * of silence, ten until the next list) are met in a test of seconds. Timers of the tests come from `node:timers`, which
 * keeps its pace. Until `vi.unstubAllGlobals()`.
 */
export function hurry(factor: number): FastClock {
  const { setTimeout: slowTimeout, setInterval: slowInterval } = globalThis;
  vi.stubGlobal('setTimeout', (callback: (...args: unknown[]) => void, ms = 0, ...rest: unknown[]) =>
    slowTimeout(callback, ms / factor, ...rest),
  );
  vi.stubGlobal('setInterval', (callback: (...args: unknown[]) => void, ms = 0, ...rest: unknown[]) =>
    slowInterval(callback, ms / factor, ...rest),
  );
  const startedAt = performance.now();
  const epoch = Date.now();
  let jumped = 0;
  const passed = (): number => (performance.now() - startedAt) * factor;
  return {
    factor,
    now: () => Math.round(epoch + passed() + jumped),
    monotonic: () => startedAt + passed(),
    sleep: systemClock.sleep,
    jump: (ms) => {
      jumped += ms;
    },
  };
}
