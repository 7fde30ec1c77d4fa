import type {
  CloudAnswer,
  CloudLoadBalancer,
  CloudState,
  LoadBalancerAddresses,
  LoadBalancerAdmission,
} from '../provider.types.ts';
import { isGiven, kindOf, readAdmission, type Subnets } from './admission.ts';
import { ifPossible, sources } from './answers.ts';
import type { Elb, ElbLoadBalancer } from './elb.ts';

/** A load balancer with what nodes must admit for it: 2 calls, 3 when it is dedicated, 4 where its ports can't be read. */
export async function readLoadBalancer(
  elb: Elb,
  subnets: Subnets,
  id: string,
  signal: AbortSignal,
): Promise<CloudAnswer<CloudLoadBalancer>> {
  const [answer, listeners] = await Promise.all([elb.loadBalancer(id, signal), ifPossible(elb.listeners(id, signal))]);
  const admission = await readAdmission(elb, subnets, { raw: answer.value, listeners }, signal);
  return { value: loadBalancerOf(answer.value, admission.value), from: sources(answer, listeners, admission) };
}

function loadBalancerOf(raw: ElbLoadBalancer, admission: LoadBalancerAdmission): CloudLoadBalancer {
  const addresses = addressesOf(raw);
  return {
    ...stateOf(raw),
    id: raw.id,
    name: raw.name ?? '',
    vpcId: raw.vpc_id ?? undefined,
    kind: kindOf(raw),
    addresses,
    isPublic: addresses.publicIps.length > 0,
    admission,
    securityGroupIds: undefined,
    frozenReason: raw.frozen_scene ?? '',
    // ELB's modification protection is about the console: the API is never refused.
    changeProtected: false,
  };
}

type LoadBalancerState = Exclude<CloudLoadBalancer['state'], 'unknown'>;

function stateOf(raw: ElbLoadBalancer): CloudState<LoadBalancerState> {
  const { provisioning_status: provisioning, operating_status: operating, admin_state_up: up } = raw;
  const words = [`provisioning_status ${provisioning}`, `operating_status ${operating}`];
  if (up === false) words.push('admin_state_up false');
  return { state: stateWord(raw), stateText: words.join(', ') };
}

function stateWord(raw: ElbLoadBalancer): LoadBalancerState | 'unknown' {
  const { provisioning_status: provisioning, operating_status: operating } = raw;
  if (operating === 'FROZEN' || (raw.frozen_scene ?? '') !== '') return 'frozen';
  if (provisioning === 'PENDING_DELETE') return 'deleting';
  if (provisioning.startsWith('PENDING_')) return 'pending';
  if (provisioning === 'ERROR') return 'failed';
  if (raw.admin_state_up === false || operating === 'OFFLINE' || operating === 'DISABLED') return 'offline';
  // DEGRADED: it runs, some of its members don't.
  return provisioning === 'ACTIVE' && (operating === 'ONLINE' || operating === 'DEGRADED') ? 'active' : 'unknown';
}

function addressesOf(raw: ElbLoadBalancer): LoadBalancerAddresses {
  const bound = [
    ...(raw.eips ?? []).map(({ eip_address }) => eip_address),
    ...(raw.publicips ?? []).map(({ publicip_address }) => publicip_address),
    ...(raw.global_eips ?? []).map(({ global_eip_address }) => global_eip_address),
  ];
  const publicIps = [...new Set(bound.filter(isGiven))];
  return {
    publicIps: publicIps.filter((address) => !address.includes(':')),
    privateIps: [raw.vip_address].filter(isGiven),
    ipv6: [...publicIps.filter((address) => address.includes(':')), ...[raw.ipv6_vip_address].filter(isGiven)],
    hostname: '',
  };
}
