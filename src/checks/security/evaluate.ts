import type { AddressRange } from '../../lib/cidr.ts';
import { parseCidr, parseCidrs } from '../../lib/cidr.ts';
import { intersect, subtract } from '../../lib/cidr-sets.ts';
import type { CloudSecurityGroup, CloudSecurityRule } from '../../providers/provider.types.ts';

/** What arrives at a server. */
export interface Packet {
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'icmpv6';
  /** Port at the server; undefined for ICMP, which has none. */
  readonly port: number | undefined;
}

/** Who sends it. */
export interface Sender {
  readonly range: AddressRange;
  /** Security groups that the senders are in; empty: none, as clients outside. Undefined: cannot be told. */
  readonly groupIds: readonly string[] | undefined;
}

/** The rule that decides, or that cannot be decided. */
export interface RuleRef {
  readonly groupId: string;
  readonly ruleId: string;
  /** Place among the group's inbound rules in the order in which they are looked at, from 0. */
  readonly index: number;
}

/** What becomes of a packet from these addresses. */
export interface Judged {
  readonly range: AddressRange;
  readonly verdict: 'allow' | 'deny' | 'unknown';
  /** Undefined: no rule matches, so it is denied. */
  readonly by: RuleRef | undefined;
  /** Why it cannot be told; empty otherwise. */
  readonly why: string;
}

/** A rule in its turn. */
interface Turn {
  readonly rule: CloudSecurityRule;
  readonly ref: RuleRef;
}

/** Addresses that no rule has decided so far, and what rules that may or may not match would do with them. */
interface Open {
  readonly range: AddressRange;
  readonly maybe: readonly { readonly allow: boolean; readonly ref: RuleRef; readonly why: string }[];
}

/**
 * What the security groups of one network interface do with a packet, for every address of the sender: the pieces are
 * disjoint and together are the sender's range. Groups in the order in which they are bound, then each group's rules in
 * their order (Huawei Cloud: lowest priority number first, deny before allow among equals; Tencent Cloud: by index), the
 * first match decides, and what no rule matches is denied. A rule that cannot be decided (a template, ICMP types, a group
 * whose members are not known) makes the outcome unknown only where it would change it.
 */
export function judgeIngress(groups: readonly CloudSecurityGroup[], sender: Sender, packet: Packet): readonly Judged[] {
  const judged: Judged[] = [];
  let open: readonly Open[] = [{ range: sender.range, maybe: [] }];
  for (const turn of turnsOf(groups)) {
    if (open.length === 0) break;
    const match = matchOf(turn.rule, sender, packet);
    if (match.ranges.length === 0) continue;
    const next: Open[] = [];
    for (const piece of open) {
      const hit = match.ranges.flatMap((range) => intersect(piece.range, range) ?? []);
      for (const range of disjoint(hit)) {
        if (match.why === '') judged.push(settle(range, piece.maybe, turn.rule.allow, turn.ref));
        else next.push({ range, maybe: [...piece.maybe, { allow: turn.rule.allow, ref: turn.ref, why: match.why }] });
      }
      next.push(...subtract(piece.range, hit).map((range) => ({ ...piece, range })));
    }
    open = next;
  }
  judged.push(...open.map(({ range, maybe }) => settle(range, maybe, false, undefined)));
  return judged.toSorted((a, b) => (a.range.from < b.range.from ? -1 : a.range.from > b.range.from ? 1 : 0));
}

function settle(range: AddressRange, maybe: Open['maybe'], allow: boolean, ref: RuleRef | undefined): Judged {
  const other = maybe.find((one) => one.allow !== allow);
  if (other !== undefined) return { range, verdict: 'unknown', by: other.ref, why: other.why };
  return { range, verdict: allow ? 'allow' : 'deny', by: ref, why: '' };
}

function turnsOf(groups: readonly CloudSecurityGroup[]): Turn[] {
  return groups.flatMap(({ id, evaluation, rules }) => {
    const inbound = rules.filter(({ direction }) => direction === 'ingress');
    const ordered = evaluation === 'priority' ? inbound.toSorted(byPriority) : inbound;
    return ordered.map((rule, index) => ({ rule, ref: { groupId: id, ruleId: rule.id, index } }));
  });
}

function byPriority(a: CloudSecurityRule, b: CloudSecurityRule): number {
  return a.priority - b.priority || Number(a.allow) - Number(b.allow);
}

/** The addresses that a rule speaks of, of this sender and packet; `why`: it cannot be told whether it really does. */
interface Match {
  readonly ranges: readonly AddressRange[];
  readonly why: string;
}

const NONE: Match = { ranges: [], why: '' };

function matchOf(rule: CloudSecurityRule, { range, groupIds }: Sender, packet: Packet): Match {
  if (rule.family !== 'any' && rule.family !== `ipv${range.family}`) return NONE;
  const service = serviceMatch(rule, packet);
  if (service === false) return NONE;
  const why = service === true ? '' : service;
  const { peer } = rule;
  switch (peer.kind) {
    case 'cidrs': {
      const odd = peer.cidrs.find((cidr) => parseCidr(cidr) === undefined);
      if (odd !== undefined)
        return { ranges: [range], why: `its addresses (${JSON.stringify(odd)}) are not understood` };
      return { ranges: parseCidrs(peer.cidrs), why };
    }
    case 'group':
      if (groupIds === undefined)
        return { ranges: [range], why: `who is in security group ${peer.groupId} is not known` };
      return groupIds.includes(peer.groupId) ? { ranges: [range], why } : NONE;
    case 'unknown':
      return { ranges: [range], why: `its addresses are behind ${peer.name || 'a template'}` };
  }
}

/** Whether a rule speaks of this protocol and port; a text: it cannot be told, and why. */
function serviceMatch({ protocol, ports }: CloudSecurityRule, packet: Packet): boolean | string {
  if (protocol === 'unknown') return 'its protocol and ports are behind a template';
  if (protocol !== 'all' && protocol !== packet.protocol) return false;
  if (ports === 'all') return true;
  const { port } = packet;
  if (port === undefined) return 'it speaks of some types of ICMP only';
  if (ports === 'unknown') return 'its ports are behind a template';
  return ports.some(({ from, to }) => from <= port && port <= to);
}

/** The same addresses, none twice. */
function disjoint(ranges: readonly AddressRange[]): AddressRange[] {
  const result: AddressRange[] = [];
  for (const range of ranges) result.push(...subtract(range, result));
  return result;
}
