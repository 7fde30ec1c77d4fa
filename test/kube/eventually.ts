import { expect, vi } from 'vitest';

/** Machines are slow when many tests run at once; a test that waits for what never comes may take its time. */
vi.setConfig({ testTimeout: 30_000 });

/** Asserts what will be so, sooner or later. */
export function eventually<T>(read: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(read, { timeout: 10_000, interval: 10 });
}
