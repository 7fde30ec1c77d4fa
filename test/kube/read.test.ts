import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asArray, asBoolean, asNumber, asRecord, asString, asStringMap, at, readMeta } from '../../src/kube/read.ts';

describe('readers of unknown JSON', () => {
  test.each([
    ['x', 'x', 0, {}, []],
    [7, '', 7, {}, []],
    [Number.NaN, '', 0, {}, []],
    [null, '', 0, {}, []],
    [undefined, '', 0, {}, []],
    [true, '', 0, {}, []],
    [{ a: 1 }, '', 0, { a: 1 }, []],
    [[1], '', 0, {}, [1]],
  ])('%j as string, number, record, array', (value, text, number, record, array) => {
    expect([asString(value), asNumber(value), asRecord(value), asArray(value)]).toEqual([text, number, record, array]);
  });

  test('fallbacks', () => {
    expect([asString(1, 'TCP'), asNumber('1', 80), asBoolean('true', true)]).toEqual(['TCP', 80, true]);
  });

  test('a map of strings leaves out what is no string, and copies nothing when there is no such thing', () => {
    expect(asStringMap({ a: '1', b: 2, c: null })).toEqual({ a: '1' });
    const labels = { a: '1', b: '2' };
    expect(asStringMap(labels)).toBe(labels);
  });

  test('a path ends where a step is missing', () => {
    const value = { a: [{ b: 'x' }] };
    expect(at(value, 'a', 0, 'b')).toBe('x');
    expect(at(value, 'a', 1, 'b')).toBeUndefined();
    expect(at(value, 'a', 'length')).toBeUndefined();
    expect(at(value, 'constructor')).toBeUndefined();
  });
});

describe('metadata', () => {
  test('of a whole object', () => {
    const metadata = {
      namespace: 'default',
      name: 'web',
      uid: 'u1',
      resourceVersion: '42',
      generation: 3,
      creationTimestamp: '2026-01-01T00:00:00Z',
      deletionTimestamp: '2026-01-02T00:00:00Z',
      labels: { a: 'b' },
      annotations: { c: 'd' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Gateway', name: 'gw', uid: 'u2', controller: true }],
    };
    expect(readMeta({ metadata })).toEqual({
      namespace: 'default',
      name: 'web',
      uid: 'u1',
      resourceVersion: '42',
      generation: 3,
      creationTimestamp: '2026-01-01T00:00:00Z',
      deleting: true,
      labels: { a: 'b' },
      annotations: { c: 'd' },
      owners: [{ apiVersion: 'v1', kind: 'Gateway', name: 'gw', uid: 'u2', controller: true }],
    });
  });

  test('never throws, and always has its shape', () => {
    const odd = fc.oneof(fc.jsonValue(), fc.anything());
    const shape = fc.record({
      metadata: fc.oneof(
        odd,
        fc.record({ name: odd, labels: odd, annotations: odd, ownerReferences: odd, generation: odd, uid: odd }),
      ),
    });
    fc.assert(
      fc.property(fc.oneof(odd, shape), (raw) => {
        const meta = readMeta(raw);
        expect(typeof meta.name).toBe('string');
        expect(Number.isFinite(meta.generation)).toBe(true);
        expect(Array.isArray(meta.owners)).toBe(true);
        for (const value of [...Object.values(meta.labels), ...Object.values(meta.annotations)]) {
          expect(typeof value).toBe('string');
        }
      }),
    );
  });
});
