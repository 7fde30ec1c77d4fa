import { describe, expect, it } from 'vitest';
import { UsageError, usageError } from '../../src/lib/errors.ts';

describe('UsageError', () => {
  it('is one line for one problem', () => {
    expect(usageError('c.yaml', 'there is no such file', 'Check the path.').message).toBe(
      'c.yaml: there is no such file. Check the path.',
    );
  });

  it('is a list for several', () => {
    const error = new UsageError('command line', [
      { at: '--a', what: 'no such flag', fix: 'Did you mean --b?' },
      { at: '', what: 'too much!', fix: '' },
    ]);
    expect(error.message).toBe('command line: 2 problems\n  --a: no such flag. Did you mean --b?\n  too much!');
  });

  it('keeps its cause and its category', () => {
    const cause = new Error('x');
    expect(usageError('a', 'b', 'c', cause)).toMatchObject({ name: 'UsageError', category: 'usage', cause });
  });
});
