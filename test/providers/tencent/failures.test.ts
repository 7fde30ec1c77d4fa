import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallerLimits } from '../../../src/providers/caller.ts';
import type { CloudErrorCategory } from '../../../src/providers/errors.ts';
import { type Failure, type FakeTencent, SECRET_ID, SECRET_KEY } from '../../fake-clouds/tencent.ts';
import { smallWorld } from '../../fake-clouds/tencent-world.ts';
import { failureOf, fakeTencent, KEYS, never, readerOf } from './on-fake-tencent.ts';

const ACTION = 'clb:DescribeListeners';
const HTML = '<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>';

/** One thing that goes wrong with each request of an action. */
interface FailureCase {
  readonly name: string;
  readonly cause: Failure | ((fake: FakeTencent) => void);
  readonly limits?: Partial<CallerLimits>;
  readonly category: CloudErrorCategory;
  readonly code?: string;
  readonly status?: number;
  /** How often it is asked. */
  readonly asked: number;
  readonly message: RegExp;
}

function apiError(code: string, message = 'words of the cloud.'): Failure {
  return { kind: 'error', code, message };
}

const FAILURES: readonly FailureCase[] = [
  {
    name: 'no answer in time',
    cause: { kind: 'hang' },
    limits: { attemptMs: 40, attempts: 3 },
    category: 'unavailable',
    asked: 3,
    message:
      /^clb:DescribeListeners: no answer within 0 s\. Check that the endpoint can be reached .* tried 3 times\.$/,
  },
  {
    name: 'a reset',
    cause: { kind: 'reset' },
    category: 'unavailable',
    asked: 4,
    message:
      /: cannot reach 127\.0\.0\.1:\d+ \(.*(ECONNRESET|socket hang up).*\)\. Check DNS, .* It was tried 4 times\.$/,
  },
  {
    name: 'a body that breaks off',
    cause: { kind: 'cut' },
    category: 'unavailable',
    asked: 4,
    message: /: cannot reach 127\.0\.0\.1:\d+ \(.*\)\. .* It was tried 4 times\.$/,
  },
  {
    name: 'HTML with 502',
    cause: { kind: 'http', status: 502, body: HTML, headers: { 'Content-Type': 'text/html' } },
    category: 'unavailable',
    status: 502,
    asked: 4,
    message: /^clb:DescribeListeners: HTTP 502 Bad Gateway from 127\.0\.0\.1:\d+\. .* It was tried 4 times\.$/,
  },
  {
    name: '429 that asks to wait for longer than there is time',
    cause: { kind: 'http', status: 429, body: 'slow down', headers: { 'Retry-After': '60' } },
    category: 'throttled',
    status: 429,
    asked: 1,
    message: /^clb:DescribeListeners: HTTP 429 Too Many Requests from .*\. The limit is shared with everything else/,
  },
  {
    name: '429 without a word',
    cause: { kind: 'http', status: 429, body: '' },
    category: 'throttled',
    status: 429,
    asked: 4,
    message: /: HTTP 429 Too Many Requests from /,
  },
  {
    name: 'RequestLimitExceeded',
    cause: apiError(
      'RequestLimitExceeded',
      'Your current request times equals to `21` in a second, which exceeds the frequency limit `20` for a second.',
    ),
    category: 'throttled',
    code: 'RequestLimitExceeded',
    status: 200,
    asked: 4,
    message:
      /^clb:DescribeListeners: RequestLimitExceeded: Your current request times equals to `21` in a second, which/,
  },
  {
    name: 'RequestLimitExceeded of the whole account',
    cause: apiError('RequestLimitExceeded.UinLimitExceeded'),
    category: 'throttled',
    code: 'RequestLimitExceeded.UinLimitExceeded',
    asked: 4,
    message: /UinLimitExceeded: words of the cloud \(request /,
  },
  {
    name: 'InternalError',
    cause: apiError('InternalError'),
    category: 'unavailable',
    code: 'InternalError',
    asked: 4,
    message: /: InternalError: words of the cloud \(request [-0-9]+\)\. It was tried 4 times\.$/,
  },
  {
    name: 'ServiceUnavailable',
    cause: apiError('ServiceUnavailable'),
    category: 'unavailable',
    code: 'ServiceUnavailable',
    asked: 4,
    message: /: ServiceUnavailable: /,
  },
  {
    name: 'a clock that is six minutes behind',
    cause: (fake) => {
      fake.clockAheadMs = 6 * 60_000;
    },
    category: 'credentials',
    code: 'AuthFailure.SignatureExpire',
    asked: 1,
    message: /: AuthFailure\.SignatureExpire: .* This machine's clock is 6 min behind: set it, with NTP\.$/,
  },
  {
    name: 'a clock that is an hour ahead',
    cause: (fake) => {
      fake.clockAheadMs = -60 * 60_000;
    },
    category: 'credentials',
    code: 'AuthFailure.SignatureExpire',
    asked: 1,
    message: / This machine's clock is 60 min ahead: set it/,
  },
  {
    name: 'a wrong key',
    cause: (fake) => {
      fake.keys.set(SECRET_ID, { secretKey: 'another', token: '', goodUntilMs: Number.POSITIVE_INFINITY });
    },
    category: 'credentials',
    code: 'AuthFailure.SignatureFailure',
    asked: 1,
    message: /TENCENTCLOUD_SECRET_KEY does not belong to TENCENTCLOUD_SECRET_ID: correct it\.$/,
  },
  {
    name: 'a key that is gone',
    cause: (fake) => {
      fake.keys.delete(SECRET_ID);
    },
    category: 'credentials',
    code: 'AuthFailure.SecretIdNotFound',
    asked: 1,
    message: / TENCENTCLOUD_SECRET_ID is not, or no longer, a key of the account: correct it\.$/,
  },
  {
    name: 'another AuthFailure',
    cause: apiError('AuthFailure.MFAFailure'),
    category: 'credentials',
    code: 'AuthFailure.MFAFailure',
    asked: 1,
    message: / Check the keys and that they are enabled\.$/,
  },
  {
    name: 'a denied action',
    cause: (fake) => {
      fake.denied.add(ACTION);
    },
    category: 'denied',
    code: 'UnauthorizedOperation',
    asked: 1,
    message:
      /^clb:DescribeListeners: UnauthorizedOperation: you are not authorized to perform operation \(clb:DescribeListeners\) resource .* Allow clb:DescribeListeners in the CAM policy\.$/,
  },
  {
    name: 'a denied action in the words of CAM',
    cause: apiError('AuthFailure.UnauthorizedOperation'),
    category: 'denied',
    code: 'AuthFailure.UnauthorizedOperation',
    asked: 1,
    message: /Allow clb:DescribeListeners in the CAM policy\.$/,
  },
  {
    name: 'a proxy that refuses',
    cause: { kind: 'http', status: 403, body: HTML },
    category: 'denied',
    status: 403,
    asked: 1,
    message: /: HTTP 403 Forbidden from 127\.0\.0\.1:\d+\. Is it a proxy that refuses\?$/,
  },
  {
    name: 'a region that is not served',
    cause: (fake) => {
      fake.world.regions = ['ap-hongkong'];
    },
    category: 'unsupported',
    code: 'UnsupportedRegion',
    asked: 1,
    message: /: UnsupportedRegion: .*\. Check the region \(ap-guangzhou\) and the endpoint \(127\.0\.0\.1:\d+\)\.$/,
  },
  {
    name: 'an action that is not served',
    cause: apiError('InvalidAction'),
    category: 'unsupported',
    code: 'InvalidAction',
    asked: 1,
    message: /: InvalidAction: /,
  },
  {
    name: 'a parameter that the API does not take',
    cause: apiError('InvalidParameterValue.Length'),
    category: 'invalid',
    code: 'InvalidParameterValue.Length',
    asked: 1,
    message: /^clb:DescribeListeners: InvalidParameterValue\.Length: words of the cloud \(request [-0-9]+\)\.$/,
  },
  {
    name: 'a code that nobody knows',
    cause: apiError('SomethingNew.Happened'),
    category: 'invalid',
    code: 'SomethingNew.Happened',
    asked: 1,
    message: /: SomethingNew\.Happened: /,
  },
  {
    name: 'a thing that is gone',
    cause: apiError('ResourceNotFound'),
    category: 'not-found',
    code: 'ResourceNotFound',
    asked: 1,
    message: /: ResourceNotFound: /,
  },
  ...['FailedOperation.CamNoAuth', 'InternalError.CamNoAuth'].map(
    (code): FailureCase => ({
      name: `a denied action in the words of TKE, ${code}`,
      cause: apiError(code),
      category: 'denied',
      code,
      asked: 1,
      message: /Allow clb:DescribeListeners in the CAM policy\.$/,
    }),
  ),
  ...['InternalError.ClusterNotFound', 'InvalidParameter.ListenerIdNotFound', 'ResourceNotFound.Cluster'].map(
    (code): FailureCase => ({
      name: `a thing that is gone, ${code}`,
      cause: apiError(code),
      category: 'not-found',
      code,
      asked: 1,
      message: /: words of the cloud \(request /,
    }),
  ),
  {
    name: 'an API error with another HTTP status',
    cause: {
      kind: 'http',
      status: 400,
      body: JSON.stringify({ Response: { Error: { Code: 'MissingParameter', Message: 'which' }, RequestId: 'r-1' } }),
    },
    category: 'invalid',
    code: 'MissingParameter',
    status: 400,
    asked: 1,
    message: /: MissingParameter: which \(request r-1\)\.$/,
  },
  {
    name: 'a login page with 200',
    cause: { kind: 'http', status: 200, body: '<html>Please log in</html>', headers: { 'Content-Type': 'text/html' } },
    category: 'garbage',
    status: 200,
    asked: 1,
    message:
      /: 127\.0\.0\.1:\d+ answered something that is no JSON\. Is a proxy or a login page between here and the cloud\?$/,
  },
  {
    name: 'half a JSON',
    cause: { kind: 'http', status: 200, body: '{"Response":{"Listeners":[' },
    category: 'garbage',
    asked: 1,
    message: /answered something that is no JSON/,
  },
  ...['{}', '[]', 'null', '"text"', '{"Response":null}', '{"Response":[]}'].map(
    (body): FailureCase => ({
      name: `JSON without a Response: ${body}`,
      cause: { kind: 'http', status: 200, body },
      category: 'garbage',
      asked: 1,
      message: /answered without a Response/,
    }),
  ),
  {
    name: 'an event stream, which the SDK would hand on unread',
    cause: { kind: 'http', status: 200, body: 'data: {}\n\n', headers: { 'Content-Type': 'text/event-stream' } },
    category: 'garbage',
    asked: 1,
    message: /no JSON/,
  },
];

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
