import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { abortReason } from '../lib/clock.ts';
import { type UsageError, usageError } from '../lib/errors.ts';

/** Where a question can be asked: the answer comes from `input`, the question goes to `output` (stderr). */
export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
}

/**
 * Asks `Apply 2 changes? [y/N]`. Only y and yes (any case) are consent; an empty answer and the end of input are not.
 * @throws {UsageError} where there is no terminal: without `--yes` nothing is written that nobody agreed to.
 * @throws the signal's reason when it is aborted first.
 */
export async function confirmChanges(count: number, terminal: Terminal, signal: AbortSignal): Promise<boolean> {
  return await confirm(`Apply ${describeCount(count)}?`, notInteractive(count), terminal, signal);
}

/**
 * The same for any question.
 * @param refusal thrown where there is no terminal
 */
export async function confirm(
  question: string,
  refusal: UsageError,
  { input, output }: Terminal,
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted();
  if (input.isTTY !== true || output.isTTY !== true) {
    throw refusal;
  }
  output.write(`${question} [y/N] `);
  const answer = await readLine(input, signal);
  if (answer === undefined) {
    output.write('\n');
  }
  return /^\s*y(?:es)?\s*$/i.test(answer ?? '');
}

function describeCount(count: number): string {
  return count === 1 ? '1 change' : `${count} changes`;
}

function notInteractive(count: number): UsageError {
  return usageError(
    'command line',
    `${describeCount(count)} to apply, but there is no terminal to ask on, so nothing was written`,
    'Add --yes to write without asking, or --dry-run to only look.',
  );
}

/** The next line; undefined at the end of input. The terminal stays in its normal mode, so that Ctrl-C is a signal. */
function readLine(input: Readable, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input, terminal: false });
    const onAbort = (): void => {
      reject(abortReason(signal));
      lines.close();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    lines.once('close', () => {
      signal.removeEventListener('abort', onAbort);
      resolve(undefined);
    });
  });
}
