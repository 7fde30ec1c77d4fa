import { describe, expect, it } from 'vitest';
import { actionId, type WriteRecord } from '../../src/plan/history.ts';
import { limit, type Policy } from '../../src/plan/limit.ts';
import { action } from './build.ts';

const FREE: Policy = { readOnly: false, dryRun: false, history: new Map(), now: 1_000 };
const first = action({ uid: 'a' });
const second = action({ uid: 'b' });
const other = action({ uid: 'c', key: 'Gateway default/api' });
const ALL = [first, second, other];

function held(until: number, writer = 'rival'): ReadonlyMap<string, WriteRecord> {
  const record: WriteRecord = { written: new Map(), undone: true, reverts: [], heldUntil: until, writer };
  return new Map([[actionId(first), record]]);
}

describe('what may be written', () => {
  it('is everything, where nothing forbids it', () => {
    expect(limit(ALL, FREE)).toEqual({ actions: ALL, declined: [] });
  });

  it.each([
    ['ReadOnly', { readOnly: true }],
    ['DryRun', { dryRun: true }],
  ])('is nothing: %s', (reason, policy) => {
    const { actions, declined } = limit(ALL, { ...FREE, ...policy });
    expect(actions).toEqual([]);
    expect(declined.map((one) => one.reason)).toEqual([reason, reason, reason]);
  });

  it('is not what a second writer undoes, nor what rests on it; other subjects go on', () => {
    const { actions, declined } = limit(ALL, { ...FREE, history: held(61_000) });
    expect(actions).toEqual([other]);
    expect(declined).toMatchObject([
      {
        action: first,
        reason: 'SecondWriter',
        message: 'rival keeps undoing this write; nothing is written for another 1 min.',
      },
      { action: second, reason: 'SecondWriter' },
    ]);
  });

  it('is what was held off until now', () => {
    expect(limit(ALL, { ...FREE, history: held(1_000) }).actions).toEqual(ALL);
  });

  it('what may fail takes nothing with it', () => {
    const optional = { ...first, mayFail: true };
    expect(limit([optional, second], { ...FREE, history: held(61_000) }).actions).toEqual([second]);
  });

  it('what goes beside it does not rest on it, what comes after both does', () => {
    const beside = action({ uid: 'd', parts: { beside: true } });
    const { actions, declined } = limit([first, beside, second], { ...FREE, history: held(61_000) });
    expect(actions).toEqual([beside]);
    expect(declined.map((one) => one.action)).toEqual([first, second]);
  });

  it('what goes beside another rests on those before both', () => {
    const beside = action({ uid: 'd', parts: { beside: true } });
    expect(limit([first, second, beside], { ...FREE, history: held(61_000) }).actions).toEqual([]);
  });

  it('says who undoes it, or that it is not known', () => {
    const { declined } = limit([first], { ...FREE, history: held(61_000, '') });
    expect(declined[0]?.message).toMatch(/^another writer keeps undoing/);
  });

  it('a pause is told before a dry run, so that a dry run shows what would be left', () => {
    const paused = { ...first, pausedBy: first.target };
    const { declined } = limit([paused, other], { ...FREE, dryRun: true });
    expect(declined.map(({ reason }) => reason)).toEqual(['Paused', 'DryRun']);
  });
});
