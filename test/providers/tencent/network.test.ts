import { describe, expect, it } from 'vitest';
import { eip } from '../../fake-clouds/tencent-world.ts';
import { failureOf, fakeTencent, never, readerOf, worldWith } from './on-fake-tencent.ts';

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
    const fake = await fakeTencent(worldWith((all) => Object.assign(all.natGateways[0] ?? {}, change)));
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
      worldWith((all) =>
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
      worldWith((all) => {
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
      worldWith((all) => {
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
      worldWith((all) => Object.assign(all.vpcs[0] ?? {}, { Ipv6CidrBlock: '2402:4e00:1::/56' })),
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
    const fake = await fakeTencent(worldWith((all) => (all.addresses = [eip('203.0.113.1', change)])));
    const [only] = (await readerOf(fake).publicIps(['203.0.113.1'], never)).value;
    expect(only?.state).toBe(state);
    expect(only?.boundTo).toEqual('InstanceId' in change ? { kind: 'interface', id: 'eni-7' } : undefined);
  });

  it('are asked for a hundred at a time, and the plain ones only where something is missing', async () => {
    const addresses = Array.from({ length: 250 }, (_, index) => `198.51.${Math.floor(index / 200)}.${index % 200}`);
    const fake = await fakeTencent(worldWith((all) => (all.addresses = addresses.map((address) => eip(address)))));
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
