import { expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { createCloudAgents } from '../../../src/providers/agents.ts';
import { wireAction } from '../../../src/providers/tencent/actions.ts';
import { send } from '../../../src/providers/tencent/send.ts';
import { failureOf, fakeTencent, KEYS, never, readerOf } from './on-fake-tencent.ts';

it.each([
  ['before it is sent', 0],
  ['while it waits for the answer', 30],
])('a request that is given up %s ends with the reason of the signal', async (_when, afterMs) => {
  const fake = await fakeTencent();
  fake.fail('*', { kind: 'hang' });
  const agents = createCloudAgents({});
  onTestFinished(() => agents.close());
  const endpoint = new URL(fake.url);
  const credentials = { secretId: 'AKID', secretKey: 'key', token: '' };
  const options = {
    region: 'ap-guangzhou',
    endpoint,
    agent: agents.forEndpoint(endpoint),
    credentials,
    now: Date.now(),
  };
  const controller = new AbortController();
  const reason = new Error('enough');
  if (afterMs === 0) controller.abort(reason);
  else setTimeout(() => controller.abort(reason), afterMs);
  const call = send(wireAction('vpc:DescribeVpcs'), {}, options, z.unknown(), controller.signal);
  await expect(call).rejects.toBe(reason);
});

it.each([301, 302, 307, 308])(
  'a redirect (%i) is not followed: token and body stay with the host that was asked',
  async (status) => {
    const elsewhere = await fakeTencent();
    const fake = await fakeTencent();
    fake.fail('*', { kind: 'http', status, body: '', headers: { Location: `${elsewhere.url}/` } }, 9);
    const credentials = { TENCENTCLOUD_TOKEN: 'a-token-of-temporary-keys' };
    const refused = await failureOf(readerOf(fake, { env: { ...KEYS, ...credentials } }).vpc('vpc-main0001', never));
    expect(refused).toMatchObject({ category: 'garbage' });
    expect(refused.message).toContain('answered with a redirect, which is not followed. Is a proxy or a login page');
    expect(fake.requests).toHaveLength(1);
    expect(elsewhere.requests).toEqual([]);
  },
);

it.each([
  ['null', { Error: null, VpcSet: [] }, 'not-found', ''],
  ['of a numeric code', { Error: { Code: 403, Message: 'no' } }, 'invalid', '403'],
])('an Error that is %s is read for what it is', async (_, Response, category, code) => {
  const fake = await fakeTencent();
  fake.fail('*', { kind: 'http', status: 200, body: JSON.stringify({ Response }) });
  expect(await failureOf(readerOf(fake).vpc('vpc-main0001', never))).toMatchObject({ category, code });
});

it('a list that never ends is given up', async () => {
  const fake = await fakeTencent();
  const VpcSubnet = { SubnetId: 'subnet-1', VpcId: 'vpc-1', CidrBlock: '10.0.0.0/24', RouteTableId: 'rtb-1' };
  const body = JSON.stringify({ Response: { TotalCount: 1e12, SubnetSet: [VpcSubnet], RequestId: 'r-1' } });
  fake.fail('*', { kind: 'http', status: 200, body }, 1_000);
  const given = await failureOf(readerOf(fake).subnets('vpc-1', never));
  expect(given).toMatchObject({ category: 'garbage', action: 'vpc:DescribeSubnets', requestId: 'r-1' });
  expect(given.message).toContain('the list does not end');
  expect(fake.requests.length).toBeLessThan(250);
});
