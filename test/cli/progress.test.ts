import { describe, expect, it } from 'vitest';
import { createProgress } from '../../src/cli/progress.ts';

function terminal(isTTY: boolean | undefined) {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text), ...(isTTY === undefined ? {} : { isTTY }) };
  return { written, progress: createProgress(stream) };
}

describe('progress', () => {
  it('is one line of a terminal: each text takes the place of the one before', () => {
    const { written, progress } = terminal(true);
    progress.show('Reading the cluster');
    progress.show('Asking the cloud');
    expect(written).toEqual(['\r\u001B[2KReading the cluster …', '\r\u001B[2KAsking the cloud …']);
  });

  it('is taken away once, and only where it was shown', () => {
    const { written, progress } = terminal(true);
    progress.clear();
    expect(written).toEqual([]);
    progress.show('Checking');
    progress.clear();
    progress.clear();
    expect(written).toEqual(['\r\u001B[2KChecking …', '\r\u001B[2K']);
  });

  it.each([false, undefined])('writes nothing where there is no terminal (isTTY %s)', (isTTY) => {
    const { written, progress } = terminal(isTTY);
    progress.show('Checking');
    progress.clear();
    expect(written).toEqual([]);
  });
});
