import { describe, expect, it } from 'vitest';
import { lineThrough } from './line.ts';

describe('the line through measurements', () => {
  it('has the slope of points that lie on it, and no error', () => {
    const line = lineThrough([0, 1, 2, 5].map((x) => ({ x, y: 100 + 3 * x })));
    expect(line.slope).toBeCloseTo(3, 10);
    expect(line.error).toBeCloseTo(0, 10);
    expect(line.rise).toBeCloseTo(15, 10);
  });

  it('lies between scattered points, with the error of the textbook', () => {
    const line = lineThrough([1, 3, 2, 5].map((y, x) => ({ x, y })));
    expect(line.slope).toBeCloseTo(1.1, 10);
    expect(line.error).toBeCloseTo(Math.sqrt(2.7 / 2 / 5), 10);
    expect(line.mean).toBeCloseTo(2.75, 10);
  });

  it('is flat where nothing was measured, or all at once', () => {
    expect(lineThrough([])).toEqual({ slope: 0, error: 0, rise: 0, mean: 0 });
    expect(lineThrough([1, 9].map((y) => ({ x: 4, y })))).toMatchObject({ slope: 0, rise: 0, mean: 5 });
  });
});
