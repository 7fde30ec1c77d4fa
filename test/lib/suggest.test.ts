import { describe, expect, it } from 'vitest';
import { suggest } from '../../src/lib/suggest.ts';

const WORDS = ['once', 'dry-run', 'adopt', 'readOnly', 'warn', 'log-level'];

describe('suggest', () => {
  it.each([
    ['onec', 'once'],
    ['dryrun', 'dry-run'],
    ['adpot', 'adopt'],
    ['read_only', 'readOnly'],
    ['warning', 'warn'],
    ['loglevels', 'log-level'],
  ])('finds for %s the word %s', (word, found) => {
    expect(suggest(word, WORDS)).toBe(found);
  });

  it('prefers the very word to one that begins so', () => {
    expect(suggest('Name', ['namespace', 'name'])).toBe('name');
  });

  it.each(['', 'x', 'zzz', 'gateway', 'y'.repeat(1000)])('finds nothing for %j', (word) => {
    expect(suggest(word, WORDS)).toBeUndefined();
  });
});
