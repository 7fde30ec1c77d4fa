import nock from 'nock';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createCloudAgents } from '../../../src/providers/agents.ts';
import { createCredentials } from '../../../src/providers/tencent/index.ts';
import { fakeClock } from '../../kube/fake-clock.ts';
import { ask, BARE } from './credential-sources.ts';
import { failureOf, fakeTencent, KEYS, never, readerOf, type Setup } from './on-fake-tencent.ts';

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

  it('that the service calls a failure is none, whatever comes with it', async () => {
    const fake = await fakeTencent();
    fake.role = 'TKE_QCSRole';
    const keys = { TmpSecretId: 'AKIDx', TmpSecretKey: 'k', Token: 't', ExpiredTime: 4_102_444_800, Code: 'Failed' };
    fake.fail('metadata:role', { kind: 'http', status: 200, body: JSON.stringify(keys) }, 9);
    expect(await failureOf(ask(readerOf(fake, role)))).toMatchObject({ category: 'credentials', status: 200 });
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
