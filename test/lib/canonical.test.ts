import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, hashJson } from '../../src/lib/canonical.ts';

describe('canonicalJson', () => {
  it.each([
    [{ b: 1, a: [true, null, { d: '"', c: -1.5 }] }, '{"a":[true,null,{"c":-1.5,"d":"\\""}],"b":1}'],
    [{ a: undefined, b: [undefined] }, '{"b":[null]}'],
    [{ z: {}, y: [] }, '{"y":[],"z":{}}'],
    [undefined, 'null'],
    [Number.NaN, 'null'],
    ['\u2028\n', '"\u2028\\n"'],
    [JSON.parse('{"b":1,"__proto__":{"y":1,"x":2}}'), '{"__proto__":{"x":2,"y":1},"b":1}'],
  ])('%j is %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it('says the same as JSON.stringify, but for the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('of a value as deep as an API server takes it exhausts no stack', () => {
    const deep: unknown = JSON.parse(`${'{"a":['.repeat(50_000)}1${']}'.repeat(50_000)}`);
    expect(canonicalJson(deep)).toHaveLength(400_001);
    expect(hashJson(deep)).toMatch(/^[0-9a-f]{64}$/);
  });
});
