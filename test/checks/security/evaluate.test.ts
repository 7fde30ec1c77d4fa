import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Judged, judgeIngress, type Packet, type Sender } from '../../../src/checks/security/evaluate.ts';
import { type AddressRange, covers, parseCidr, parseCidrs } from '../../../src/lib/cidr.ts';
import type { CloudRulePeer, CloudSecurityGroup, CloudSecurityRule } from '../../../src/providers/provider.types.ts';

function range(text: string): AddressRange {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

function rule(parts: Partial<CloudSecurityRule> = {}): CloudSecurityRule {
  return {
    id: 'rule',
    direction: 'ingress',
    allow: true,
    priority: 1,
    family: 'ipv4',
    protocol: 'tcp',
    ports: 'all',
    peer: { kind: 'cidrs', cidrs: ['0.0.0.0/0'] },
    ...parts,
  };
}

function group(
  rules: readonly CloudSecurityRule[],
  evaluation: CloudSecurityGroup['evaluation'] = 'priority',
  id = 'sg-1',
): CloudSecurityGroup {
  return { id, evaluation, rules };
}

const HTTP: Packet = { protocol: 'tcp', port: 80 };
const from = (cidr: string, groupIds: Sender['groupIds'] = []): Sender => ({ range: range(cidr), groupIds });
const verdicts = (judged: readonly Judged[]): string[] => judged.map(({ verdict }) => verdict);
const cidrs = (...list: string[]): CloudRulePeer => ({ kind: 'cidrs', cidrs: list });

describe('judgeIngress', () => {
  it('admits a /16 that two rules of a /17 each cover together, and not when one of them is missing', () => {
    const halves = [
      rule({ id: 'low', peer: cidrs('100.125.0.0/17') }),
      rule({ id: 'high', peer: cidrs('100.125.128.0/17') }),
    ];
    expect(verdicts(judgeIngress([group(halves)], from('100.125.0.0/16'), HTTP))).toEqual(['allow', 'allow']);
    expect(judgeIngress([group(halves.slice(0, 1))], from('100.125.0.0/16'), HTTP)).toEqual([
      {
        range: range('100.125.0.0/17'),
        verdict: 'allow',
        by: { groupId: 'sg-1', ruleId: 'low', index: 0 },
        why: '',
      },
      { range: range('100.125.128.0/17'), verdict: 'deny', by: undefined, why: '' },
    ]);
  });

  it('lets deny win over allow at the same priority, and the lower number over the higher', () => {
    const allow = rule({ id: 'allow', priority: 5 });
    const deny = rule({ id: 'deny', priority: 5, allow: false });
    expect(verdicts(judgeIngress([group([allow, deny])], from('10.0.0.0/8'), HTTP))).toEqual(['deny']);
    const first = { ...allow, priority: 4 };
    expect(verdicts(judgeIngress([group([deny, first])], from('10.0.0.0/8'), HTTP))).toEqual(['allow']);
  });

  it('takes the first match by index, whatever the priority says', () => {
    const rules = [rule({ id: '0', priority: 9 }), rule({ id: '1', priority: 1, allow: false })];
    expect(judgeIngress([group(rules, 'first-match')], from('10.0.0.0/8'), HTTP)[0]).toMatchObject({
      verdict: 'allow',
      by: { ruleId: '0', index: 0 },
    });
  });

  it('looks at the groups in the order in which they are bound, before any priority', () => {
    const denying = group([rule({ priority: 100, allow: false })], 'priority', 'sg-deny');
    const allowing = group([rule({ priority: 1 })], 'priority', 'sg-allow');
    expect(verdicts(judgeIngress([denying, allowing], from('10.0.0.0/8'), HTTP))).toEqual(['deny']);
    expect(verdicts(judgeIngress([allowing, denying], from('10.0.0.0/8'), HTTP))).toEqual(['allow']);
  });

  it('looks into the next group where the first has no matching rule', () => {
    const groups = [
      group([rule({ ports: [{ from: 22, to: 22 }] })], 'first-match', 'a'),
      group([rule()], 'first-match', 'b'),
    ];
    expect(judgeIngress(groups, from('10.0.0.1'), HTTP)[0]).toMatchObject({ verdict: 'allow', by: { groupId: 'b' } });
  });

  it('knows members of a group, its own included, and says unknown where membership is not known', () => {
    const own = group([rule({ peer: { kind: 'group', groupId: 'sg-1' } })]);
    expect(verdicts(judgeIngress([own], from('10.0.0.1', ['sg-1']), HTTP))).toEqual(['allow']);
    expect(verdicts(judgeIngress([own], from('10.0.0.1', ['sg-2']), HTTP))).toEqual(['deny']);
    expect(judgeIngress([own], { ...from('10.0.0.1'), groupIds: undefined }, HTTP)[0]).toMatchObject({
      verdict: 'unknown',
      why: 'who is in security group sg-1 is not known',
    });
  });

  it.each([
    ['an address template', rule({ peer: { kind: 'unknown', name: 'ipm-1' } }), HTTP, /ipm-1/],
    ['a service template', rule({ protocol: 'unknown', ports: 'unknown' }), HTTP, /protocol and ports/],
    ['ports behind a template', rule({ ports: 'unknown' }), HTTP, /ports/],
    [
      'ICMP types',
      rule({ protocol: 'icmp', ports: 'unknown' }),
      { protocol: 'icmp', port: undefined },
      /types of ICMP/,
    ],
  ] as const)('says unknown of %s', (_, undecided, packet, why) => {
    const [judged] = judgeIngress([group([undecided])], from('10.0.0.1'), packet);
    expect(judged?.verdict).toBe('unknown');
    expect(judged?.why).toMatch(why);
  });

  it('does not mind a template that changes nothing', () => {
    const template = rule({ id: 'template', priority: 1, peer: { kind: 'unknown', name: 'ipm-1' } });
    const allowed = judgeIngress([group([template, rule({ id: 'all', priority: 2 })])], from('10.0.0.1'), HTTP);
    expect(allowed).toMatchObject([{ verdict: 'allow', by: { ruleId: 'all' } }]);
    const before = judgeIngress(
      [group([rule({ id: 'all', priority: 1 }), { ...template, priority: 2, allow: false }])],
      from('10.0.0.1'),
      HTTP,
    );
    expect(before).toMatchObject([{ verdict: 'allow', by: { ruleId: 'all' } }]);
  });

  it('says unknown where the addresses of a rule are not understood, and only where it matters', () => {
    const odd = rule({ id: 'odd', peer: cidrs('10.0.0.0/99') });
    expect(judgeIngress([group([odd])], from('100.125.0.0/16'), HTTP)).toEqual([
      {
        range: range('100.125.0.0/16'),
        verdict: 'unknown',
        by: { groupId: 'sg-1', ruleId: 'odd', index: 0 },
        why: 'its addresses ("10.0.0.0/99") are not understood',
      },
    ]);
    const open = [odd, rule({ id: 'all', priority: 2 })];
    expect(verdicts(judgeIngress([group(open)], from('100.125.0.0/16'), HTTP))).toEqual(['allow']);
    const shut = [{ ...odd, allow: false }];
    expect(verdicts(judgeIngress([group(shut)], from('100.125.0.0/16'), HTTP))).toEqual(['deny']);
    expect(verdicts(judgeIngress([group([odd])], from('100.125.0.0/16'), { protocol: 'udp', port: 80 }))).toEqual([
      'deny',
    ]);
  });

  it('keeps protocols, families and directions apart', () => {
    const icmp: Packet = { protocol: 'icmp', port: undefined };
    expect(verdicts(judgeIngress([group([rule()])], from('10.0.0.1'), icmp))).toEqual(['deny']);
    expect(verdicts(judgeIngress([group([rule({ protocol: 'all' })])], from('10.0.0.1'), icmp))).toEqual(['allow']);
    expect(verdicts(judgeIngress([group([rule()])], from('fd00::1'), HTTP))).toEqual(['deny']);
    expect(verdicts(judgeIngress([group([rule({ direction: 'egress' })])], from('10.0.0.1'), HTTP))).toEqual(['deny']);
  });

  it('reads port lists and ranges', () => {
    const ports = [
      { from: 22, to: 22 },
      { from: 30_000, to: 32_767 },
    ];
    const judge = (port: number): string[] =>
      verdicts(judgeIngress([group([rule({ ports })])], from('10.0.0.1'), { protocol: 'tcp', port }));
    expect([22, 23, 29_999, 30_000, 32_767, 32_768].map((port) => judge(port)[0])).toEqual([
      'allow',
      'deny',
      'deny',
      'allow',
      'allow',
      'deny',
    ]);
  });
});

/*
 * The brute-force model: one address and one port at a time. A rule that cannot be decided is tried both ways, so that an
 * outcome is unknown exactly where the two ways differ.
 */
function model(groups: readonly CloudSecurityGroup[], address: bigint, sender: Sender, packet: Packet): Set<boolean> {
  const rules = groups.flatMap(({ evaluation, rules: all }) => {
    const inbound = all.filter(({ direction }) => direction === 'ingress');
    if (evaluation === 'first-match') return inbound;
    const priorities = [...new Set(inbound.map(({ priority }) => priority))].toSorted((a, b) => a - b);
    return priorities.flatMap((priority) => {
      const equals = inbound.filter((one) => one.priority === priority);
      return [...equals.filter(({ allow }) => !allow), ...equals.filter(({ allow }) => allow)];
    });
  });
  const outcomes = new Set<boolean>();
  for (const one of rules) {
    const matches = modelMatch(one, address, sender, packet);
    if (matches === 'no') continue;
    outcomes.add(one.allow);
    if (matches === 'yes') return outcomes;
  }
  return outcomes.add(false);
}

/** Arithmetic of the model's own, for the ranges of these tests: `10.0.0.8/29` is 8 addresses from 10.0.0.8 on. */
function isInside(address: bigint, text: string): boolean {
  const [last = 0, length = 0] = text.slice('10.0.0.'.length).split('/').map(Number);
  const size = 2 ** (32 - length);
  const first = 10 * 2 ** 24 + Math.floor(last / size) * size;
  return Number(address) >= first && Number(address) < first + size;
}

function modelMatch(one: CloudSecurityRule, address: bigint, sender: Sender, packet: Packet): 'yes' | 'no' | 'maybe' {
  const parts: ('yes' | 'no' | 'maybe')[] = [];
  if (one.family === 'ipv6') return 'no';
  if (one.protocol === 'unknown') parts.push('maybe');
  else parts.push(one.protocol === 'all' || one.protocol === packet.protocol ? 'yes' : 'no');
  if (one.protocol !== 'unknown' && one.ports !== 'all') {
    if (packet.port === undefined || one.ports === 'unknown') parts.push('maybe');
    else {
      const open = new Set<number>();
      for (const { from: first, to } of one.ports) for (let port = first; port <= to; port += 1) open.add(port);
      parts.push(open.has(packet.port) ? 'yes' : 'no');
    }
  }
  if (one.peer.kind === 'unknown') parts.push('maybe');
  else if (one.peer.kind === 'group') {
    if (sender.groupIds === undefined) parts.push('maybe');
    else parts.push(sender.groupIds.includes(one.peer.groupId) ? 'yes' : 'no');
  } else {
    const inside = one.peer.cidrs.some((text) => isInside(address, text));
    parts.push(inside ? 'yes' : 'no');
  }
  return parts.includes('no') ? 'no' : parts.includes('maybe') ? 'maybe' : 'yes';
}

describe('against looking at every address and port', () => {
  // The lowest 16 addresses of a network and 6 ports: small enough to try all, and to make rules meet.
  const cidr = fc
    .tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 28, max: 32 }))
    .map(([last, length]) => `10.0.0.${last}/${length}`);
  const ports = fc.oneof(
    { weight: 2, arbitrary: fc.constant<CloudSecurityRule['ports']>('all') },
    { weight: 1, arbitrary: fc.constant<CloudSecurityRule['ports']>('unknown') },
    {
      weight: 5,
      arbitrary: fc.array(
        fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 3 })).map(([first, more]) => ({
          from: first,
          to: first + more,
        })),
        { minLength: 1, maxLength: 3 },
      ),
    },
  );
  const peer = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.array(cidr, { minLength: 1, maxLength: 3 }).map((list): CloudRulePeer => cidrs(...list)),
    },
    { weight: 1, arbitrary: fc.constant<CloudRulePeer>({ kind: 'unknown', name: 'ipm-1' }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('sg-0', 'sg-9').map((groupId): CloudRulePeer => ({ kind: 'group', groupId })),
    },
  );
  const anyRule = fc.record({
    id: fc.constant('rule'),
    direction: fc.constantFrom('ingress', 'ingress', 'ingress', 'egress'),
    allow: fc.boolean(),
    priority: fc.integer({ min: 1, max: 3 }),
    family: fc.constantFrom('ipv4', 'any', 'ipv6'),
    protocol: fc.constantFrom('tcp', 'tcp', 'udp', 'icmp', 'all', 'unknown'),
    ports,
    peer,
  });
  const groups = fc.array(fc.tuple(fc.constantFrom('priority', 'first-match'), fc.array(anyRule, { maxLength: 6 })), {
    minLength: 1,
    maxLength: 3,
  });
  const packet = fc.oneof(
    fc.record({ protocol: fc.constantFrom('tcp', 'udp'), port: fc.integer({ min: 1, max: 6 }) }),
    fc.constant<Packet>({ protocol: 'icmp', port: undefined }),
  );
  const sender = fc
    .tuple(cidr, fc.constantFrom(undefined, [], ['sg-0'], ['sg-0', 'sg-9']))
    .map(([text, groupIds]): Sender => ({ range: range(text), groupIds }));

  it('comes to the same for every address', () => {
    fc.assert(
      fc.property(groups, sender, packet, (list, who, what) => {
        const bound = list.map(([evaluation, rules], index) => group(rules, evaluation, `sg-${index}`));
        const judged = judgeIngress(bound, who, what);
        for (let address = who.range.from; address <= who.range.to; address += 1n) {
          const outcomes = model(bound, address, who, what);
          const expected = outcomes.size > 1 ? 'unknown' : outcomes.has(true) ? 'allow' : 'deny';
          const pieces = judged.filter((one) => one.range.from <= address && address <= one.range.to);
          expect(pieces.map(({ verdict }) => verdict)).toEqual([expected]);
        }
        expect(judged.every(({ range: piece }) => covers([who.range], piece))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('names a rule that really has that effect', () => {
    fc.assert(
      fc.property(groups, sender, packet, (list, who, what) => {
        const bound = list.map(([evaluation, rules], index) => group(rules, evaluation, `sg-${index}`));
        for (const { range: piece, verdict, by } of judgeIngress(bound, who, what)) {
          if (by === undefined) {
            expect(verdict).toBe('deny');
            continue;
          }
          const owner = bound.find(({ id }) => id === by.groupId);
          const inbound = owner?.rules.filter(({ direction }) => direction === 'ingress') ?? [];
          expect(by.index).toBeLessThan(inbound.length);
          const effects = inbound
            .filter((one) => modelMatch(one, piece.from, who, what) !== 'no')
            .map(({ allow }) => allow);
          if (verdict === 'allow') expect(effects).toContain(true);
          if (verdict === 'deny') expect(effects).toContain(false);
          expect(parseCidrs(['10.0.0.0/28']).some((all) => covers([all], piece))).toBe(true);
        }
      }),
    );
  });
});
