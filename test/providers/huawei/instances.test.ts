import { expect, test } from 'vitest';
import type { NodeIdentity } from '../../../src/providers/provider.types.ts';
import {
  CLUSTER_ID,
  idOf,
  NODE_GROUP_ID,
  nodeIp,
  SUBNET_ID,
  serverId,
  smallWorld,
  VPC_ID,
} from '../../fake-clouds/huawei-small-world.ts';
import type { HuaweiWorld, Server } from '../../fake-clouds/huawei-world.ts';
import { fakeHuawei, first, never, readerOf } from './on-fake-huawei.ts';

/** A node as Kubernetes shows it on CCE: the machine id is the server's, the provider id CCE's own. */
function node(n: number, change: Partial<NodeIdentity> = {}): NodeIdentity {
  return { name: nodeIp(n), providerId: idOf(19, n), machineId: serverId(n), internalIps: [nodeIp(n)], ...change };
}

function nodes(count: number, change: Partial<NodeIdentity> = {}): NodeIdentity[] {
  return Array.from({ length: count }, (_, n) => node(n, change));
}

/** Someone else's server at the same private address. */
function stranger(world: HuaweiWorld, n: number): Server {
  const same = world.servers[n];
  if (same === undefined) throw new Error('it is there');
  return {
    ...same,
    id: idOf(99, n),
    metadata: { vpc_id: 'another-vpc' },
    addresses: { 'another-vpc': same.addresses[VPC_ID] ?? [] },
  };
}

test('the server behind a node', async () => {
  const world = smallWorld();
  first(world.servers).addresses[VPC_ID]?.push({
    addr: '123.60.9.9',
    version: '4',
    'OS-EXT-IPS:type': 'floating',
    'OS-EXT-IPS:port_id': idOf(15, 0),
  });
  const fake = await fakeHuawei(world);

  const { value } = await readerOf(fake).instances([node(0)], never);

  expect(value).toEqual([
    {
      nodeName: nodeIp(0),
      id: serverId(0),
      running: true,
      vpcId: VPC_ID,
      subnetId: SUBNET_ID,
      privateIps: [nodeIp(0)],
      publicIps: ['123.60.9.9'],
      securityGroupIds: [NODE_GROUP_ID],
    },
  ]);
});

test('300 nodes take two calls', async () => {
  const fake = await fakeHuawei(smallWorld({ nodes: 300 }));

  const { value } = await readerOf(fake).instances(nodes(300), never);

  expect(value.map(({ id }) => id)).toEqual(nodes(300).map(({ machineId }) => machineId));
  expect(value.every(({ subnetId }) => subnetId === SUBNET_ID)).toBe(true);
  expect(fake.counts()).toEqual({ 'ecs:cloudServers:list': 1, 'vpc:subnets:list': 1 });
});

test('300 nodes with several interfaces or groups: one more for each of their subnets, and the order of the groups holds', async () => {
  const world = smallWorld({ nodes: 300 });
  for (const port of world.ports) port.security_groups = ['second', NODE_GROUP_ID, 'first'];
  for (const server of world.servers) {
    server.security_groups = [
      { name: 'a', id: 'first' },
      { name: 'b', id: NODE_GROUP_ID },
      { name: 'c', id: 'second' },
    ];
    server.addresses[VPC_ID]?.push({
      addr: '10.100.0.9',
      version: '4',
      'OS-EXT-IPS:type': 'fixed',
      'OS-EXT-IPS:port_id': 'extra',
    });
  }
  const fake = await fakeHuawei(world);

  const { value } = await readerOf(fake).instances(nodes(300), never);

  expect(value.every(({ securityGroupIds: ids }) => ids?.join() === `second,${NODE_GROUP_ID},first`)).toBe(true);
  expect(fake.counts()).toEqual({ 'ecs:cloudServers:list': 1, 'vpc:subnets:list': 1, 'vpc:ports:list': 1 });
});

test('interfaces that cannot be read: the groups cannot be told', async () => {
  const world = smallWorld();
  first(world.servers).security_groups.push({ name: 'b', id: 'b' });
  const fake = await fakeHuawei(world);
  fake.fail('vpc:ports:list', { kind: 'answer', status: 403, body: '{"code":"VPC.0010","message":"no"}' });

  const { value } = await readerOf(fake).instances(nodes(2), never);

  expect(value.map(({ securityGroupIds }) => securityGroupIds)).toEqual([undefined, [NODE_GROUP_ID]]);
});

test('2,300 servers come in three pages', async () => {
  const fake = await fakeHuawei(smallWorld({ nodes: 2300 }));

  const { value, from } = await readerOf(fake).instances([node(0), node(2299)], never);

  expect(value.map(({ id }) => id)).toEqual([serverId(0), serverId(2299)]);
  expect(from.filter(({ action }) => action === 'ecs:cloudServers:list')).toHaveLength(3);
  expect(fake.requests.slice(0, 3).map(({ query }) => query)).toEqual([
    '?limit=1000&offset=1',
    '?limit=1000&offset=2',
    '?limit=1000&offset=3',
  ]);
});

test('machine ids without dashes and in capitals name servers too', async () => {
  const fake = await fakeHuawei();
  const machineId = serverId(1).replaceAll('-', '').toUpperCase();

  const { value } = await readerOf(fake).instances([node(1, { machineId })], never);

  expect(value.map(({ id }) => id)).toEqual([serverId(1)]);
});

test('a node whose image has an id of its own is found by its address, in the VPC of the others', async () => {
  const world = smallWorld();
  world.servers.unshift(stranger(world, 2));
  const fake = await fakeHuawei(world);

  const { value } = await readerOf(fake).instances([node(0), node(2, { machineId: 'own' })], never);

  expect(value.map(({ id }) => id)).toEqual([serverId(0), serverId(2)]);
});

test('where two VPCs hold the same addresses, nobody is guessed; CCE knows', async () => {
  const world = smallWorld();
  world.servers.push(...[0, 1, 2].map((n) => stranger(world, n)));
  const fake = await fakeHuawei(world);
  const strangers = nodes(3, { machineId: '' });

  const guessed = await readerOf(fake).instances(strangers, never);
  const known = await readerOf(fake, { clusterId: CLUSTER_ID }).instances(strangers, never);

  expect(guessed.value).toEqual([]);
  expect(known.value.map(({ id }) => id)).toEqual([serverId(0), serverId(1), serverId(2)]);
  expect(fake.counts()['cce:node:list']).toBe(1);
});

test('CCE is not asked where every node names its server', async () => {
  const fake = await fakeHuawei();

  await readerOf(fake, { clusterId: CLUSTER_ID }).instances(nodes(3), never);

  expect(fake.counts()['cce:node:list']).toBeUndefined();
});

test('nodes without a server in this account are missing; none at all asks nothing', async () => {
  const fake = await fakeHuawei();
  const foreign = node(0, { machineId: 'x', providerId: 'y', internalIps: ['10.1.1.1'] });

  expect((await readerOf(fake).instances([], never)).value).toEqual([]);
  expect(fake.requests).toEqual([]);
  expect((await readerOf(fake).instances([foreign], never)).value).toEqual([]);
});

test.each([
  ['ACTIVE', true],
  ['SHUTOFF', false],
  ['REBOOT', undefined],
])('a server that is %s runs: %s', async (status, running) => {
  const world = smallWorld();
  first(world.servers).status = status;
  const fake = await fakeHuawei(world);

  expect(first((await readerOf(fake).instances([node(0)], never)).value).running).toBe(running);
});
