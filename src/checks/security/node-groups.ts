import { type AddressRange, parseCidrs } from '../../lib/cidr.ts';
import { describeRange, joined } from '../../lib/cidr-sets.ts';
import type { Finding, Json } from '../../plan/plan.types.ts';
import type { CloudInstance, CloudSecurityGroup } from '../../providers/provider.types.ts';
import { unanswered } from '../asked.ts';
import { listOf } from '../facts/names.ts';
import type { DoctorWorld } from '../world.types.ts';
import { type Judged, judgeIngress, type Packet, type Sender } from './evaluate.ts';

/** Servers whose network interfaces have the same security groups, in the same order. */
export interface GuardedNodes {
  readonly servers: readonly CloudInstance[];
  readonly groups: readonly CloudSecurityGroup[];
}

/** The nodes' servers by their security groups, and what could not be told of the others. */
export interface NodeGroups {
  readonly guarded: readonly GuardedNodes[];
  /** Findings for what was not answered, each once. */
  readonly missing: readonly Finding[];
  /** Nodes whose groups the cloud does not tell. */
  readonly untold: readonly string[];
  /** Why, where something could not be read; empty: the cloud did not say. */
  readonly untoldBecause: string;
}

/** What to say of the nodes whose groups the cloud does not tell. */
export function untoldText({ untold, untoldBecause }: NodeGroups): string {
  const why = untoldBecause === '' ? '.' : `: ${untoldBecause}`;
  return `The cloud does not tell the security groups of ${listOf(untold)}${why}`;
}

/** Puts the nodes' servers together by their security groups. */
export function nodeGroupsOf({ cloud }: DoctorWorld, check: string): NodeGroups {
  if (cloud.instances.state !== 'answered') {
    return { guarded: [], missing: [unanswered(check, cloud.instances)], untold: [], untoldBecause: '' };
  }
  const byGroups = Map.groupBy(cloud.instances.value, ({ securityGroupIds }) => (securityGroupIds ?? []).join(' '));
  const guarded: GuardedNodes[] = [];
  const missing: Finding[] = [];
  const untold: string[] = [];
  for (const [key, servers] of byGroups) {
    if (key === '') {
      untold.push(...servers.map(({ nodeName }) => nodeName));
      continue;
    }
    const ids = key.split(' ');
    const read = groupsOf({ cloud }, ids, check);
    missing.push(...read.missing);
    if (read.missing.length === 0) guarded.push({ servers, groups: read.groups });
  }
  const untoldBecause = cloud.instances.value.find(
    ({ unknownBecause }) => unknownBecause !== undefined,
  )?.unknownBecause;
  return { guarded, missing: distinct(missing), untold, untoldBecause: untoldBecause ?? '' };
}

/** Two kinds of nodes may share a group that was not answered. */
function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((found) => [found.message, found])).values()];
}

/** Security groups by their ids, in that order, and what was not answered of them. */
export function groupsOf(
  { cloud }: Pick<DoctorWorld, 'cloud'>,
  ids: readonly string[],
  check: string,
): { readonly groups: readonly CloudSecurityGroup[]; readonly missing: readonly Finding[] } {
  const groups: CloudSecurityGroup[] = [];
  const missing: Finding[] = [];
  for (const id of ids) {
    const asked = cloud.securityGroups.get(id);
    const nothing = { state: 'not-asked', why: `nothing was asked about security group ${id}` } as const;
    if (asked?.state === 'answered') groups.push(asked.value);
    else missing.push(unanswered(check, asked ?? nothing));
  }
  return { groups, missing };
}

/** The addresses of other nodes, those with the same security groups as one sender. */
export function nodeSenders({ cloud }: DoctorWorld): Sender[] {
  if (cloud.instances.state !== 'answered') return [];
  const byGroups = new Map<string, { groupIds: readonly string[] | undefined; addresses: string[] }>();
  for (const { securityGroupIds, privateIps } of cloud.instances.value) {
    const key = securityGroupIds?.join(' ') ?? '?';
    const known = byGroups.get(key) ?? { groupIds: securityGroupIds, addresses: [] };
    known.addresses.push(...privateIps);
    byGroups.set(key, known);
  }
  return [...byGroups.values()].flatMap(({ groupIds, addresses }) =>
    joined(parseCidrs(addresses)).map((range) => ({ range, groupIds })),
  );
}

/** Senders from outside of the cluster: in none of its security groups. */
export function outsideSenders(cidrs: readonly string[]): Sender[] {
  return joined(parseCidrs(cidrs)).map((range) => ({ range, groupIds: [] }));
}

/** Everything that becomes of a packet from any of these senders. */
export function judgeAll(groups: readonly CloudSecurityGroup[], senders: readonly Sender[], packet: Packet): Judged[] {
  return senders.flatMap((sender) => judgeIngress(groups, sender, packet));
}

/** The addresses of those that have one verdict. */
export function rangesWith(judged: readonly Judged[], verdict: Judged['verdict']): AddressRange[] {
  return joined(judged.filter((one) => one.verdict === verdict).map(({ range }) => range));
}

/** The rule that decides, for evidence; where none matches, that nothing admits it. */
export function ruleEvidence({ groups }: GuardedNodes, judged: Judged | undefined): { readonly [key: string]: Json } {
  if (judged === undefined) return {};
  const { by, range, why } = judged;
  return {
    from: describeRange(range),
    securityGroups: groups.map(({ id }) => id),
    ...(by === undefined
      ? { rule: 'none matches, which denies' }
      : { securityGroup: by.groupId, rule: by.ruleId, ruleIndex: by.index }),
    ...(why === '' ? {} : { why }),
  };
}

/** `tcp port 30080`, `icmp`. */
export function packetText({ protocol, port }: Packet): string {
  return port === undefined ? protocol : `${protocol} port ${port}`;
}
