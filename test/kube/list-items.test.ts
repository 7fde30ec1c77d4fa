import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createItemReader, PLACEHOLDER } from '../../src/kube/list-items.ts';
import { asRecord } from '../../src/kube/read.ts';

interface Taken {
  readonly items: readonly string[];
  readonly rest: string;
}

/** @param chunk bytes that come in at a time */
function takenFrom(text: string, chunk = 1_000): Taken {
  const items: string[] = [];
  const reader = createItemReader((item) => items.push(item));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunk) reader.write(bytes.subarray(at, at + chunk));
  expect(reader.bytes()).toBe(bytes.length);
  return { items, rest: reader.end() };
}

test.each([
  ['of a kind', '{"kind":"L","items":[{"a":1},{"b":2}]}', ['{"a":1}', '{"b":2}'], '{"kind":"L","items":[0,0]}'],
  [
    'whose items come first',
    '{"items":[{"a":1}],"metadata":{"a":{}}}',
    ['{"a":1}'],
    '{"items":[0],"metadata":{"a":{}}}',
  ],
  ['for people', '{\n "items" : [\n {"a":1},\n {} ]\n}', ['{"a":1}', '{}'], '{\n "items" : [\n 0,\n 0 ]\n}'],
  ['that is empty', '{"items":[]}', [], '{"items":[]}'],
  ['without items', '{"items":null}', [], '{"items":null}'],
  [
    'with brackets in strings',
    '{"items":[{"a":"}]\\"}"},{"\\\\":"{"}]}',
    ['{"a":"}]\\"}"}', '{"\\\\":"{"}'],
    '{"items":[0,0]}',
  ],
  ['with lists in it', '{"items":[{"items":[{"a":[{}]}]}]}', ['{"items":[{"a":[{}]}]}'], '{"items":[0]}'],
  ['of all alphabets', '{"items":[{"名":"é"}],"metadata":"ü"}', ['{"名":"é"}'], '{"items":[0],"metadata":"ü"}'],
])('a list %s is taken apart, wherever it is cut into chunks', (_, text, items, rest) => {
  for (const chunk of [1, 2, 3, 7, 1_000]) expect(takenFrom(text, chunk)).toEqual({ items, rest });
});

test.each([
  ['items of something else', '{"metadata":{"items":[{}]},"kind":"items"}'],
  ['an object by that name', '{"items":{"a":{}},"others":[{}]}'],
  ['an array of lists', '[[{"items":[{}]}]]'],
  ['items that are no objects', '{"items":[1,"{}",[{}]]}'],
  ['what is no JSON', 'hello } ] {'],
  ['an object that is cut off', '{"items":[{"a":{"b":"}'],
])('%s stays where it is', (_, text) => {
  for (const chunk of [1, 1_000]) expect(takenFrom(text, chunk)).toEqual({ items: [], rest: text });
});

test('whatever a list holds: taken apart and put together it is what it was, and cut off it stays no JSON', () => {
  const item = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue());
  const list = fc.record({ kind: fc.string(), metadata: fc.jsonValue(), items: fc.array(item, { maxLength: 4 }) });
  fc.assert(
    fc.property(
      list,
      fc.constantFrom(undefined, 1),
      fc.integer({ min: 1, max: 40 }),
      fc.nat(),
      (value, space, chunk, cut) => {
        const text = JSON.stringify(value, undefined, space);
        const { items, rest } = takenFrom(text, chunk);
        const whole = asRecord(JSON.parse(text));
        expect(items.map((one): unknown => JSON.parse(one))).toEqual(whole.items);
        expect(JSON.parse(rest)).toEqual({ ...whole, items: value.items.map(() => PLACEHOLDER) });
        const part = takenFrom(text.slice(0, cut % text.length), chunk);
        expect((): unknown => JSON.parse(part.rest)).toThrow();
      },
    ),
  );
});
