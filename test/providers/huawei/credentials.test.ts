import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { createCredentials } from '../../../src/providers/huawei/index.ts';
import type { FakeHuawei } from '../../fake-clouds/huawei.ts';
import { loadBalancerId, VPC_ID } from '../../fake-clouds/huawei-small-world.ts';
import { fakeClock } from '../../kube/fake-clock.ts';
import { credentialOptions, failureOf, fakeHuawei, never, readerOf } from './on-fake-huawei.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function folder(files: Readonly<Record<string, string>> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'huawei-credentials-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

function write(directory: string, access: string, secret: string): void {
  writeFileSync(join(directory, 'HUAWEICLOUD_SDK_AK'), `${access}\n`);
  writeFileSync(join(directory, 'HUAWEICLOUD_SDK_SK'), `${secret}\n`);
}

/** The identity provider trusts `idToken` and gives `n`-th keys for it. */
function trust(fake: FakeHuawei, idToken: string, n: number, expiresAtMs = Date.now() + 6 * HOUR_MS): void {
  const key = { accessKey: `HST${n}`, secretKey: `temporary-${n}`, securityToken: `token-${n}`, expiresAtMs };
  fake.identities.set(idToken, key);
  fake.keys.set(key.accessKey, key);
}

function oidc(tokenFile: string): Record<string, string> {
  return { HUAWEICLOUD_SDK_IDP_ID: 'cce', HUAWEICLOUD_SDK_ID_TOKEN_FILE: tokenFile };
}

test('keys of the environment sign, with a security token too', async () => {
  const fake = await fakeHuawei();
  fake.keys.set('AK', { secretKey: 'SK', securityToken: 'ST' });
  const env = { HUAWEICLOUD_SDK_AK: ' AK', HUAWEICLOUD_SDK_SK: 'SK\n', HUAWEICLOUD_SDK_SECURITY_TOKEN: 'ST' };

  const { value } = await readerOf(fake, { env }).targets(loadBalancerId(0), never);

  expect(value).toHaveLength(6);
  expect(createCredentials(credentialOptions(fake, { env })).description).toBe('environment');
});

test('a mounted Secret wins over the environment, and a rotated one counts at the next request', async () => {
  const fake = await fakeHuawei();
  const secretDirectory = folder();
  write(secretDirectory, 'OLD', 'old');
  fake.keys.set('OLD', { secretKey: 'old', securityToken: '' });
  const source = createCredentials(credentialOptions(fake, { credentials: { secretDirectory } }));

  expect(await source.current(never)).toEqual({ accessKey: 'OLD', secretKey: 'old', securityToken: '' });
  expect(await source.refresh(never)).toBe(false);
  write(secretDirectory, 'NEW', 'new');
  expect(await source.refresh(never)).toBe(true);
  expect(await source.current(never)).toEqual({ accessKey: 'NEW', secretKey: 'new', securityToken: '' });
  expect(source.description).toBe(`files in ${secretDirectory}, else environment`);
});

test('a folder without keys leaves the word to the environment', async () => {
  const fake = await fakeHuawei();

  const { value } = await readerOf(fake, { credentials: { secretDirectory: '/nowhere/at/all' } }).targets(
    loadBalancerId(0),
    never,
  );

  expect(value).toHaveLength(6);
});

test('a Secret that is rotated while a request is refused: one refresh, one more request', async () => {
  const fake = await fakeHuawei();
  const secretDirectory = folder();
  write(secretDirectory, 'OLD', 'old');
  fake.keys.set('NEW', { secretKey: 'new', securityToken: '' });
  const known = fake.keys.get.bind(fake.keys);
  fake.keys.get = (accessKey) => {
    write(secretDirectory, 'NEW', 'new');
    return known(accessKey);
  };
  const reader = readerOf(fake, { credentials: { secretDirectory } });

  const { value } = await reader.vpc(VPC_ID, never);

  expect(value.id).toBe(VPC_ID);
  expect(fake.requests.map(({ status }) => status)).toEqual([401, 200]);
});

test('a Secret that is rotated while several requests are under way: each that was refused asks once more', async () => {
  const fake = await fakeHuawei();
  const secretDirectory = folder();
  write(secretDirectory, 'OLD', 'old');
  const source = createCredentials(credentialOptions(fake, { credentials: { secretDirectory } }));
  await source.current(never);
  write(secretDirectory, 'NEW', 'new');

  // Another request has signed with the new keys before the first one hears that it was refused.
  expect(await source.current(never)).toMatchObject({ accessKey: 'NEW' });
  expect(await source.refresh(never)).toBe(true);
});

test('a Secret of which half is new: refused, then read again', async () => {
  const fake = await fakeHuawei();
  const secretDirectory = folder();
  write(secretDirectory, 'NEW', 'old');
  fake.keys.set('NEW', { secretKey: 'new', securityToken: '' });
  const known = fake.keys.get.bind(fake.keys);
  fake.keys.get = (accessKey) => {
    write(secretDirectory, 'NEW', 'new');
    return known(accessKey);
  };

  const { value } = await readerOf(fake, { credentials: { secretDirectory } }).vpc(VPC_ID, never);

  expect(value.id).toBe(VPC_ID);
  expect(fake.requests.map(({ status }) => status)).toEqual([401, 200]);
});

test('a Secret that stays wrong is refused once, and mended later', async () => {
  const fake = await fakeHuawei();
  const secretDirectory = folder();
  write(secretDirectory, 'OLD', 'old');
  const reader = readerOf(fake, { credentials: { secretDirectory } });
  fake.keys.set('NEW', { secretKey: 'new', securityToken: '' });

  expect((await failureOf(reader.vpc(VPC_ID, never))).category).toBe('credentials');
  expect(fake.requests).toHaveLength(1);
  write(secretDirectory, 'NEW', 'new');
  expect((await reader.vpc(VPC_ID, never)).value.id).toBe(VPC_ID);
});

test.each<[string, Record<string, string>, string[]]>([
  ['no secret key', { HUAWEICLOUD_SDK_AK: 'AK' }, ['environment variable HUAWEICLOUD_SDK_SK missing']],
  ['no access key', { HUAWEICLOUD_SDK_SK: 'SK' }, ['environment variable HUAWEICLOUD_SDK_AK missing']],
  ['a token alone', { HUAWEICLOUD_SDK_SECURITY_TOKEN: 'x' }, ['HUAWEICLOUD_SDK_AK and', 'HUAWEICLOUD_SDK_SK missing']],
  [
    'a line break in a key',
    { HUAWEICLOUD_SDK_AK: 'A\nK', HUAWEICLOUD_SDK_SK: 'SK' },
    ['HUAWEICLOUD_SDK_AK holds characters'],
  ],
  ['an identity provider alone', { HUAWEICLOUD_SDK_IDP_ID: 'cce' }, ['HUAWEICLOUD_SDK_ID_TOKEN_FILE is missing']],
  ['a token file alone', { HUAWEICLOUD_SDK_ID_TOKEN_FILE: '/t' }, ['HUAWEICLOUD_SDK_IDP_ID is missing']],
  [
    'nothing',
    {},
    ['HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK', 'HUAWEICLOUD_SDK_IDP_ID', 'cloud.credentials.instanceRole'],
  ],
])('%s: credentials, naming what is missing, and nothing is sent', async (_, env, says) => {
  const fake = await fakeHuawei();

  const error = await failureOf(readerOf(fake, { env }).targets(loadBalancerId(0), never));

  expect(error.category).toBe('credentials');
  for (const words of says) expect(error.message).toContain(words);
  expect(error.message).toMatch(/^No credentials for Huawei Cloud: /);
  expect(fake.requests).toEqual([]);
});

test('half a Secret, and one that cannot be read, name the file', async () => {
  const fake = await fakeHuawei();
  const half = folder({ HUAWEICLOUD_SDK_AK: 'AK' });
  const unreadable = folder();
  mkdirSync(join(unreadable, 'HUAWEICLOUD_SDK_AK'));
  const message = async (secretDirectory: string) =>
    (await failureOf(createCredentials(credentialOptions(fake, { credentials: { secretDirectory } })).current(never)))
      .message;

  expect(await message(half)).toContain(`file ${half}/HUAWEICLOUD_SDK_SK missing or empty`);
  expect(await message(unreadable)).toContain(`file ${unreadable}/HUAWEICLOUD_SDK_AK cannot be read (EISDIR)`);
});

test('the token of the ServiceAccount is exchanged once for all who ask, and goes before keys in the environment', async () => {
  const fake = await fakeHuawei();
  const tokenFile = join(folder({ token: 'id-token-1\n' }), 'token');
  trust(fake, 'id-token-1', 1);
  const env = { ...oidc(tokenFile), HUAWEICLOUD_SDK_AK: 'x', HUAWEICLOUD_SDK_SK: 'y' };
  const reader = readerOf(fake, { env });

  const answers = await Promise.all([0, 1].map((n) => reader.targets(loadBalancerId(n), never)));

  expect(answers.map(({ value }) => value.length)).toEqual([6, 6]);
  expect(fake.requests.slice(0, 2).map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /v3/OS-FEDERATION/identity_providers/cce/protocols/oidc/auth',
    'POST /v3.0/OS-CREDENTIAL/securitytokens',
  ]);
  expect(fake.counts()['iam:securitytokens:create']).toBe(1);
  expect(createCredentials(credentialOptions(fake, { env })).description).toBe(`OIDC token ${tokenFile}`);
});

test('temporary keys are fetched anew before their end, with the token as it is then', async () => {
  const fake = await fakeHuawei();
  const directory = folder({ token: 'id-token-1' });
  const clock = fakeClock(Date.now());
  fake.now = clock.now;
  trust(fake, 'id-token-1', 1, clock.now() + HOUR_MS);
  const source = createCredentials(credentialOptions(fake, { env: oidc(join(directory, 'token')), clock }));

  expect((await source.current(never)).accessKey).toBe('HST1');
  clock.advance(54 * MINUTE_MS);
  expect((await source.current(never)).accessKey).toBe('HST1');
  writeFileSync(join(directory, 'token'), 'id-token-2');
  trust(fake, 'id-token-2', 2, clock.now() + HOUR_MS);
  clock.advance(2 * MINUTE_MS);
  expect(await source.current(never)).toEqual({
    accessKey: 'HST2',
    secretKey: 'temporary-2',
    securityToken: 'token-2',
  });
  expect(fake.counts()['iam:securitytokens:create']).toBe(2);
});

test('keys that the cloud has taken back: one refresh, and the call goes on', async () => {
  const fake = await fakeHuawei();
  const tokenFile = join(folder({ token: 'id-token-1' }), 'token');
  trust(fake, 'id-token-1', 1);
  const clock = { ...systemClock, monotonic: () => later + performance.now() };
  let later = 0;
  const reader = readerOf(fake, { env: oidc(tokenFile), clock });
  await reader.vpc(VPC_ID, never);
  fake.keys.delete('HST1');
  trust(fake, 'id-token-1', 2);
  later = 10 * MINUTE_MS;

  const { value } = await reader.targets(loadBalancerId(0), never);

  expect(value).toHaveLength(6);
  expect(fake.counts()['iam:securitytokens:create']).toBe(2);
});

test('a failed first exchange is not kept', async () => {
  const fake = await fakeHuawei();
  const tokenFile = join(folder({ token: 'id-token-1' }), 'token');
  const source = createCredentials(credentialOptions(fake, { env: oidc(tokenFile) }));

  const refused = await failureOf(source.current(never));
  trust(fake, 'id-token-1', 1);

  expect(refused).toMatchObject({ category: 'credentials', action: 'iam:identityProviders:auth', status: 401 });
  expect(refused.message).toContain('identity provider cce, is not accepted');
  expect(refused.message).toContain("trusts the cluster's issuer");
  expect(refused.message).not.toContain('id-token-1');
  expect((await source.current(never)).accessKey).toBe('HST1');
});

test('IAM in trouble is no question of credentials', async () => {
  const fake = await fakeHuawei();
  const tokenFile = join(folder({ token: 'id-token-1' }), 'token');
  trust(fake, 'id-token-1', 1);
  const source = createCredentials(credentialOptions(fake, { env: oidc(tokenFile) }));

  fake.fail('iam:identityProviders:auth', {
    kind: 'answer',
    status: 503,
    body: '{"error":{"code":503,"message":"busy"}}',
  });
  expect((await failureOf(source.current(never))).category).toBe('unavailable');
  fake.fail('iam:securitytokens:create', { kind: 'answer', status: 201, body: '{"credential":{"access":"a"}}' });
  const garbage = await failureOf(source.current(never));
  expect(garbage.category).toBe('garbage');
  expect(garbage.message).toContain('credential.secret');
  fake.fail('iam:identityProviders:auth', { kind: 'answer', status: 201, body: '{"token":{}}' });
  expect((await failureOf(source.current(never))).message).toContain('without a token (X-Subject-Token)');
});

test('IAM that quotes a token does not carry it into the message', async () => {
  const fake = await fakeHuawei();
  const tokenFile = join(folder({ token: 'id-token-1' }), 'token');
  trust(fake, 'id-token-1', 1);
  const source = createCredentials(credentialOptions(fake, { env: oidc(tokenFile) }));
  const busyWith = (words: string) =>
    ({
      kind: 'answer',
      status: 503,
      body: JSON.stringify({ error: { code: 503, message: `busy with ${words} now` } }),
    }) as const;

  fake.fail('iam:identityProviders:auth', busyWith('id-token-1'));
  const login = await failureOf(source.current(never));
  fake.fail('iam:securitytokens:create', busyWith('iam-id-token-1'));
  const keys = await failureOf(source.current(never));

  expect(login.message).toContain('busy with [redacted] now');
  expect(keys.message).toContain('busy with iam-[redacted] now');
});

test.each([
  ['that is not there', undefined, 'cannot be read (ENOENT)'],
  ['that is empty', ' \n', 'holds no token'],
])('a token file %s is named', async (_, text, words) => {
  const fake = await fakeHuawei();
  const file = join(folder(text === undefined ? {} : { token: text }), 'token');

  const error = await failureOf(createCredentials(credentialOptions(fake, { env: oidc(file) })).current(never));

  expect(error.category).toBe('credentials');
  expect(error.message).toContain(`file ${file} (HUAWEICLOUD_SDK_ID_TOKEN_FILE) ${words}`);
});

test('IAM elsewhere by the variable of the SDKs; the configuration wins over it', async () => {
  const fake = await fakeHuawei();
  const tokenFile = join(folder({ token: 'id-token-1' }), 'token');
  trust(fake, 'id-token-1', 1);
  const current = (iam: string, variable: string) =>
    createCredentials(
      credentialOptions(fake, {
        env: { ...oidc(tokenFile), HUAWEICLOUD_SDK_IAM_ENDPOINT: variable },
        endpoints: { iam },
      }),
    ).current(never);

  expect((await current('', fake.url)).accessKey).toBe('HST1');
  expect((await current(fake.url, 'https://elsewhere.invalid')).accessKey).toBe('HST1');
  expect((await failureOf(current('', 'nonsense'))).message).toContain('The endpoint given for iam is no URL');
});

test('the agency of the server, only where it is allowed', async () => {
  const fake = await fakeHuawei();
  const key = {
    accessKey: 'HSTA',
    secretKey: 'agency',
    securityToken: 'token-a',
    expiresAtMs: Date.now() + 6 * HOUR_MS,
  };
  fake.agency = key;
  fake.keys.set(key.accessKey, key);
  const reader = readerOf(fake, { env: {}, credentials: { instanceRole: true } });

  expect((await reader.targets(loadBalancerId(0), never)).value).toHaveLength(6);
  expect(fake.requests.slice(0, 2).map(({ method, path }) => `${method} ${path}`)).toEqual([
    'PUT /meta-data/latest/api/token',
    'GET /openstack/latest/securitykey',
  ]);
  expect((await failureOf(readerOf(fake, { env: {} }).targets(loadBalancerId(0), never))).category).toBe('credentials');
});

test('an older server has no session tokens; one without an agency says what to do', async () => {
  const fake = await fakeHuawei();
  const source = createCredentials(credentialOptions(fake, { env: {}, credentials: { instanceRole: true } }));

  const none = await failureOf(source.current(never));
  fake.fail('metadata:token', { kind: 'answer', status: 404, body: '' });
  fake.fail('metadata:securitykey', {
    kind: 'answer',
    status: 200,
    body: JSON.stringify({
      credential: {
        access: 'A',
        secret: 'S',
        securitytoken: 'T',
        expires_at: new Date(Date.now() + HOUR_MS).toISOString(),
      },
    }),
  });
  const keys = await source.current(never);

  expect(none).toMatchObject({ category: 'credentials', status: 404 });
  expect(none.message).toContain('this server has no agency. Give it one');
  expect(keys).toEqual({ accessKey: 'A', secretKey: 'S', securityToken: 'T' });
});
