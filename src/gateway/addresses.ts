import { BlockList, isIP } from 'node:net';
import type { AddressChoice } from '../config/config.types.ts';
import type { IngressEntry } from './models/service.ts';

/** The Gateway API allows so many entries in `Gateway.status.addresses`; more would make Cilium's status write fail. */
export const MAX_ADDRESSES = 16;

/** Ranges that no public load balancer address lies in. */
const PRIVATE_RANGES = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['127.0.0.0', 8],
] as const) {
  PRIVATE_RANGES.addSubnet(network, prefix, 'ipv4');
}
PRIVATE_RANGES.addSubnet('fc00::', 7, 'ipv6');
PRIVATE_RANGES.addSubnet('fe80::', 10, 'ipv6');
PRIVATE_RANGES.addSubnet('::1', 128, 'ipv6');

/** Whether an IP is private to the VPC (RFC 1918, carrier-grade NAT, link-local, unique local). */
export function isPrivate(ip: string): boolean {
  const family = isIP(ip);
  return family !== 0 && PRIVATE_RANGES.check(ip, family === 4 ? 'ipv4' : 'ipv6');
}

/** Addresses to publish, and what was left out. */
export interface Selection {
  readonly entries: readonly IngressEntry[];
  /** How many there were before the cut to 16. */
  readonly total: number;
}

/**
 * Chooses among what a source gives: EIP and VIP by `choice`, in the source's order, each once, at most 16 values (an
 * entry with IP and hostname becomes two in the Gateway's status). What is no IP is left out. A hostname counts as public and as private: it cannot be told.
 */
export function selectAddresses(source: readonly IngressEntry[], choice: AddressChoice): Selection {
  const chosen = new Map<string, IngressEntry>();
  for (const { ip, hostname } of source) {
    if ((ip === '' && hostname === '') || (ip !== '' && isIP(ip) === 0)) continue;
    if (ip !== '' && choice === 'public' && isPrivate(ip)) continue;
    if (ip !== '' && choice === 'private' && !isPrivate(ip)) continue;
    const key = `${ip} ${hostname}`;
    if (!chosen.has(key)) chosen.set(key, { ip, hostname, ipMode: '' });
  }
  let total = 0;
  const entries = [...chosen.values()].filter((entry) => {
    total += entry.ip !== '' && entry.hostname !== '' ? 2 : 1;
    return total <= MAX_ADDRESSES;
  });
  return { entries, total };
}

/** Addresses given as text (configuration, annotation) as entries: an IP, else a hostname. */
export function entriesOf(addresses: readonly string[]): IngressEntry[] {
  return addresses.map((address) =>
    isIP(address) === 0 ? { ip: '', hostname: address, ipMode: '' } : { ip: address, hostname: '', ipMode: '' },
  );
}

/** Whether two lists name the same addresses in the same order with the same mode. */
export function sameEntries(a: readonly IngressEntry[], b: readonly IngressEntry[], compareMode: boolean): boolean {
  return (
    a.length === b.length &&
    a.every((entry, index) => {
      const other = b[index];
      return (
        other !== undefined &&
        entry.ip === other.ip &&
        entry.hostname === other.hostname &&
        (!compareMode || entry.ip === '' || modeOf(entry) === modeOf(other))
      );
    })
  );
}

/** The API server's default is VIP. */
function modeOf(entry: IngressEntry): string {
  return entry.ipMode === '' ? 'VIP' : entry.ipMode;
}

/** `122.9.70.186, 192.168.0.133 (lb.example.com)`. */
export function describeEntries(entries: readonly IngressEntry[]): string {
  return entries
    .map(({ ip, hostname }) => (ip !== '' && hostname !== '' ? `${ip} (${hostname})` : ip || hostname))
    .join(', ');
}
