import { expect, test } from 'vitest';
import { createMemoryRelief } from '../../src/lib/memory.ts';

const MB = 1024 * 1024;

test('garbage is collected once for each two million characters, whatever the size of the texts', () => {
  let collected = 0;
  const relieve = createMemoryRelief(() => {
    collected += 1;
  });
  const counts = [MB, MB - 1, 1, 9 * MB, MB].map((chars) => {
    relieve(chars);
    return collected;
  });
  expect(counts).toEqual([0, 0, 1, 2, 2]);
});

test("V8's collector is there without a flag", () => {
  const relieve = createMemoryRelief();
  let garbage: WeakRef<object> | undefined = new WeakRef({});
  relieve(5 * MB);
  garbage = new WeakRef({ text: 'x'.repeat(1_000) });
  expect(garbage.deref()).toBeDefined();
  expect(() => relieve(5 * MB)).not.toThrow();
});
