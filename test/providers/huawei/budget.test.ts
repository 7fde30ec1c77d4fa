import { expect, test } from 'vitest';
import { ACTIONS } from '../../../src/providers/huawei/index.ts';
import type { CloudReader } from '../../../src/providers/provider.types.ts';
import { SERVED_ACTIONS } from '../../fake-clouds/huawei-routes.ts';
import {
  CLUSTER_ID,
  eipOf,
  groupId,
  idOf,
  loadBalancerId,
  nodeIp,
  serverId,
  smallWorld,
  VPC_ID,
} from '../../fake-clouds/huawei-small-world.ts';
import { fakeHuawei, never, readerOf } from './on-fake-huawei.ts';

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Everything that an audit of a cluster reads. */
async function audit(reader: CloudReader, nodes: number, loadBalancers: number, groups: number): Promise<void> {
  const identities = count(nodes).map((n) => ({
    name: nodeIp(n),
    providerId: idOf(19, n),
    machineId: serverId(n),
    internalIps: [nodeIp(n)],
  }));
  const ids = count(loadBalancers).map(loadBalancerId);
  await Promise.all([
    ...ids.flatMap((id) => [reader.loadBalancer(id, never), reader.listeners(id, never), reader.targets(id, never)]),
    ...count(groups).map((n) => reader.securityGroup(groupId(n), never)),
    reader.natGateways(VPC_ID, never),
    reader.routeTables(VPC_ID, never),
    reader.subnets(VPC_ID, never),
    reader.vpc(VPC_ID, never),
    reader.publicIps(count(loadBalancers).map(eipOf), never),
    reader.instances(identities, never),
    reader.cluster(CLUSTER_ID, never),
  ]);
}

test('300 nodes, 25 load balancers, 40 security groups: calls per action', async () => {
  const fake = await fakeHuawei(smallWorld({ nodes: 300, loadBalancers: 25, securityGroups: 40 }));

  await audit(readerOf(fake), 300, 25, 40);

  expect(fake.counts()).toEqual({
    'elb:loadbalancers:get': 25,
    // The twelve dedicated ones of them.
    'elb:localPorts:list': 12,
    'elb:listeners:list': 25,
    'elb:members:list': 25,
    'nat:natGateways:list': 1,
    'nat:snatRules:list': 1,
    'vpc:vpcs:get': 1,
    'vpc:subnets:list': 1,
    'vpc:routeTables:list': 1,
    'vpc:routeTables:get': 1,
    'vpc:securityGroupRules:list': 1,
    'vpc:publicIps:list': 1,
    'vpc:bandwidths:list': 1,
    'ecs:cloudServers:list': 1,
    'cce:cluster:get': 1,
  });
});

test('a second audit soon after asks nothing again', async () => {
  const fake = await fakeHuawei();
  const reader = readerOf(fake);
  await audit(reader, 3, 2, 1);
  const asked = fake.requests.length;

  await audit(reader, 3, 2, 1);

  expect(fake.requests).toHaveLength(asked);
});

test('the fake cloud serves exactly the actions of the table', () => {
  expect([...SERVED_ACTIONS].sort()).toEqual(Object.keys(ACTIONS).sort());
});
