import { readFileSync, statSync } from 'node:fs';
import type { RunningProgram } from './process.ts';
import { waitFor } from './wait.ts';

const START_TIMEOUT_MS = 60_000;

/** Waits for `ready`, but not for a program that has ended: that rejects at once, with the last lines of its log. */
export async function untilReady(program: RunningProgram, ready: () => Promise<boolean> | boolean): Promise<void> {
  let ended = false;
  try {
    await waitFor(
      `${program.name} to be ready`,
      async () => {
        ended = !program.running();
        return ended || (await ready());
      },
      { timeoutMs: START_TIMEOUT_MS, everyMs: 20 },
    );
  } catch (error) {
    throw new Error(`${program.name} did not get ready (${program.logPath}):\n${program.logTail()}`, { cause: error });
  }
  if (ended) throw new Error(`${program.name} ended at its start (${program.logPath}):\n${program.logTail()}`);
}

/** Whether the log says it, after the first `from` bytes (a restarted program goes on in the same file). */
export function logSays(logPath: string, pattern: RegExp, from: number): boolean {
  return pattern.test(readFileSync(logPath).subarray(from).toString('utf8'));
}

/** Length of a log, 0 when there is none yet. */
export function logLength(logPath: string): number {
  return statSync(logPath, { throwIfNoEntry: false })?.size ?? 0;
}
