import { describe, expect, it } from 'vitest';
import { rule } from '../../fake-clouds/tencent-world.ts';
import { failureOf, fakeTencent, never, readerOf, worldWith } from './on-fake-tencent.ts';

describe('a security group', () => {
  const group = 'sg-node0001';

  async function rulesOf(...ingress: ReturnType<typeof rule>[]) {
    const fake = await fakeTencent(worldWith((all) => (all.securityGroups[group] = { ingress, egress: [] })));
    return (await readerOf(fake).securityGroup(group, never)).value.rules;
  }

  it('is evaluated by index, inbound and outbound', async () => {
    const fake = await fakeTencent();
    const { value } = await readerOf(fake).securityGroup(group, never);
    expect(value).toMatchObject({ id: group, evaluation: 'first-match' });
    expect(value.rules.map(({ id, allow, protocol, ports }) => ({ id, allow, protocol, ports }))).toEqual([
      { id: 'ingress rule 0', allow: true, protocol: 'all', ports: 'all' },
      { id: 'ingress rule 1', allow: true, protocol: 'tcp', ports: [{ from: 30000, to: 32768 }] },
      { id: 'ingress rule 2', allow: true, protocol: 'icmp', ports: 'all' },
      { id: 'egress rule 0', allow: true, protocol: 'all', ports: 'all' },
    ]);
  });

  it('has its rules in the order of their index, whatever the order of the answer', async () => {
    const rules = await rulesOf(rule(2, { Action: 'DROP' }), rule(0), rule(1, { Action: 'drop' }));
    expect(rules.map(({ id, allow }) => `${id} ${allow}`)).toEqual([
      'ingress rule 0 true',
      'ingress rule 1 false',
      'ingress rule 2 false',
    ]);
  });

  it.each([
    ['ALL', 'all'],
    ['all', 'all'],
    ['80', [{ from: 80, to: 80 }]],
    [
      '80,443,8000-9000',
      [
        { from: 80, to: 80 },
        { from: 443, to: 443 },
        { from: 8000, to: 9000 },
      ],
    ],
    ['some', 'unknown'],
    ['', 'unknown'],
  ])('has ports %j', async (Port, ports) => {
    expect((await rulesOf(rule(0, { Port })))[0]?.ports).toEqual(ports);
  });

  it('speaks of IPv6, of single addresses, and of other groups', async () => {
    const rules = await rulesOf(
      rule(0, { CidrBlock: '', Ipv6CidrBlock: '::/0', Protocol: 'ICMPv6', Port: '' }),
      rule(1, { CidrBlock: '192.0.2.7' }),
      rule(2, { CidrBlock: '', SecurityGroupId: 'sg-other' }),
    );
    expect(rules.map(({ family, protocol, peer }) => ({ family, protocol, peer }))).toEqual([
      { family: 'ipv6', protocol: 'icmpv6', peer: { kind: 'cidrs', cidrs: ['::/0'] } },
      { family: 'ipv4', protocol: 'tcp', peer: { kind: 'cidrs', cidrs: ['192.0.2.7/32'] } },
      { family: 'any', protocol: 'tcp', peer: { kind: 'group', groupId: 'sg-other' } },
    ]);
    expect(rules[0]?.ports).toBe('all');
  });

  const templates = [
    rule(0, { CidrBlock: '', AddressTemplate: { AddressId: 'ipm-1', AddressGroupId: '' } }),
    rule(1, { Protocol: '', Port: '', ServiceTemplate: { ServiceId: 'ppm-1', ServiceGroupId: '' } }),
  ];
  const withTemplates = () =>
    worldWith((all) => {
      all.securityGroups[group] = { ingress: templates, egress: [] };
      all.addressTemplates['ipm-1'] = ['192.0.2.0/24', '198.51.100.0/24'];
      all.serviceTemplates['ppm-1'] = ['tcp:80', 'udp:53'];
    });

  it('has its templates resolved', async () => {
    const fake = await fakeTencent(withTemplates());
    const { value } = await readerOf(fake).securityGroup(group, never);
    expect(value.rules.map(({ id, protocol, ports, peer }) => ({ id, protocol, ports, peer }))).toEqual([
      { id: 'ingress rule 0', protocol: 'tcp', ports: 'all', peer: { kind: 'cidrs', cidrs: ['192.0.2.0/24'] } },
      { id: 'ingress rule 0', protocol: 'tcp', ports: 'all', peer: { kind: 'cidrs', cidrs: ['198.51.100.0/24'] } },
      {
        id: 'ingress rule 1',
        protocol: 'tcp',
        ports: [{ from: 80, to: 80 }],
        peer: { kind: 'cidrs', cidrs: ['0.0.0.0/0'] },
      },
      {
        id: 'ingress rule 1',
        protocol: 'udp',
        ports: [{ from: 53, to: 53 }],
        peer: { kind: 'cidrs', cidrs: ['0.0.0.0/0'] },
      },
    ]);
  });

  it.each([
    [
      'denied',
      (fake: Awaited<ReturnType<typeof fakeTencent>>) => fake.denied.add('vpc:DescribeSecurityGroupExpandedPolicies'),
    ],
    [
      'not served',
      (fake: Awaited<ReturnType<typeof fakeTencent>>) =>
        fake.fail('vpc:DescribeSecurityGroupExpandedPolicies', {
          kind: 'error',
          code: 'InvalidAction',
          message: 'no such action',
        }),
    ],
  ])('is read as it is written where the resolved form is %s: templates are unknown', async (_why, refuse) => {
    const fake = await fakeTencent(withTemplates());
    refuse(fake);
    const { value, from } = await readerOf(fake).securityGroup(group, never);
    expect(value.rules.map(({ protocol, ports, peer }) => ({ protocol, ports, peer }))).toEqual([
      { protocol: 'tcp', ports: 'all', peer: { kind: 'unknown', name: 'ipm-1' } },
      { protocol: 'unknown', ports: 'unknown', peer: { kind: 'cidrs', cidrs: ['0.0.0.0/0'] } },
    ]);
    expect(from.map(({ action }) => action)).toEqual(['vpc:DescribeSecurityGroupPolicies']);
  });

  it('that is gone is not found', async () => {
    const fake = await fakeTencent();
    expect(await failureOf(readerOf(fake).securityGroup('sg-gone', never))).toMatchObject({
      category: 'not-found',
      code: 'ResourceNotFound',
    });
  });
});
