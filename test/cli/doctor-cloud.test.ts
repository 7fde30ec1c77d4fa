import { describe, expect, it } from 'vitest';
import type { CloudChoice } from '../../src/checks/diagnose.ts';
import { chooseCloud } from '../../src/cli/doctor-cloud.ts';
import { configSchema, toConfig } from '../../src/config/schema.ts';
import type { Environment } from '../../src/lib/environment.ts';
import { edited, without } from '../checks/cluster-data.ts';
import { REFERENCES, type ReferenceName } from '../checks/reference/all.ts';
import { worldOf } from '../checks/world-of.ts';
import { fakeClock } from '../kube/fake-clock.ts';
import { recordLog } from '../kube/recorded-log.ts';

const TENCENT_KEYS = { TENCENTCLOUD_SECRET_ID: 'AKIDexample', TENCENTCLOUD_SECRET_KEY: 'example' };
const HUAWEI_KEYS = { HUAWEICLOUD_SDK_AK: 'AK', HUAWEICLOUD_SDK_SK: 'SK' };

async function choose(
  reference: ReferenceName,
  env: Environment,
  lost: readonly string[] = [],
): Promise<{ readonly choice: CloudChoice; readonly said: string }> {
  const cluster = edited(
    REFERENCES[reference],
    lost.map((name) => without(name)),
  );
  const { kube } = await worldOf(cluster);
  const logger = recordLog();
  const credentials = { directory: '/nonexistent' };
  const config = toConfig(configSchema.parse({ cloud: { credentials } })).cloud;
  const end = new AbortController();
  try {
    const choice = await chooseCloud(kube, { config, env, clock: fakeClock(), logger }, end.signal);
    return { choice, said: JSON.stringify(logger.lines) };
  } finally {
    end.abort();
  }
}

describe('the cloud that doctor asks', () => {
  it('is told by the nodes, its region by tke-config or their labels', async () => {
    const { choice, said } = await choose('tke-overlay', TENCENT_KEYS);
    expect(choice).toMatchObject({ cloud: 'tencent', region: 'ap-guangzhou' });
    expect(said).not.toContain('AKIDexample');
  });

  it('is Huawei Cloud on CCE, once the project is known', async () => {
    const { choice } = await choose('cce-overlay', { ...HUAWEI_KEYS, HUAWEICLOUD_SDK_PROJECT_ID: '0a1b2c' });
    expect(choice).toMatchObject({ cloud: 'huawei', region: 'cn-north-4' });
  });

  it('is not asked without credentials, and the reason names what is missing', async () => {
    const { choice } = await choose('tke-native', {});
    expect('why' in choice ? choice.why : 'it is asked').toContain('TENCENTCLOUD_SECRET_ID');
  });

  it('is not asked where neither nodes nor configuration name one', async () => {
    const { choice } = await choose('cce-overlay', HUAWEI_KEYS, ['Node *']);
    expect('why' in choice ? choice.why : '').toMatch(/\S/);
  });
});
