import { expect, test } from 'vitest';
import {
  eipOf,
  loadBalancerId,
  NODE_PORT,
  nodeIp,
  serverId,
  smallWorld,
} from '../../fake-clouds/huawei-small-world.ts';
import type { HuaweiWorld } from '../../fake-clouds/huawei-world.ts';
import { failureOf, fakeHuawei, first, never, readerOf } from './on-fake-huawei.ts';

const REQUEST_ID: unknown = expect.stringMatching(/^req-\d+$/);
const SHARED = loadBalancerId(0);
const DEDICATED = loadBalancerId(1);

type LoadBalancerOfWorld = HuaweiWorld['loadBalancers'][number];

/** The small world with its first load balancer changed. */
function worldWith(change: Partial<LoadBalancerOfWorld>): HuaweiWorld {
  const world = smallWorld();
  Object.assign(first(world.loadBalancers), change);
  return world;
}

test('a shared load balancer, from three fields of the answer and its listeners', async () => {
  const fake = await fakeHuawei();

  const { value, from } = await readerOf(fake).loadBalancer(SHARED, never);

  expect(value).toEqual({
    id: SHARED,
    name: 'elb-0',
    vpcId: first(fake.world.vpcs).id,
    kind: 'shared',
    state: 'active',
    stateText: 'provisioning_status ACTIVE, operating_status ONLINE',
    addresses: { publicIps: [eipOf(0)], privateIps: ['192.168.200.10'], ipv6: [], hostname: '' },
    isPublic: true,
    admission: { probeSources: ['100.125.0.0/16'], clientTraffic: 'bypasses' },
    securityGroupIds: undefined,
    frozenReason: '',
    changeProtected: false,
  });
  expect(from).toEqual([
    { action: 'elb:loadbalancers:get', requestId: REQUEST_ID },
    { action: 'elb:listeners:list', requestId: REQUEST_ID },
  ]);
});

test.each<[string, Partial<LoadBalancerOfWorld>, string]>([
  ['frozen', { operating_status: 'FROZEN', frozen_scene: 'ARREAR' }, 'frozen'],
  ['frozen for a reason alone', { frozen_scene: 'POLICE' }, 'frozen'],
  ['being deleted', { provisioning_status: 'PENDING_DELETE' }, 'deleting'],
  ['being changed', { provisioning_status: 'PENDING_UPDATE' }, 'pending'],
  ['failed', { provisioning_status: 'ERROR' }, 'failed'],
  ['switched off', { admin_state_up: false }, 'offline'],
  ['offline', { operating_status: 'OFFLINE' }, 'offline'],
  ['with some members down', { operating_status: 'DEGRADED' }, 'active'],
  ['in a state of tomorrow', { operating_status: 'DREAMING' }, 'unknown'],
])('state of a load balancer that is %s', async (_, change, state) => {
  const fake = await fakeHuawei(worldWith(change));

  const { value } = await readerOf(fake).loadBalancer(SHARED, never);

  expect(value.state).toBe(state);
  expect(value.frozenReason).toBe(change.frozen_scene ?? '');
});

test("addresses: every EIP once and in the cloud's order, IPv6 apart, public ones first", async () => {
  const eip = (eip_address: string, ip_version: number) => ({ eip_id: eip_address, eip_address, ip_version });
  const fake = await fakeHuawei(
    worldWith({
      eips: [eip('121.36.9.9', 4), eip('2001:db8::1', 6), eip('121.36.8.8', 4)],
      publicips: [{ publicip_id: 'x', publicip_address: '121.36.9.9', ip_version: 4 }],
      ipv6_vip_address: 'fd00::5',
    }),
  );

  const { value } = await readerOf(fake).loadBalancer(SHARED, never);

  expect(value.addresses).toEqual({
    publicIps: ['121.36.9.9', '121.36.8.8'],
    privateIps: ['192.168.200.10'],
    ipv6: ['2001:db8::1', 'fd00::5'],
    hostname: '',
  });
});

test('an internal load balancer has no public address', async () => {
  const fake = await fakeHuawei(worldWith({ eips: [], publicips: [] }));

  const { value } = await readerOf(fake).loadBalancer(SHARED, never);

  expect(value.isPublic).toBe(false);
  expect(value.addresses.privateIps).toEqual(['192.168.200.10']);
});

test('one that is gone: not found, in the words of ELB', async () => {
  const fake = await fakeHuawei();

  const error = await failureOf(readerOf(fake).loadBalancer(loadBalancerId(9), never));

  expect(error).toMatchObject({ category: 'not-found', code: 'ELB.8904', status: 404 });
  expect(error.requestId).toMatch(/^req-/);
  expect(error.message).toContain('elb:loadbalancers:get at 127.0.0.1');
  expect(error.message).toContain('Load balancer could not be found. It is gone, or in another region or project');
});

test.each(['../../etc', 'a b', '', 'x?y=1', '..'])('an id that is none is never sent: %j', async (id) => {
  const fake = await fakeHuawei();
  const reader = readerOf(fake);

  expect((await failureOf(reader.loadBalancer(id, never))).category).toBe('invalid');
  expect((await failureOf(reader.listeners(id, never))).category).toBe('invalid');
  expect(fake.requests).toEqual([]);
});

test('a dedicated load balancer probes from its ports; layer 4 bypasses security groups', async () => {
  const fake = await fakeHuawei();

  const { value } = await readerOf(fake).loadBalancer(DEDICATED, never);

  expect(value.kind).toBe('dedicated');
  expect(value.admission).toEqual({
    probeSources: ['192.168.200.100/32', '192.168.200.101/32'],
    clientTraffic: 'bypasses',
  });
  expect(fake.counts()).toEqual({
    'elb:loadbalancers:get': 1,
    'elb:listeners:list': 1,
    'elb:localPorts:list': 1,
  });
});

test('ports of layer 7 count only with a listener of layer 7', async () => {
  const world = smallWorld();
  world.localPorts[DEDICATED]?.push(
    { port_id: 'p6', ip_address: null, ipv6_address: 'fd00::7', type: 'l4', virsubnet_id: 's' },
    { port_id: 'p7', ip_address: '192.168.200.150', type: 'l7', virsubnet_id: 's' },
  );
  const fake = await fakeHuawei(world);

  const plain = await readerOf(fake).loadBalancer(DEDICATED, never);
  first(world.listeners.filter(({ loadbalancers }) => loadbalancers.some(({ id }) => id === DEDICATED))).protocol =
    'HTTPS';
  const layer7 = await readerOf(fake).loadBalancer(DEDICATED, never);

  const two = ['192.168.200.100/32', '192.168.200.101/32'];
  expect(plain.value.admission).toEqual({ probeSources: [...two, 'fd00::7/128'], clientTraffic: 'bypasses' });
  expect(layer7.value.admission).toEqual({
    probeSources: [...two, '192.168.200.150/32', 'fd00::7/128'],
    clientTraffic: 'load-balancer',
  });
});

test('a dedicated one whose backends may be plain addresses talks to them itself', async () => {
  const world = smallWorld();
  Object.assign(first(world.loadBalancers.filter(({ id }) => id === DEDICATED)), { ip_target_enable: true });
  const fake = await fakeHuawei(world);

  const { value } = await readerOf(fake).loadBalancer(DEDICATED, never);

  expect(value.admission.clientTraffic).toBe('load-balancer');
});

test('without its ports, the subnets that they are in; without either, it is said why', async () => {
  const fake = await fakeHuawei();
  const denied = {
    kind: 'answer',
    status: 403,
    body: '{"error_code":"ELB.9802","error_msg":"Policy doesn\'t allow it."}',
  } as const;
  const unserved = {
    kind: 'answer',
    status: 404,
    body: '{"error_code":"APIGW.0101","error_msg":"The API does not exist or has not been published in the environment"}',
  } as const;

  fake.fail('elb:localPorts:list', unserved);
  const bySubnet = await readerOf(fake).loadBalancer(DEDICATED, never);
  fake.fail('elb:localPorts:list', denied);
  fake.fail('vpc:subnets:list', denied);
  const unknown = await readerOf(fake).loadBalancer(DEDICATED, never);

  expect(bySubnet.value.admission).toEqual({ probeSources: ['192.168.200.0/24'], clientTraffic: 'bypasses' });
  expect(unknown.value.admission.probeSources).toBeUndefined();
  expect(unknown.value.admission.unknownBecause).toContain("Policy doesn't allow it. Grant elb:loadbalancers:get");
  expect(unknown.value.admission.unknownBecause).toContain('Grant vpc:subnets:get');
  expect(unknown.value.state).toBe('active');
});

test('a shared one: its listeners decide whether clients are seen', async () => {
  const world = smallWorld();
  const fake = await fakeHuawei(world);
  const mine = world.listeners.filter(({ loadbalancers }) => loadbalancers.some(({ id }) => id === SHARED));
  const trafficNow = async () => (await readerOf(fake).loadBalancer(SHARED, never)).value.admission.clientTraffic;

  expect(await trafficNow()).toBe('bypasses');
  first(mine).transparent_client_ip_enable = false;
  expect(await trafficNow()).toBe('load-balancer');
  Object.assign(first(mine), { transparent_client_ip_enable: true, protocol: 'HTTP' });
  expect(await trafficNow()).toBe('load-balancer');
  world.listeners = [];
  expect(await trafficNow()).toBeUndefined();
});

test('without the right to see listeners the address is still known', async () => {
  const fake = await fakeHuawei();
  fake.fail('elb:listeners:list', { kind: 'answer', status: 403, body: '{"error_code":"ELB.9802","error_msg":"no"}' });

  const { value } = await readerOf(fake).loadBalancer(SHARED, never);

  expect(value.addresses.publicIps).toEqual([eipOf(0)]);
  expect(value.admission.clientTraffic).toBeUndefined();
  expect(value.admission.unknownBecause).toContain('Grant elb:listeners:list');
});

test('listeners with whether their backends are probed, in two calls', async () => {
  const world = smallWorld();
  const [http, https] = world.listeners;
  if (http === undefined || https === undefined) throw new Error('two are there');
  Object.assign(https, { default_pool_id: null, admin_state_up: false });
  for (const member of world.members) member.status = member.status.filter(({ listener_id: id }) => id !== https.id);
  const fake = await fakeHuawei(world);

  const { value } = await readerOf(fake).listeners(SHARED, never);

  expect(value).toEqual([
    {
      id: http.id,
      name: 'k8s_TCP_80',
      protocol: 'tcp',
      port: 80,
      endPort: 80,
      enabled: true,
      hasBackendGroup: true,
      healthCheck: { enabled: true },
    },
    {
      id: https.id,
      name: 'k8s_TCP_443',
      protocol: 'tcp',
      port: 443,
      endPort: 443,
      enabled: false,
      hasBackendGroup: false,
      healthCheck: { enabled: undefined },
    },
  ]);
  expect(fake.counts()).toEqual({ 'elb:listeners:list': 1, 'elb:members:list': 1 });
});

test('health checks: switched off or none, of one member only, and unreadable', async () => {
  const world = smallWorld();
  const fake = await fakeHuawei(world);
  const enabledNow = async () => first((await readerOf(fake).listeners(SHARED, never)).value).healthCheck.enabled;

  expect(await enabledNow()).toBe(true);
  for (const member of world.members) Object.assign(member, { operating_status: 'NO_MONITOR', status: [] });
  expect(await enabledNow()).toBe(false);
  first(world.members).operating_status = 'OFFLINE';
  expect(await enabledNow()).toBe(true);
  fake.fail('elb:members:list', { kind: 'answer', status: 403, body: '{}' });
  expect(await enabledNow()).toBeUndefined();
  world.members = [];
  expect(await enabledNow()).toBeUndefined();
});

test('a listener of port ranges is one listener a range', async () => {
  const world = smallWorld();
  Object.assign(first(world.listeners), {
    protocol_port: 0,
    port_ranges: [
      { start_port: 1000, end_port: 1999 },
      { start_port: 3000, end_port: 3000 },
    ],
  });
  const fake = await fakeHuawei(world);

  const { value } = await readerOf(fake).listeners(SHARED, never);

  expect(value.map(({ port, endPort }) => [port, endPort])).toEqual([
    [1000, 1999],
    [3000, 3000],
    [443, 443],
  ]);
});

test('targets: every member once a listener of its group, in two calls', async () => {
  const fake = await fakeHuawei();

  const { value } = await readerOf(fake).targets(SHARED, never);

  expect(value).toHaveLength(6);
  expect(value[0]).toEqual({
    listenerId: first(fake.world.listeners).id,
    address: nodeIp(0),
    port: NODE_PORT,
    weight: 1,
    health: 'healthy',
    reason: '',
    instanceId: serverId(0),
  });
  expect(fake.counts()).toEqual({ 'elb:listeners:list': 1, 'elb:members:list': 1 });
});

test('health of a target: the listener that sees it wins over the group', async () => {
  const world = smallWorld();
  const listenerId = first(world.listeners).id;
  const [a, b, c] = world.members;
  if (a === undefined || b === undefined || c === undefined) throw new Error('three are there');
  Object.assign(a, {
    operating_status: 'ONLINE',
    status: [{ listener_id: listenerId, operating_status: 'OFFLINE', reason: { reason_code: 'CONNECT_TIMEOUT' } }],
  });
  Object.assign(b, { operating_status: 'NO_MONITOR', status: [], instance_id: null, weight: 0 });
  Object.assign(c, { operating_status: 'INITIAL', status: [{ listener_id: 'another', operating_status: 'ONLINE' }] });
  const fake = await fakeHuawei(world);

  const { value } = await readerOf(fake).targets(SHARED, never);

  expect(value.slice(0, 3)).toMatchObject([
    { health: 'unhealthy', reason: 'CONNECT_TIMEOUT' },
    { health: 'unchecked', reason: '', weight: 0, instanceId: '' },
    { health: 'pending' },
  ]);
});

test('members of a group that two listeners use are targets of both; those of an unused group of none', async () => {
  const world = smallWorld();
  const [http, https] = world.listeners;
  if (http === undefined || https === undefined) throw new Error('two are there');
  https.default_pool_id = http.default_pool_id;
  for (const member of world.members) member.status = [];
  const fake = await fakeHuawei(world);

  const { value } = await readerOf(fake).targets(SHARED, never);

  expect(value.map(({ listenerId }) => listenerId)).toEqual([0, 1, 2].flatMap(() => [http.id, https.id]));
});

test('members of a group that only a forwarding policy of a listener names are its targets, too', async () => {
  const world = smallWorld();
  const [http, https] = world.listeners;
  if (http === undefined || https === undefined) throw new Error('two are there');
  https.default_pool_id = null;
  const fake = await fakeHuawei(world);

  const { value } = await readerOf(fake).targets(SHARED, never);

  expect(value.filter(({ listenerId }) => listenerId === https.id)).toHaveLength(3);
});

test('where members do not say which group they are in, their listeners do; without those, they are asked group by group', async () => {
  const world = smallWorld();
  const fake = await fakeHuawei(world);
  const expected = (await readerOf(fake).targets(SHARED, never)).value;
  const answerAs = (change: object): void => {
    const members = world.members.slice(0, 6).map(({ pool_id: _, ...member }) => ({ ...member, ...change }));
    fake.fail('/elb/members', { kind: 'answer', status: 200, body: JSON.stringify({ members }) });
  };

  answerAs({});
  const byListener = await readerOf(fake).targets(SHARED, never);
  expect(fake.requests.filter(({ path }) => /\/pools\/[^/]+\/members$/.test(path))).toEqual([]);
  answerAs({ status: [] });
  const byGroup = await readerOf(fake).targets(SHARED, never);

  expect(byListener.value).toEqual(expected);
  expect(byGroup.value).toEqual(expected);
  expect(fake.requests.filter(({ path }) => /\/pools\/[^/]+\/members$/.test(path))).toHaveLength(2);
});

test('where a region does not serve all members of a load balancer, they are asked group by group', async () => {
  const fake = await fakeHuawei();
  const unserved = {
    kind: 'answer',
    status: 404,
    body: '{"error_code":"APIGW.0101","error_msg":"not published"}',
  } as const;
  const expected = (await readerOf(fake).targets(SHARED, never)).value;

  fake.fail('/elb/members', unserved);
  const { value } = await readerOf(fake).targets(SHARED, never);

  expect(value).toEqual(expected);
  expect(fake.requests.filter(({ path }) => /\/pools\/[^/]+\/members$/.test(path))).toHaveLength(2);
});

test('a list that is null is empty; one that is missing is garbage', async () => {
  const fake = await fakeHuawei();
  fake.fail('elb:listeners:list', { kind: 'answer', status: 200, body: '{"listeners":null}' });
  expect((await readerOf(fake).listeners(loadBalancerId(0), never)).value).toEqual([]);
  fake.fail('elb:listeners:list', { kind: 'answer', status: 200, body: '{"page_info":{}}' });
  const failure = await failureOf(readerOf(fake).listeners(loadBalancerId(0), never));
  expect(failure).toMatchObject({ category: 'garbage', action: 'elb:listeners:list' });
});
