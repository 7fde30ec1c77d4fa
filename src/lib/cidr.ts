import { isIPv4, isIPv6 } from 'node:net';

/** A range of addresses, both ends included. */
export interface AddressRange {
  readonly family: 4 | 6;
  readonly from: bigint;
  readonly to: bigint;
}

const BITS = { 4: 32, 6: 128 } as const;

/**
 * Reads `10.0.0.0/8`, `fd00::/8`, or a single address. Bits behind the prefix don't count, as everywhere in Kubernetes
 * and the clouds. Undefined: it is none.
 */
export function parseCidr(text: string): AddressRange | undefined {
  const [address = '', prefix, ...more] = text.trim().split('/');
  const family = isIPv4(address) ? 4 : isIPv6(address) && !address.includes('%') ? 6 : undefined;
  if (family === undefined || more.length > 0) return undefined;
  const bits = BITS[family];
  if (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) return undefined;
  const length = prefix === undefined ? bits : Number(prefix);
  if (length > bits) return undefined;
  const value = family === 4 ? parseV4(address) : parseV6(address);
  const size = 1n << BigInt(bits - length);
  const from = value - (value % size);
  return { family, from, to: from + size - 1n };
}

function parseV4(address: string): bigint {
  return address.split('.').reduce((value, part) => value * 256n + BigInt(part), 0n);
}

function parseV6(address: string): bigint {
  const [head = '', tail] = withoutDots(address).split('::');
  const first = groupsOf(head);
  const last = tail === undefined ? [] : groupsOf(tail);
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => 0n);
  return [...first, ...zeros, ...last].reduce((value, group) => value * 65_536n + group, 0n);
}

/** `::ffff:10.0.0.1` as `::ffff:a00:1`. */
function withoutDots(address: string): string {
  const dotted = /\d+\.\d+\.\d+\.\d+$/.exec(address)?.[0];
  if (dotted === undefined) return address;
  const value = parseV4(dotted);
  return `${address.slice(0, -dotted.length)}${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}

function groupsOf(text: string): bigint[] {
  return text === '' ? [] : text.split(':').map((group) => BigInt(`0x${group}`));
}

/** Those that can be read. */
export function parseCidrs(texts: readonly string[]): AddressRange[] {
  return texts.flatMap((text) => parseCidr(text) ?? []);
}

export function overlaps(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && a.from <= b.to && b.from <= a.to;
}

/** Whether every address of `range` is in one of `others`: two halves together cover the whole. */
export function covers(others: readonly AddressRange[], range: AddressRange): boolean {
  let next = range.from;
  const sorted = others
    .filter((other) => overlaps(other, range))
    .toSorted((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  for (const other of sorted) {
    if (other.from > next) return false;
    if (other.to >= next) next = other.to + 1n;
    if (next > range.to) return true;
  }
  return false;
}

/** The first pair of texts whose ranges overlap. */
export function firstOverlap(
  as: readonly string[],
  bs: readonly string[],
): { readonly a: string; readonly b: string } | undefined {
  for (const a of as) {
    for (const b of bs) {
      const [x, y] = [parseCidr(a), parseCidr(b)];
      if (x !== undefined && y !== undefined && overlaps(x, y)) return { a, b };
    }
  }
  return undefined;
}
