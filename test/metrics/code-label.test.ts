import { expect, test } from 'vitest';
import { createCodeLabel } from '../../src/metrics/code-label.ts';

test('a code stays as it is, as long as there are few', () => {
  const label = createCodeLabel(2);
  expect(['', 'AuthFailure.SecretIdNotFound', 'ELB.8902', 'Third', 'ELB.8902', ''].map(label)).toEqual([
    '',
    'AuthFailure.SecretIdNotFound',
    'ELB.8902',
    'other',
    'ELB.8902',
    '',
  ]);
});

test.each(['two words', 'a"quote', 'x'.repeat(65), '<html>', '/path/to', '2'])('%s is no code', (code) => {
  expect(createCodeLabel()(code)).toBe('other');
});
