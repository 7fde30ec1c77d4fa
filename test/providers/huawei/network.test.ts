import { expect, test } from 'vitest';
import {
  eipOf,
  idOf,
  loadBalancerId,
  NAT_ID,
  SUBNET_ID,
  smallWorld,
  VPC_ID,
} from '../../fake-clouds/huawei-small-world.ts';
import type { HuaweiWorld } from '../../fake-clouds/huawei-world.ts';
import { failureOf, fakeHuawei, first, never, readerOf } from './on-fake-huawei.ts';

const DENIED = {
  kind: 'answer',
  status: 403,
  body: '{"code":"VPC.0010","message":"Rules on the policy do not allow it"}',
} as const;
const UNSERVED = {
  kind: 'answer',
  status: 404,
  body: '{"error_code":"APIGW.0101","error_msg":"not published"}',
} as const;

test('a NAT gateway with its SNAT rules and addresses', async () => {
  const fake = await fakeHuawei();

  const { value } = await readerOf(fake).natGateways(VPC_ID, never);

  expect(value).toEqual([
    {
      id: NAT_ID,
      name: 'nat',
      vpcId: VPC_ID,
      state: 'running',
      stateText: 'status ACTIVE',
      publicIps: [{ address: '121.36.1.1', blocked: false }],
      sources: [
        {
          id: idOf(11, 1),
          state: 'active',
          stateText: 'status ACTIVE',
          subnetId: SUBNET_ID,
          cidr: '',
          publicIps: ['121.36.1.1'],
        },
      ],
    },
  ]);
  expect(fake.counts()).toEqual({ 'nat:natGateways:list': 1, 'nat:snatRules:list': 1 });
});

test('SNAT rules: several addresses, frozen ones, and none for networks behind a Direct Connect', async () => {
  const world = smallWorld();
  const rule = first(world.snatRules);
  world.snatRules.push(
    { ...rule, id: 'dc', source_type: 1, network_id: null, cidr: '10.9.0.0/16', floating_ip_address: '1.1.1.1' },
    { ...rule, id: 'cidr', status: 'PENDING_UPDATE', network_id: null, cidr: '192.168.0.0/25' },
  );
  Object.assign(rule, {
    status: 'EIP_FREEZED',
    floating_ip_address: '121.36.1.1,121.36.1.2',
    freezed_ip_address: '121.36.1.2',
  });
  const fake = await fakeHuawei(world);

  const gateway = first((await readerOf(fake).natGateways(VPC_ID, never)).value);

  expect(gateway.publicIps).toEqual([
    { address: '121.36.1.1', blocked: false },
    { address: '121.36.1.2', blocked: true },
  ]);
  expect(gateway.sources).toMatchObject([
    { state: 'frozen', publicIps: ['121.36.1.1', '121.36.1.2'] },
    { id: 'cidr', state: 'pending', subnetId: '', cidr: '192.168.0.0/25' },
  ]);
});

test.each<[Partial<HuaweiWorld['natGateways'][number]>, string]>([
  [{ admin_state_up: false }, 'frozen'],
  [{ status: 'PENDING_CREATE' }, 'pending'],
  [{ status: 'INACTIVE' }, 'stopped'],
  [{ status: 'ERROR' }, 'failed'],
  [{ status: 'NEW_WORD' }, 'unknown'],
])('state of a NAT gateway: %j is %s', async (change, state) => {
  const world = smallWorld();
  Object.assign(first(world.natGateways), change);
  const fake = await fakeHuawei(world);

  expect(first((await readerOf(fake).natGateways(VPC_ID, never)).value).state).toBe(state);
});

test('a VPC without a NAT gateway: an empty list, one call', async () => {
  const world = smallWorld();
  world.natGateways = [];
  const fake = await fakeHuawei(world);

  expect((await readerOf(fake).natGateways(VPC_ID, never)).value).toEqual([]);
  expect(fake.counts()).toEqual({ 'nat:natGateways:list': 1 });
});

test('route tables with their routes, which only the single table tells', async () => {
  const world = smallWorld();
  const types = ['ecs', 'eni', 'subeni', 'vip', 'igw', 'peering', 'vpn', 'dc', 'cc', 'er', 'local', 'egw'];
  const routes = types.map((type, n) => ({ type, destination: `10.${n}.0.0/16`, nexthop: `hop-${n}` }));
  world.routeTables.push({ id: 'r2', name: 'own', default: false, vpc_id: VPC_ID, subnets: [], routes });
  const fake = await fakeHuawei(world);

  const { value, from } = await readerOf(fake).routeTables(VPC_ID, never);

  expect(value[0]).toEqual({
    id: idOf(12, 1),
    vpcId: VPC_ID,
    main: true,
    subnetIds: [SUBNET_ID, idOf(2, 2)],
    routes: [{ destination: '0.0.0.0/0', via: 'nat', target: NAT_ID, enabled: true }],
  });
  expect(value[1]?.main).toBe(false);
  expect(value[1]?.routes.map(({ via }) => via)).toEqual([
    'instance',
    'interface',
    'interface',
    'interface',
    'public-ip',
    'peering',
    'vpn',
    'cloud-network',
    'cloud-network',
    'cloud-network',
    'local',
    'other',
  ]);
  expect(from.map(({ action }) => action)).toEqual([
    'vpc:routeTables:list',
    'vpc:routeTables:get',
    'vpc:routeTables:get',
  ]);
});

test('2,300 subnets come in three pages, in order and each once', async () => {
  const world = smallWorld();
  const [template] = world.subnets;
  if (template === undefined) throw new Error('there is one');
  world.subnets = Array.from({ length: 2300 }, (_, n) => ({ ...template, id: idOf(2, n), name: `s-${n}` }));
  world.subnets.push({ ...template, id: 'other', vpc_id: 'another' });
  const fake = await fakeHuawei(world);

  const { value, from } = await readerOf(fake).subnets(VPC_ID, never);

  expect(value.map(({ name }) => name)).toEqual(world.subnets.slice(0, 2300).map(({ name }) => name));
  expect(from).toHaveLength(3);
  expect(fake.requests.map(({ query }) => query)).toEqual([
    `?vpc_id=${VPC_ID}&limit=1000`,
    `?vpc_id=${VPC_ID}&limit=1000&marker=${idOf(2, 999)}`,
    `?vpc_id=${VPC_ID}&limit=1000&marker=${idOf(2, 1999)}`,
  ]);
});

test('exactly a thousand subnets take a second, empty page', async () => {
  const world = smallWorld();
  world.subnets = Array.from({ length: 1000 }, (_, n) => ({ ...first(world.subnets), id: idOf(2, n) }));
  const fake = await fakeHuawei(world);

  const { value, from } = await readerOf(fake).subnets(VPC_ID, never);

  expect(value).toHaveLength(1000);
  expect(from).toHaveLength(2);
});

test('a VPC with its secondary ranges; without them where the region knows only the old API', async () => {
  const fake = await fakeHuawei();

  expect((await readerOf(fake).vpc(VPC_ID, never)).value).toEqual({
    id: VPC_ID,
    name: 'vpc',
    cidrs: [
      { cidr: '192.168.0.0/16', kind: 'main' },
      { cidr: '10.100.0.0/16', kind: 'secondary' },
    ],
  });
  fake.fail('/vpc/vpcs/', UNSERVED);
  expect((await readerOf(fake).vpc(VPC_ID, never)).value.cidrs).toEqual([{ cidr: '192.168.0.0/16', kind: 'main' }]);
});

test('a VPC that is gone is not asked for twice', async () => {
  const fake = await fakeHuawei();

  const error = await failureOf(readerOf(fake).vpc(idOf(1, 9), never));

  expect(error).toMatchObject({ category: 'not-found', code: 'VPC.0202', action: 'vpc:vpcs:get' });
  expect(fake.requests).toHaveLength(1);
});

test('public addresses with what they are bound to and the state of their bandwidth', async () => {
  const fake = await fakeHuawei();

  const { value } = await readerOf(fake).publicIps([eipOf(0), '121.36.1.1', '8.8.8.8'], never);

  expect(value).toEqual([
    {
      id: idOf(13, 0),
      address: eipOf(0),
      state: 'bound',
      stateText: 'status ELB, bandwidth NORMAL',
      boundTo: { kind: 'load-balancer', id: loadBalancerId(0) },
      privateAddress: '192.168.200.10',
      bandwidthMbps: 5,
      plain: false,
    },
    expect.objectContaining({ address: '121.36.1.1', boundTo: { kind: 'nat-gateway', id: NAT_ID } }),
  ]);
  expect(fake.counts()).toEqual({ 'vpc:publicIps:list': 1, 'vpc:bandwidths:get': 2 });
});

type PublicIpOfWorld = HuaweiWorld['publicIps'][number];

test.each<[Partial<PublicIpOfWorld>, string]>([
  [{ status: 'ACTIVE' }, 'bound'],
  [{ status: 'FREEZED' }, 'frozen'],
  [{ status: 'ACTIVE', lock_status: 'police' }, 'blocked'],
  [{ status: 'DOWN' }, 'unbound'],
  [{ status: 'BIND_ERROR' }, 'failed'],
  [{ status: 'PENDING_UPDATE' }, 'pending'],
  [{ status: 'STRANGE' }, 'unknown'],
])('state of a public address: %j is %s', async (change, state) => {
  const world = smallWorld();
  Object.assign(first(world.publicIps), change);
  const fake = await fakeHuawei(world);

  expect(first((await readerOf(fake).publicIps([eipOf(0)], never)).value).state).toBe(state);
});

test('what an address is bound to: a server by its interface, a bare interface, nothing, something else', async () => {
  const world = smallWorld({ loadBalancers: 4 });
  const change = (n: number, type: string | null, device: string): void => {
    const ip = world.publicIps[n];
    if (ip?.vnic)
      Object.assign(ip, {
        associate_instance_type: type,
        associate_instance_id: type && 'x',
        vnic: { ...ip.vnic, device_id: device },
      });
  };
  change(0, 'PORT', 'server');
  change(1, 'PORT', '');
  change(2, null, '');
  change(3, 'VPN', '');
  const fake = await fakeHuawei(world);

  const { value } = await readerOf(fake).publicIps([0, 1, 2, 3].map(eipOf), never);

  expect(value.map(({ boundTo }) => boundTo)).toEqual([
    { kind: 'instance', id: 'server' },
    { kind: 'interface', id: 'x' },
    undefined,
    { kind: 'other', id: 'x' },
  ]);
});

test('a frozen bandwidth freezes its address; an unreadable one leaves its own state', async () => {
  const world = smallWorld();
  for (const bandwidth of world.bandwidths) bandwidth.status = 'FREEZED';
  const fake = await fakeHuawei(world);
  const read = async () => first((await readerOf(fake).publicIps([eipOf(0)], never)).value);

  expect(await read()).toMatchObject({ state: 'frozen', stateText: 'status ELB, bandwidth FREEZED' });
  fake.fail('vpc:bandwidths:get', DENIED);
  const unreadable = await read();
  expect(unreadable).toMatchObject({ state: 'bound', stateText: 'status ELB' });
  expect(unreadable.unknownBecause).toMatch(/^vpc:bandwidths:get/);
});

test('120 addresses take three calls, and one for all bandwidths; none takes none', async () => {
  const fake = await fakeHuawei(smallWorld({ loadBalancers: 120 }));
  const addresses = Array.from({ length: 120 }, (_, n) => eipOf(n));

  const { value } = await readerOf(fake).publicIps([...addresses, ...addresses], never);

  expect(new Set(value.map(({ address }) => address))).toEqual(new Set(addresses));
  expect(value).toHaveLength(120);
  expect(value.every(({ stateText }) => stateText === 'status ELB, bandwidth NORMAL')).toBe(true);
  expect(fake.counts()).toEqual({ 'vpc:publicIps:list': 3, 'vpc:bandwidths:list': 1 });
  expect((await readerOf(fake).publicIps([], never)).value).toEqual([]);
  expect(fake.requests).toHaveLength(4);
});
