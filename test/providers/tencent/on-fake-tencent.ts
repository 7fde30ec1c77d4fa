import { onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../../src/lib/clock.ts';
import type { Environment } from '../../../src/lib/environment.ts';
import { createCloudAgents } from '../../../src/providers/agents.ts';
import { type CallerLimits, createCaller } from '../../../src/providers/caller.ts';
import type { CredentialOptions } from '../../../src/providers/cloud.types.ts';
import { CloudError, type CloudErrorDetails } from '../../../src/providers/errors.ts';
import type { CloudReader } from '../../../src/providers/provider.types.ts';
import { createCredentials, createReader } from '../../../src/providers/tencent/index.ts';
import { type FakeTencent, SECRET_ID, SECRET_KEY, startFakeTencent } from '../../fake-clouds/tencent.ts';
import { REGION, smallWorld, type TencentWorld } from '../../fake-clouds/tencent-world.ts';
import { recordLog } from '../../kube/recorded-log.ts';

export const KEYS: Environment = { TENCENTCLOUD_SECRET_ID: SECRET_ID, TENCENTCLOUD_SECRET_KEY: SECRET_KEY };

/** Signal of a test that is never aborted. */
export const never = new AbortController().signal;

/** No waits worth mentioning, and no limits but those of the fake cloud. */
const FAST: Partial<CallerLimits> = { perSecond: 10_000, baseWaitMs: 1, maxWaitMs: 2 };

export interface Setup {
  readonly env?: Environment;
  readonly limits?: Partial<CallerLimits>;
  readonly region?: string;
  readonly clusterId?: string;
  readonly clock?: Clock;
  readonly credentials?: Partial<CredentialOptions>;
}

/** The small world with something changed in it. */
export function worldWith(change: (world: TencentWorld) => void): TencentWorld {
  const changed = smallWorld();
  change(changed);
  return changed;
}

/** A fake cloud that goes when the test does. */
export async function fakeTencent(world?: TencentWorld): Promise<FakeTencent> {
  const fake = await startFakeTencent(world);
  onTestFinished(() => fake.close());
  return fake;
}

/** A reader of the fake cloud, put together as the program does it: agents, credentials, caller. */
export function readerOf(fake: FakeTencent, setup: Setup = {}): CloudReader {
  const { env = KEYS, limits, region = REGION, clusterId = '', clock = systemClock } = setup;
  const agents = createCloudAgents({});
  onTestFinished(() => agents.close());
  const { endpoints } = fake;
  const credentials = createCredentials({
    env,
    secretDirectory: '',
    instanceRole: false,
    region,
    endpoints,
    agents,
    clock,
    ...setup.credentials,
  });
  const caller = createCaller({ credentials, clock, logger: recordLog(), limits: { ...FAST, ...limits } });
  return createReader({ region, projectId: '', clusterId, endpoints, credentials, caller, agents, clock });
}

/** What a call failed with: the message and its details. */
export async function failureOf(call: Promise<unknown>): Promise<CloudErrorDetails & { readonly message: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof CloudError) return { ...error.details, message: error.message };
    throw error;
  }
  throw new Error('the call did not fail');
}
