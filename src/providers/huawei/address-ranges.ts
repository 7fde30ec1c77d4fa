import { BlockList, isIP } from 'node:net';

/**
 * An entry of an address group as CIDRs: `10.0.0.5`, `10.0.0.0/24`, `10.0.0.3-10.0.0.9`, IPv4 or IPv6. Undefined: it is
 * none of these.
 */
export function cidrsOfEntry(entry: string): string[] | undefined {
  const [first = '', last, ...more] = entry.split('-').map((part) => part.trim());
  if (more.length > 0) return undefined;
  if (last !== undefined) return cidrsOfRange(first, last);
  const [address = '', bits] = first.split('/');
  const family = isIP(address);
  if (family === 0) return undefined;
  const width = widthOf(family);
  if (bits === undefined) return [`${address}/${width}`];
  return /^\d{1,3}$/.test(bits) && Number(bits) <= width ? [first] : undefined;
}

/** Whether a CIDR holds an address; false too where one of them is none. */
export function cidrHolds(cidr: string, address: string): boolean {
  const [network = '', bits = ''] = cidr.split('/');
  const family = isIP(network);
  if (family === 0 || isIP(address) !== family || !/^\d{1,3}$/.test(bits) || Number(bits) > widthOf(family)) {
    return false;
  }
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const range = new BlockList();
  range.addSubnet(network, Number(bits), type);
  return range.check(address, type);
}

/** The fewest CIDRs that make up a range, both ends included. */
function cidrsOfRange(first: string, last: string): string[] | undefined {
  const family = isIP(first);
  if (family === 0 || isIP(last) !== family) return undefined;
  const width = widthOf(family);
  const end = numberOf(last, family);
  let start = numberOf(first, family);
  if (start > end) return undefined;
  const cidrs: string[] = [];
  while (start <= end) {
    let free = 0;
    while (free < width && start % 2n ** BigInt(free + 1) === 0n && start + 2n ** BigInt(free + 1) - 1n <= end)
      free += 1;
    cidrs.push(`${addressOf(start, family)}/${width - free}`);
    start += 2n ** BigInt(free);
  }
  return cidrs;
}

function widthOf(family: number): 32 | 128 {
  return family === 4 ? 32 : 128;
}

function numberOf(address: string, family: number): bigint {
  if (family === 4)
    return BigInt(
      `0x${address
        .split('.')
        .map((part) => Number(part).toString(16).padStart(2, '0'))
        .join('')}`,
    );
  const [head = '', tail] = withoutDots(address.replace(/%.*$/, '')).split('::');
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return BigInt(`0x${[...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join('')}`);
}

/** `::ffff:10.0.0.1` → `::ffff:a00:1` */
function withoutDots(address: string): string {
  return address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
}

function groups(text: string): string[] {
  return text === '' ? [] : text.split(':');
}

function addressOf(value: bigint, family: number): string {
  const hex = value.toString(16).padStart(family === 4 ? 8 : 32, '0');
  if (family === 4) return (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)).join('.');
  return (hex.match(/..../g) ?? []).map((group) => group.replace(/^0{1,3}/, '')).join(':');
}
