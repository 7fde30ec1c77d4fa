import { onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../../src/lib/clock.ts';
import type { Environment } from '../../../src/lib/environment.ts';
import { createCloudAgents } from '../../../src/providers/agents.ts';
import { type CallerLimits, createCaller } from '../../../src/providers/caller.ts';
import type { CredentialOptions } from '../../../src/providers/cloud.types.ts';
import { CloudError, type CloudErrorDetails } from '../../../src/providers/errors.ts';
import { createCredentials, createReader } from '../../../src/providers/huawei/index.ts';
import type { CloudReader } from '../../../src/providers/provider.types.ts';
import { endpointsOf, type FakeHuawei, startFakeHuawei } from '../../fake-clouds/huawei.ts';
import { smallWorld } from '../../fake-clouds/huawei-small-world.ts';
import type { HuaweiWorld } from '../../fake-clouds/huawei-world.ts';
import { recordLog } from '../../kube/recorded-log.ts';

export const REGION = 'cn-north-4';
const ACCESS_KEY = 'HPUAFAKEFAKEFAKE0001';
const SECRET_KEY = 'fakeSecretKeyOfTheFakeCloud0123456789abc';
export const KEYS: Environment = { HUAWEICLOUD_SDK_AK: ACCESS_KEY, HUAWEICLOUD_SDK_SK: SECRET_KEY };

/** Signal of a test that is never aborted. */
export const never = new AbortController().signal;

/** No waits worth mentioning, and no limits but those of the fake cloud. */
const FAST: Partial<CallerLimits> = { perSecond: 10_000, baseWaitMs: 1, maxWaitMs: 2 };

export interface Setup {
  readonly env?: Environment;
  readonly limits?: Partial<CallerLimits>;
  readonly region?: string;
  readonly projectId?: string;
  readonly clusterId?: string;
  readonly clock?: Clock;
  readonly endpoints?: Readonly<Record<string, string>>;
  readonly credentials?: Partial<CredentialOptions>;
}

/** A fake cloud that goes when the test does, and that knows the test's key. */
export async function fakeHuawei(world: HuaweiWorld = smallWorld()): Promise<FakeHuawei> {
  const fake = await startFakeHuawei(world);
  fake.keys.set(ACCESS_KEY, { secretKey: SECRET_KEY, securityToken: '' });
  onTestFinished(() => fake.close());
  return fake;
}

/** A reader of the fake cloud, put together as the program does it: agents, credentials, caller. */
export function readerOf(fake: Pick<FakeHuawei, 'url' | 'world'>, setup: Setup = {}): CloudReader {
  const { limits, region = REGION, projectId = fake.world.projectId, clusterId = '', clock = systemClock } = setup;
  const agents = createCloudAgents({});
  onTestFinished(() => agents.close());
  const endpoints = { suffix: '', overrides: { ...endpointsOf(fake), ...setup.endpoints } };
  const credentials = createCredentials(credentialOptions(fake, setup));
  const caller = createCaller({ credentials, clock, logger: recordLog(), limits: { ...FAST, ...limits } });
  return createReader({ region, projectId, clusterId, endpoints, credentials, caller, agents, clock });
}

export function credentialOptions(fake: Pick<FakeHuawei, 'url'>, setup: Setup = {}): CredentialOptions {
  const agents = createCloudAgents({});
  onTestFinished(() => agents.close());
  return {
    env: setup.env ?? KEYS,
    secretDirectory: '',
    instanceRole: false,
    region: setup.region ?? REGION,
    endpoints: { suffix: '', overrides: { ...endpointsOf(fake), ...setup.endpoints } },
    agents,
    clock: setup.clock ?? systemClock,
    ...setup.credentials,
  };
}

/** What a call failed with: the message and its details. */
export async function failureOf(call: Promise<unknown>): Promise<CloudErrorDetails & { readonly message: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof CloudError) return { ...error.details, message: error.message };
    throw error;
  }
  throw new Error('it should have failed');
}

/** The one that the test means; fails when there is none. */
export function first<T>(things: readonly T[]): T {
  const [thing] = things;
  if (thing === undefined) throw new Error('there is none');
  return thing;
}
