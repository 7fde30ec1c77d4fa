import { expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { createCloudAgents } from '../../../src/providers/agents.ts';
import { wireAction } from '../../../src/providers/tencent/actions.ts';
import { send } from '../../../src/providers/tencent/send.ts';
import { fakeTencent } from './on-fake-tencent.ts';

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
