import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configSchema, toConfig } from '../../src/config/schema.ts';
import type { Environment } from '../../src/lib/environment.ts';
import { openCloud } from '../../src/providers/open.ts';
import type { NodeHint } from '../../src/providers/provider.types.ts';
import { eventually } from '../kube/eventually.ts';
import { fakeClock } from '../kube/fake-clock.ts';
import { recordLog } from '../kube/recorded-log.ts';

let directory: string;
const end = new AbortController();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ccb-credentials-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const CCE: NodeHint = { cloud: 'huawei', labels: { 'topology.kubernetes.io/region': 'cn-north-4' } };
const TKE: NodeHint = { cloud: 'tencent', labels: { 'topology.com.tencent.cloud.csi.cbs/zone': 'ap-hongkong-3' } };
const PROJECT = { HUAWEICLOUD_SDK_PROJECT_ID: '0a1b2c' };

function open(node: NodeHint, env: Environment, cloud: Readonly<Record<string, unknown>> = {}) {
  const logger = recordLog();
  const config = toConfig(configSchema.parse({ cloud: { credentials: { directory }, ...cloud } })).cloud;
  const hints = { nodes: [node], tkeConfig: {} };
  const access = openCloud({ config, hints, env, clock: fakeClock(), logger, tryCredentials: true }, end.signal);
  return { access, logger, text: () => JSON.stringify(logger.lines) };
}

test('the log says which cloud it is, and how that is known', () => {
  const { logger } = open(CCE, PROJECT);
  expect(logger.lines[0]).toEqual({
    level: 'info',
    message: 'the cloud of this cluster',
    fields: {
      cloud: 'huawei',
      cloudFrom: 'the nodes',
      region: 'cn-north-4',
      regionFrom: 'node label topology.kubernetes.io/region',
      projectId: '0a1b2c',
    },
  });
});

test.each([
  ['Huawei Cloud', CCE, PROJECT, 'HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK'],
  ['Tencent Cloud', TKE, {}, 'TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY'],
])('%s without credentials: one line names the variables', (title, node, env, variables) => {
  const { access, logger } = open(node, env);
  const why = `no credentials of ${title} are given: set ${variables}, or mount them at ${directory}`;
  expect(access.cloud !== undefined && access.missingCredentials()).toBe(why);
  expect(logger.lines.slice(1)).toEqual([{ level: 'info', message: 'the cloud is not asked', fields: { why } }]);
});

test.each([
  ['huawei', CCE, { ...PROJECT, HUAWEICLOUD_SDK_AK: 'ABCDEFGHIJKLMNOPQRST' }, 'HUAWEICLOUD_SDK_SK'],
  ['tencent', TKE, { TENCENTCLOUD_SECRET_KEY: 'abcdefghijklmnopqrstuvwxyz012345' }, 'TENCENTCLOUD_SECRET_ID'],
  ['huawei', CCE, { ...PROJECT, HUAWEICLOUD_SDK_IDP_ID: 'my-idp' }, 'HUAWEICLOUD_SDK_ID_TOKEN_FILE'],
  ['tencent', TKE, { TKE_ROLE_ARN: 'qcs::cam::uin/1:roleName/r' }, 'TKE_WEB_IDENTITY_TOKEN_FILE'],
] as const)('half-given credentials of %s: a warning names what is missing', async (_cloud, node, env, missing) => {
  const { logger, text } = open(node, env);
  await eventually(() => logger.messages('warn')).toHaveLength(1);
  expect(text()).toContain(missing);
  expect(text()).not.toContain('ABCDEFGHIJKLMNOPQRST');
  expect(text()).not.toContain('abcdefghijklmnopqrstuvwxyz012345');
});

test('a Secret that is mounted later is found, and the reader is made once', async () => {
  const { access } = open(TKE, {});
  if (access.cloud === undefined) throw new Error(access.why);
  expect(access.missingCredentials()).toBeDefined();
  writeFileSync(join(directory, 'TENCENTCLOUD_SECRET_ID'), 'AKID-of-a-test');
  expect(access.missingCredentials()).toBeUndefined();
  expect(await access.reader()).toBe(await access.reader());
  expect(await access.reader()).toMatchObject({ cloud: 'tencent', region: 'ap-hongkong' });
});

test("the server's role counts as credentials where it is allowed", () => {
  const credentials = { directory: '/nowhere', instanceRole: true };
  const { access } = open(TKE, {}, { credentials });
  expect(access.cloud !== undefined && access.missingCredentials()).toBeUndefined();
});

test('the project id may be a file of the Secret, too', () => {
  writeFileSync(join(directory, 'HUAWEICLOUD_SDK_PROJECT_ID'), 'from-file\n');
  expect(open(CCE, {}).logger.lines[0]?.fields).toMatchObject({ projectId: 'from-file' });
});

test('a cloud that cannot be asked is wanted where credentials are given, with a warning; else not', () => {
  const env = { HUAWEICLOUD_SDK_AK: 'a', HUAWEICLOUD_SDK_SK: 'b' };
  const wanted = open(CCE, env);
  expect(wanted.access).toMatchObject({ cloud: undefined, wanted: true });
  expect(wanted.logger.lines[0]).toMatchObject({ level: 'warn', message: 'the cloud is not asked' });
  const unwanted = open(CCE, {});
  expect(unwanted.access).toMatchObject({ cloud: undefined, wanted: false });
  expect(unwanted.logger.lines[0]).toMatchObject({ level: 'info' });
  expect(open(CCE, env, { provider: 'none' }).access).toMatchObject({ wanted: false });
});
