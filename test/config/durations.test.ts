import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainDuration, formatDuration, parseDuration } from '../../src/config/durations.ts';

describe('parseDuration', () => {
  it.each([
    ['30s', 30_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['2h', 7_200_000],
    ['500ms', 500],
    ['1m500ms', 60_500],
    ['0', 0],
    ['0s', 0],
    ['90m', 5_400_000],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '10', '10 s', 's', '-5s', '1.5h', '30s1h', '1d', '10S', ' 10s', '1h 30m', '1e3s'])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it('reads back what formatDuration writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 9 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});

describe('explainDuration', () => {
  it('offers units to a bare number', () => {
    expect(explainDuration('10')).toEqual({
      what: '10 has no unit',
      fix: 'Write 10s for seconds or 10m for minutes.',
    });
  });

  it('shows the form of a duration for everything else', () => {
    expect(explainDuration('soon')).toEqual({
      what: '"soon" is no duration',
      fix: 'Write hours, minutes and seconds like 30s, 10m or 1h30m.',
    });
  });
});
