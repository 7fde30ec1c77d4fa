import fc from 'fast-check';
import { isRecord } from '../../src/kube/read.ts';
import type { RawObject } from '../../src/kube/types.ts';

/*
 * Values of every wrong shape, as JSON can carry them: what an API server, a file or a person may hand over. All of them
 * went through JSON.parse, so that `__proto__` is a member like any other.
 */

/** So deep that naive recursion ends in a RangeError; a real API server takes objects of up to 10,000 levels. */
const DEEP = 9_000;

function deep(open: string, close: string, depth: number): unknown {
  return named(`${depth} × ${open}`, JSON.parse(`${open.repeat(depth)}1${close.repeat(depth)}`));
}

/** Under that name in fast-check's counterexamples, which it would not survive to print itself. */
function named(name: string, value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    Object.defineProperty(value, fc.toStringMethod, { value: () => name });
  }
  return value;
}

const CONTROL = '\u0000\u0007\b\u001b[31m\r\n\t\u007f\u009b2J\u2028\u2029\u202e\u2066\ufeff';

/** Values that were chosen because they break things. */
const CHOSEN: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  80.5,
  65_536,
  1e9,
  2 ** 53,
  -1e308,
  '',
  ' ',
  '0',
  '80',
  '080',
  '1e3',
  'true',
  'null',
  'undefined',
  'NaN',
  '[object Object]',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '../../etc/passwd',
  '999.999.999.999',
  '1.2.3.4.',
  '::ffff:1.2.3.4',
  'fe80::1%eth0',
  '2026-13-45T99:99:99Z',
  '-292278994-08-17T07:12:55.807Z',
  '👩‍👩‍👧‍👦\ud83d',
  CONTROL,
  `\u001b]8;;http://evil.example\u0007text\u001b]8;;\u0007`,
  'x'.repeat(100_000),
  'é'.repeat(5_000),
  [],
  {},
  [null],
  [[]],
  [{}],
  { length: 3 },
  { '0': 'a' },
  named(
    '2000 objects',
    Array.from({ length: 2_000 }, () => ({})),
  ),
  named(
    '2000 numbers',
    Array.from({ length: 2_000 }, (_, index) => index),
  ),
  JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
  JSON.parse('{"__proto__":"x","toString":"y","valueOf":1,"hasOwnProperty":null}'),
  deep('{"a":', '}', 50),
  deep('[', ']', DEEP),
  deep('{"a":', '}', DEEP),
];

/** Any of them, or JSON of any shape, or text of any kind. */
export const wrong: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...CHOSEN) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.integer() },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
);

/** One change of an object: where (by number, of all its places), and what is there instead. */
export type Spoiling =
  | { readonly at: number; readonly how: 'replace'; readonly by: unknown }
  | { readonly at: number; readonly how: 'remove' }
  /** A member, or an item, more. */
  | { readonly at: number; readonly how: 'add'; readonly key: string; readonly by: unknown };

export const spoiling: fc.Arbitrary<Spoiling> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ at: fc.nat(), how: fc.constant('replace' as const), by: wrong }) },
  { weight: 2, arbitrary: fc.record({ at: fc.nat(), how: fc.constant('remove' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      at: fc.nat(),
      how: fc.constant('add' as const),
      key: fc.constantFrom(
        '__proto__',
        'constructor',
        'name',
        'deletionTimestamp',
        'ingress',
        'x'.repeat(300),
        CONTROL,
      ),
      by: wrong,
    }),
  },
);

type Path = readonly (string | number)[];

const DEEPEST_PLACE = 12;

/** Every place below the object, but its kind: a list has one. */
function placesOf(value: unknown, path: Path = []): Path[] {
  if (path.length > DEEPEST_PLACE) return [];
  const below = Array.isArray(value)
    ? value.flatMap((item, index) => placesOf(item, [...path, index]))
    : isRecord(value)
      ? Object.entries(value)
          .filter(([key]) => path.length > 0 || (key !== 'kind' && key !== 'apiVersion'))
          .flatMap(([key, item]) => placesOf(item, [...path, key]))
      : [];
  return path.length === 0 ? below : [path, ...below];
}

/** A copy with that change at that place. */
function changedAt(value: unknown, path: Path, change: Spoiling): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return change.how === 'replace' ? change.by : added(value, change);
  const isLast = rest.length === 0 && change.how === 'remove';
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items.flatMap((item, index) => {
      if (index !== step) return [item];
      return isLast ? [] : [changedAt(item, rest, change)];
    });
  }
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).flatMap(([key, item]): [string, unknown][] => {
    if (key !== step) return [[key, item]];
    return isLast ? [] : [[key, changedAt(item, rest, change)]];
  });
  return Object.fromEntries(entries);
}

function added(value: unknown, change: Spoiling): unknown {
  if (change.how !== 'add') return value;
  if (Array.isArray(value)) return [...(value as readonly unknown[]), change.by];
  return isRecord(value) ? Object.fromEntries([...Object.entries(value), [change.key, change.by]]) : change.by;
}

/** The objects, of which some are no longer what they were. */
export function spoil(objects: readonly RawObject[], changes: readonly Spoiling[]): RawObject[] {
  const spoilt = [...objects];
  for (const change of changes) {
    const index = change.at % spoilt.length;
    const object = spoilt[index];
    const places = placesOf(object);
    const place = places[Math.floor(change.at / spoilt.length) % Math.max(1, places.length)] ?? [];
    const next = changedAt(object, place, change);
    if (isRecord(next)) spoilt[index] = next;
  }
  return spoilt;
}

/** What no terminal may get: controls that move, colour or hide, and marks that turn the direction of reading. */
export const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u{FEFF}]/u;

/** Runs of a property: FC_RUNS in place of the default. */
export function runs(usual: number): { readonly numRuns: number } {
  return { numRuns: Number(process.env.FC_RUNS ?? usual) };
}

/** The value as JSON; empty where it is too deep for JSON.stringify itself. */
export function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
