import { expect, test } from 'vitest';
import { createCopyLag } from '../../src/metrics/copy-lag.ts';
import type { Action, Outcome } from '../../src/plan/plan.types.ts';
import { fakeClock } from '../kube/fake-clock.ts';
import { action } from '../plan/build.ts';

function copy(name: string, parts: Partial<Action> = {}): Action {
  return action({ kind: 'write-redirect-copy', name, parts });
}

function outcome(of: Action, status: Outcome['status']): Outcome {
  return { action: of, status, reason: '', message: '' };
}

test('a copy is behind since the first look that saw it, until one sees it no more', () => {
  const clock = fakeClock();
  const lag = createCopyLag(clock);
  lag.planned([copy('a'), action({ name: 'not-a-copy' })]);
  clock.advance(5_000);
  lag.planned([copy('b'), copy('a')]);
  clock.advance(1_000);
  expect(lag.late()).toEqual([
    { copy: 'default/a', lagMs: 6_000 },
    { copy: 'default/b', lagMs: 1_000 },
  ]);
  lag.planned([copy('b')]);
  expect(lag.late().map(({ copy: name }) => name)).toEqual(['default/b']);
});

test('one that somebody paused is wanted so', () => {
  const clock = fakeClock();
  const lag = createCopyLag(clock);
  const { target } = copy('a');
  lag.planned([copy('a', { pausedBy: target })]);
  expect(lag.late()).toEqual([]);
});

test('a write tells how long the copy was behind; one that failed leaves it so', () => {
  const clock = fakeClock();
  const lag = createCopyLag(clock);
  lag.planned([copy('a')]);
  clock.advance(2_000);
  expect(lag.settled(outcome(copy('a'), 'failed'))).toBeUndefined();
  expect(lag.late()).toHaveLength(1);
  clock.advance(500);
  expect(lag.settled(outcome(copy('a'), 'applied'))).toBe(2_500);
  expect(lag.late()).toEqual([]);
  expect(lag.settled(outcome(action({ name: 'a' }), 'applied'))).toBeUndefined();
});

test('the answer may come after the event that the write caused', () => {
  const clock = fakeClock();
  const lag = createCopyLag(clock);
  lag.planned([copy('a')]);
  clock.advance(100);
  lag.planned([]);
  expect(lag.settled(outcome(copy('a'), 'applied'))).toBe(100);
});
