import { expect, test } from 'vitest';
import { retryAfterMs } from '../../src/providers/retry-after.ts';

const NOW = Date.parse('2026-11-25T10:00:00Z');

test.each([
  ['2', 2_000],
  [' 30 ', 30_000],
  ['0', 0],
  ['Wed, 25 Nov 2026 10:00:07 GMT', 7_000],
  ['2026-11-25T10:00:07Z', 7_000],
  ['Wed, 25 Nov 2026 09:59:00 GMT', 0],
  // A clock here that is years behind, or a server that counts wrongly.
  ['Wed, 25 Nov 2099 10:00:00 GMT', 3_600_000],
  ['99999999999999999999', 3_600_000],
  ['', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['soon', undefined],
])('Retry-After: %s', (header, wait) => {
  expect(retryAfterMs(header, NOW)).toBe(wait);
});
