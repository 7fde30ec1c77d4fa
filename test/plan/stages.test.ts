import { expect, it } from 'vitest';
import { carryOutStage, stagesOf } from '../../src/plan/stages.ts';
import { action } from './build.ts';

const first = action({ uid: 'a' });
const beside = action({ uid: 'b', parts: { beside: true } });
const after = action({ uid: 'c' });

it('what does not rest on the write before it goes beside it, the next waits for both', () => {
  expect(stagesOf([first, beside, after])).toEqual([[first, beside], [after]]);
});

it('alone, it is a stage of its own', () => {
  expect(stagesOf([beside, after])).toEqual([[beside], [after]]);
  expect(stagesOf([])).toEqual([]);
});

it('sends them together, and lets the next follow only if each says so', async () => {
  const under: string[] = [];
  const both = Promise.withResolvers<void>();
  const carryOut = async ({ target }: typeof first): Promise<boolean> => {
    under.push(target.uid);
    if (under.length === 2) both.resolve();
    await both.promise;
    return target.uid !== 'b';
  };
  expect(await carryOutStage([first, beside], carryOut)).toBe(false);
  expect(under).toEqual(['a', 'b']);
  expect(await carryOutStage([after], async () => true)).toBe(true);
});

it('a rejection waits for the other', async () => {
  let ended = false;
  const other = Promise.withResolvers<void>();
  const stage = carryOutStage([first, beside], async ({ target }) => {
    if (target.uid === 'a') throw new Error('no');
    await other.promise;
    ended = true;
    return true;
  });
  setImmediate(other.resolve);
  await expect(stage).rejects.toThrow('no');
  expect(ended).toBe(true);
});
