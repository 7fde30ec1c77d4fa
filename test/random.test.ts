import { describe, expect, it } from 'vitest';
import { createFates, createRandom } from './random.ts';

function draws(seed: number, count: number, name = ''): number[] {
  const random = createRandom(seed, name);
  return Array.from({ length: count }, () => random.next());
}

describe('random numbers of a seed', () => {
  it('are the same each time, and others for another seed or name', () => {
    expect(draws(7, 50)).toEqual(draws(7, 50));
    expect(draws(8, 50)).not.toEqual(draws(7, 50));
    expect(draws(7, 50, 'other')).not.toEqual(draws(7, 50));
  });

  it('fill the range evenly', () => {
    const buckets = Array.from({ length: 10 }, () => 0);
    for (const draw of draws(1, 20_000)) buckets[Math.floor(draw * 10)] = (buckets[Math.floor(draw * 10)] ?? 0) + 1;
    for (const count of buckets) expect(Math.abs(count - 2_000)).toBeLessThan(200);
  });

  it('pick by weight', () => {
    const random = createRandom(3, '');
    const picked = Array.from({ length: 10_000 }, () => random.weighted([{ weight: 1 }, { weight: 3 }]).weight);
    expect(picked.filter((weight) => weight === 3).length).toBeGreaterThan(7_200);
    expect(picked.filter((weight) => weight === 3).length).toBeLessThan(7_800);
  });
});

describe('the fates of a seed', () => {
  const THINGS = ['list a', 'list b', 'list a', 'list a', 'list b'];

  function fatesOf(things: readonly string[]): string[] {
    const chance = createFates(7, 'a test');
    return things.map((thing) => `${thing} ${chance(thing).next()}`);
  }

  it('are the same for the n-th thing of a name, whatever comes in between', () => {
    const inOrder = fatesOf(THINGS.toSorted());
    expect(fatesOf(THINGS).toSorted()).toEqual(inOrder.toSorted());
    expect(new Set(inOrder).size).toBe(THINGS.length);
  });
});
