import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AddressRange, covers, firstOverlap, overlaps, parseCidr, parseCidrs } from '../../src/lib/cidr.ts';

function range(text: string): AddressRange {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

describe('parseCidr', () => {
  it.each([
    ['10.0.0.0/8', 4, 0x0a000000n, 0x0affffffn],
    ['10.1.2.3/8', 4, 0x0a000000n, 0x0affffffn],
    ['192.168.0.1', 4, 0xc0a80001n, 0xc0a80001n],
    ['0.0.0.0/0', 4, 0n, 0xffffffffn],
    ['fd00::/8', 6, 0xfdn << 120n, (0xfen << 120n) - 1n],
    ['::1', 6, 1n, 1n],
    ['::/0', 6, 0n, (1n << 128n) - 1n],
    ['2001:db8::a:1/128', 6, 0x20010db80000000000000000000a0001n, 0x20010db80000000000000000000a0001n],
    ['::ffff:10.0.0.1', 6, 0xffff0a000001n, 0xffff0a000001n],
  ] as const)('reads %s', (text, family, from, to) => {
    expect(parseCidr(text)).toEqual({ family, from, to });
  });

  it.each([
    '',
    '10.0.0',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    'fd00::/129',
    'fe80::1%eth0',
    'all',
  ])('refuses %j', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });
});

describe('covers', () => {
  it('knows that two halves cover the whole, and that a gap does not', () => {
    const halves = parseCidrs(['10.1.128.0/17', '10.1.0.0/17']);
    expect(covers(halves, range('10.1.0.0/16'))).toBe(true);
    expect(covers(halves.slice(1), range('10.1.0.0/16'))).toBe(false);
    expect(covers(parseCidrs(['10.1.0.0/18', '10.1.128.0/17']), range('10.1.0.0/16'))).toBe(false);
    expect(covers(parseCidrs(['0.0.0.0/0']), range('::1'))).toBe(false);
  });

  // The lowest byte of an IPv4 network: small enough to try every address.
  const small = fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 24, max: 32 }))
    .map(([last, length]) => range(`10.0.0.${last}/${length}`));
  const isIn = (list: readonly AddressRange[], address: bigint): boolean =>
    list.some(({ from, to }) => from <= address && address <= to);

  it('agrees with looking at every address', () => {
    fc.assert(
      fc.property(fc.array(small, { maxLength: 6 }), small, (list, wanted) => {
        let all = true;
        for (let address = wanted.from; address <= wanted.to; address += 1n) all &&= isIn(list, address);
        expect(covers(list, wanted)).toBe(all);
      }),
    );
  });

  it('agrees with looking at every address where one of them makes the difference', () => {
    // Eight addresses in many pieces: they cover all, or all but one or two. The model does its own arithmetic.
    const piece = fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 29, max: 32 }));
    const addressesOf = ([last, length]: readonly [number, number]): number[] => {
      const size = [8, 4, 2, 1][length - 29] ?? 0;
      const first = last - (last % size);
      return [0, 1, 2, 3, 4, 5, 6, 7].filter((address) => address >= first && address < first + size);
    };
    const textOf = ([last, length]: readonly [number, number]): string => `10.0.0.${last}/${length}`;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), piece, (list, wanted) => {
        const there = new Set(list.flatMap(addressesOf));
        const all = addressesOf(wanted).every((address) => there.has(address));
        expect(covers(parseCidrs(list.map(textOf)), range(textOf(wanted)))).toBe(all);
      }),
      { numRuns: 2000 },
    );
  });

  it('overlaps where both have an address', () => {
    fc.assert(
      fc.property(small, small, (a, b) => {
        let shared = false;
        for (let address = a.from; address <= a.to; address += 1n) shared ||= isIn([b], address);
        expect(overlaps(a, b)).toBe(shared);
      }),
    );
  });
});

describe('firstOverlap', () => {
  it('names the two', () => {
    expect(firstOverlap(['10.0.0.0/16', '10.100.0.0/16'], ['172.16.0.0/12', '10.100.3.0/24'])).toEqual({
      a: '10.100.0.0/16',
      b: '10.100.3.0/24',
    });
    expect(firstOverlap(['10.0.0.0/16'], ['10.1.0.0/16', 'fd00::/8', 'nonsense'])).toBeUndefined();
  });
});
