import { describe, expect, it } from 'vitest';
import type { CloudLoadBalancer } from '../../../src/providers/provider.types.ts';
import {
  clb,
  cvm,
  eip,
  eni,
  listener,
  nativeNode,
  rule,
  smallWorld,
  type TencentWorld,
  target,
} from '../../fake-clouds/tencent-world.ts';
import { failureOf, fakeTencent, never, readerOf } from './on-fake-tencent.ts';

/** The small world with something changed in it. */
function world(change: (world: TencentWorld) => void): TencentWorld {
  const changed = smallWorld();
  change(changed);
  return changed;
}

async function loadBalancer(change: Parameters<typeof clb>[1], listeners = [listener('lbl-1', 80)]) {
  const fake = await fakeTencent(
    world((all) => {
      all.loadBalancers = [clb('lb-1', change)];
      all.listeners = { 'lb-1': listeners };
    }),
  );
  return (await readerOf(fake).loadBalancer('lb-1', never)).value;
}

describe('a load balancer', () => {
  it('is told with its address, state, groups, and who is let through', async () => {
    const fake = await fakeTencent();
    const { value, from } = await readerOf(fake).loadBalancer('lb-public01', never);
    expect(value).toEqual({
      id: 'lb-public01',
      name: 'name of lb-public01',
      state: 'active',
      stateText: 'Status 1, Isolation 0, IsBlock false, AttributeFlags DeleteProtect',
      vpcId: 'vpc-main0001',
      kind: undefined,
      addresses: { publicIps: ['203.0.113.10'], privateIps: [], ipv6: [], hostname: '' },
      isPublic: true,
      admission: { probeSources: ['100.64.0.0/10'], clientTraffic: 'bypasses' },
      securityGroupIds: ['sg-clb00001'],
      frozenReason: '',
      changeProtected: undefined,
    } satisfies CloudLoadBalancer);
    expect(from.map(({ action }) => action)).toEqual(['clb:DescribeLoadBalancers', 'clb:DescribeListeners']);
    expect(from.every(({ requestId }) => requestId !== '')).toBe(true);
  });

  it('with a domain only has a host name and no address', async () => {
    const fake = await fakeTencent();
    const { value } = await readerOf(fake).loadBalancer('lb-domain01', never);
    expect(value.addresses).toEqual({
      publicIps: [],
      privateIps: [],
      ipv6: [],
      hostname: 'lb-domain01-abc.clb.gz-tencentclb.com',
    });
    expect(value.isPublic).toBe(true);
  });

  it('that is internal has a private address, and the EIP that is bound to it', async () => {
    const fake = await fakeTencent();
    const { value, from } = await readerOf(fake).loadBalancer('lb-inner001', never);
    expect(value.addresses).toMatchObject({ publicIps: ['203.0.113.30'], privateIps: ['10.0.1.200'] });
    expect(value.isPublic).toBe(true);
    expect(value.admission).toEqual({ probeSources: ['10.0.1.200/32'], clientTraffic: 'client' });
    expect(from.map(({ action }) => action)).toContain('vpc:DescribeAddresses');
  });

  it('that is internal and has no EIP is not public; without the right to ask, nobody can tell', async () => {
    const fake = await fakeTencent(world((all) => (all.addresses = [])));
    expect((await readerOf(fake).loadBalancer('lb-inner001', never)).value.isPublic).toBe(false);
    fake.denied.add('vpc:DescribeAddresses');
    const { value } = await readerOf(fake).loadBalancer('lb-inner001', never);
    expect(value).toMatchObject({ isPublic: undefined, addresses: { publicIps: [], privateIps: ['10.0.1.200'] } });
  });

  it.each([
    ['in its own field', { AddressIPv6: '2402:4e00::1', LoadBalancerVips: [] }],
    ['among the VIPs', { LoadBalancerVips: ['2402:4e00::1'] }],
    ['in both', { LoadBalancerVips: ['2402:4e00::1'], AddressIPv6: '2402:4e00::1' }],
  ])('keeps an IPv6 address apart, wherever it stands (%s)', async (_where, change) => {
    const { addresses } = await loadBalancer({ ...change, AddressIPVersion: 'ipv6' });
    expect(addresses).toEqual({ publicIps: [], privateIps: [], ipv6: ['2402:4e00::1'], hostname: '' });
  });

  it('that is classic keeps its address; the old domain beside it is no host name', async () => {
    const { addresses } = await loadBalancer({ Domain: 'old.example.com', Forward: 0 });
    expect(addresses).toMatchObject({ publicIps: ['203.0.113.10'], hostname: '' });
  });

  it.each([
    [
      'isolated',
      { Isolation: 1, IsolatedTime: '2026-11-01 10:00:00' },
      'frozen',
      /^isolated since 2026-11-01 10:00:00/,
    ],
    ['blocked', { IsBlock: true }, 'frozen', /^its address is blocked \(IsBlock\)/],
    ['banned', { AttributeFlags: ['BanStatus'] }, 'frozen', /^banned/],
    ['stopped', { AttributeFlags: ['Stop'] }, 'offline', /^$/],
    ['being made', { Status: 0 }, 'pending', /^$/],
    ['in a state that we do not know', { Status: 7 }, 'unknown', /^$/],
  ])('that is %s says so', async (_name, change, state, reason) => {
    const value = await loadBalancer(change);
    expect(value.state).toBe(state);
    expect(value.frozenReason).toMatch(reason);
  });

  it('tells every source of health checks, and none where one of them does not say', async () => {
    const check = (SourceIpType?: number, HealthSwitch = 1) => ({
      HealthCheck: { HealthSwitch, CheckType: 'TCP', ...(SourceIpType === undefined ? {} : { SourceIpType }) },
    });
    const both = [
      listener('lbl-1', 80, check(0)),
      listener('lbl-2', 81, check(1)),
      listener('lbl-3', 82, check(undefined, 0)),
    ];
    expect((await loadBalancer({}, both)).admission.probeSources).toEqual(['100.64.0.0/10', '203.0.113.10/32']);
    expect((await loadBalancer({}, [listener('lbl-1', 80, check())])).admission.probeSources).toBeUndefined();
    // Its address moves: nothing to allow by name.
    expect(
      (await loadBalancer({ LoadBalancerVips: [] }, [listener('lbl-1', 80, check(0))])).admission.probeSources,
    ).toBeUndefined();
  });

  it('takes the health checks of a layer-7 listener from its rules', async () => {
    const HealthCheck = { HealthSwitch: 1, CheckType: 'HTTP', SourceIpType: 1 };
    const http = listener('lbl-1', 80, {
      Protocol: 'HTTP',
      HealthCheck: { HealthSwitch: 0 },
      Rules: [{ LocationId: 'loc-1', HealthCheck }],
    });
    expect((await loadBalancer({}, [http])).admission.probeSources).toEqual(['100.64.0.0/10']);
  });

  it('does without the listeners where they may not be read', async () => {
    const fake = await fakeTencent();
    fake.denied.add('clb:DescribeListeners');
    const { value } = await readerOf(fake).loadBalancer('lb-public01', never);
    expect(value.admission).toEqual({ probeSources: undefined, clientTraffic: 'bypasses' });
  });

  it('without groups admits everyone; one that does not say leaves it open', async () => {
    expect((await loadBalancer({ SecureGroups: [] })).securityGroupIds).toEqual([]);
    const fake = await fakeTencent();
    const LoadBalancerSet = [{ LoadBalancerId: 'lb-1', SecureGroups: null }];
    const body = JSON.stringify({ Response: { LoadBalancerSet, RequestId: 'r' } });
    fake.fail('clb:DescribeLoadBalancers', { kind: 'http', status: 200, body });
    const { value } = await readerOf(fake).loadBalancer('lb-1', never);
    expect(value).toMatchObject({ securityGroupIds: undefined, state: 'unknown', isPublic: undefined });
  });

  it('that does not say whether it passes to its targets leaves it open', async () => {
    const fake = await fakeTencent(
      world((all) => {
        const odd = clb('lb-1');
        delete odd.LoadBalancerPassToTarget;
        all.loadBalancers = [odd];
      }),
    );
    expect((await readerOf(fake).loadBalancer('lb-1', never)).value.admission.clientTraffic).toBeUndefined();
  });

  it.each([
    ['an empty set', undefined],
    ['an error', { code: 'InvalidParameter.LBIdNotFound', message: 'LoadBalancer lb-gone not found' }],
  ])('that is gone is not found, whether the cloud says so by %s', async (_how, error) => {
    const fake = await fakeTencent();
    if (error !== undefined) fake.fail('clb:DescribeLoadBalancers', { kind: 'error', ...error });
    const failure = await failureOf(readerOf(fake).loadBalancer('lb-gone', never));
    expect(failure).toMatchObject({ category: 'not-found', action: 'clb:DescribeLoadBalancers' });
    expect(failure.message).toContain('lb-gone');
    expect(fake.counts()).toEqual({ 'clb:DescribeLoadBalancers': 1 });
  });
});

describe('listeners', () => {
  it('of layer 4 are told with port, range and health check', async () => {
    const fake = await fakeTencent(
      world((all) => {
        all.listeners['lb-public01'] = [
          listener('lbl-tcp', 80, { HealthCheck: { HealthSwitch: 1, CheckType: 'TCP', CheckPort: 8080 } }),
          listener('lbl-range', 1000, { Protocol: 'UDP', EndPort: 1099, HealthCheck: { HealthSwitch: 0 } }),
          listener('lbl-tls', 443, { Protocol: 'TCP_SSL' }),
        ];
      }),
    );
    const { value } = await readerOf(fake).listeners('lb-public01', never);
    const name = 'TKE-DEDICATED-LISTENER';
    const always = { name, enabled: true, hasBackendGroup: true };
    expect(value).toEqual([
      {
        id: 'lbl-tcp',
        protocol: 'tcp',
        port: 80,
        endPort: 80,
        ...always,
        healthCheck: { enabled: true, protocol: 'tcp', port: 8080 },
      },
      {
        id: 'lbl-range',
        protocol: 'udp',
        port: 1000,
        endPort: 1099,
        ...always,
        healthCheck: { enabled: false, protocol: undefined, port: undefined },
      },
      {
        id: 'lbl-tls',
        protocol: 'tls',
        port: 443,
        endPort: 443,
        ...always,
        healthCheck: { enabled: true, protocol: 'tcp', port: undefined },
      },
    ]);
  });

  it('of layer 7 have a health check when one of their rules has', async () => {
    const fake = await fakeTencent(
      world((all) => {
        all.listeners['lb-public01'] = [
          listener('lbl-http', 80, {
            Protocol: 'HTTP',
            HealthCheck: { HealthSwitch: 0 },
            Rules: [{ HealthCheck: { HealthSwitch: 0 } }, { HealthCheck: { HealthSwitch: 1, CheckType: 'HTTP' } }],
          }),
        ];
      }),
    );
    const [http] = (await readerOf(fake).listeners('lb-public01', never)).value;
    expect(http).toMatchObject({ protocol: 'http', healthCheck: { enabled: true, protocol: 'http' } });
  });
});

describe('targets', () => {
  it('are told with their health', async () => {
    const fake = await fakeTencent(
      world((all) => {
        const of = (ip: string, health: 'Alive' | 'Dead' | 'Unknown' | 'Close') =>
          target('lb-domain01', 'lbl-domain80', { ip, health });
        all.targets = [
          of('10.0.1.1', 'Alive'),
          of('10.0.1.2', 'Dead'),
          of('10.0.1.3', 'Unknown'),
          of('10.0.1.4', 'Close'),
        ];
      }),
    );
    const { value, from } = await readerOf(fake).targets('lb-domain01', never);
    const same = { listenerId: 'lbl-domain80', port: 31080, weight: 10, instanceId: 'ins-node0001' };
    expect(value).toEqual([
      { ...same, address: '10.0.1.1', health: 'healthy', reason: '' },
      { ...same, address: '10.0.1.2', health: 'unhealthy', reason: 'Dead' },
      { ...same, address: '10.0.1.3', health: 'unknown', reason: 'Unknown' },
      { ...same, address: '10.0.1.4', health: 'unchecked', reason: 'Close' },
    ]);
    expect(from.map(({ action }) => action)).toEqual(['clb:DescribeTargets', 'clb:DescribeTargetHealth']);
  });

  it('of layer-7 rules are told once for each rule, with the health of that rule', async () => {
    const fake = await fakeTencent(
      world((all) => {
        all.listeners['lb-public01'] = [
          listener('lbl-http', 80, { Protocol: 'HTTP', Rules: [{ LocationId: 'loc-1' }, { LocationId: 'loc-2' }] }),
        ];
        all.targets = [
          target('lb-public01', 'lbl-http', { locationId: 'loc-1', health: 'Alive' }),
          target('lb-public01', 'lbl-http', { locationId: 'loc-2', health: 'Dead' }),
        ];
      }),
    );
    const { value } = await readerOf(fake).targets('lb-public01', never);
    expect(value.map(({ health }) => health)).toEqual(['healthy', 'unhealthy']);
  });

  it('that only the health answer knows are there, too', async () => {
    const fake = await fakeTencent();
    fake.fail('clb:DescribeTargets', {
      kind: 'http',
      status: 200,
      body: JSON.stringify({ Response: { Listeners: [{ ListenerId: 'lbl-domain80', Targets: [] }], RequestId: 'r' } }),
    });
    const { value } = await readerOf(fake).targets('lb-domain01', never);
    expect(value).toEqual([
      {
        listenerId: 'lbl-domain80',
        address: '10.0.1.11',
        port: 31080,
        weight: 10,
        instanceId: 'ins-node0001',
        health: 'healthy',
        reason: '',
      },
    ]);
  });

  it('keep their addresses where health may not be read; the reason says which permission is missing', async () => {
    const fake = await fakeTencent();
    fake.denied.add('clb:DescribeTargetHealth');
    const [only] = (await readerOf(fake).targets('lb-domain01', never)).value;
    expect(only).toMatchObject({ address: '10.0.1.11', health: 'unknown' });
    expect(only?.reason).toContain('Allow clb:DescribeTargetHealth in the CAM policy');
  });

  it('of a listener without any are none', async () => {
    const fake = await fakeTencent(world((all) => (all.targets = [])));
    expect((await readerOf(fake).targets('lb-public01', never)).value).toEqual([]);
  });
});

describe('the network', () => {
  it('has NAT gateways that translate all that is routed to them', async () => {
    const fake = await fakeTencent();
    const { value } = await readerOf(fake).natGateways('vpc-main0001', never);
    expect(value).toEqual([
      {
        id: 'nat-main0001',
        name: 'way out',
        vpcId: 'vpc-main0001',
        state: 'running',
        stateText: 'State AVAILABLE, NetworkState AVAILABLE, RestrictState NORMAL',
        publicIps: [{ address: '203.0.113.50', blocked: false }],
        sources: 'routed',
      },
    ]);
    expect((await readerOf(fake).natGateways('vpc-other', never)).value).toEqual([]);
  });

  it.each([
    [{ NetworkState: 'INSUFFICIENT' }, 'frozen'],
    [{ RestrictState: 'RESTRICTED' }, 'frozen'],
    [{ NetworkState: 'UNAVAILABLE' }, 'stopped'],
    [{ State: 'DELETING' }, 'stopped'],
    [{ State: 'PENDING' }, 'pending'],
    [{ State: 'PENDFAILURE' }, 'failed'],
    [{ State: 'NEW_WORD' }, 'unknown'],
  ])('tells a NAT gateway that does not run (%j)', async (change, state) => {
    const fake = await fakeTencent(world((all) => Object.assign(all.natGateways[0] ?? {}, change)));
    expect((await readerOf(fake).natGateways('vpc-main0001', never)).value[0]?.state).toBe(state);
  });

  it('has NAT gateways that let through only what their rules name', async () => {
    const rules = [
      {
        ResourceId: 'subnet-pods001',
        ResourceType: 'SUBNET',
        PrivateIpAddress: '10.0.64.0/18',
        PublicIpAddresses: ['203.0.113.50'],
        Description: '',
        NatGatewaySnatId: 'snat-1',
      },
      {
        ResourceId: 'eni-1',
        ResourceType: 'NETWORKINTERFACE',
        PrivateIpAddress: '10.0.1.11',
        PublicIpAddresses: [],
        Description: '',
        NatGatewaySnatId: 'snat-2',
      },
    ];
    const fake = await fakeTencent(
      world((all) =>
        Object.assign(all.natGateways[0] ?? {}, { StrictSnatMode: true, SourceIpTranslationNatRuleSet: rules }),
      ),
    );
    expect((await readerOf(fake).natGateways('vpc-main0001', never)).value[0]?.sources).toEqual([
      {
        id: 'snat-1',
        state: 'active',
        stateText: 'ResourceType SUBNET',
        subnetId: 'subnet-pods001',
        cidr: '',
        publicIps: ['203.0.113.50'],
      },
      {
        id: 'snat-2',
        state: 'active',
        stateText: 'ResourceType NETWORKINTERFACE',
        subnetId: '',
        cidr: '10.0.1.11/32',
        publicIps: [],
      },
    ]);
  });

  it('does not take rules that the answer left out for no rules', async () => {
    const fake = await fakeTencent();
    const gateway = {
      NatGatewayId: 'nat-1',
      State: 'AVAILABLE',
      StrictSnatMode: true,
      SourceIpTranslationNatRuleSet: null,
    };
    const body = { TotalCount: 1, VerboseLevel: 'COMPACT', NatGatewaySet: [gateway], RequestId: 'r-1' };
    fake.fail('vpc:DescribeNatGateways', { kind: 'http', status: 200, body: JSON.stringify({ Response: body }) });
    const failure = await failureOf(readerOf(fake).natGateways('vpc-main0001', never));
    expect(failure).toMatchObject({ category: 'garbage', requestId: 'r-1' });
    expect(failure.message).toContain('SNAT rules of nat-1');
  });

  it('has route tables', async () => {
    const fake = await fakeTencent(
      world((all) => {
        const hops = [
          'NAT',
          'EIP',
          'CVM',
          'NORMAL_CVM',
          'HAVIP',
          'PEERCONNECTION',
          'VPN',
          'USER_CCN',
          'LOCAL',
          'INTRANAT',
        ];
        const routes = hops.map((GatewayType, index) => ({
          DestinationCidrBlock: `10.${index}.0.0/16`,
          GatewayType,
          GatewayId: GatewayType === 'EIP' ? '0' : `gw-${index}`,
          Enabled: index !== 2,
        }));
        const ipv6 = {
          DestinationCidrBlock: '',
          DestinationIpv6CidrBlock: '::/0',
          GatewayType: 'CCN',
          GatewayId: 'ccn-1',
        };
        Object.assign(all.routeTables[1] ?? {}, { RouteSet: [...routes, ipv6] });
      }),
    );
    const { value } = await readerOf(fake).routeTables('vpc-main0001', never);
    expect(value.map(({ id, main, subnetIds }) => ({ id, main, subnetIds }))).toEqual([
      { id: 'rtb-main0001', main: true, subnetIds: ['subnet-node001'] },
      { id: 'rtb-pods0001', main: false, subnetIds: ['subnet-pods001'] },
    ]);
    expect(
      value[1]?.routes.map(({ destination, via, target: hop, enabled }) => `${destination} ${via} ${hop} ${enabled}`),
    ).toEqual([
      '10.0.0.0/16 nat gw-0 true',
      '10.1.0.0/16 public-ip  true',
      '10.2.0.0/16 instance gw-2 false',
      '10.3.0.0/16 instance gw-3 true',
      '10.4.0.0/16 interface gw-4 true',
      '10.5.0.0/16 peering gw-5 true',
      '10.6.0.0/16 vpn gw-6 true',
      '10.7.0.0/16 cloud-network gw-7 true',
      '10.8.0.0/16 local gw-8 true',
      '10.9.0.0/16 other gw-9 true',
      '::/0 cloud-network ccn-1 true',
    ]);
  });

  it('has subnets, read page by page', async () => {
    const fake = await fakeTencent(
      world((all) => {
        all.subnets = Array.from({ length: 250 }, (_, index) => ({
          VpcId: 'vpc-main0001',
          SubnetId: `subnet-${index}`,
          CidrBlock: `10.0.${index}.0/24`,
        }));
      }),
    );
    const { value, from } = await readerOf(fake).subnets('vpc-main0001', never);
    expect(value.map(({ id }) => id)).toEqual(Array.from({ length: 250 }, (_, index) => `subnet-${index}`));
    expect(value[0]).toEqual({
      id: 'subnet-0',
      name: '',
      vpcId: 'vpc-main0001',
      cidr: '10.0.0.0/24',
      routeTableId: undefined,
    });
    expect(from).toHaveLength(3);
    expect(fake.requests.map(({ parameters }) => [parameters.Offset, parameters.Limit])).toEqual([
      ['0', '100'],
      ['100', '100'],
      ['200', '100'],
    ]);
  });

  it('has a VPC with every kind of range', async () => {
    const fake = await fakeTencent(
      world((all) => Object.assign(all.vpcs[0] ?? {}, { Ipv6CidrBlock: '2402:4e00:1::/56' })),
    );
    const reader = readerOf(fake);
    expect((await reader.vpc('vpc-main0001', never)).value).toEqual({
      id: 'vpc-main0001',
      name: 'main',
      cidrs: [
        { cidr: '10.0.0.0/16', kind: 'main' },
        { cidr: '2402:4e00:1::/56', kind: 'main' },
        { cidr: '10.1.0.0/16', kind: 'secondary' },
        { cidr: '172.16.0.0/16', kind: 'container' },
      ],
    });
    expect(await failureOf(reader.vpc('vpc-gone', never))).toMatchObject({ category: 'not-found' });
  });
});

describe('public addresses', () => {
  it('are EIPs, and those that go with a server', async () => {
    const fake = await fakeTencent();
    const wanted = ['203.0.113.22', '203.0.113.21', '203.0.113.99', '203.0.113.30', '203.0.113.50', '2402:4e00::1'];
    const { value } = await readerOf(fake).publicIps(wanted, never);
    expect(value.map(({ address, boundTo, plain }) => ({ address, boundTo, plain }))).toEqual([
      { address: '203.0.113.22', boundTo: { kind: 'instance', id: 'ins-node0002' }, plain: true },
      { address: '203.0.113.21', boundTo: { kind: 'instance', id: 'ins-node0001' }, plain: false },
      { address: '203.0.113.30', boundTo: { kind: 'load-balancer', id: 'lb-inner001' }, plain: false },
      { address: '203.0.113.50', boundTo: { kind: 'nat-gateway', id: 'nat-main0001' }, plain: false },
    ]);
    expect(value[1]).toMatchObject({
      state: 'bound',
      privateAddress: '10.0.1.11',
      bandwidthMbps: 5,
      id: 'eip-203011321',
    });
    expect(fake.requests.map(({ parameters }) => parameters.Filters)).toEqual([
      [{ Name: 'address-ip', Values: wanted.slice(0, 5) }],
      [
        { Name: 'address-ip', Values: ['203.0.113.22', '203.0.113.99'] },
        { Name: 'address-type', Values: ['WanIP'] },
      ],
    ]);
  });

  it.each([
    [{ IsBlocked: true }, 'blocked'],
    [{ IsArrears: true }, 'arrears'],
    [{ AddressStatus: 'UNBIND' }, 'unbound'],
    [{ AddressStatus: 'BIND_ENI', InstanceId: '', NetworkInterfaceId: 'eni-7' }, 'bound'],
    [{ AddressStatus: 'OFFLINING' }, 'pending'],
    [{ AddressStatus: 'SOMETHING' }, 'unknown'],
  ])('tell how they stand (%j)', async (change, state) => {
    const fake = await fakeTencent(world((all) => (all.addresses = [eip('203.0.113.1', change)])));
    const [only] = (await readerOf(fake).publicIps(['203.0.113.1'], never)).value;
    expect(only?.state).toBe(state);
    expect(only?.boundTo).toEqual('InstanceId' in change ? { kind: 'interface', id: 'eni-7' } : undefined);
  });

  it('are asked for a hundred at a time, and the plain ones only where something is missing', async () => {
    const addresses = Array.from({ length: 250 }, (_, index) => `198.51.${Math.floor(index / 200)}.${index % 200}`);
    const fake = await fakeTencent(world((all) => (all.addresses = addresses.map((address) => eip(address)))));
    const { value } = await readerOf(fake).publicIps(addresses, never);
    expect(value.map(({ address }) => address)).toEqual(addresses);
    expect(fake.counts()).toEqual({ 'vpc:DescribeAddresses': 3 });
  });

  it('that nobody asks for cost nothing', async () => {
    const fake = await fakeTencent();
    expect((await readerOf(fake).publicIps([], never)).value).toEqual([]);
    expect(fake.requests).toEqual([]);
  });
});

describe('a security group', () => {
  const group = 'sg-node0001';

  async function rulesOf(...ingress: ReturnType<typeof rule>[]) {
    const fake = await fakeTencent(world((all) => (all.securityGroups[group] = { ingress, egress: [] })));
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
    world((all) => {
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

describe('instances', () => {
  const node = (name: string, providerId: string, ip = name) => ({
    name,
    providerId,
    machineId: '',
    internalIps: [ip],
  });

  it('are found by the id in providerID; what is no server of this cloud is left out', async () => {
    const fake = await fakeTencent();
    const { value, from } = await readerOf(fake).instances(
      [
        node('10.0.1.11', 'qcloud:///800002/ins-node0001'),
        node('10.0.1.12', 'tencentcloud://ins-node0002'),
        node('eklet-subnet', 'eklet://abc'),
        node('external', ''),
      ],
      never,
    );
    expect(value).toEqual([
      {
        nodeName: '10.0.1.11',
        id: 'ins-node0001',
        running: true,
        vpcId: 'vpc-main0001',
        subnetId: 'subnet-node001',
        privateIps: ['10.0.1.11'],
        publicIps: ['203.0.113.21'],
        securityGroupIds: ['sg-node0001'],
      },
      expect.objectContaining({ nodeName: '10.0.1.12', id: 'ins-node0002' }),
    ]);
    expect(from).toHaveLength(1);
    expect(fake.counts()).toEqual({ 'cvm:DescribeInstances': 1 });
  });

  it('keep the order of their groups and say that they are stopped', async () => {
    const groups = ['sg-3', 'sg-1', 'sg-2'];
    const fake = await fakeTencent(
      world(
        (all) => (all.instances = [cvm('ins-1', '10.0.1.1', { InstanceState: 'STOPPED', SecurityGroupIds: groups })]),
      ),
    );
    const [only] = (await readerOf(fake).instances([node('a', 'qcloud:///1/ins-1')], never)).value;
    expect(only).toMatchObject({ running: false, securityGroupIds: groups });
  });

  it('of which the cloud does not tell the groups leave them open', async () => {
    const fake = await fakeTencent();
    const InstanceSet = [{ InstanceId: 'ins-1', SecurityGroupIds: null, InstanceState: null }];
    const body = JSON.stringify({ Response: { InstanceSet, RequestId: 'r' } });
    fake.fail('cvm:DescribeInstances', { kind: 'http', status: 200, body });
    const [only] = (await readerOf(fake).instances([node('a', 'qcloud:///1/ins-1')], never)).value;
    expect(only).toMatchObject({ id: 'ins-1', securityGroupIds: undefined, running: undefined });
  });

  it.each(['cls-demo0001', ''])('that are native nodes come from TKE, by address (cluster %j)', async (clusterId) => {
    const fake = await fakeTencent();
    const nodes = [node('10.0.1.13', 'tencentcloud://kn-abcdefgh'), node('10.0.1.11', 'qcloud:///1/ins-node0001')];
    const { value } = await readerOf(fake, { clusterId }).instances(nodes, never);
    expect(
      value.map(({ nodeName, id, subnetId, securityGroupIds }) => ({ nodeName, id, subnetId, securityGroupIds })),
    ).toEqual([
      { nodeName: '10.0.1.13', id: 'eks-nat00003', subnetId: 'subnet-node001', securityGroupIds: ['sg-node0001'] },
      { nodeName: '10.0.1.11', id: 'ins-node0001', subnetId: 'subnet-node001', securityGroupIds: ['sg-node0001'] },
    ]);
    expect(fake.counts()).toEqual({
      'cvm:DescribeInstances': 1,
      'tke:DescribeClusterInstances': 1,
      ...(clusterId === '' ? { 'tke:DescribeClusters': 1 } : {}),
    });
  });

  it('that are native nodes are found by their Machine, too, a hundred a page', async () => {
    const fake = await fakeTencent(
      world((all) => {
        all.clusterNodes['cls-demo0001'] = Array.from({ length: 130 }, (_, index) =>
          nativeNode(`np-pool-${String(index).padStart(5, '0')}`, `10.0.2.${index}`),
        );
      }),
    );
    const nodes = [node('renamed', 'tencentcloud://np-pool-00129', '192.0.2.1')];
    const { value } = await readerOf(fake, { clusterId: 'cls-demo0001' }).instances(nodes, never);
    expect(value).toMatchObject([{ nodeName: 'renamed', privateIps: ['10.0.2.129'] }]);
    expect(fake.counts()).toEqual({ 'tke:DescribeClusterInstances': 2 });
  });

  it.each([
    ['denied', 'UnauthorizedOperation'],
    ['not served', 'NoSuchVersion'],
    ['unknown cluster', 'ResourceNotFound'],
  ])('that TKE does not tell (%s) are found by their network interface', async (_why, code) => {
    const fake = await fakeTencent();
    fake.fail('tke:DescribeClusterInstances', { kind: 'error', code, message: 'no' });
    const nodes = [node('10.0.1.13', 'tencentcloud://kn-abcdefgh')];
    const { value, from } = await readerOf(fake, { clusterId: 'cls-demo0001' }).instances(nodes, never);
    expect(value).toEqual([
      {
        nodeName: '10.0.1.13',
        id: 'eks-nat00003',
        running: undefined,
        vpcId: 'vpc-main0001',
        subnetId: 'subnet-node001',
        privateIps: ['10.0.1.13'],
        publicIps: [],
        securityGroupIds: ['sg-node0001'],
      },
    ]);
    expect(from.map(({ action }) => action)).toEqual(['tke:DescribeClusterInstances', 'vpc:DescribeNetworkInterfaces']);
    expect(fake.requests.at(-1)?.parameters.Filters).toEqual([
      { Name: 'address-ip', Values: ['10.0.1.13'] },
      { Name: 'ip-exact-match', Values: ['true'] },
    ]);
  });

  it('whose address is in two VPCs are the one beside the other nodes, else none', async () => {
    const fake = await fakeTencent(
      world((all) =>
        all.networkInterfaces.push(eni('eni-far', 'ins-far', '10.0.1.13', { VpcId: 'vpc-far', GroupSet: ['sg-far'] })),
      ),
    );
    fake.denied.add('tke:DescribeClusterInstances');
    const native = node('10.0.1.13', 'tencentcloud://kn-abcdefgh');
    const reader = readerOf(fake, { clusterId: 'cls-demo0001' });
    expect((await reader.instances([native], never)).value).toEqual([]);
    const beside = await reader.instances([native, node('10.0.1.11', 'qcloud:///1/ins-node0001')], never);
    expect(beside.value.map(({ id }) => id)).toEqual(['eks-nat00003', 'ins-node0001']);
  });

  it('are missing where the server is gone, and cost the others nothing', async () => {
    const fake = await fakeTencent();
    const nodes = [
      node('a', 'qcloud:///1/ins-node0001'),
      node('b', 'qcloud:///1/ins-gone0001'),
      node('c', 'qcloud:///1/ins-BROKEN'),
      node('d', 'qcloud:///1/ins-node0002'),
    ];
    const { value } = await readerOf(fake).instances(nodes, never);
    expect(value.map(({ nodeName }) => nodeName)).toEqual(['a', 'd']);
    // All; each half; each of the half with the id that the cloud does not take.
    expect(fake.counts()).toEqual({ 'cvm:DescribeInstances': 5 });
  });
});

describe('the cluster', () => {
  it('is told with its network', async () => {
    const fake = await fakeTencent();
    const { value, from } = await readerOf(fake).cluster('cls-demo0001', never);
    expect(value).toEqual({
      id: 'cls-demo0001',
      name: 'demo',
      version: '1.34.1',
      networkMode: 'VPC-CNI',
      cloudCilium: false,
      vpcId: 'vpc-main0001',
      podCidrs: [],
      serviceCidrs: ['192.168.0.0/17'],
      podSubnetIds: ['subnet-pods001'],
      nodeSecurityGroupIds: [],
      kubeProxyMode: 'ipvs',
    });
    expect(from.map(({ action }) => action)).toEqual(['tke:DescribeClusters', 'tke:DescribeIPAMD']);
  });

  it.each([
    ['{"NetworkType":"GR"}', { DataPlaneV2: false }, 'GR', false],
    ['{"NetworkType":"CiliumOverlay"}', {}, 'CiliumOverlay', true],
    ['{"NetworkType":"VPC-CNI"}', { DataPlaneV2: true }, 'VPC-CNI', true],
    ['{"NetworkType":"VPC-CNI"}', { CiliumMode: 'clusterIP' }, 'VPC-CNI', true],
    ['not JSON', { DataPlaneV2: false }, '', undefined],
    ['"a text"', {}, '', undefined],
    ['{"NetworkType":7}', {}, '', undefined],
  ])('reads its network mode from Property %s', async (Property, more, networkMode, cloudCilium) => {
    const fake = await fakeTencent(
      world((all) =>
        Object.assign(all.clusters[0] ?? {}, { Property, ClusterNetworkSettings: { VpcId: 'vpc-1', ...more } }),
      ),
    );
    expect((await readerOf(fake).cluster('cls-demo0001', never)).value).toMatchObject({ networkMode, cloudCilium });
  });

  it.each(['UnauthorizedOperation', 'ResourceNotFound', 'FailedOperation.ComponentClientHttp'])(
    'has the Pod subnets of its settings where DescribeIPAMD says %s',
    async (code) => {
      const fake = await fakeTencent();
      fake.fail('tke:DescribeIPAMD', { kind: 'error', code, message: 'no' });
      expect((await readerOf(fake).cluster('cls-demo0001', never)).value.podSubnetIds).toEqual(['subnet-pods001']);
    },
  );

  it('that is gone is not found', async () => {
    const fake = await fakeTencent();
    const failure = await failureOf(readerOf(fake).cluster('cls-gone', never));
    expect(failure).toMatchObject({ category: 'not-found', action: 'tke:DescribeClusters' });
    expect(failure.message).toBe(
      'tke:DescribeClusters: there is no cluster cls-gone in ap-guangzhou of this account. Check the id and the region.',
    );
  });
});
