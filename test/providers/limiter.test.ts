import { expect, test } from 'vitest';
import { createLimiter } from '../../src/providers/limiter.ts';
import { type FakeClock, fakeClock } from '../kube/fake-clock.ts';
import { drive, settle } from './drive.ts';

const never = new AbortController().signal;
const ignore = (): void => undefined;

/** Starts `count` requests that take `tookMs`; returns when each began, and the most at a time. */
async function startTimes(clock: FakeClock, perSecond: number, concurrent: number, count: number, tookMs: number) {
  const limiter = createLimiter({ perSecond, concurrent, clock });
  const starts: number[] = [];
  let running = 0;
  let most = 0;
  const one = async (): Promise<void> => {
    const release = await limiter.acquire(never, ignore);
    starts.push(clock.monotonic());
    running += 1;
    most = Math.max(most, running);
    await clock.sleep(tookMs);
    running -= 1;
    release();
  };
  await drive(clock, Promise.all(Array.from({ length: count }, one)));
  return { starts, most };
}

test('no second sees more starts than allowed', async () => {
  const { starts } = await startTimes(fakeClock(), 5, 100, 23, 10);
  expect(starts).toHaveLength(23);
  const windows = starts.map((start) => starts.filter((other) => other >= start && other < start + 1_000).length);
  expect(Math.max(...windows)).toBe(5);
  // Nor does it wait longer than it must: 23 at 5 a second are there within 4 s.
  expect((starts.at(-1) ?? 0) - (starts[0] ?? 0)).toBeLessThanOrEqual(4_050);
});

test('no more than allowed are under way at a time, and an ended one lets the next in', async () => {
  const { starts, most } = await startTimes(fakeClock(), 1_000, 4, 12, 100);
  expect(starts).toHaveLength(12);
  expect(most).toBe(4);
});

test('first come, first served, also when one in the middle gives up', async () => {
  const clock = fakeClock();
  const limiter = createLimiter({ perSecond: 1, concurrent: 1, clock });
  const order: string[] = [];
  const leaving = new AbortController();
  const one = async (name: string, signal: AbortSignal): Promise<void> => {
    const release = await limiter.acquire(signal, ignore);
    order.push(name);
    release();
  };
  const first = one('first', never);
  const second = one('second', leaving.signal);
  const third = one('third', never);
  await settle();
  leaving.abort(new Error('changed my mind'));
  await expect(second).rejects.toThrow('changed my mind');
  expect(order).toEqual(['first']);
  await drive(clock, Promise.all([first, third]));
  expect(order).toEqual(['first', 'third']);
});

test('the head of the queue gives up: the next one takes its place', async () => {
  const clock = fakeClock();
  const limiter = createLimiter({ perSecond: 1, concurrent: 9, clock });
  (await limiter.acquire(never, ignore))();
  const leaving = new AbortController();
  const head = limiter.acquire(leaving.signal, ignore);
  const next = limiter.acquire(never, ignore);
  await settle();
  leaving.abort(new Error('gone'));
  await expect(head).rejects.toThrow('gone');
  expect(await drive(clock, next, 1_100)).toMatchObject({ status: 'fulfilled' });
});

test('a pause holds all of them, is told before the wait, and what is thrown then ends the wait', async () => {
  const clock = fakeClock();
  const limiter = createLimiter({ perSecond: 5, concurrent: 5, clock });
  limiter.pause(3_000);
  limiter.pause(1_000); // the longer one stays
  const told: number[] = [];
  const waiting = limiter.acquire(never, (restMs) => told.push(restMs));
  expect(await drive(clock, waiting, 2_990)).toBe('waiting');
  expect(told[0]).toBe(3_000);
  expect(await drive(clock, waiting, 100)).toMatchObject({ status: 'fulfilled' });
  const late = createLimiter({ perSecond: 5, concurrent: 5, clock });
  late.pause(3_000);
  const refused = late.acquire(never, () => {
    throw new Error('too long');
  });
  await expect(refused).rejects.toThrow('too long');
});
