import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** Parses what a large list is made of, and prints how many MB the young generation has then. */
const PROGRAM = `
  const page = JSON.stringify(Array.from({ length: 2_000 }, (_, index) => ({ name: 'object-' + index, labels: { index } })));
  const kept = [];
  for (let round = 0; round < 400; round += 1) kept[round % 20] = JSON.parse(page);
  const { getHeapSpaceStatistics } = process.getBuiltinModule('node:v8');
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  console.log(space.space_size / 2 ** 20);
`;

function youngGenerationMb(first: string): number {
  const args = ['--input-type=module', '--eval', `${first}; ${PROGRAM}`];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

test('the young generation stays small, which it does not by itself', () => {
  const module = new URL('../../src/lib/small-heap.ts', import.meta.url).href;
  expect(youngGenerationMb(`await import(${JSON.stringify(module)})`)).toBeLessThanOrEqual(4);
  expect(youngGenerationMb('')).toBeGreaterThan(8);
});
