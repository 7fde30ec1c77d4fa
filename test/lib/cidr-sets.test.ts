import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AddressRange, parseCidr, parseCidrs } from '../../src/lib/cidr.ts';
import { describeRange, intersect, joined, subtract } from '../../src/lib/cidr-sets.ts';

function range(text: string): AddressRange {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

// The lowest byte of an IPv4 network: small enough to try every address.
const small = fc
  .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 40 }))
  .map(([first, more]): AddressRange => ({ family: 4, from: BigInt(first), to: BigInt(Math.min(255, first + more)) }));

function addresses(ranges: readonly AddressRange[]): number[] {
  return ranges.flatMap(({ from, to }) =>
    Array.from({ length: Number(to - from) + 1 }, (_, index) => Number(from) + index),
  );
}

describe('sets of addresses', () => {
  it('subtract leaves each address that is in no other range, once', () => {
    fc.assert(
      fc.property(small, fc.array(small, { maxLength: 5 }), (one, others) => {
        const taken = new Set(addresses(others));
        expect(addresses(subtract(one, others))).toEqual(addresses([one]).filter((address) => !taken.has(address)));
      }),
    );
  });

  it('intersect has the addresses of both', () => {
    fc.assert(
      fc.property(small, small, (a, b) => {
        const inB = new Set(addresses([b]));
        const both = intersect(a, b);
        expect(both === undefined ? [] : addresses([both])).toEqual(addresses([a]).filter((one) => inB.has(one)));
      }),
    );
  });

  it('joined has the same addresses in as few ranges as possible', () => {
    fc.assert(
      fc.property(fc.array(small, { maxLength: 8 }), (list) => {
        const result = joined(list);
        expect(addresses(result)).toEqual([...new Set(addresses(list))].toSorted((a, b) => a - b));
        for (const [index, { from }] of result.entries()) {
          expect(index === 0 || (result[index - 1]?.to ?? 0n) + 1n < from).toBe(true);
        }
      }),
    );
    expect(joined(parseCidrs(['fd00::/8', '10.0.0.0/8', '0.0.0.0/5', '8.0.0.0/7']))).toEqual([
      { family: 4, from: 0n, to: 0x0affffffn },
      range('fd00::/8'),
    ]);
  });

  it.each(['10.0.0.0/8', '0.0.0.0/0', '10.1.2.3', 'fd00::/8', '::/0', '2001:db8::1'])(
    'describes %s as it is',
    (text) => {
      expect(describeRange(range(text))).toBe(text);
    },
  );

  it('describes what is no CIDR by its ends', () => {
    expect(describeRange({ family: 4, from: 0x0a000001n, to: 0x0a000004n })).toBe('10.0.0.1-10.0.0.4');
    expect(describeRange({ family: 4, from: 0x0a000001n, to: 0x0a000002n })).toBe('10.0.0.1-10.0.0.2');
  });
});
