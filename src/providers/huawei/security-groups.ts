import * as z from 'zod';
import type { AskMany, Batcher } from '../batcher.ts';
import { CloudError } from '../errors.ts';
import type { CloudAnswer, CloudRulePeer, CloudSecurityGroup, CloudSecurityRule } from '../provider.types.ts';
import { cidrsOfEntry } from './address-ranges.ts';
import { ifPossible, mapAnswer, sources } from './answers.ts';
import { type HuaweiClient, idIn } from './client.ts';
import { listByPageInfo, PageInfo } from './pages.ts';
import { OptionalText, optionalList, promisedList } from './shapes.ts';

const Rule = z.object({
  id: z.string(),
  security_group_id: OptionalText,
  direction: z.enum(['ingress', 'egress']),
  /** Missing in regions whose groups only allow. */
  action: z.string().nullish(),
  priority: z.coerce.number().int().nullish(),
  /** Null: all. */
  protocol: z.union([z.string(), z.int()]).nullish(),
  ethertype: z.string().nullish(),
  /** `22,80,30000-32767`; null: all. */
  multiport: OptionalText,
  remote_ip_prefix: OptionalText,
  remote_group_id: OptionalText,
  remote_address_group_id: OptionalText,
  enabled: z.boolean().nullish(),
});

const Group = z.object({ security_group_rules: z.array(Rule) });

const AddressGroup = z.object({
  ip_set: optionalList(z.string()),
  ip_extra_set: optionalList(z.object({ ip: z.string() })),
});

type RawRule = z.infer<typeof Rule>;

/** The addresses of address groups by their id; undefined: one could not be resolved. */
type AddressGroups = ReadonlyMap<string, readonly string[] | undefined>;

/** So many ids fit into the query of one URL. */
export const GROUPS_A_QUERY = 40;

/** The rules of several groups (API v3): 1 call a thousand rules. A group without rules, and one that is gone, is missing. */
export function askRules(client: HuaweiClient): AskMany<readonly RawRule[]> {
  return async (ids, signal) => {
    const action = 'vpc:securityGroupRules:list';
    const answer = z.object({ security_group_rules: promisedList(Rule), page_info: PageInfo });
    const query = { security_group_id: ids.map((id) => idIn(action, id)) };
    const question = { action, path: '/v3/{project_id}/vpc/security-group-rules', query, answer } as const;
    const rules = await listByPageInfo(client, { ...question, items: (page) => page.security_group_rules }, signal);
    return mapAnswer(rules, (all) => Map.groupBy(all, (rule) => rule.security_group_id));
  };
}

/**
 * A security group with its rules in the order in which they are looked at: 1 call for 40 groups, and 1 for each address group
 * that the rules name. Where there are no rules, which would deny all, the group is asked for by itself: it may be gone.
 */
export async function readSecurityGroup(
  client: HuaweiClient,
  rulesOf: Batcher<readonly RawRule[]>,
  id: string,
  signal: AbortSignal,
): Promise<CloudAnswer<CloudSecurityGroup>> {
  const { value: all, from } = await readRules(client, rulesOf, id, signal);
  const rules = all.filter(({ enabled }) => enabled !== false);
  const named = new Set(rules.map((rule) => rule.remote_address_group_id).filter((groupId) => groupId !== ''));
  const read = await Promise.all(
    [...named].map(async (groupId) => ({ groupId, answer: await readAddresses(client, groupId, signal) })),
  );
  const addresses: AddressGroups = new Map(read.map(({ groupId, answer }) => [groupId, answer.value]));
  return {
    value: { id, evaluation: 'priority', rules: rules.map((rule) => ruleOf(rule, addresses)).sort(byTurn) },
    from: [...from, ...sources(...read.map(({ answer }) => answer))],
  };
}

async function readRules(
  client: HuaweiClient,
  rulesOf: Batcher<readonly RawRule[]>,
  id: string,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly RawRule[]>> {
  const action = 'vpc:securityGroups:get';
  const path = `/v3/{project_id}/vpc/security-groups/${idIn(action, id)}`;
  const listed = await rulesOf.get(id, signal).catch((error: unknown) => {
    // A region may not serve the list, or may refuse it for an id that is gone.
    if (error instanceof CloudError && ['unsupported', 'not-found'].includes(error.details.category)) return NOTHING;
    throw error;
  });
  if (listed.value !== undefined) return { value: listed.value, from: listed.from };
  const group = await client.ask({ action, path, answer: z.object({ security_group: Group }) }, signal);
  return { value: group.value.security_group.security_group_rules, from: sources(listed, group) };
}

const NOTHING: CloudAnswer<undefined> = { value: undefined, from: [] };

/** Lowest number first, deny before allow among equals (VPC guide, "Security group rules"). */
function byTurn(a: CloudSecurityRule, b: CloudSecurityRule): number {
  return a.priority - b.priority || Number(a.allow) - Number(b.allow);
}

async function readAddresses(
  client: HuaweiClient,
  id: string,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly string[] | undefined>> {
  const action = 'vpc:addressGroups:get';
  const path = `/v3/{project_id}/vpc/address-groups/${idIn(action, id)}`;
  const answer = await ifPossible(
    client.ask({ action, path, answer: z.object({ address_group: AddressGroup }) }, signal),
  );
  const { ip_set: plain = [], ip_extra_set: extra = [] } = answer.value?.address_group ?? {};
  const entries = [...new Set([...plain, ...extra.map(({ ip }) => ip)])].map(cidrsOfEntry);
  const known = entries.filter((cidrs) => cidrs !== undefined);
  const complete = answer.value !== undefined && known.length === entries.length;
  return { value: complete ? known.flat() : undefined, from: answer.from };
}

function ruleOf(raw: RawRule, addresses: AddressGroups): CloudSecurityRule {
  const protocol = protocolOf(raw.protocol);
  const family = familyOf(raw.ethertype);
  return {
    id: raw.id,
    direction: raw.direction,
    allow: raw.action?.toLowerCase() !== 'deny',
    priority: raw.priority ?? 1,
    family,
    protocol,
    ports: portsOf(raw.multiport, protocol),
    peer: peerOf(raw, family, addresses),
  };
}

const PROTOCOLS: Readonly<Record<string, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 47: 'gre', 58: 'icmpv6' };

function protocolOf(protocol: RawRule['protocol']): string {
  const text = String(protocol ?? '').toLowerCase();
  return text === '' || text === 'any' ? 'all' : (PROTOCOLS[text] ?? text);
}

function familyOf(ethertype: RawRule['ethertype']): CloudSecurityRule['family'] {
  switch (ethertype?.toLowerCase() ?? '') {
    case 'ipv4':
      return 'ipv4';
    case 'ipv6':
      return 'ipv6';
    default:
      return 'any';
  }
}

/** Of ICMP the field holds type and code, which are no ports. */
function portsOf(multiport: string, protocol: string): CloudSecurityRule['ports'] {
  if (multiport === '') return 'all';
  if (protocol !== 'tcp' && protocol !== 'udp') return 'unknown';
  const ranges = multiport.split(',').map((part) => {
    const match = /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part);
    return match === null ? undefined : { from: Number(match[1]), to: Number(match[2] ?? match[1]) };
  });
  const known = ranges.filter((range) => range !== undefined);
  return known.length === ranges.length ? known : 'unknown';
}

function peerOf(raw: RawRule, family: CloudSecurityRule['family'], addresses: AddressGroups): CloudRulePeer {
  const { remote_group_id: groupId, remote_address_group_id: addressGroup, remote_ip_prefix: prefix } = raw;
  if (addressGroup !== '') {
    const cidrs = addresses.get(addressGroup);
    return cidrs === undefined ? { kind: 'unknown', name: `address group ${addressGroup}` } : { kind: 'cidrs', cidrs };
  }
  if (groupId !== '') return { kind: 'group', groupId };
  if (prefix !== '') {
    const cidrs = cidrsOfEntry(prefix);
    return cidrs === undefined ? { kind: 'unknown', name: prefix } : { kind: 'cidrs', cidrs };
  }
  const everyone = { ipv4: ['0.0.0.0/0'], ipv6: ['::/0'], any: ['0.0.0.0/0', '::/0'] } as const;
  return { kind: 'cidrs', cidrs: everyone[family] };
}
