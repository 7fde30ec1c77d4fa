import { BlockList } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cidrHolds, cidrsOfEntry } from '../../../src/providers/huawei/address-ranges.ts';

test.each<[string, string[] | undefined]>([
  ['10.0.0.5', ['10.0.0.5/32']],
  ['10.0.0.0/24', ['10.0.0.0/24']],
  ['10.0.0.3-10.0.0.9', ['10.0.0.3/32', '10.0.0.4/30', '10.0.0.8/31']],
  ['0.0.0.0-255.255.255.255', ['0.0.0.0/0']],
  ['10.0.0.5 - 10.0.0.5', ['10.0.0.5/32']],
  ['2001:db8::1', ['2001:db8::1/128']],
  ['::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', ['0:0:0:0:0:0:0:0/0']],
  ['::ffff:10.0.0.0-::ffff:10.0.0.255', ['0:0:0:0:0:ffff:a00:0/120']],
  ['10.0.0.9-10.0.0.3', undefined],
  ['10.0.0.0/33', undefined],
  ['10.0.0.0/', undefined],
  ['10.0.0.1-2001:db8::1', undefined],
  ['10.0.0.1-10.0.0.2-10.0.0.3', undefined],
  ['office', undefined],
  ['', undefined],
])('%s', (entry, cidrs) => {
  expect(cidrsOfEntry(entry)).toEqual(cidrs);
});

const ipv4 = fc.nat({ max: 2 ** 32 - 1 });
const text = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');

test('the CIDRs of a range hold its addresses and no others', () => {
  fc.assert(
    fc.property(ipv4, ipv4, ipv4, (a, b, probe) => {
      const [from, to] = a <= b ? [a, b] : [b, a];
      const list = new BlockList();
      for (const cidr of cidrsOfEntry(`${text(from)}-${text(to)}`) ?? []) {
        const [network = '', bits] = cidr.split('/');
        list.addSubnet(network, Number(bits));
      }
      for (const address of [probe, from, to, Math.max(0, from - 1), Math.min(2 ** 32 - 1, to + 1)]) {
        expect(list.check(text(address))).toBe(address >= from && address <= to);
      }
    }),
  );
});

test.each([
  ['192.168.0.0/20', '192.168.15.255', true],
  ['192.168.0.0/20', '192.168.16.0', false],
  ['fd00::/8', 'fd12::1', true],
  ['fd00::/8', '10.0.0.1', false],
  ['nonsense', '10.0.0.1', false],
  ['10.0.0.0/x', '10.0.0.1', false],
])('%s holds %s: %s', (cidr, address, holds) => {
  expect(cidrHolds(cidr, address)).toBe(holds);
});
