import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { startFakeHuawei } from '../../fake-clouds/huawei.ts';
import { smallWorld } from '../../fake-clouds/huawei-small-world.ts';

const CHILD = fileURLToPath(import.meta.resolve('./silent-child.ts'));
const SECRETS = ['AKOFTHECHILD12345678', 'secret-of-the-child', 'token-of-the-child', 'iam-token-of-the-child'];

const Report = z.object({
  outcomes: z.record(z.string(), z.string()),
  loaded: z.array(z.string()),
  kept: z.array(z.string()),
  debug: z.string(),
});

/** Runs the reads of the child against a fake cloud of faults, in a process of its own. */
async function runChild(env: Readonly<Record<string, string>>) {
  const cloud = await startFakeHuawei(smallWorld());
  onTestFinished(() => cloud.close());
  cloud.keys.set('AKOFTHECHILD12345678', { secretKey: 'secret-of-the-child', securityToken: 'token-of-the-child' });
  cloud.fail('vpc:vpcs:get', { kind: 'answer', status: 500, body: '{"error":{"message":"broken"}}' });
  cloud.fail('vpc:subnets:list', { kind: 'reset' });
  cloud.fail('cce:cluster:get', { kind: 'answer', status: 403, body: '{"error_msg":"no"}' });
  cloud.fail('nat:natGateways:list', { kind: 'answer', status: 200, body: '<html>' });
  const directory = mkdtempSync(join(tmpdir(), 'huawei-silence-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [CHILD, cloud.url, cloud.world.projectId], {
    cwd: directory,
    env: { PATH: process.env.PATH, HOME: directory, NODE_NO_WARNINGS: '1', ...env },
  });
  const [last = '', ...before] = stdout.trimEnd().split('\n').reverse();
  return { report: Report.parse(JSON.parse(last)), stdoutBefore: before, stderr, files: readdirSync(directory) };
}

test.each<[string, Record<string, string>]>([
  ['', {}],
  ['DEBUG', { DEBUG: 'DEBUG' }],
  ['*', { DEBUG: '*' }],
  ['log4js:*,follow-redirects,https-proxy-agent', { DEBUG: 'log4js:*,follow-redirects,https-proxy-agent' }],
])('with DEBUG=%j: the SDK writes nothing, keeps nothing, and leaves the variable as it is', async (debug, env) => {
  const { report, stdoutBefore, stderr, files } = await runChild(env);

  expect(report.outcomes).toEqual({
    good: 'active',
    'server error': 'unavailable',
    reset: 'unavailable',
    denied: 'denied',
    garbage: 'garbage',
    'wrong key': 'credentials',
    'no host': 'unavailable',
  });
  expect(stdoutBefore).toEqual([]);
  expect(stderr).toBe('');
  expect(files).toEqual([]);
  expect(report.debug).toBe(debug);
  for (const secret of SECRETS) expect(report.kept.join('\n')).not.toContain(secret);
});

test('neither uuid nor the ClientBuilder is loaded, nor any other service of the SDK', async () => {
  const { report } = await runChild({});

  expect(report.loaded.some((file) => file.endsWith('/huaweicloud-sdk-core/HcClient.js'))).toBe(true);
  expect(
    report.loaded.filter((file) =>
      /\/uuid\/|ClientBuilder|huaweicloud-sdk-core\/(?:huaweicloud-sdk-core|public-api)\.js/.test(file),
    ),
  ).toEqual([]);
  expect(report.loaded.filter((file) => file.includes('/tencentcloud'))).toEqual([]);
});
