// A process that reads a fake cloud as the program does, whatever goes wrong, and says how it went in its last line.
import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import { systemClock } from '../../../src/lib/clock.ts';
import { createCloudAgents } from '../../../src/providers/agents.ts';
import { createCaller } from '../../../src/providers/caller.ts';
import { CloudError } from '../../../src/providers/errors.ts';
import { createCredentials, createReader } from '../../../src/providers/huawei/index.ts';
import { loadSdk } from '../../../src/providers/huawei/sdk.ts';
import type { CloudReader } from '../../../src/providers/provider.types.ts';

const [, , url = '', projectId = ''] = process.argv;
const KEYS = {
  HUAWEICLOUD_SDK_AK: 'AKOFTHECHILD12345678',
  HUAWEICLOUD_SDK_SK: 'secret-of-the-child',
  HUAWEICLOUD_SDK_SECURITY_TOKEN: 'token-of-the-child',
};
const agents = createCloudAgents({});
const { signal } = new AbortController();
const silent = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {}

function readerAt(at: string, env: Readonly<Record<string, string>>): CloudReader {
  const overrides = { elb: at, nat: at, vpc: at, eip: at, ecs: at, cce: at };
  const shared = { region: 'cn-north-4', endpoints: { suffix: '', overrides }, agents, clock: systemClock };
  const credentials = createCredentials({ ...shared, env, secretDirectory: '', instanceRole: false });
  const caller = createCaller({
    credentials,
    clock: systemClock,
    logger: silent,
    limits: { attempts: 1, perSecond: 1000 },
  });
  return createReader({ ...shared, projectId, credentials, caller });
}

async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'nothing went wrong';
  } catch (error) {
    return error instanceof CloudError ? error.details.category : String(error);
  }
}

const reader = readerAt(url, KEYS);
const vpc = '00000001-0000-4000-8000-000000000001';
const lb = '00000006-0000-4000-8000-000000000000';
const outcomes = {
  good: (await reader.loadBalancer(lb, signal)).value.state,
  'server error': await outcomeOf(reader.vpc(vpc, signal)),
  reset: await outcomeOf(reader.subnets(vpc, signal)),
  denied: await outcomeOf(reader.cluster('c', signal)),
  garbage: await outcomeOf(reader.natGateways(vpc, signal)),
  'wrong key': await outcomeOf(readerAt(url, { ...KEYS, HUAWEICLOUD_SDK_SK: 'another' }).cluster('c', signal)),
  'no host': await outcomeOf(readerAt('http://127.0.0.1:1', KEYS).cluster('c', signal)),
};
agents.close();

const { DefaultHttpClient } = await loadSdk();
const kept = ['httpReqParam', 'httpResponse'].map((field) => {
  const value: unknown = Reflect.get(DefaultHttpClient, field);
  return inspect(value, { depth: 10 });
});
const loaded = Object.keys(createRequire(import.meta.url).cache);
process.stdout.write(`${JSON.stringify({ outcomes, loaded, kept, debug: process.env.DEBUG ?? '' })}\n`);
