import { describe, expect, it } from 'vitest';
import { createRandom } from './random.ts';

function draws(seed: number, count: number): number[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.fraction());
}

describe('random numbers of a seed', () => {
  it('are the same each time, and others for another seed', () => {
    expect(draws(7, 50)).toEqual(draws(7, 50));
    expect(draws(8, 50)).not.toEqual(draws(7, 50));
  });

  it('fill the range evenly', () => {
    const buckets = Array.from({ length: 10 }, () => 0);
    for (const draw of draws(1, 20_000)) buckets[Math.floor(draw * 10)] = (buckets[Math.floor(draw * 10)] ?? 0) + 1;
    for (const count of buckets) expect(Math.abs(count - 2_000)).toBeLessThan(200);
  });

  it('pick by weight', () => {
    const random = createRandom(3);
    const picked = Array.from({ length: 10_000 }, () => random.weighted([{ weight: 1 }, { weight: 3 }]).weight);
    expect(picked.filter((weight) => weight === 3).length).toBeGreaterThan(7_200);
    expect(picked.filter((weight) => weight === 3).length).toBeLessThan(7_800);
  });
});
