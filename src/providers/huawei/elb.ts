import * as z from 'zod';
import type { CloudAnswer } from '../provider.types.ts';
import { type HuaweiClient, idIn } from './client.ts';
import { listByPageInfo, PageInfo } from './pages.ts';
import { OptionalText, promisedList } from './shapes.ts';

/**
 * What is asked of ELB (API v3), in the API's own words. This file, and no other, stands where the vendor's
 * `@huaweicloud/huaweicloud-sdk-elb` goes when it can be had from npm (today: E404).
 */

const LoadBalancer = z.object({
  id: z.string(),
  name: z.string().nullish(),
  vpc_id: z.string().nullish(),
  provisioning_status: z.string(),
  operating_status: z.string(),
  admin_state_up: z.boolean().nullish(),
  /** false: shared, true: dedicated. */
  guaranteed: z.boolean().nullish(),
  vip_address: z.string().nullish(),
  ipv6_vip_address: z.string().nullish(),
  eips: z.array(z.object({ eip_address: z.string().nullish(), ip_version: z.number().nullish() })).nullish(),
  publicips: z.array(z.object({ publicip_address: z.string().nullish(), ip_version: z.number().nullish() })).nullish(),
  global_eips: z
    .array(z.object({ global_eip_address: z.string().nullish(), ip_version: z.number().nullish() }))
    .nullish(),
  /** Backends may be plain IP addresses, in other VPCs too. */
  ip_target_enable: z.boolean().nullish(),
  elb_virsubnet_ids: z.array(z.string()).nullish(),
  frozen_scene: z.string().nullish(),
});

const LocalPort = z.object({
  ip_address: z.string().nullish(),
  ipv6_address: z.string().nullish(),
  /** `l4_hc`: probes of layer 4. `l4`: probes and traffic of layer 4. `l7`: both of layer 7. */
  type: z.string().nullish(),
});

const Listener = z.object({
  id: z.string(),
  name: z.string().nullish(),
  protocol: z.string(),
  protocol_port: z.int(),
  port_ranges: z.array(z.object({ start_port: z.int(), end_port: z.int() })).nullish(),
  admin_state_up: z.boolean().nullish(),
  default_pool_id: OptionalText,
  transparent_client_ip_enable: z.boolean().nullish(),
  /** TLS listeners may begin each connection with the PROXY protocol. */
  proxy_protocol_enable: z.boolean().nullish(),
});

const Reason = z.object({ reason_code: z.string().nullish() }).nullish();

const Member = z.object({
  id: z.string(),
  /** Missing where the members of one pool are asked, and perhaps where those of a load balancer are. */
  pool_id: OptionalText,
  address: z.string(),
  protocol_port: z.int(),
  weight: z.int().nullish(),
  operating_status: z.string().nullish(),
  instance_id: OptionalText,
  reason: Reason,
  status: z
    .array(z.object({ listener_id: OptionalText, operating_status: z.string().nullish(), reason: Reason }))
    .nullish(),
});

export type ElbLoadBalancer = z.infer<typeof LoadBalancer>;
export type ElbLocalPort = z.infer<typeof LocalPort>;
export type ElbListener = z.infer<typeof Listener>;
export type ElbMember = z.infer<typeof Member>;

/** The reads of ELB; every one may reject as `HuaweiClient.ask` does. */
export interface Elb {
  loadBalancer(id: string, signal: AbortSignal): Promise<CloudAnswer<ElbLoadBalancer>>;
  /** Where a dedicated load balancer talks to its backends from. */
  localPorts(loadBalancerId: string, signal: AbortSignal): Promise<CloudAnswer<readonly ElbLocalPort[]>>;
  listeners(loadBalancerId: string, signal: AbortSignal): Promise<CloudAnswer<readonly ElbListener[]>>;
  members(loadBalancerId: string, signal: AbortSignal): Promise<CloudAnswer<readonly ElbMember[]>>;
  membersOfPool(poolId: string, signal: AbortSignal): Promise<CloudAnswer<readonly ElbMember[]>>;
}

const BASE = '/v3/{project_id}/elb';
const MembersPage = z.object({ members: promisedList(Member), page_info: PageInfo });

export function createElb(client: HuaweiClient): Elb {
  return {
    async loadBalancer(id, signal) {
      const action = 'elb:loadbalancers:get';
      const path = `${BASE}/loadbalancers/${idIn(action, id)}`;
      const answer = z.object({ loadbalancer: LoadBalancer }).transform(({ loadbalancer }) => loadbalancer);
      return client.ask({ action, path, answer }, signal);
    },
    async localPorts(loadBalancerId, signal) {
      const action = 'elb:localPorts:list';
      const path = `${BASE}/loadbalancers/${idIn(action, loadBalancerId)}/local-ports`;
      const answer = z.object({ ports: promisedList(LocalPort) }).transform(({ ports }) => ports);
      return client.ask({ action, path, answer }, signal);
    },
    async listeners(loadBalancerId, signal) {
      const action = 'elb:listeners:list';
      const query = { loadbalancer_id: idIn(action, loadBalancerId) };
      const answer = z.object({ listeners: promisedList(Listener), page_info: PageInfo });
      const question = { action, path: `${BASE}/listeners`, query, answer } as const;
      return listByPageInfo(client, { ...question, items: (page) => page.listeners }, signal);
    },
    async members(loadBalancerId, signal) {
      const action = 'elb:members:list';
      const query = { loadbalancer_id: idIn(action, loadBalancerId) };
      const question = { action, path: `${BASE}/members`, query, answer: MembersPage } as const;
      return listByPageInfo(client, { ...question, items: (page) => page.members }, signal);
    },
    async membersOfPool(poolId, signal) {
      const action = 'elb:members:list';
      const path = `${BASE}/pools/${idIn(action, poolId)}/members`;
      const question = { action, path, answer: MembersPage } as const;
      const { value, from } = await listByPageInfo(client, { ...question, items: (page) => page.members }, signal);
      return { value: value.map((member) => ({ ...member, pool_id: poolId })), from };
    },
  };
}
