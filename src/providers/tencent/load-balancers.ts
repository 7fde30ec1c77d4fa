import { isIPv6 } from 'node:net';
import type { CloudLoadBalancer, LoadBalancerAddresses, LoadBalancerAdmission } from '../provider.types.ts';
import type { Listener, LoadBalancer } from './models/clb.ts';

/** Where health checks come from unless they come from the CLB's own address. */
const PROBE_RANGE = '100.64.0.0/10';

/**
 * A CLB in our own words.
 * @param eips public addresses bound to it, which only an internal one can have; undefined: cannot be told
 * @param listeners undefined: cannot be told, and why
 */
export function toLoadBalancer(
  clb: LoadBalancer,
  eips: readonly string[] | undefined,
  listeners: { readonly value: readonly Listener[] | undefined; readonly problem: string },
): CloudLoadBalancer {
  return {
    id: clb.LoadBalancerId,
    name: clb.LoadBalancerName,
    state: stateOf(clb),
    stateText: stateTextOf(clb),
    vpcId: clb.VpcId === '' ? undefined : clb.VpcId,
    kind: undefined,
    addresses: addressesOf(clb, eips ?? []),
    isPublic: isPublic(clb, eips),
    ownsAddresses: clb.LoadBalancerType === 'OPEN',
    admission: admissionOf(clb, listeners),
    securityGroupIds: clb.SecureGroups,
    frozenReason: frozenReasonOf(clb),
    // No field of the API tells of the protection against changes; DeleteProtect is another thing.
    changeProtected: undefined,
  };
}

function stateOf(clb: LoadBalancer): CloudLoadBalancer['state'] {
  if (frozenReasonOf(clb) !== '') return 'frozen';
  if (clb.AttributeFlags.includes('Stop')) return 'offline';
  if (clb.Status === 0) return 'pending';
  return clb.Status === 1 ? 'active' : 'unknown';
}

function stateTextOf(clb: LoadBalancer): string {
  const flags = clb.AttributeFlags.length === 0 ? '' : `, AttributeFlags ${clb.AttributeFlags.join(' ')}`;
  return `Status ${clb.Status ?? 'none'}, Isolation ${clb.Isolation ?? 'none'}, IsBlock ${clb.IsBlock ?? 'none'}${flags}`;
}

function frozenReasonOf(clb: LoadBalancer): string {
  const reasons = [
    clb.Isolation === 1
      ? `isolated${since(clb.IsolatedTime)} (Isolation 1: payment is overdue, or it was returned)`
      : '',
    clb.IsBlock === true ? `its address is blocked${since(clb.IsBlockTime)} (IsBlock)` : '',
    clb.AttributeFlags.includes('BanStatus') ? 'banned (AttributeFlags BanStatus)' : '',
  ];
  return reasons.filter((reason) => reason !== '').join('; ');
}

/** Times that were never set come as zeros. */
function since(time: string): string {
  return time === '' || time.startsWith('0000') ? '' : ` since ${time}`;
}

function addressesOf(clb: LoadBalancer, eips: readonly string[]): LoadBalancerAddresses {
  const ipv6 = [...new Set([...clb.LoadBalancerVips, clb.AddressIPv6].filter(isIPv6))];
  const ipv4 = clb.LoadBalancerVips.filter((vip) => !isIPv6(vip));
  const isOpen = clb.LoadBalancerType === 'OPEN';
  const isDomain = clb.AttributeFlags.includes('IsDomainCLB') || (isOpen && ipv4.length === 0 && ipv6.length === 0);
  return {
    publicIps: isOpen ? [...ipv4, ...eips] : eips,
    privateIps: isOpen ? [] : ipv4,
    ipv6,
    // `Domain` alone says little: classic public ones have it beside their address.
    hostname: clb.LoadBalancerDomain !== '' ? clb.LoadBalancerDomain : isDomain ? clb.Domain : '',
  };
}

function isPublic(clb: LoadBalancer, eips: readonly string[] | undefined): boolean | undefined {
  if (clb.LoadBalancerType === 'OPEN') return true;
  if (clb.LoadBalancerType !== 'INTERNAL' || eips === undefined) return undefined;
  return eips.length > 0;
}

function admissionOf(
  clb: LoadBalancer,
  { value: listeners, problem }: Parameters<typeof toLoadBalancer>[2],
): LoadBalancerAdmission {
  const passes = clb.LoadBalancerPassToTarget;
  return {
    probeSources: listeners === undefined ? undefined : probeSourcesOf(clb, listeners),
    clientTraffic: passes === undefined ? undefined : passes ? 'bypasses' : 'client',
    ...(problem === '' ? {} : { unknownBecause: problem }),
  };
}

/** Of all health checks that are on; undefined as soon as one of them does not say where it comes from. */
function probeSourcesOf(clb: LoadBalancer, listeners: readonly Listener[]): readonly string[] | undefined {
  const own = [...new Set([...clb.LoadBalancerVips, clb.AddressIPv6].filter((vip) => vip !== ''))].map(hostCidr);
  const sources = new Set<string>();
  for (const check of listeners.flatMap(checksOf)) {
    if (check.HealthSwitch === 0) continue;
    const from = check.SourceIpType === 1 ? [PROBE_RANGE] : check.SourceIpType === 0 ? own : [];
    if (from.length === 0) return undefined;
    for (const cidr of from) sources.add(cidr);
  }
  return [...sources].sort();
}

/** The health checks of a listener: its own at layer 4, those of its rules at layer 7. */
export function checksOf(listener: Listener) {
  const layer7 = /^HTTPS?$/i.test(listener.Protocol);
  const checks = layer7 ? listener.Rules.map(({ HealthCheck }) => HealthCheck) : [listener.HealthCheck];
  return checks.filter((check) => check !== null && check !== undefined);
}

/** A single address as a CIDR. */
function hostCidr(address: string): string {
  return `${address}/${isIPv6(address) ? 128 : 32}`;
}
