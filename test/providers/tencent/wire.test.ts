import nock from 'nock';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import type { Environment } from '../../../src/lib/environment.ts';
import { createCloudAgents } from '../../../src/providers/agents.ts';
import { createCaller } from '../../../src/providers/caller.ts';
import type { CloudReader } from '../../../src/providers/provider.types.ts';
import { ACTIONS, type TencentAction } from '../../../src/providers/tencent/actions.ts';
import { createCredentials, createReader } from '../../../src/providers/tencent/index.ts';
import { expectedSignature, readAuthorization } from '../../fake-clouds/tencent-signature.ts';
import { recordLog } from '../../kube/recorded-log.ts';
import { failureOf, KEYS, never } from './on-fake-tencent.ts';
import { CASES } from './wire-cases.ts';

const SECRET_KEY = KEYS.TENCENTCLOUD_SECRET_KEY ?? '';

beforeEach(() => {
  nock.disableNetConnect();
});

afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

interface ReaderSetup {
  readonly env?: Environment;
  readonly suffix?: string;
  readonly overrides?: Readonly<Record<string, string>>;
}

/** A reader of the real endpoints, one attempt a request. */
function reader({ env = KEYS, suffix = '', overrides = {} }: ReaderSetup = {}): CloudReader {
  const agents = createCloudAgents({});
  onTestFinished(() => agents.close());
  const same = { region: 'ap-guangzhou', endpoints: { suffix, overrides }, agents, clock: systemClock };
  const credentials = createCredentials({ env, secretDirectory: '', instanceRole: false, ...same });
  const caller = createCaller({ credentials, clock: systemClock, logger: recordLog(), limits: { attempts: 1 } });
  return createReader({ projectId: '', clusterId: 'cls-1', credentials, caller, ...same });
}

interface Seen {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** As it came over the wire. */
  readonly body: string;
}

/** What nock hands to a reply. */
async function seenOf(request: Request): Promise<Seen> {
  return { url: request.url, headers: Object.fromEntries(request.headers), body: await request.text() };
}

/** Answers the next requests to a host; what came is kept. */
function answer(host: string, bodies: readonly object[]): readonly Seen[] {
  const seen: Seen[] = [];
  for (const inner of bodies) {
    nock(`https://${host}`)
      .post('/')
      .reply(async (request: Request) => {
        seen.push(await seenOf(request));
        return [200, { Response: { ...inner, RequestId: `request-${seen.length}` } }];
      });
  }
  return seen;
}

/** Actions that go out beside or before the one that is looked at, and what is answered to them. */
const COMPANIONS: Readonly<Record<string, Readonly<Partial<Record<TencentAction, 'fine' | 'refused'>>>>> = {
  'clb:DescribeLoadBalancers': { 'clb:DescribeListeners': 'fine' },
  'clb:DescribeTargets': { 'clb:DescribeTargetHealth': 'fine' },
  'clb:DescribeTargetHealth': { 'clb:DescribeTargets': 'fine' },
  'vpc:DescribeSecurityGroupPolicies': { 'vpc:DescribeSecurityGroupExpandedPolicies': 'refused' },
  'vpc:DescribeNetworkInterfaces': { 'tke:DescribeClusterInstances': 'refused' },
  'tke:DescribeClusters': { 'tke:DescribeIPAMD': 'fine' },
  'tke:DescribeIPAMD': { 'tke:DescribeClusters': 'fine' },
};

const REFUSED = { Error: { Code: 'UnauthorizedOperation', Message: 'you are not authorized' } };

/** Answers one action with `inner` and its companions as the table says; what came for the action is kept. */
function play(action: TencentAction, inner: object): readonly Seen[] {
  const seen: Seen[] = [];
  const replies = new Map<string, object>([[action, inner]]);
  for (const [companion, how] of Object.entries(COMPANIONS[action] ?? {})) {
    const known = Object.entries(CASES).find(([name]) => name === companion)?.[1];
    replies.set(companion, how === 'refused' ? REFUSED : (known?.reply ?? {}));
  }
  for (const host of new Set(Object.values(CASES).map((wire) => wire.host))) {
    nock(`https://${host}`)
      .persist()
      .post('/')
      .reply(async (request: Request) => {
        const came = await seenOf(request);
        const name = `${host.split('.')[0]}:${came.headers['x-tc-action']}`;
        if (name === action) seen.push(came);
        const found = replies.get(name);
        if (found === undefined) return [500, `nobody expected ${name}`];
        return [200, { Response: { ...found, RequestId: `request-of-${name}` } }];
      });
  }
  return seen;
}

const ALL = Object.entries(CASES).map(([name, wire]) => ({ action: name as TencentAction, ...wire }));

describe('every action', () => {
  it('of the table is here', () => {
    expect(Object.keys(CASES).toSorted()).toEqual(Object.keys(ACTIONS).toSorted());
  });

  it.each(ALL)('$action goes out as one signed POST', async ({ action, ask, host, version, body, reply }) => {
    const seen = play(action, reply);
    await ask(reader());
    expect(seen).toHaveLength(1);
    const [request] = seen;
    if (request === undefined) return;
    expect(request.url).toBe(`https://${host}/`);
    expect(JSON.parse(request.body)).toEqual(body);
    const { headers } = request;
    expect(headers).toMatchObject({
      host,
      'content-type': 'application/json',
      'x-tc-action': action.split(':')[1],
      'x-tc-version': version,
      'x-tc-region': 'ap-guangzhou',
      'x-tc-language': 'en-US',
      'x-tc-requestclient': 'SDK_NODEJS_4.1.313',
    });
    expect(headers).not.toHaveProperty('x-tc-token');
    expect(Math.abs(Number(headers['x-tc-timestamp']) - Date.now() / 1_000)).toBeLessThan(10);
    const authorization = readAuthorization(headers.authorization ?? '');
    expect(authorization).toMatchObject({ secretId: KEYS.TENCENTCLOUD_SECRET_ID, service: action.split(':')[0] });
    if (authorization === undefined) return;
    const signed = { method: 'POST', path: '/', query: '', headers, body: request.body };
    expect(authorization.signature).toBe(expectedSignature(signed, authorization, SECRET_KEY));
  });

  it.each(ALL)('$action: what the cloud answers is understood, with its request id', async ({ action, ask, reply }) => {
    play(action, reply);
    const { from } = (await ask(reader())) as Awaited<ReturnType<CloudReader['vpc']>>;
    expect(from).toContainEqual({ action, requestId: `request-of-${action}` });
  });

  it.each(ALL)('$action: an error in HTTP 200 is a failure of that action', async ({ action, ask }) => {
    play(action, { Error: { Code: 'InternalError.Db', Message: 'An internal error has occurred.' } });
    const failure = await failureOf(ask(reader()));
    expect(failure).toEqual({
      category: 'unavailable',
      action,
      code: 'InternalError.Db',
      status: 200,
      requestId: `request-of-${action}`,
      message: `${action}: InternalError.Db: An internal error has occurred (request request-of-${action}).`,
    });
  });

  it.each(ALL)(
    '$action: a shape that is not promised is garbage that names $field',
    async ({ action, ask, broken, field }) => {
      play(action, broken);
      const failure = await failureOf(ask(reader()));
      expect(failure).toMatchObject({ category: 'garbage', action, status: 200, requestId: `request-of-${action}` });
      expect(failure.message).toContain(`a Response that cannot be read: ${field}: `);
    },
  );
});

describe('requests', () => {
  const vpc = { TotalCount: 1, VpcSet: [{ VpcId: 'vpc-1', CidrBlock: '10.0.0.0/16' }] };

  it('carry the token of temporary keys', async () => {
    const seen = answer('vpc.tencentcloudapi.com', [vpc]);
    await reader({ env: { ...KEYS, TENCENTCLOUD_SESSION_TOKEN: 'a-session-token' } }).vpc('vpc-1', never);
    expect(seen[0]?.headers['x-tc-token']).toBe('a-session-token');
  });

  it.each([
    ['internal.tencentcloudapi.com', 'vpc.internal.tencentcloudapi.com'],
    ['intl.tencentcloudapi.com', 'vpc.intl.tencentcloudapi.com'],
    ['ap-guangzhou.tencentcloudapi.com', 'vpc.ap-guangzhou.tencentcloudapi.com'],
  ])('go to the endpoints of suffix %s', async (suffix, host) => {
    const seen = answer(host, [vpc]);
    await reader({ suffix }).vpc('vpc-1', never);
    expect(seen[0]?.headers.host).toBe(host);
    expect(readAuthorization(seen[0]?.headers.authorization ?? '')?.service).toBe('vpc');
  });

  it('go to an overridden endpoint, and are signed for the service all the same', async () => {
    const seen = answer('10.9.8.7:8443', [vpc]);
    await reader({ suffix: 'not.used', overrides: { vpc: 'https://10.9.8.7:8443' } }).vpc('vpc-1', never);
    const { headers, body, url } = seen[0] ?? { headers: {}, body: '', url: '' };
    expect(url).toBe('https://10.9.8.7:8443/');
    const authorization = readAuthorization(headers.authorization ?? '');
    expect(authorization?.service).toBe('vpc');
    if (authorization === undefined) return;
    const signed = { method: 'POST', path: '/', query: '', headers, body };
    expect(authorization.signature).toBe(expectedSignature(signed, authorization, SECRET_KEY));
  });

  it('are not sent to what is no URL', async () => {
    const failure = await failureOf(reader({ overrides: { vpc: 'vpc.example.com' } }).vpc('vpc-1', never));
    expect(failure).toMatchObject({ category: 'invalid' });
    expect(failure.message).toBe('The endpoint of vpc is no URL: vpc.example.com. Write it as https://host/.');
  });

  it('go past http_proxy, which the SDK would obey and NO_PROXY not', async () => {
    const before = process.env.http_proxy;
    process.env.http_proxy = 'http://127.0.0.1:9';
    try {
      const seen = answer('vpc.tencentcloudapi.com', [vpc]);
      await reader().vpc('vpc-1', never);
      expect(seen).toHaveLength(1);
    } finally {
      if (before === undefined) delete process.env.http_proxy;
      else process.env.http_proxy = before;
    }
  });

  it('page with numbers where the API takes numbers', async () => {
    const gateways = (from: number, count: number) => ({
      TotalCount: 130,
      NatGatewaySet: Array.from({ length: count }, (_, index) => ({
        NatGatewayId: `nat-${from + index}`,
        VpcId: 'vpc-1',
      })),
    });
    const seen = answer('vpc.tencentcloudapi.com', [gateways(0, 100), gateways(100, 30)]);
    const { value } = await reader().natGateways('vpc-1', never);
    expect(value).toHaveLength(130);
    expect(seen.map(({ body }) => body)).toEqual([
      '{"Filters":[{"Name":"vpc-id","Values":["vpc-1"]}],"Offset":0,"Limit":100}',
      '{"Filters":[{"Name":"vpc-id","Values":["vpc-1"]}],"Offset":100,"Limit":100}',
    ]);
  });

  it.each([
    [
      'says no total',
      [
        { SubnetSet: Array.from({ length: 100 }, (_, index) => ({ SubnetId: `s-${index}` })) },
        { SubnetSet: [{ SubnetId: 's-100' }] },
      ],
      101,
    ],
    [
      'says too much and then nothing',
      [
        { TotalCount: 50, SubnetSet: [{ SubnetId: 's-0' }] },
        { TotalCount: 50, SubnetSet: [] },
      ],
      1,
    ],
  ])('end with the list where it %s', async (_how, pages, count) => {
    const seen = answer('vpc.tencentcloudapi.com', pages);
    expect((await reader().subnets('vpc-1', never)).value).toHaveLength(count);
    expect(seen).toHaveLength(pages.length);
  });

  it('end when the signal says so, with its reason', async () => {
    nock('https://vpc.tencentcloudapi.com').post('/').delay(5_000).reply(200, {});
    const controller = new AbortController();
    const call = reader().vpc('vpc-1', controller.signal);
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 20);
    await expect(call).rejects.toBe(reason);
  });
});
