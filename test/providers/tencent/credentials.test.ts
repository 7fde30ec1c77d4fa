import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import nock from 'nock';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Environment } from '../../../src/lib/environment.ts';
import { createCloudAgents } from '../../../src/providers/agents.ts';
import type { CredentialOptions } from '../../../src/providers/cloud.types.ts';
import type { CloudReader } from '../../../src/providers/provider.types.ts';
import { createCredentials } from '../../../src/providers/tencent/index.ts';
import { type FakeTencent, SECRET_ID, SECRET_KEY } from '../../fake-clouds/tencent.ts';
import { fakeClock } from '../../kube/fake-clock.ts';
import { failureOf, fakeTencent, KEYS, never, readerOf, type Setup } from './on-fake-tencent.ts';

const STS = 'sts:AssumeRoleWithWebIdentity';
const ACTION = 'vpc:DescribeVpcs';
const IDENTITY = {
  roleArn: 'qcs::cam::uin/100000000001:roleName/cilium-cloud-bridge',
  providerId: 'cls-demo0001',
  webIdentityToken: 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW0ifQ.c2lnbmF0dXJl',
};

function folder(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'ccb-tencent-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
  return dir;
}

function podIdentity(fake: FakeTencent): { readonly env: Environment; readonly tokenFile: string } {
  fake.identities.push({ ...IDENTITY });
  const tokenFile = join(folder({ token: `${IDENTITY.webIdentityToken}\n` }), 'token');
  const env = {
    TKE_REGION: 'ap-hongkong',
    TKE_PROVIDER_ID: IDENTITY.providerId,
    TKE_ROLE_ARN: IDENTITY.roleArn,
    TKE_WEB_IDENTITY_TOKEN_FILE: tokenFile,
  };
  return { env, tokenFile };
}

const BARE = {
  env: {},
  secretDirectory: '',
  instanceRole: false,
  region: 'ap-guangzhou',
  endpoints: { suffix: '', overrides: {} },
  clock: fakeClock(),
};

function sourceOf({ endpoints }: FakeTencent, more: Partial<CredentialOptions>) {
  const agents = createCloudAgents({});
  onTestFinished(() => agents.close());
  return createCredentials({ ...BARE, endpoints, agents, ...more });
}

/** Asks one thing; each asks another one, since answers are kept. */
function ask(reader: CloudReader, subnetsOf = 'vpc-1') {
  return reader.subnets(subnetsOf, never);
}

function lastKey(fake: FakeTencent): string {
  return /Credential=([^/]+)/.exec(fake.requests.at(-1)?.headers.authorization ?? '')?.[1] ?? '';
}

describe('pod identity', () => {
  it('gives temporary keys for the ServiceAccount token, unsigned, in the region of TKE', async () => {
    const fake = await fakeTencent();
    const { env } = podIdentity(fake);
    await readerOf(fake, { env }).vpc('vpc-main0001', never);
    expect(fake.counts()).toEqual({ [STS]: 1, [ACTION]: 1 });
    const [sts, vpc] = fake.requests;
    expect(sts?.parameters).toEqual({
      ProviderId: IDENTITY.providerId,
      WebIdentityToken: IDENTITY.webIdentityToken,
      RoleArn: IDENTITY.roleArn,
      RoleSessionName: 'cilium-cloud-bridge',
      DurationSeconds: 7_200,
    });
    expect(sts?.headers).toMatchObject({
      authorization: 'SKIP',
      'x-tc-region': 'ap-hongkong',
      'x-tc-version': '2018-08-13',
      'content-type': 'application/json',
    });
    expect(vpc?.headers['x-tc-token']).toMatch(/^temporaryToken0/);
    expect(lastKey(fake)).toMatch(/^AKIDtemporary/);
  });

  it('comes before Secret files and the environment', async () => {
    const fake = await fakeTencent();
    const { env } = podIdentity(fake);
    await ask(readerOf(fake, { env: { ...env, ...KEYS } }));
    expect(lastKey(fake)).toMatch(/^AKIDtemporary/);
  });

  it('fetches once for many requests at the same time', async () => {
    const fake = await fakeTencent();
    const reader = readerOf(fake, podIdentity(fake));
    await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ask(reader, `vpc-${name}`)));
    expect(fake.counts()).toEqual({ [STS]: 1, 'vpc:DescribeSubnets': 6 });
  });

  it('fetches new keys once when the cloud says that they have expired, and tries again', async () => {
    const fake = await fakeTencent();
    const clock = fakeClock(Date.now());
    const reader = readerOf(fake, { ...podIdentity(fake), clock });
    await ask(reader);
    for (const key of fake.keys.values()) key.goodUntilMs = 0;
    clock.advance(10_000);
    await ask(reader, 'vpc-2');
    expect(fake.requests.map(({ action, code }) => `${action} ${code}`.trim())).toEqual([
      STS,
      'vpc:DescribeSubnets',
      'vpc:DescribeSubnets AuthFailure.TokenFailure',
      STS,
      'vpc:DescribeSubnets',
    ]);
  });

  it('gives up when the new keys are refused, too', async () => {
    const fake = await fakeTencent();
    const reader = readerOf(fake, podIdentity(fake));
    fake.fail('vpc:DescribeSubnets', { kind: 'error', code: 'AuthFailure.TokenFailure', message: 'no' }, 9);
    const failure = await failureOf(ask(reader));
    expect(failure).toMatchObject({ category: 'credentials', code: 'AuthFailure.TokenFailure' });
    expect(failure.message).toContain('The temporary keys have expired or were revoked: fetch new ones.');
    expect(fake.counts()['vpc:DescribeSubnets']).toBe(2);
  });

  it('renews its keys five minutes before their end', async () => {
    const fake = await fakeTencent();
    const clock = fakeClock(Date.now());
    const reader = readerOf(fake, { ...podIdentity(fake), clock });
    await ask(reader);
    clock.advance(114 * 60_000);
    await ask(reader, 'vpc-2');
    expect(fake.counts()[STS]).toBe(1);
    clock.advance(2 * 60_000);
    await ask(reader, 'vpc-3');
    expect(fake.counts()[STS]).toBe(2);
  });

  it('reads the token anew for each fetch: the kubelet rotates it', async () => {
    const fake = await fakeTencent();
    const clock = fakeClock(Date.now());
    const { env, tokenFile } = podIdentity(fake);
    const reader = readerOf(fake, { env, clock });
    await ask(reader);
    fake.identities.splice(0, 1, { ...IDENTITY, webIdentityToken: 'rotated' });
    writeFileSync(tokenFile, 'rotated');
    clock.advance(119 * 60_000);
    await ask(reader, 'vpc-2');
    expect(fake.counts()[STS]).toBe(2);
  });

  it('does not keep a failed first fetch, as the SDK does', async () => {
    const fake = await fakeTencent();
    const reader = readerOf(fake, { ...podIdentity(fake), limits: { attempts: 1 } });
    fake.fail(STS, { kind: 'error', code: 'InternalError', message: 'not now' });
    expect(await failureOf(ask(reader))).toMatchObject({ category: 'unavailable', action: STS });
    expect((await ask(reader)).value).toEqual([]);
  });

  it('tries again what may pass by itself', async () => {
    const fake = await fakeTencent();
    fake.fail(STS, { kind: 'reset' }, 2);
    await ask(readerOf(fake, podIdentity(fake)));
    expect(fake.counts()[STS]).toBe(3);
  });

  it('that is not trusted says which role has to trust whom, and not the token', async () => {
    const fake = await fakeTencent();
    const setup = podIdentity(fake);
    fake.identities.length = 0;
    const failure = await failureOf(ask(readerOf(fake, setup)));
    expect(failure).toMatchObject({ category: 'credentials', code: 'InvalidParameter.WebIdentityTokenError' });
    expect(failure.message).toContain(
      `The role ${IDENTITY.roleArn} must trust the identity provider ${IDENTITY.providerId} and this ServiceAccount.`,
    );
    expect(failure.message).not.toContain('eyJ');
  });

  it('that answers something else gives no keys and tells none', async () => {
    const fake = await fakeTencent();
    const body = JSON.stringify({ Response: { Credentials: { TmpSecretKey: 'a-secret-key' }, RequestId: 'r-1' } });
    fake.fail(STS, { kind: 'http', status: 200, body }, 9);
    const failure = await failureOf(ask(readerOf(fake, podIdentity(fake))));
    expect(failure).toMatchObject({ category: 'credentials', requestId: 'r-1' });
    expect(failure.message).toContain('a Response that cannot be read: ExpiredTime: ');
    expect(failure.message).not.toContain('a-secret-key');
  });

  it.each([
    ['TKE_ROLE_ARN', 'TKE_WEB_IDENTITY_TOKEN_FILE, TKE_PROVIDER_ID is set, TKE_ROLE_ARN is missing'],
    ['TKE_PROVIDER_ID', 'TKE_WEB_IDENTITY_TOKEN_FILE, TKE_ROLE_ARN is set, TKE_PROVIDER_ID is missing'],
    ['TKE_WEB_IDENTITY_TOKEN_FILE', 'TKE_ROLE_ARN, TKE_PROVIDER_ID is set, TKE_WEB_IDENTITY_TOKEN_FILE is missing'],
  ])('without %s is half, and says so', async (name, text) => {
    const fake = await fakeTencent();
    const { env } = podIdentity(fake);
    const failure = await failureOf(ask(readerOf(fake, { env: { ...env, [name]: '' } })));
    expect(failure).toMatchObject({ category: 'credentials' });
    expect(failure.message).toContain(text);
    expect(fake.requests).toEqual([]);
  });

  it('without TKE_REGION asks in the configured region', async () => {
    const fake = await fakeTencent();
    const { env } = podIdentity(fake);
    await ask(readerOf(fake, { env: { ...env, TKE_REGION: undefined } }));
    expect(fake.requests[0]?.headers['x-tc-region']).toBe('ap-guangzhou');
  });

  it.each([
    ['missing', undefined, /cannot be read \(ENOENT\)\. Check the volume\.$/],
    ['empty', ' \n', /is empty\.$/],
  ])('names a token file that is %s', async (_how, content, message) => {
    const fake = await fakeTencent();
    const { env, tokenFile } = podIdentity(fake);
    if (content === undefined) rmSync(tokenFile);
    else writeFileSync(tokenFile, content);
    const failure = await failureOf(ask(readerOf(fake, { env })));
    expect(failure).toMatchObject({ category: 'credentials' });
    expect(failure.message).toContain(`the file of TKE_WEB_IDENTITY_TOKEN_FILE, ${tokenFile}, `);
    expect(failure.message).toMatch(message);
  });
});

describe('keys that somebody wrote down', () => {
  const files = { TENCENTCLOUD_SECRET_ID: `${SECRET_ID}\n`, TENCENTCLOUD_SECRET_KEY: `${SECRET_KEY}\n` };
  const withFiles = (secretDirectory: string, env: Environment = {}): Setup => ({
    env,
    credentials: { secretDirectory },
  });

  it('come from Secret files, before the environment', async () => {
    const fake = await fakeTencent();
    await ask(
      readerOf(fake, withFiles(folder(files), { TENCENTCLOUD_SECRET_ID: 'other', TENCENTCLOUD_SECRET_KEY: 'other' })),
    );
    expect(lastKey(fake)).toBe(SECRET_ID);
  });

  it('come from the environment where no file is', async () => {
    const fake = await fakeTencent();
    await ask(readerOf(fake, withFiles(folder({}), KEYS)));
    await ask(readerOf(fake, withFiles('/nowhere', KEYS)));
    expect(fake.counts()).toEqual({ 'vpc:DescribeSubnets': 2 });
  });

  it.each(['TENCENTCLOUD_SESSION_TOKEN', 'TENCENTCLOUD_TOKEN'])('may have a token in %s', async (name) => {
    const fake = await fakeTencent();
    fake.keys.set(SECRET_ID, { secretKey: SECRET_KEY, token: 'a-token', goodUntilMs: Number.POSITIVE_INFINITY });
    await ask(readerOf(fake, withFiles(folder({ ...files, [name]: 'a-token\n' }))));
    await ask(readerOf(fake, { env: { ...KEYS, [name]: 'a-token' } }));
    expect(fake.requests.map(({ code }) => code)).toEqual(['', '']);
  });

  it('are read anew when the Secret is rotated', async () => {
    const fake = await fakeTencent();
    const dir = folder(files);
    const reader = readerOf(fake, withFiles(dir));
    await ask(reader);
    fake.keys.set('AKIDrotated', { secretKey: 'rotated-key', token: '', goodUntilMs: Number.POSITIVE_INFINITY });
    writeFileSync(join(dir, 'TENCENTCLOUD_SECRET_ID'), 'AKIDrotated');
    writeFileSync(join(dir, 'TENCENTCLOUD_SECRET_KEY'), 'rotated-key');
    await ask(reader, 'vpc-2');
    expect(lastKey(fake)).toBe('AKIDrotated');
  });

  it('that were refused are worth another try when others have been read since, for a minute', async () => {
    const fake = await fakeTencent();
    const dir = folder(files);
    const clock = fakeClock();
    const source = sourceOf(fake, { secretDirectory: dir, clock });
    await source.current(never);
    expect(await source.refresh(never)).toBe(false);
    writeFileSync(join(dir, 'TENCENTCLOUD_SECRET_KEY'), 'rotated-key');
    expect(await source.refresh(never)).toBe(true);
    expect(await source.refresh(never)).toBe(true);
    expect(await source.current(never)).toEqual({ secretId: SECRET_ID, secretKey: 'rotated-key', token: '' });
    clock.advance(60_000);
    expect(await source.refresh(never)).toBe(false);
  });

  it('that are wrong are not tried twice', async () => {
    const fake = await fakeTencent();
    const failure = await failureOf(ask(readerOf(fake, { env: { ...KEYS, TENCENTCLOUD_SECRET_KEY: 'wrong' } })));
    expect(failure).toMatchObject({ category: 'credentials', code: 'AuthFailure.SignatureFailure' });
    expect(fake.requests).toHaveLength(1);
  });

  it.each([
    [
      'environment variable TENCENTCLOUD_SECRET_ID is given, environment variable TENCENTCLOUD_SECRET_KEY is missing or empty',
      { TENCENTCLOUD_SECRET_ID: SECRET_ID },
    ],
    [
      'environment variable TENCENTCLOUD_SECRET_KEY is given, environment variable TENCENTCLOUD_SECRET_ID is missing or empty',
      { TENCENTCLOUD_SECRET_KEY: SECRET_KEY, TENCENTCLOUD_SECRET_ID: ' ' },
    ],
    [
      'environment variable TENCENTCLOUD_SECRET_ID and environment variable TENCENTCLOUD_SECRET_KEY are missing',
      { TENCENTCLOUD_TOKEN: 'x' },
    ],
    [
      'a key in environment holds blanks or other characters that no key has',
      { ...KEYS, TENCENTCLOUD_SECRET_KEY: 'two\nlines' },
    ],
  ])('by half say: %s', async (text, env) => {
    const fake = await fakeTencent();
    const failure = await failureOf(ask(readerOf(fake, { env })));
    expect(failure).toMatchObject({ category: 'credentials', action: 'credentials' });
    expect(failure.message).toBe(`No credentials for Tencent Cloud: ${text}. Give both, or neither.`);
    expect(fake.requests).toEqual([]);
  });

  it('by half in files name the files, and the environment does not fill them up', async () => {
    const fake = await fakeTencent();
    const dir = folder({ TENCENTCLOUD_SECRET_ID: SECRET_ID, TENCENTCLOUD_SECRET_KEY: '' });
    const { message } = await failureOf(ask(readerOf(fake, withFiles(dir, KEYS))));
    expect(message).toContain(
      `file ${dir}/TENCENTCLOUD_SECRET_ID is given, file ${dir}/TENCENTCLOUD_SECRET_KEY is missing or empty`,
    );
  });

  it('in a file that cannot be read name it', async () => {
    const fake = await fakeTencent();
    const dir = folder({ TENCENTCLOUD_SECRET_ID: SECRET_ID });
    // A folder in its place, since permissions do not stop root.
    mkdirSync(join(dir, 'TENCENTCLOUD_SECRET_KEY'));
    const { message } = await failureOf(ask(readerOf(fake, withFiles(dir, KEYS))));
    expect(message).toContain(`file ${dir}/TENCENTCLOUD_SECRET_KEY cannot be read (EISDIR)`);
  });

  it('that are not there say everything that could be given', async () => {
    const fake = await fakeTencent();
    const failure = await failureOf(ask(readerOf(fake, withFiles('/etc/keys'))));
    expect(failure).toMatchObject({ category: 'credentials' });
    expect(failure.message).toBe(
      'No credentials for Tencent Cloud: set the environment variables TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, ' +
        'or mount a Secret with files of these names at /etc/keys, or give the ServiceAccount a role (TKE pod identity: ' +
        "TKE_ROLE_ARN, TKE_PROVIDER_ID, TKE_WEB_IDENTITY_TOKEN_FILE), or allow the server's own role (cloud.credentials.instanceRole).",
    );
    expect(fake.requests).toEqual([]);
  });
});

describe("the server's own role", () => {
  const role: Setup = { env: {}, credentials: { instanceRole: true } };

  it('gives temporary keys where it is allowed and nothing else is given', async () => {
    const fake = await fakeTencent();
    fake.role = 'TKE_QCSRole';
    const reader = readerOf(fake, role);
    await ask(reader);
    await ask(reader, 'vpc-2');
    expect(fake.counts()).toEqual({ 'metadata:roles': 1, 'metadata:role': 1, 'vpc:DescribeSubnets': 2 });
    expect(fake.requests.at(-1)?.headers['x-tc-token']).toMatch(/^temporaryToken/);
  });

  it('is not asked for unless it is allowed, nor when keys are given', async () => {
    const fake = await fakeTencent();
    fake.role = 'TKE_QCSRole';
    await failureOf(ask(readerOf(fake, { env: {} })));
    await ask(readerOf(fake, { ...role, env: KEYS }));
    expect(fake.counts()).toEqual({ 'vpc:DescribeSubnets': 1 });
  });

  it('is fetched anew when the cloud refuses its keys', async () => {
    const fake = await fakeTencent();
    fake.role = 'TKE_QCSRole';
    const clock = fakeClock(Date.now());
    const reader = readerOf(fake, { ...role, clock });
    await ask(reader);
    clock.advance(60_000);
    fake.keys.clear();
    await ask(reader, 'vpc-2');
    expect(fake.counts()).toMatchObject({ 'metadata:role': 2, 'vpc:DescribeSubnets': 3 });
  });

  it('that is not there says so', async () => {
    const fake = await fakeTencent();
    const failure = await failureOf(ask(readerOf(fake, role)));
    expect(failure).toMatchObject({ category: 'credentials' });
    expect(failure.message).toContain('this server has no role. Bind a CAM role to it');
  });

  it.each([
    ['metadata:roles', 500, 'the list of roles'],
    ['metadata:role', 200, 'the role TKE_QCSRole'],
  ])('that cannot be understood (%s) tells no key', async (action, status, what) => {
    const fake = await fakeTencent();
    fake.role = 'TKE_QCSRole';
    fake.fail(action, { kind: 'http', status, body: '{"Code":"Success","TmpSecretKey":"a-secret-key"}' }, 9);
    const failure = await failureOf(ask(readerOf(fake, role)));
    expect(failure).toMatchObject({ category: 'credentials', status });
    expect(failure.message).toContain(`the metadata service answered ${what} with something else`);
    expect(failure.message).not.toContain('a-secret-key');
  });

  it('is waited for five seconds, whatever the time-out of requests is', async () => {
    const fake = await fakeTencent();
    fake.fail('metadata:roles', { kind: 'hang' }, 9);
    const clock = fakeClock(Date.now());
    const call = failureOf(
      ask(readerOf(fake, { ...role, clock, limits: { attempts: 1, attemptMs: 60_000, totalMs: 60_000 } })),
    );
    await vi.waitFor(() => expect(clock.sleeping()).toContain(5_000));
    clock.advance(5_000);
    const failure = await call;
    expect(failure).toMatchObject({ category: 'unavailable' });
    expect(failure.message).toContain('cannot be reached (no answer within 5 s)');
    expect(failure.message).toContain('From Pods it takes the host network');
  });

  it('is asked for at the metadata service, by the agent for its host', async () => {
    const credentials = {
      TmpSecretId: 'AKIDrole',
      TmpSecretKey: 'k',
      Token: 't',
      ExpiredTime: 4_102_444_800,
      Code: 'Success',
    };
    const path = '/latest/meta-data/cam/security-credentials/';
    nock('http://metadata.tencentyun.com')
      .get(path)
      .reply(200, 'TKE_QCSRole\n')
      .get(`${path}TKE_QCSRole`)
      .reply(200, credentials);
    onTestFinished(() => nock.cleanAll());
    const asked: string[] = [];
    const agents = createCloudAgents({});
    onTestFinished(() => agents.close());
    const forEndpoint = (endpoint: URL) => {
      asked.push(endpoint.href);
      return agents.forEndpoint(endpoint);
    };
    const endpoints = { suffix: 'internal.tencentcloudapi.com', overrides: {} };
    const source = createCredentials({ ...BARE, endpoints, instanceRole: true, agents: { ...agents, forEndpoint } });
    expect(await source.current(never)).toEqual({ secretId: 'AKIDrole', secretKey: 'k', token: 't' });
    expect(asked).toEqual(['http://metadata.tencentyun.com/']);
    expect(nock.isDone()).toBe(true);
  });
});

describe('the description', () => {
  it.each([
    [
      'OIDC token /var/run/token',
      { TKE_ROLE_ARN: 'r', TKE_PROVIDER_ID: 'p', TKE_WEB_IDENTITY_TOKEN_FILE: '/var/run/token' },
      {},
    ],
    ['OIDC token of the ServiceAccount', { TKE_ROLE_ARN: 'r' }, {}],
    ['environment', KEYS, {}],
    [
      'files in /keys, else environment, else role of the server',
      KEYS,
      { secretDirectory: '/keys', instanceRole: true },
    ],
  ])('says where keys come from: %s', (description, env, more) => {
    const agents = createCloudAgents({});
    onTestFinished(() => agents.close());
    const source = createCredentials({ ...BARE, env, agents, ...more });
    expect(source.description).toBe(description);
  });
});
