import type { CloudAnswer, CloudLoadBalancer, CloudSubnet, LoadBalancerAdmission } from '../provider.types.ts';
import { ifPossible, type Tried } from './answers.ts';
import type { Elb, ElbListener, ElbLoadBalancer, ElbLocalPort } from './elb.ts';

/** Shared load balancers talk to backends from here (ELB guide, "Security group rules of backend servers"). */
const SHARED_SOURCE = '100.125.0.0/16';

export type Subnets = (vpcId: string, signal: AbortSignal) => Promise<CloudAnswer<readonly CloudSubnet[]>>;

/** Undefined: ELB did not say. */
export function kindOf({ guaranteed }: ElbLoadBalancer): CloudLoadBalancer['kind'] {
  if (typeof guaranteed !== 'boolean') return undefined;
  return guaranteed ? 'dedicated' : 'shared';
}

/** Neither missing nor empty. */
export function isGiven(text: string | null | undefined): text is string {
  return text !== null && text !== undefined && text !== '';
}

/**
 * What nodes must admit for a load balancer: no further call when it is shared, 1 when it is dedicated, 2 where its ports cannot
 * be read.
 */
export async function readAdmission(
  elb: Elb,
  subnets: Subnets,
  { raw, listeners }: { readonly raw: ElbLoadBalancer; readonly listeners: Tried<readonly ElbListener[]> },
  signal: AbortSignal,
): Promise<CloudAnswer<LoadBalancerAdmission>> {
  const probes = await readProbeSources(elb, subnets, raw, listeners.value, signal);
  const problems = [listeners.problem, probes.problem].filter(isGiven);
  const admission: LoadBalancerAdmission = {
    probeSources: probes.value,
    clientTraffic: listeners.value === undefined ? undefined : clientTrafficOf(raw, listeners.value),
    ...(problems.length === 0 ? {} : { unknownBecause: problems.join(' ') }),
  };
  return { value: admission, from: probes.from };
}

/**
 * Where health checks come from. Shared: a range of Huawei's own. Dedicated: its ports, else (not served in this region, or not
 * permitted) the subnets that they are in.
 */
async function readProbeSources(
  elb: Elb,
  subnets: Subnets,
  raw: ElbLoadBalancer,
  listeners: readonly ElbListener[] | undefined,
  signal: AbortSignal,
): Promise<Tried<readonly string[]>> {
  const kind = kindOf(raw);
  if (kind === 'shared') return { value: [SHARED_SOURCE], from: [], problem: '' };
  if (kind === undefined) return { value: undefined, from: [], problem: 'ELB did not say whether it is dedicated.' };
  const ports = await ifPossible(elb.localPorts(raw.id, signal));
  const sources = portSources(ports.value ?? [], listeners);
  if (sources.length > 0) return { ...ports, value: sources };
  const inVpc = await ifPossible(subnets(raw.vpc_id ?? '', signal));
  const ids = raw.elb_virsubnet_ids ?? [];
  const cidrs = (inVpc.value ?? []).filter(({ id }) => ids.includes(id)).map(({ cidr }) => cidr);
  if (ids.length > 0 && cidrs.length === ids.length) return { value: cidrs, from: inVpc.from, problem: '' };
  const problem = [ports.problem, inVpc.problem].filter(isGiven).join(' ');
  return { value: undefined, from: inVpc.from, problem: problem || 'ELB named neither its ports nor its subnets.' };
}

/** `l7` ports talk to backends only for listeners of layer 7. */
function portSources(ports: readonly ElbLocalPort[], listeners: readonly ElbListener[] | undefined): string[] {
  const layer7 = listeners === undefined || listeners.some(isLayer7);
  const used = ports.filter(({ type }) => type !== 'l7' || layer7);
  const ipv4 = used.map(({ ip_address: ip }) => ip).filter(isGiven);
  const ipv6 = used.map(({ ipv6_address: ip }) => ip).filter(isGiven);
  return [...new Set([...ipv4.map((ip) => `${ip}/32`), ...ipv6.map((ip) => `${ip}/128`)])];
}

function isLayer7({ protocol }: ElbListener): boolean {
  return !['TCP', 'UDP', 'IP'].includes(protocol.toUpperCase());
}

/**
 * Whom the nodes' security groups see (ELB guide): layer 7 is always proxied; dedicated load balancers proxy layer 4 too
 * where backends may be plain addresses, shared ones where a listener does not pass the client's address on. Else layer 4
 * is not subject to security groups.
 */
function clientTrafficOf(
  raw: ElbLoadBalancer,
  listeners: readonly ElbListener[],
): LoadBalancerAdmission['clientTraffic'] {
  const kind = kindOf(raw);
  if (kind === undefined) return undefined;
  if (kind === 'dedicated' && raw.ip_target_enable === true) return 'load-balancer';
  if (listeners.some(isLayer7)) return 'load-balancer';
  if (kind === 'dedicated') return raw.ip_target_enable === false ? 'bypasses' : undefined;
  if (listeners.length === 0) return undefined;
  if (listeners.some((listener) => listener.transparent_client_ip_enable === false)) return 'load-balancer';
  return listeners.every((listener) => listener.transparent_client_ip_enable === true) ? 'bypasses' : undefined;
}
