import { expect, test } from 'vitest';
import { createListTrust, type ListFacts, type ListTrust } from '../../src/kube/list-trust.ts';
import { fakeClock } from './fake-clock.ts';

const GOOD: ListFacts = { version: '100', seenBefore: '90', listed: 2, held: 2 };
const BEHIND: ListFacts = { ...GOOD, version: '80' };
const EMPTY: ListFacts = { ...GOOD, listed: 0 };

/** `believed`, `went back`, or why not. */
function judge(trust: ListTrust, list: ListFacts): string {
  try {
    return trust.judge(list) ? 'went back' : 'believed';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
}

test.each([
  {
    what: 'older than what was seen',
    doubtful: BEHIND,
    why: 'LIST services: answered version 80, older than 90 that was seen before',
    believed: 'went back',
  },
  {
    what: 'empty all of a sudden',
    doubtful: EMPTY,
    why: 'LIST services: answered an empty list, though there were 2 a moment ago',
    believed: 'believed',
  },
])('a list that is $what is believed when nothing else was heard for ten seconds', ({ doubtful, why, believed }) => {
  const clock = fakeClock();
  const trust = createListTrust('LIST services', 10_000, clock);
  expect(judge(trust, doubtful)).toBe(why);
  clock.advance(9_999);
  expect(judge(trust, doubtful)).toBe(why);
  clock.advance(1);
  expect(judge(trust, doubtful)).toBe(believed);
  // The next one is another story.
  expect(judge(trust, doubtful)).toBe(why);
  clock.advance(9_000);
  trust.failed();
  clock.advance(9_000);
  expect(judge(trust, doubtful)).toBe(why);
  clock.advance(9_000);
  expect(judge(trust, GOOD)).toBe('believed');
  clock.advance(9_000);
  expect(judge(trust, doubtful)).toBe(why);
  clock.advance(10_000);
  expect(judge(trust, doubtful)).toBe(believed);
});

test('a list that is empty where nothing is held, and one of versions that cannot be compared, are believed', () => {
  const trust = createListTrust('LIST services', 10_000, fakeClock());
  expect(judge(trust, { ...EMPTY, held: 0 })).toBe('believed');
  expect(judge(trust, { ...GOOD, version: 'a', seenBefore: 'b' })).toBe('believed');
  expect(judge(trust, { ...GOOD, seenBefore: '' })).toBe('believed');
});

test('a cluster that is restored without objects is believed when both have lasted', () => {
  const clock = fakeClock();
  const trust = createListTrust('LIST services', 10_000, clock);
  expect(judge(trust, { ...BEHIND, listed: 0 })).toContain('older than');
  clock.advance(10_000);
  expect(judge(trust, { ...BEHIND, listed: 0 })).toBe('went back');
});
