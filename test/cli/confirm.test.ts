import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { confirmChanges, type Terminal } from '../../src/cli/confirm.ts';
import { UsageError } from '../../src/lib/errors.ts';

interface Setup extends Terminal {
  readonly input: PassThrough & { readonly isTTY: boolean };
  readonly shown: () => string;
}

function terminal(isTTY = true): Setup {
  const output = Object.assign(new PassThrough(), { isTTY });
  const chunks: string[] = [];
  output.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  return { input: Object.assign(new PassThrough(), { isTTY }), output, shown: () => chunks.join('') };
}

describe('confirmChanges', () => {
  const { signal } = new AbortController();

  it.each([
    ['y', true],
    ['Y', true],
    [' yes ', true],
    ['', false],
    ['n', false],
    ['yep', false],
    ['no, y', false],
  ])('takes %j as %s', async (answer, consent) => {
    const setup = terminal();
    setup.input.write(`${answer}\nmore\n`);
    expect(await confirmChanges(2, setup, signal)).toBe(consent);
    expect(setup.shown()).toBe('Apply 2 changes? [y/N] ');
  });

  it('takes the end of input as no', async () => {
    const setup = terminal();
    setup.input.end();
    expect(await confirmChanges(1, setup, signal)).toBe(false);
    expect(setup.shown()).toBe('Apply 1 change? [y/N] \n');
  });

  it('takes a last line without a line break', async () => {
    const setup = terminal();
    setup.input.end('y');
    expect(await confirmChanges(1, setup, signal)).toBe(true);
  });

  it('refuses where nobody can be asked, and says what to do', async () => {
    const setup = terminal(false);
    await expect(confirmChanges(3, setup, signal)).rejects.toThrow(
      new UsageError('command line', [
        {
          at: '',
          what: '3 changes to apply, but there is no terminal to ask on, so nothing was written',
          fix: 'Add --yes to write without asking, or --dry-run to only look.',
        },
      ]),
    );
    expect(setup.shown()).toBe('');
  });

  it('ends with the reason of an abort', async () => {
    const controller = new AbortController();
    const asked = confirmChanges(1, terminal(), controller.signal);
    await nextTurn();
    controller.abort(new Error('stopped'));
    await expect(asked).rejects.toThrow('stopped');
    await expect(confirmChanges(1, terminal(), controller.signal)).rejects.toThrow('stopped');
  });
});
