import { isIPv4 } from 'node:net';
import { covers, parseCidr, parseCidrs } from '../../lib/cidr.ts';

/** The network of the machine that doctor runs on. */
export interface TargetPorts {
  /** IPv4 addresses of a host; empty where it has none or does not resolve. */
  resolve(host: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Whether `https://<address>/` answers with a status below 400, whatever its certificate says. */
  answers(address: string, signal: AbortSignal): Promise<boolean>;
}

/** Public addresses that answer HTTPS without a name: for tests of policies by CIDR. */
export interface ExternalTargets {
  readonly ip: string;
  /** Another one. */
  readonly otherIp: string;
  /** Both are in it: policies of the tests except one of them from it. */
  readonly cidr: string;
}

/** Hosts that answer in the Chinese mainland, where Cilium's defaults (1.1.1.1, one.one.one.one, k8s.io) do not. */
export const MAINLAND_HOST = 'npmmirror.com';
export const OTHER_MAINLAND_HOST = 'mirrors.aliyun.com';

/** At most so many addresses are tried, all at once. */
const MOST_TRIED = 6;

/**
 * Looks for two public addresses that answer. Their hosts move, so they are resolved each time.
 * @returns undefined when there are not two, and tests by address would fail for that alone
 */
export async function findTargets(ports: TargetPorts, signal: AbortSignal): Promise<ExternalTargets | undefined> {
  const hosts = [MAINLAND_HOST, OTHER_MAINLAND_HOST];
  const found = await Promise.all(hosts.map((host) => ports.resolve(host, signal)));
  const addresses = [...new Set(found.flat())].filter((address) => isIPv4(address)).slice(0, MOST_TRIED);
  const answers = await Promise.all(addresses.map((address) => ports.answers(address, signal)));
  const [ip, ...others] = addresses.filter((_, index) => answers[index] === true);
  if (ip === undefined) return undefined;
  const pairs = others.flatMap((otherIp) => {
    const length = commonLength(ip, otherIp);
    return length === 0 ? [] : [{ ip, otherIp, length, cidr: networkOf(ip, length) }];
  });
  // The nearest one: the narrower the CIDR, the less else the policies of the tests speak of.
  const [best] = pairs.toSorted((a, b) => b.length - a.length);
  return best && { ip: best.ip, otherIp: best.otherIp, cidr: best.cidr };
}

/** Length of the longest prefix, at most 16, that two addresses have in common. */
function commonLength(a: string, b: string): number {
  const other = parseCidr(b);
  for (let length = 16; length > 0 && other !== undefined; length -= 1) {
    if (covers(parseCidrs([`${a}/${length}`]), other)) return length;
  }
  return 0;
}

function networkOf(address: string, length: number): string {
  const value = parseCidr(`${address}/${length}`)?.from ?? 0n;
  return `${[24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.')}/${length}`;
}
