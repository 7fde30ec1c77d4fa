import { type AddressRange, overlaps } from './cidr.ts';

/** The addresses that two ranges have in common; undefined: none. */
export function intersect(a: AddressRange, b: AddressRange): AddressRange | undefined {
  if (!overlaps(a, b)) return undefined;
  const later = a.from > b.from ? a : b;
  const earlier = a.to < b.to ? a : b;
  return { family: a.family, from: later.from, to: earlier.to };
}

/** What is left of `range` without the addresses of `others`, in order. */
export function subtract(range: AddressRange, others: readonly AddressRange[]): AddressRange[] {
  let left = [range];
  for (const other of others) {
    left = left.flatMap((one) => {
      if (!overlaps(one, other)) return [one];
      const before = other.from > one.from ? [{ ...one, to: other.from - 1n }] : [];
      const after = other.to < one.to ? [{ ...one, from: other.to + 1n }] : [];
      return [...before, ...after];
    });
  }
  return left;
}

/** Ranges that touch or overlap as one, in order. */
export function joined(ranges: readonly AddressRange[]): AddressRange[] {
  const sorted = ranges.toSorted((a, b) => a.family - b.family || (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const result: AddressRange[] = [];
  for (const range of sorted) {
    const last = result.at(-1);
    if (last === undefined || last.family !== range.family || range.from > last.to + 1n) result.push(range);
    else if (range.to > last.to) result[result.length - 1] = { ...last, to: range.to };
  }
  return result;
}

/** `10.0.0.0/8`, a single address, or `10.0.0.1-10.0.0.9` where the range is no CIDR. */
export function describeRange({ family, from, to }: AddressRange): string {
  const bits = family === 4 ? 32 : 128;
  const size = to - from + 1n;
  const length = bits - (size.toString(2).length - 1);
  if ((size & (size - 1n)) !== 0n || from % size !== 0n)
    return `${addressText(family, from)}-${addressText(family, to)}`;
  return length === bits ? addressText(family, from) : `${addressText(family, from)}/${length}`;
}

function addressText(family: 4 | 6, value: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
  const groups = [7n, 6n, 5n, 4n, 3n, 2n, 1n, 0n].map((place) => ((value >> (place * 16n)) & 0xffffn).toString(16));
  return groups.join(':').replace(/(?:^|:)0(?::0)+(?:$|:)/, '::');
}
