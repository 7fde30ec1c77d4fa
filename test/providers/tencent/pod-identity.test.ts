import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Environment } from '../../../src/lib/environment.ts';
import type { FakeTencent } from '../../fake-clouds/tencent.ts';
import { fakeClock } from '../../kube/fake-clock.ts';
import { ask, folder, lastKey } from './credential-sources.ts';
import { failureOf, fakeTencent, KEYS, never, readerOf } from './on-fake-tencent.ts';

const STS = 'sts:AssumeRoleWithWebIdentity';
const ACTION = 'vpc:DescribeVpcs';

const IDENTITY = {
  roleArn: 'qcs::cam::uin/100000000001:roleName/cilium-cloud-bridge',
  providerId: 'cls-demo0001',
  webIdentityToken: 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW0ifQ.c2lnbmF0dXJl',
};

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
    expect(fake.counts()).toEqual({ [STS]: 1 });
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
