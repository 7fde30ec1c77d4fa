import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { createCloudAgents } from '../../src/providers/agents.ts';
import { type TencentAction, wireAction } from '../../src/providers/tencent/actions.ts';
import { send } from '../../src/providers/tencent/send.ts';
import { failureOf, fakeTencent, never } from '../providers/tencent/on-fake-tencent.ts';
import { type FakeTencent, SECRET_ID, SECRET_KEY } from './tencent.ts';

/** Sends what no reader of ours would, properly signed. */
function ask(fake: FakeTencent, action: TencentAction, parameters: object, version?: string): Promise<unknown> {
  const agents = createCloudAgents({});
  onTestFinished(() => agents.close());
  const endpoint = new URL(fake.url);
  const wire = wireAction(action);
  return send(
    { ...wire, version: version ?? wire.version },
    parameters,
    {
      region: 'ap-guangzhou',
      endpoint,
      agent: agents.forEndpoint(endpoint),
      credentials: { secretId: SECRET_ID, secretKey: SECRET_KEY, token: '' },
      now: Date.now(),
    },
    z.looseObject({}),
    never,
  );
}

const ids = (count: number, prefix: string) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const filter = (Name: string, count: number) => ({ Filters: [{ Name, Values: ids(count, 'v') }] });

describe('the fake Tencent Cloud refuses, as the real one does,', () => {
  it.each<[string, TencentAction, object, string]>([
    [
      '21 load balancers',
      'clb:DescribeLoadBalancers',
      { LoadBalancerIds: ids(21, 'lb-') },
      'InvalidParameterValue.Length',
    ],
    [
      'the health of 31',
      'clb:DescribeTargetHealth',
      { LoadBalancerIds: ids(31, 'lb-') },
      'InvalidParameterValue.Length',
    ],
    ['101 servers', 'cvm:DescribeInstances', { InstanceIds: ids(101, 'ins-') }, 'InvalidParameterValue.LimitExceeded'],
    ['101 addresses', 'vpc:DescribeAddresses', filter('address-ip', 101), 'InvalidParameterValue.LimitExceeded'],
    ['6 values of another filter', 'vpc:DescribeSubnets', filter('vpc-id', 6), 'InvalidParameterValue.LimitExceeded'],
    ['a page of 101', 'cvm:DescribeInstances', { Limit: 101 }, 'InvalidParameterValue.Range'],
    ['numbers where texts belong', 'vpc:DescribeSubnets', { Offset: 0 }, 'InvalidParameter'],
    ['texts where numbers belong', 'vpc:DescribeNatGateways', { Limit: '100' }, 'InvalidParameter'],
    [
      'pages where there are none',
      'clb:DescribeListeners',
      { LoadBalancerId: 'lb-public01', Limit: 1 },
      'UnknownParameter',
    ],
    [
      'ids and filters together',
      'vpc:DescribeVpcs',
      { VpcIds: ['vpc-main0001'], ...filter('vpc-id', 1) },
      'InvalidParameter.Coexist',
    ],
    [
      'a load balancer that is not there',
      'clb:DescribeTargets',
      { LoadBalancerId: 'lb-gone' },
      'InvalidParameter.LBIdNotFound',
    ],
  ])('%s', async (_what, action, parameters, code) => {
    const fake = await fakeTencent();
    expect((await failureOf(ask(fake, action, parameters))).code).toBe(code);
    expect(fake.requests).toMatchObject([{ action, code, parameters }]);
  });

  it('a version that the action does not have', async () => {
    const fake = await fakeTencent();
    const call = ask(fake, 'tke:DescribeClusterInstances', { ClusterId: 'cls-demo0001' }, '2018-05-25');
    expect((await failureOf(call)).code).toBe('NoSuchVersion');
  });
});

describe('the fake Tencent Cloud', () => {
  it('answers ids at the limit, and edits of its world at once', async () => {
    const fake = await fakeTencent();
    const all = () => ask(fake, 'clb:DescribeLoadBalancers', { LoadBalancerIds: ids(20, 'lb-'), Limit: 100 });
    expect(await all()).toMatchObject({ value: { TotalCount: 0 } });
    fake.world.loadBalancers.push({ LoadBalancerId: 'lb-7' });
    expect(await all()).toMatchObject({ value: { TotalCount: 1, LoadBalancerSet: [{ LoadBalancerId: 'lb-7' }] } });
  });

  it('keeps the published limits where it is told to', async () => {
    const fake = await fakeTencent();
    fake.limits = true;
    const calls = ids(21, '').map(() => ask(fake, 'tke:DescribeIPAMD', { ClusterId: 'cls-demo0001' }));
    const codes = (
      await Promise.all(
        calls.map((call) =>
          call.then(
            () => '',
            () => 'refused',
          ),
        ),
      )
    ).filter((code) => code !== '');
    expect(codes).toEqual(['refused']);
    expect(fake.requests.at(-1)?.code).toBe('RequestLimitExceeded');
    fake.forget();
    expect(fake.counts()).toEqual({});
  });
});
