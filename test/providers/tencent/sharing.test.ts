import { describe, expect, it } from 'vitest';
import type { CloudReader } from '../../../src/providers/provider.types.ts';
import {
  clb,
  cvm,
  eip,
  listener,
  nativeNode,
  rule,
  smallWorld,
  type TencentWorld,
  target,
} from '../../fake-clouds/tencent-world.ts';
import { failureOf, fakeTencent, never, readerOf } from './on-fake-tencent.ts';

function names(count: number, prefix: string): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(4, '0')}`);
}

function ipOf(net: string, index: number): string {
  return `${net}.${Math.floor(index / 250)}.${(index % 250) + 1}`;
}

const LBS = names(25, 'lb-');
const GROUPS = names(40, 'sg-');
const CVMS = names(280, 'ins-');
const NATIVES = names(20, 'np-pool-');

/** 300 nodes (280 CVMs with EIPs, half of them plain; 20 native), 25 CLBs (5 of them internal), 40 groups. */
function largeWorld(): TencentWorld {
  return {
    ...smallWorld(),
    loadBalancers: LBS.map((id, index) => clb(id, { LoadBalancerType: index % 5 === 0 ? 'INTERNAL' : 'OPEN' })),
    listeners: Object.fromEntries(LBS.map((id) => [id, [listener(`lbl-${id}`, 80)]])),
    targets: LBS.map((id) => target(id, `lbl-${id}`)),
    securityGroups: Object.fromEntries(GROUPS.map((id) => [id, { ingress: [rule(0)], egress: [] }])),
    instances: CVMS.map((id, index) => cvm(id, ipOf('10.0', index))),
    addresses: CVMS.map((_, index) => eip(ipOf('203.0', index), { AddressType: index % 2 === 0 ? 'EIP' : 'WanIP' })),
    clusterNodes: { 'cls-demo0001': NATIVES.map((id, index) => nativeNode(id, ipOf('10.2', index))) },
  };
}

/** Everything that the checks ask in one audit, as they ask it: all at once. */
async function audit(reader: CloudReader): Promise<void> {
  const nodes = [
    ...CVMS.map((id, index) => ({ providerId: `qcloud:///1/${id}`, ip: ipOf('10.0', index) })),
    ...NATIVES.map((id, index) => ({ providerId: `tencentcloud://kn-${id}`, ip: ipOf('10.2', index) })),
  ].map(({ providerId, ip }) => ({ name: ip, providerId, machineId: '', internalIps: [ip] }));
  const addresses = CVMS.map((_, index) => ipOf('203.0', index));
  const [instances, publicIps] = await Promise.all([
    reader.instances(nodes, never),
    reader.publicIps(addresses, never),
    reader.cluster('cls-demo0001', never),
    reader.vpc('vpc-main0001', never),
    reader.subnets('vpc-main0001', never),
    reader.routeTables('vpc-main0001', never),
    reader.natGateways('vpc-main0001', never),
    ...LBS.flatMap((id) => [reader.loadBalancer(id, never), reader.listeners(id, never), reader.targets(id, never)]),
    ...GROUPS.map((id) => reader.securityGroup(id, never)),
  ]);
  expect(instances.value).toHaveLength(300);
  expect(publicIps.value).toHaveLength(280);
}

const AUDIT: Readonly<Record<string, unknown>> = {
  'clb:DescribeLoadBalancers': 2,
  'clb:DescribeListeners': 25,
  'clb:DescribeTargets': 25,
  'clb:DescribeTargetHealth': 1,
  // 3 by address, 2 for plain ones, 2 for what is bound to the internal CLBs: one where both answers came at once.
  'vpc:DescribeAddresses': expect.toBeOneOf([6, 7]) as unknown,
  'vpc:DescribeSecurityGroupExpandedPolicies': 40,
  'vpc:DescribeVpcs': 1,
  'vpc:DescribeSubnets': 1,
  'vpc:DescribeRouteTables': 1,
  'vpc:DescribeNatGateways': 1,
  'cvm:DescribeInstances': 3,
  'tke:DescribeClusters': 1,
  'tke:DescribeIPAMD': 1,
  'tke:DescribeClusterInstances': 1,
};

describe('an audit of 300 nodes, 25 load balancers and 40 groups', () => {
  it('asks 110 times at most, and within a minute not once more', async () => {
    const fake = await fakeTencent(largeWorld());
    const reader = readerOf(fake, { clusterId: 'cls-demo0001' });
    await audit(reader);
    expect(fake.counts()).toEqual(AUDIT);
    const asked = fake.requests.length;
    expect(asked).toBeLessThanOrEqual(110);
    await audit(reader);
    expect(fake.requests).toHaveLength(asked);
  });

  it('stays below the published limits, and is never told that it asks too often', async () => {
    const world = largeWorld();
    const fake = await fakeTencent(world);
    fake.limits = true;
    const reader = readerOf(fake, {
      clusterId: 'cls-demo0001',
      limits: { perSecond: 12 },
    });
    await audit(reader);
    expect(fake.requests.filter(({ code }) => code !== '')).toEqual([]);
  });
});

describe('questions about single things', () => {
  it('at the same time go out together, twenty load balancers a request', async () => {
    const fake = await fakeTencent(largeWorld());
    const reader = readerOf(fake);
    const answers = await Promise.all(LBS.map((id) => reader.loadBalancer(id, never)));
    expect(answers.map(({ value }) => value.id)).toEqual(LBS);
    const asked = fake.requests.filter(({ action }) => action === 'clb:DescribeLoadBalancers');
    expect(asked.map(({ parameters }) => parameters.LoadBalancerIds)).toEqual([LBS.slice(0, 20), LBS.slice(20)]);
  });

  it('that are gone or misspelt cost the others nothing', async () => {
    const fake = await fakeTencent(largeWorld());
    const ids = [...LBS.slice(0, 7), 'lb-gone'];
    const error = { code: 'InvalidParameter.LBIdNotFound', message: 'LoadBalancer lb-gone not found' };
    // The cloud refuses every request that names it: all eight, the half, the quarter, and it alone.
    fake.fail('clb:DescribeTargetHealth', { kind: 'error', ...error });
    const reader = readerOf(fake);
    const results = await Promise.allSettled(ids.map((id) => reader.targets(id, never)));
    expect(results.map(({ status }) => status)).toEqual([...names(7, '').map(() => 'fulfilled'), 'rejected']);
    expect(await failureOf(reader.targets('lb-gone', never))).toMatchObject({ category: 'not-found' });
  });

  it('are not asked for one by one when the request itself is refused', async () => {
    const fake = await fakeTencent(largeWorld());
    fake.denied.add('clb:DescribeLoadBalancers');
    const reader = readerOf(fake);
    const results = await Promise.allSettled(LBS.map((id) => reader.loadBalancer(id, never)));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(fake.counts()).toEqual({ 'clb:DescribeLoadBalancers': 2 });
  });

  it('that nobody waits for any more are not asked', async () => {
    const fake = await fakeTencent(largeWorld());
    const reader = readerOf(fake);
    const controller = new AbortController();
    const calls = LBS.map((id) => reader.loadBalancer(id, controller.signal));
    const reason = new Error('enough');
    controller.abort(reason);
    const results = await Promise.allSettled(calls);
    expect(results).toEqual(LBS.map(() => ({ status: 'rejected', reason })));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(fake.requests).toEqual([]);
  });

  it('that one of two gives up are answered to the other', async () => {
    const fake = await fakeTencent();
    const reader = readerOf(fake);
    const controller = new AbortController();
    const given = reader.loadBalancer('lb-public01', controller.signal);
    const kept = reader.loadBalancer('lb-domain01', never);
    controller.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    expect((await kept).value.id).toBe('lb-domain01');
  });

  it('are asked anew after a failure', async () => {
    const fake = await fakeTencent();
    const reader = readerOf(fake);
    fake.fail('clb:DescribeLoadBalancers', { kind: 'error', code: 'UnauthorizedOperation', message: 'not yet' });
    await failureOf(reader.loadBalancer('lb-public01', never));
    expect((await reader.loadBalancer('lb-public01', never)).value.id).toBe('lb-public01');
  });
});
