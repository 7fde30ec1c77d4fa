import { describe, expect, it } from 'vitest';
import { failureOf, fakeTencent, never, readerOf, worldWith } from './on-fake-tencent.ts';

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
      worldWith((all) =>
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
