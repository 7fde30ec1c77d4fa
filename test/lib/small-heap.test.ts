import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import * as z from 'zod';

/** Parses what large lists are made of, keeps a part for a while, drops it, and prints MB: see `Seen`. */
const PROGRAM = `
  const page = JSON.stringify(Array.from({ length: 2_000 }, (_, index) => ({ name: 'object-' + index, labels: { index } })));
  const { getHeapSpaceStatistics, getHeapStatistics } = process.getBuiltinModule('node:v8');
  const mb = (bytes) => bytes / 2 ** 20;
  let peak = 0;
  let kept = [];
  for (let round = 0; round < 400; round += 1) {
    kept[round % 20] = JSON.parse(page);
    peak = Math.max(peak, mb(getHeapStatistics().total_heap_size));
  }
  const young = mb(getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size);
  console.log(JSON.stringify({ young, peak }));
`;

const Seen = z.object({
  /** The young generation in the end. */
  young: z.number(),
  /** The heap when it was largest. */
  peak: z.number(),
});

function memoryMb(first: string): z.infer<typeof Seen> {
  const args = ['--input-type=module', '--eval', `${first}; ${PROGRAM}`];
  return Seen.parse(JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })));
}

test('the young generation stays small and the heap near what is needed, which they do not by themselves', () => {
  const module = new URL('../../src/lib/small-heap.ts', import.meta.url).href;
  const small = memoryMb(`await import(${JSON.stringify(module)})`);
  const usual = memoryMb('');
  expect(small.young).toBeLessThanOrEqual(4);
  expect(usual.young).toBeGreaterThan(8);
  expect(small.peak).toBeLessThan(usual.peak * 0.8);
});
