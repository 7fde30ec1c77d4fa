import { expect, test } from 'vitest';
import { createQueueTimes } from '../../src/metrics/queue-times.ts';
import { fakeClock } from '../kube/fake-clock.ts';

test('who waits again keeps his place; who left begins anew', () => {
  const clock = fakeClock();
  const times = createQueueTimes(clock);
  expect(times.queued(['a', 'b'])).toBe(2);
  clock.advance(1_000);
  expect(times.queued(['b', 'c'])).toBe(1);
  clock.advance(500);
  expect(times.started('b')).toBe(1_500);
  expect(times.started('c')).toBe(500);
  expect(times.queued(['a'])).toBe(1);
  expect(times.started('a')).toBe(0);
});

test('work takes from its start to its end', () => {
  const clock = fakeClock();
  const times = createQueueTimes(clock);
  times.queued(['a', 'b']);
  times.started('a');
  clock.advance(300);
  times.started('b');
  clock.advance(200);
  expect(times.underWay()).toEqual([500, 200]);
  expect(times.ended('a')).toBe(500);
  expect(times.underWay()).toEqual([200]);
});
