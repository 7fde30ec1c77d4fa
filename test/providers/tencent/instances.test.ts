import { describe, expect, it } from 'vitest';
import { cvm, eni, nativeNode } from '../../fake-clouds/tencent-world.ts';
import { fakeTencent, never, readerOf, worldWith } from './on-fake-tencent.ts';

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
      worldWith(
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
      worldWith((all) => {
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
      worldWith((all) =>
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
