import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FakeTencent, SECRET_ID, SECRET_KEY } from '../../fake-clouds/tencent.ts';
import { smallWorld } from '../../fake-clouds/tencent-world.ts';
import { ACTION, apiError, FAILURES } from './failure-cases.ts';
import { failureOf, fakeTencent, KEYS, never, readerOf } from './on-fake-tencent.ts';

describe('a request that fails', () => {
  const written: unknown[] = [];

  beforeEach(() => {
    written.length = 0;
    const write = (...args: unknown[]): boolean => written.push(args) > 0;
    for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const) {
      vi.spyOn(console, method).mockImplementation(write);
    }
    vi.spyOn(process.stdout, 'write').mockImplementation(write);
    vi.spyOn(process.stderr, 'write').mockImplementation(write);
  });

  afterEach(() => {
    vi.restoreAllMocks();
    expect(written, "what the vendor's code wrote by itself").toEqual([]);
  });

  it.each(FAILURES)('by $name is $category after $asked', async ({ cause, limits = {}, ...expected }) => {
    const fake = await fakeTencent();
    if (typeof cause === 'function') cause(fake);
    else fake.fail(ACTION, cause, 10);
    const failure = await failureOf(readerOf(fake, { limits }).listeners('lb-public01', never));
    expect(failure).toMatchObject({
      category: expected.category,
      action: ACTION,
      ...(expected.code === undefined ? {} : { code: expected.code }),
      ...(expected.status === undefined ? {} : { status: expected.status }),
    });
    expect(failure.message).toMatch(expected.message);
    expect(fake.counts()).toEqual({ [ACTION]: expected.asked });
  });

  it.each(['reset', 'cut'] as const)('by a %s once works the next time', async (kind) => {
    const fake = await fakeTencent();
    fake.fail(ACTION, { kind });
    expect((await readerOf(fake).listeners('lb-public01', never)).value).toHaveLength(2);
    expect(fake.counts()).toEqual({ [ACTION]: 2 });
  });

  it('at a connection that nobody takes says where', async () => {
    const fake = await fakeTencent();
    const reader = readerOf(fake);
    await fake.close();
    const failure = await failureOf(reader.listeners('lb-public01', never));
    expect(failure).toMatchObject({ category: 'unavailable', status: 0 });
    expect(failure.message).toContain(`cannot reach ${new URL(fake.url).host} (connect ECONNREFUSED`);
  });

  it('with 429 waits for as long as it is asked to', async () => {
    const fake = await fakeTencent();
    fake.fail(ACTION, { kind: 'http', status: 429, body: '', headers: { 'Retry-After': '1' } });
    const startedAt = performance.now();
    expect((await readerOf(fake).listeners('lb-public01', never)).value).toHaveLength(2);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1_000);
  });

  it('never repeats a key, a token or a signature, even when the cloud does', async () => {
    const fake = await fakeTencent();
    const env = { ...KEYS, TENCENTCLOUD_SESSION_TOKEN: 'session-token-0123456789' };
    const signature = 'a'.repeat(64);
    const leaks = [SECRET_ID, SECRET_KEY, env.TENCENTCLOUD_SESSION_TOKEN, signature];
    fake.fail(ACTION, apiError('InvalidParameter', `you sent ${leaks.slice(0, 3).join(' ')} Signature=${signature}`));
    const { message } = await failureOf(readerOf(fake, { env }).listeners('lb-public01', never));
    for (const leak of leaks) expect(message).not.toContain(leak);
    expect(message).toContain('you sent [redacted] [redacted] [redacted] Signature=[redacted]');
  });

  it('is told on one line that cannot move a cursor, however long the words of the cloud are', async () => {
    const fake = await fakeTencent();
    fake.fail(ACTION, apiError('InvalidParameter', `first\nsecond \u001b[31m${'x'.repeat(5_000)}`));
    const { message } = await failureOf(readerOf(fake).listeners('lb-public01', never));
    expect(message).toContain('first second \\u001b[31mxxx');
    expect(message.length).toBeLessThan(500);
  });
});

describe('an empty set', () => {
  it('is an empty list, not a failure', async () => {
    const world = { ...smallWorld(), natGateways: [], routeTables: [], subnets: [], addresses: [] };
    const fake = await fakeTencent(world);
    const reader = readerOf(fake);
    expect((await reader.natGateways('vpc-main0001', never)).value).toEqual([]);
    expect((await reader.routeTables('vpc-main0001', never)).value).toEqual([]);
    expect((await reader.subnets('vpc-main0001', never)).value).toEqual([]);
    expect((await reader.publicIps(['203.0.113.1'], never)).value).toEqual([]);
    expect((await reader.instances([], never)).value).toEqual([]);
  });
});

describe('the fake cloud', () => {
  async function post(fake: FakeTencent, headers: Record<string, string>, body: object = {}) {
    const answer = await fetch(fake.url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'X-TC-Action': 'DescribeListeners',
        'X-TC-Version': '2018-03-17',
        'X-TC-Region': 'ap-guangzhou',
        ...headers,
      },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
    return /"Code":"([^"]+)"/.exec(await answer.text())?.[1];
  }

  it('refuses what is not signed', async () => {
    const fake = await fakeTencent();
    expect(await post(fake, {})).toBe('AuthFailure.InvalidAuthorization');
    const now = String(Math.floor(Date.now() / 1_000));
    expect(await post(fake, { 'X-TC-Timestamp': now, Authorization: 'Bearer x' })).toBe(
      'AuthFailure.InvalidAuthorization',
    );
  });

  it('refuses a signature of its own making', async () => {
    const fake = await fakeTencent();
    const now = Math.floor(Date.now() / 1_000);
    const date = new Date(now * 1_000).toISOString().slice(0, 10);
    const authorization = `TC3-HMAC-SHA256 Credential=${SECRET_ID}/${date}/clb/tc3_request, SignedHeaders=content-type;host, Signature=${'0'.repeat(64)}`;
    const code = await post(fake, { 'X-TC-Timestamp': String(now), Authorization: authorization });
    expect(code).toBe('AuthFailure.SignatureFailure');
  });
});
