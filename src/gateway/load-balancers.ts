import type { CloudErrorCategory } from '../providers/errors.ts';
import type { CloudLoadBalancer, CloudName } from '../providers/provider.types.ts';
import type { IngressEntry, ServiceModel } from './models/service.ts';

/** Annotations that name the load balancer of a Service, and whose it is: Huawei's, and TKE's (asked for, and reported). */
const ID_ANNOTATIONS: readonly (readonly [key: string, cloud: CloudName])[] = [
  ['kubernetes.io/elb.id', 'huawei'],
  ['service.kubernetes.io/tke-existed-lbid', 'tencent'],
  ['service.kubernetes.io/loadbalance-id', 'tencent'],
];

export const LOAD_BALANCER_ID_ANNOTATIONS: readonly string[] = ID_ANNOTATIONS.map(([key]) => key);

/** A load balancer of a cloud. */
export interface LoadBalancerRef {
  readonly cloud: CloudName;
  readonly id: string;
}

/** The load balancer that serves this Service; undefined while the cloud has not said. */
export function loadBalancerOf({ meta }: Pick<ServiceModel, 'meta'>): LoadBalancerRef | undefined {
  for (const [key, cloud] of ID_ANNOTATIONS) {
    const id = meta.annotations[key];
    if (id !== undefined && id !== '') return { cloud, id };
  }
  return undefined;
}

/** What the cloud says of a load balancer's addresses, or why it says nothing. */
export type LoadBalancerSeen =
  | { readonly state: 'read'; readonly entries: readonly IngressEntry[]; readonly source: string }
  /** The cloud has no such load balancer. */
  | { readonly state: 'absent'; readonly why: string }
  /** The answer is not there yet. */
  | { readonly state: 'asking'; readonly why: string }
  /** The cloud was asked and could not be read. */
  | { readonly state: 'unread'; readonly why: string; readonly category?: CloudErrorCategory }
  /** No cloud is set up to be asked: it is no source. */
  | { readonly state: 'not-asked'; readonly why: string };

/** Answers by the id of the load balancer. */
export type LoadBalancersSeen = ReadonlyMap<string, LoadBalancerSeen>;

/** Where clients reach it, in the order of CCE's own status: host name or EIP, then VIP, then IPv6. */
export function entriesOfLoadBalancer({ state, addresses }: CloudLoadBalancer): IngressEntry[] {
  if (state === 'deleting') return [];
  const { publicIps, privateIps, ipv6, hostname } = addresses;
  const ips = [...(hostname === '' ? publicIps : []), ...privateIps, ...ipv6];
  return [
    // The addresses behind the name of a domain CLB move: the name stands for them (rule 1).
    ...(hostname === '' ? [] : [{ ip: '', hostname, ipMode: '' }]),
    ...ips.map((ip) => ({ ip, hostname: '', ipMode: '' })),
  ];
}
