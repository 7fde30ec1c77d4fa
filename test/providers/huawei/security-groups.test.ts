import { expect, test } from 'vitest';
import { groupId, idOf, NODE_GROUP_ID, smallWorld } from '../../fake-clouds/huawei-small-world.ts';
import type { HuaweiWorld, SecurityGroupRule } from '../../fake-clouds/huawei-world.ts';
import { failureOf, fakeHuawei, first, never, readerOf } from './on-fake-huawei.ts';

/** The small world whose node group has these rules; they start as "allow all TCP from everyone". */
function worldWith(...rules: readonly Partial<SecurityGroupRule>[]): HuaweiWorld {
  const world = smallWorld();
  const group = first(world.securityGroups);
  const template = { ...first(group.security_group_rules), multiport: null, remote_ip_prefix: null };
  group.security_group_rules = rules.map((rule, n) => ({ ...template, id: `r${n}`, ...rule }));
  return world;
}

async function rulesOf(world: HuaweiWorld) {
  return (await readerOf(await fakeHuawei(world)).securityGroup(NODE_GROUP_ID, never)).value.rules;
}

test('the group that CCE makes for nodes, in one call', async () => {
  const fake = await fakeHuawei();

  const { value } = await readerOf(fake).securityGroup(NODE_GROUP_ID, never);

  expect(value).toMatchObject({ id: NODE_GROUP_ID, evaluation: 'priority' });
  expect(value.rules[0]).toEqual({
    id: idOf(18, 1),
    direction: 'ingress',
    allow: true,
    priority: 1,
    family: 'ipv4',
    protocol: 'tcp',
    ports: [{ from: 30000, to: 32767 }],
    peer: { kind: 'cidrs', cidrs: ['0.0.0.0/0'] },
  });
  expect(value.rules[2]).toMatchObject({
    protocol: 'all',
    ports: 'all',
    peer: { kind: 'group', groupId: NODE_GROUP_ID },
  });
  expect(value.rules[3]).toMatchObject({ direction: 'egress' });
  expect(fake.counts()).toEqual({ 'vpc:securityGroupRules:list': 1 });
});

test('a group that is gone is not found, and not one without rules', async () => {
  const fake = await fakeHuawei();

  const error = await failureOf(readerOf(fake).securityGroup('0000dead-0000-4000-8000-000000000000', never));

  expect(error).toMatchObject({ category: 'not-found', code: 'VPC.0202' });
});

test('groups that are asked for together are one call; one without rules, which denies all, is there, one that is gone is not', async () => {
  const world = smallWorld({ securityGroups: 3 });
  const bare = first(world.securityGroups.slice(2));
  bare.security_group_rules = [];
  const fake = await fakeHuawei(world);
  const reader = readerOf(fake);

  const [one, two, empty, gone] = await Promise.allSettled(
    [groupId(0), groupId(1), bare.id, groupId(8)].map((id) => reader.securityGroup(id, never)),
  );

  expect([one, two, empty]).toMatchObject([
    { value: { value: { id: groupId(0), rules: { length: 4 } } } },
    { value: { value: { id: groupId(1), rules: { length: 4 } } } },
    { value: { value: { id: bare.id, rules: [] } } },
  ]);
  expect(gone).toMatchObject({ reason: { details: { category: 'not-found' } } });
  expect(fake.counts()).toEqual({ 'vpc:securityGroupRules:list': 1, 'vpc:securityGroups:get': 2 });
});

test('where a region does not serve the list of rules, groups are asked for one by one', async () => {
  const fake = await fakeHuawei(smallWorld({ securityGroups: 2 }));
  fake.fail('vpc:securityGroupRules:list', { kind: 'answer', status: 404, body: '{"error_code":"APIGW.0101"}' });
  const reader = readerOf(fake);

  const groups = await Promise.all([0, 1].map((n) => reader.securityGroup(groupId(n), never)));

  expect(groups.map(({ value }) => value.rules.length)).toEqual([4, 4]);
  expect(fake.counts()).toEqual({ 'vpc:securityGroupRules:list': 1, 'vpc:securityGroups:get': 2 });
});

test('rules in the order in which they are looked at: by priority, deny before allow', async () => {
  const rules = await rulesOf(
    worldWith(
      { id: 'late', priority: 100, action: 'deny' },
      { id: 'allow-5', priority: 5 },
      { id: 'deny-5', priority: 5, action: 'deny' },
      { id: 'off', priority: 1, enabled: false },
      { id: 'early', priority: 1 },
    ),
  );

  expect(rules.map(({ id, allow }) => [id, allow])).toEqual([
    ['early', true],
    ['deny-5', false],
    ['allow-5', true],
    ['late', false],
  ]);
});

test.each<[string | null, string | null, unknown]>([
  ['tcp', null, 'all'],
  ['tcp', '22', [{ from: 22, to: 22 }]],
  [
    'udp',
    '22,80,30000-32767',
    [
      { from: 22, to: 22 },
      { from: 80, to: 80 },
      { from: 30000, to: 32767 },
    ],
  ],
  ['tcp', 'ssh', 'unknown'],
  [null, null, 'all'],
  ['icmp', null, 'all'],
  ['icmp', '8-0', 'unknown'],
])('ports of %s %s', async (protocol, multiport, ports) => {
  expect(first(await rulesOf(worldWith({ protocol, multiport }))).ports).toEqual(ports);
});

test.each([
  ['TCP', 'tcp'],
  ['6', 'tcp'],
  ['17', 'udp'],
  ['58', 'icmpv6'],
  ['gre', 'gre'],
  [null, 'all'],
])('protocol %s is %s', async (protocol, word) => {
  expect(first(await rulesOf(worldWith({ protocol }))).protocol).toBe(word);
});

test.each<[Partial<SecurityGroupRule>, unknown]>([
  [{ remote_ip_prefix: '10.0.0.0/8' }, { kind: 'cidrs', cidrs: ['10.0.0.0/8'] }],
  [{ remote_ip_prefix: '10.0.0.7' }, { kind: 'cidrs', cidrs: ['10.0.0.7/32'] }],
  [{ remote_ip_prefix: 'everyone' }, { kind: 'unknown', name: 'everyone' }],
  [{ remote_group_id: 'g' }, { kind: 'group', groupId: 'g' }],
  [{}, { kind: 'cidrs', cidrs: ['0.0.0.0/0'] }],
  [{ ethertype: 'IPv6' }, { kind: 'cidrs', cidrs: ['::/0'] }],
  [{ ethertype: '' }, { kind: 'cidrs', cidrs: ['0.0.0.0/0', '::/0'] }],
])('whom a rule speaks of: %j', async (change, peer) => {
  expect(first(await rulesOf(worldWith(change))).peer).toEqual(peer);
});

test('address groups are resolved, each once, ranges too', async () => {
  const world = worldWith({ remote_address_group_id: 'ag' }, { remote_address_group_id: 'ag', priority: 2 });
  world.addressGroups = [
    { id: 'ag', name: 'office', ip_version: 4, ip_set: ['10.1.0.0/16', '10.0.0.4-10.0.0.9', '10.9.9.9'] },
  ];
  const fake = await fakeHuawei(world);

  const { value, from } = await readerOf(fake).securityGroup(NODE_GROUP_ID, never);

  const peer = { kind: 'cidrs', cidrs: ['10.1.0.0/16', '10.0.0.4/30', '10.0.0.8/31', '10.9.9.9/32'] };
  expect(value.rules.map((rule) => rule.peer)).toEqual([peer, peer]);
  expect(from.map(({ action }) => action)).toEqual(['vpc:securityGroupRules:list', 'vpc:addressGroups:get']);
});

test.each<[string, string[] | undefined]>([
  ['cannot be read', undefined],
  ['holds something that nobody understands', ['10.0.0.0/8', 'the office']],
])('an address group that %s leaves its rules unknown', async (_, ip_set) => {
  const world = worldWith({ remote_address_group_id: 'ag' });
  if (ip_set !== undefined) world.addressGroups = [{ id: 'ag', name: 'office', ip_version: 4, ip_set }];

  expect(first(await rulesOf(world)).peer).toEqual({ kind: 'unknown', name: 'address group ag' });
});

test('a region whose groups only allow has neither actions nor priorities', async () => {
  const world = worldWith({});
  const group = first(world.securityGroups);
  const { action: _, priority: __, enabled: ___, ...old } = first(group.security_group_rules);
  Object.assign(group, { security_group_rules: [old] });

  expect(first(await rulesOf(world))).toMatchObject({ allow: true, priority: 1 });
});
