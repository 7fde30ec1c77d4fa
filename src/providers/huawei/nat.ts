import * as z from 'zod';
import type { CloudAnswer, CloudNatGateway, CloudSnatRule } from '../provider.types.ts';
import { joinAnswers, sources } from './answers.ts';
import { type HuaweiClient, idIn } from './client.ts';
import { listByLastId } from './pages.ts';
import { OptionalText, promisedList } from './shapes.ts';

const Gateway = z.object({
  id: z.string(),
  name: OptionalText,
  status: z.string(),
  /** false: frozen. */
  admin_state_up: z.boolean().nullish(),
  router_id: z.string(),
});

const Rule = z.object({
  id: z.string(),
  status: z.string(),
  admin_state_up: z.boolean().nullish(),
  network_id: OptionalText,
  cidr: OptionalText,
  /** 0: the VPC; 1: networks behind a Direct Connect. */
  source_type: z.coerce.number().nullish(),
  /** Several are separated by commas. */
  floating_ip_address: OptionalText,
  freezed_ip_address: OptionalText,
  global_eip_address: OptionalText,
});

type RawGateway = z.infer<typeof Gateway>;
type RawRule = z.infer<typeof Rule>;

/** NAT gateways (API v2) of a VPC with their SNAT rules: 1 call, and 1 a gateway. */
export async function readNatGateways(
  client: HuaweiClient,
  vpcId: string,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly CloudNatGateway[]>> {
  const action = 'nat:natGateways:list';
  const path = '/v2/{project_id}/nat_gateways';
  const answer = z.object({ nat_gateways: promisedList(Gateway) });
  const query = { router_id: idIn(action, vpcId) };
  const question = { action, path, query, answer } as const;
  const gateways = await listByLastId(client, { ...question, items: (page) => page.nat_gateways }, signal);
  const rules = await Promise.all(gateways.value.map(({ id }) => readRules(client, id, signal)));
  return {
    value: gateways.value.map((gateway, n) => gatewayOf(gateway, rules[n]?.value ?? [])),
    from: sources(gateways, joinAnswers(rules)),
  };
}

function readRules(
  client: HuaweiClient,
  gatewayId: string,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly RawRule[]>> {
  const action = 'nat:snatRules:list';
  const path = '/v2/{project_id}/snat_rules';
  const answer = z.object({ snat_rules: promisedList(Rule) });
  const question = { action, path, query: { nat_gateway_id: gatewayId }, answer } as const;
  return listByLastId(client, { ...question, items: (page) => page.snat_rules }, signal);
}

function gatewayOf(raw: RawGateway, all: readonly RawRule[]): CloudNatGateway {
  const rules = all.filter((rule) => (rule.source_type ?? 0) === 0);
  const blocked = new Set(rules.flatMap((rule) => addressesIn(rule.freezed_ip_address)));
  const publicIps = new Set([...rules.flatMap(addressesOf), ...blocked]);
  return {
    id: raw.id,
    name: raw.name,
    vpcId: raw.router_id,
    state: gatewayState(raw),
    stateText: `status ${raw.status}${raw.admin_state_up === false ? ', admin_state_up false' : ''}`,
    publicIps: [...publicIps].map((address) => ({ address, blocked: blocked.has(address) })),
    sources: rules.map(ruleOf),
  };
}

function gatewayState({ status, admin_state_up: up }: RawGateway): CloudNatGateway['state'] {
  if (up === false) return 'frozen';
  if (status.startsWith('PENDING_')) return 'pending';
  if (status === 'ACTIVE') return 'running';
  return status === 'INACTIVE' ? 'stopped' : status === 'ERROR' ? 'failed' : 'unknown';
}

function ruleOf(raw: RawRule): CloudSnatRule {
  return {
    id: raw.id,
    state: ruleState(raw),
    stateText: `status ${raw.status}${raw.admin_state_up === false ? ', admin_state_up false' : ''}`,
    subnetId: raw.network_id,
    cidr: raw.cidr,
    publicIps: addressesOf(raw),
  };
}

function ruleState({ status, admin_state_up: up }: RawRule): CloudSnatRule['state'] {
  if (status === 'EIP_FREEZED' || up === false) return 'frozen';
  if (status.startsWith('PENDING_')) return 'pending';
  return status === 'ACTIVE' ? 'active' : status === 'INACTIVE' || status === 'ERROR' ? 'failed' : 'unknown';
}

function addressesOf({ floating_ip_address: floating, global_eip_address: global }: RawRule): string[] {
  return [...addressesIn(floating), ...addressesIn(global)];
}

function addressesIn(text: string): string[] {
  return text.split(/[\s,]+/).filter((address) => address !== '');
}
