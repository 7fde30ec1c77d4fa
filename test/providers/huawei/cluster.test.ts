import { expect, test } from 'vitest';
import { CLUSTER_ID, NODE_GROUP_ID, SUBNET_ID, smallWorld, VPC_ID } from '../../fake-clouds/huawei-small-world.ts';
import { failureOf, fakeHuawei, first, never, readerOf } from './on-fake-huawei.ts';

test('a CCE cluster in overlay mode', async () => {
  const fake = await fakeHuawei();

  const { value } = await readerOf(fake).cluster(CLUSTER_ID, never);

  expect(value).toEqual({
    id: CLUSTER_ID,
    name: 'cilium',
    version: 'v1.32',
    networkMode: 'overlay_l2',
    cloudCilium: undefined,
    vpcId: VPC_ID,
    podCidrs: ['172.16.0.0/16'],
    serviceCidrs: ['10.247.0.0/16'],
    podSubnetIds: [],
    nodeSecurityGroupIds: [NODE_GROUP_ID],
    kubeProxyMode: 'iptables',
  });
  expect(fake.counts()).toEqual({ 'cce:cluster:get': 1 });
});

test('a Turbo cluster: subnets of Pods by the id that everything else uses', async () => {
  const world = smallWorld();
  const { spec } = first(world.clusters);
  const neutron = first(world.subnets).neutron_subnet_id;
  spec.containerNetwork = { mode: 'eni' };
  spec.eniNetwork = { eniSubnetId: neutron, subnets: [{ subnetID: neutron }, { subnetID: 'elsewhere' }] };
  const fake = await fakeHuawei(world);

  const { value } = await readerOf(fake).cluster(CLUSTER_ID, never);

  expect(value).toMatchObject({ networkMode: 'eni', podCidrs: [], podSubnetIds: [SUBNET_ID, 'elsewhere'] });
});

test('an older cluster has its ranges in other fields', async () => {
  const world = smallWorld();
  const { spec } = first(world.clusters);
  spec.containerNetwork = { mode: 'vpc-router', cidr: '10.0.0.0/16' };
  delete spec.serviceNetwork;
  spec.kubernetesSvcIpRange = '10.96.0.0/16';
  const fake = await fakeHuawei(world);

  const { value } = await readerOf(fake).cluster(CLUSTER_ID, never);

  expect(value).toMatchObject({ networkMode: 'vpc-router', podCidrs: ['10.0.0.0/16'], serviceCidrs: ['10.96.0.0/16'] });
});

test('a cluster that is gone, in the words of CCE', async () => {
  const fake = await fakeHuawei();

  const error = await failureOf(readerOf(fake).cluster('0000dead-0000-0000-0000-000000000000', never));

  expect(error).toMatchObject({ category: 'not-found', code: 'CCE.01404001' });
  expect(error.message).toContain('Resource not found');
});
