import { describe, expect, it } from 'vitest';
import { compareShare } from '../../src/probe/binomial.ts';
import { describeFigures, figuresOf } from '../../src/probe/figures.ts';

describe('figuresOf', () => {
  it('counts outcomes and statuses, and takes percentiles of what was answered', () => {
    const answered = Array.from({ length: 100 }, (_, index) => ({
      outcome: 'answered' as const,
      latencyMs: 100 - index,
      status: index < 98 ? 200 : 503,
    }));
    const figures = figuresOf([...answered, { outcome: 'refused', latencyMs: 0, status: 0 }]);
    expect(figures).toMatchObject({ attempts: 101, p50Ms: 50, p99Ms: 99, statuses: { 200: 98, 503: 2 } });
    expect(describeFigures(figures)).toBe(
      '101 connections: 100 answered, 1 refused (HTTP 98 × 200, 2 × 503); p50 50 ms, p99 99 ms',
    );
  });

  it('has no latency where nothing was answered', () => {
    expect(describeFigures(figuresOf([{ outcome: 'timed-out', latencyMs: 0, status: 0 }]))).toBe(
      '1 connection: 1 timed out',
    );
  });
});

describe('compareShare', () => {
  it.each([
    [0, 200, 0, 'as-predicted'],
    [1, 200, 0, 'more'],
    [100, 200, 0.5, 'as-predicted'],
    [80, 200, 0.5, 'as-predicted'],
    [130, 200, 0.5, 'more'],
    [70, 200, 0.5, 'fewer'],
    [0, 200, 0.5, 'fewer'],
    [0, 5, 0.5, 'as-predicted'],
    [200, 200, 1, 'as-predicted'],
    [199, 200, 1, 'fewer'],
    [10, 1000, 0.01, 'as-predicted'],
    [5_100, 10_000, 0.5, 'as-predicted'],
    [5_300, 10_000, 0.5, 'more'],
    [0, 0, 0.5, 'as-predicted'],
  ] as const)('%i of %i at %d: %s', (hits, tries, share, expected) => {
    expect(compareShare(hits, tries, share)).toBe(expected);
  });

  it('is wrong about a right share in about one of a thousand', () => {
    let seed = 7;
    const random = (): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const wrong = Array.from({ length: 5_000 }, () => {
      const hits = Array.from({ length: 60 }, random).filter((one) => one < 1 / 3).length;
      return compareShare(hits, 60, 1 / 3);
    }).filter((one) => one !== 'as-predicted').length;
    expect(wrong).toBeLessThan(15);
  });
});
