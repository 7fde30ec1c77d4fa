import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Environment } from '../../../src/lib/environment.ts';
import { SECRET_ID, SECRET_KEY } from '../../fake-clouds/tencent.ts';
import { fakeClock } from '../../kube/fake-clock.ts';
import { ask, folder, lastKey, sourceOf } from './credential-sources.ts';
import { failureOf, fakeTencent, KEYS, never, readerOf, type Setup } from './on-fake-tencent.ts';

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
      'environment variable TENCENTCLOUD_SECRET_ID is given, environment variable TENCENTCLOUD_SECRET_KEY is missing or empty. Give both, or neither.',
      { TENCENTCLOUD_SECRET_ID: SECRET_ID },
    ],
    [
      'environment variable TENCENTCLOUD_SECRET_KEY is given, environment variable TENCENTCLOUD_SECRET_ID is missing or empty. Give both, or neither.',
      { TENCENTCLOUD_SECRET_KEY: SECRET_KEY, TENCENTCLOUD_SECRET_ID: ' ' },
    ],
    [
      'environment variable TENCENTCLOUD_SECRET_ID and environment variable TENCENTCLOUD_SECRET_KEY are missing. Give both, or neither.',
      { TENCENTCLOUD_TOKEN: 'x' },
    ],
    [
      'a key in environment holds blanks or other characters that no key has. Copy it anew.',
      { ...KEYS, TENCENTCLOUD_SECRET_KEY: 'two\nlines' },
    ],
  ])('by half say: %s', async (text, env) => {
    const fake = await fakeTencent();
    const failure = await failureOf(ask(readerOf(fake, { env })));
    expect(failure).toMatchObject({ category: 'credentials', action: 'credentials' });
    expect(failure.message).toBe(`No credentials for Tencent Cloud: ${text}`);
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
