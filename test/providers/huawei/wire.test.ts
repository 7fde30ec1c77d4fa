import nock from 'nock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { createCloudAgents } from '../../../src/providers/agents.ts';
import { createCaller } from '../../../src/providers/caller.ts';
import { ACTIONS, createCredentials, createReader } from '../../../src/providers/huawei/index.ts';
import type { CloudReader } from '../../../src/providers/provider.types.ts';
import { refuse } from '../../fake-clouds/huawei-signature.ts';
import { recordLog } from '../../kube/recorded-log.ts';
import { failureOf, REGION } from './on-fake-huawei.ts';
import { PROJECT_ID, WIRE, type WireRow } from './wire-table.ts';

interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

const KEY = { secretKey: 'secret-of-the-test', securityToken: 'token-of-the-test' };
const ENV = {
  HUAWEICLOUD_SDK_AK: 'AKOFTHETEST',
  HUAWEICLOUD_SDK_SK: KEY.secretKey,
  HUAWEICLOUD_SDK_SECURITY_TOKEN: KEY.securityToken,
};
const SIGNING_TIME: unknown = expect.stringMatching(/^\d{8}T\d{6}Z$/);
const AUTHORIZATION: unknown = expect.stringMatching(
  /^SDK-HMAC-SHA256 Access=AKOFTHETEST, SignedHeaders=content-type;host;x-project-id;x-sdk-date;x-security-token, Signature=[0-9a-f]{64}$/,
);
const agents = createCloudAgents({});
let sent: Sent[] = [];

beforeEach(() => {
  sent = [];
  nock.disableNetConnect();
});
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

function reader(suffix = ''): CloudReader {
  const shared = { region: REGION, endpoints: { suffix, overrides: {} }, agents, clock: systemClock };
  const credentials = createCredentials({ ...shared, env: ENV, secretDirectory: '', instanceRole: false });
  const caller = createCaller({
    credentials,
    clock: systemClock,
    logger: recordLog(),
    limits: { perSecond: 1000, baseWaitMs: 1 },
  });
  return createReader({ ...shared, projectId: PROJECT_ID, clusterId: 'C1', credentials, caller });
}

/** Answers every action as its row says; `refused` is refused. */
function answerAll(refused?: string): void {
  for (const [action, row] of Object.entries(WIRE)) {
    const refuses = action === refused;
    nock(`https://${row.host}`)
      .persist()
      .get(row.path)
      .query(true)
      .reply(async (request: Request) => {
        sent.push(await sentOf(request));
        const content = asMatcher(refuses ? row.refusal : answerFor(row, request.url));
        return [refuses ? 403 : 200, content, { 'x-request-id': `req-of-${action}` }];
      });
  }
}

/** EIPs are answered for as many addresses as are asked. */
function answerFor(row: WireRow, url: string): unknown {
  if (row !== WIRE['vpc:publicIps:list']) return row.success;
  const addresses = new URL(url).searchParams.getAll('public_ip_address');
  if (addresses.length === 1) return row.success;
  return {
    publicips: addresses.map((address, n) => ({
      id: `E${n}`,
      public_ip_address: address,
      status: 'ELB',
      bandwidth: { id: `B${n}` },
    })),
  };
}

async function sentOf(request: Request): Promise<Sent> {
  const { url, method, headers } = request;
  return { url, method, headers: Object.fromEntries(headers), body: await request.text() };
}

function sentTo(row: WireRow): Sent[] {
  return sent.filter(({ url }) => url.split('?')[0] === `https://${row.host}${row.path}`);
}

const ROWS = Object.entries(WIRE);

test('the table of the wire has a row for each action, and every permission only reads', () => {
  expect(Object.keys(WIRE).sort()).toEqual(Object.keys(ACTIONS).sort());
  for (const { permissions } of Object.values(ACTIONS)) {
    for (const permission of permissions) expect(permission).toMatch(/^[a-z]+:[A-Za-z]+:(get|list)$/);
  }
});

test.each(ROWS)('%s: the request line, signed', async (_, row) => {
  answerAll();

  await row.read(reader());

  const [request] = sentTo(row);
  if (request === undefined) throw new Error('it was not asked');
  const { searchParams } = new URL(request.url);
  const names = [...new Set(searchParams.keys())];
  const query = names.map((name) => [
    name,
    searchParams.getAll(name).length > 1 ? searchParams.getAll(name) : searchParams.get(name),
  ]);
  expect(Object.fromEntries(query)).toEqual(row.query);
  expect(request).toMatchObject({ method: 'GET', body: '' });
  expect(request.headers).toMatchObject({
    host: row.host,
    'content-type': 'application/json',
    'x-project-id': PROJECT_ID,
    'x-security-token': KEY.securityToken,
    'user-agent': 'cilium-cloud-bridge',
    'x-sdk-date': SIGNING_TIME,
    authorization: AUTHORIZATION,
  });
  const { pathname, search } = new URL(request.url);
  const signed = { method: 'GET', target: `${pathname}${search}`, headers: request.headers, body: '' };
  expect(refuse(signed, new Map([['AKOFTHETEST', KEY]]), Date.now())).toBeUndefined();
  expect(refuse(signed, new Map([['AKOFTHETEST', { ...KEY, secretKey: 'x' }]]), Date.now())).toBeDefined();
});

test.each(ROWS)('%s: its answer', async (action, row) => {
  answerAll();

  const { value, from } = await row.read(reader());

  expect(value).toMatchObject(asMatcher(row.brings));
  expect(from).toContainEqual({ action, requestId: `req-of-${action}` });
});

test.each(ROWS)('%s refused', async (action, row) => {
  answerAll(action);

  if (row.without === undefined) {
    const error = await failureOf(row.read(reader()));
    expect(error).toMatchObject({
      action,
      code: row.code,
      status: 403,
      category: 'denied',
      requestId: `req-of-${action}`,
    });
    expect(error.message).toContain(`${action} at ${row.host}: 403 ${row.code}`);
  } else {
    expect((await row.read(reader())).value).toMatchObject(asMatcher(row.without));
  }
  expect(sentTo(row)).toHaveLength(1);
});

function asMatcher(value: unknown): object {
  if (typeof value !== 'object' || value === null) throw new Error('objects and lists are compared');
  return value;
}

test('a list goes on where its page says so', async () => {
  const row = WIRE['elb:listeners:list'];
  const page = (id: string, next?: string) => ({
    listeners: [{ id, protocol: 'TCP', protocol_port: 80, default_pool_id: id }],
    page_info: { current_count: 1, ...(next === undefined ? {} : { next_marker: next }) },
  });
  const site = nock(`https://${row.host}`);
  site
    .get(row.path)
    .query({ ...row.query })
    .reply(200, page('P1', 'P1'));
  site
    .get(row.path)
    .query({ ...row.query, marker: 'P1' })
    .reply(200, page('P2', 'P2'));
  site
    .get(row.path)
    .query({ ...row.query, marker: 'P2' })
    .reply(200, page('P3'));
  site
    .get(WIRE['elb:members:list'].path)
    .query(true)
    .reply(200, {
      members: ['P1', 'P2', 'P3'].map((pool_id) => ({
        id: pool_id,
        pool_id,
        address: '10.0.0.1',
        protocol_port: 80,
        operating_status: 'ONLINE',
      })),
    });

  const { value, from } = await WIRE['elb:members:list'].read(reader());

  expect(value).toHaveLength(3);
  expect(from).toHaveLength(4);
  expect(nock.isDone()).toBe(true);
});

test.each([
  ['', 'elb.cn-north-4.myhuaweicloud.com'],
  ['myhuaweicloud.eu', 'elb.cn-north-4.myhuaweicloud.eu'],
])('suffix %j: the load balancers are asked at %s', async (suffix, host) => {
  const { path, success, read } = WIRE['elb:loadbalancers:get'];
  const asked = nock(`https://${host}`).get(path).reply(200, asMatcher(success));

  await read(reader(suffix)).catch(() => undefined);

  expect(asked.isDone()).toBe(true);
});

test('the token exchange: both requests, unsigned, the second with the token of the first', async () => {
  const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs');
  const { join } = await import('node:path');
  const { tmpdir } = await import('node:os');
  const directory = mkdtempSync(join(tmpdir(), 'huawei-wire-'));
  const tokenFile = join(directory, 'token');
  writeFileSync(tokenFile, 'eyJ.id.token\n');
  const exchanges: Sent[] = [];
  const iam = nock('https://iam.myhuaweicloud.com');
  iam.post('/v3/OS-FEDERATION/identity_providers/my%20idp/protocols/oidc/auth').reply(async (request: Request) => {
    exchanges.push(await sentOf(request));
    return [201, { token: { methods: ['mapped'] } }, { 'X-Subject-Token': 'MIIE-unscoped' }];
  });
  iam.post('/v3.0/OS-CREDENTIAL/securitytokens').reply(async (request: Request) => {
    exchanges.push(await sentOf(request));
    const expires_at = '2099-01-01T00:00:00.123000Z';
    return [201, { credential: { access: 'A', secret: 'S', securitytoken: 'T', expires_at } }];
  });
  try {
    const source = createCredentials({
      env: { HUAWEICLOUD_SDK_IDP_ID: 'my idp', HUAWEICLOUD_SDK_ID_TOKEN_FILE: tokenFile },
      secretDirectory: '',
      instanceRole: false,
      region: REGION,
      endpoints: { suffix: '', overrides: {} },
      agents,
      clock: systemClock,
    });
    expect(await source.current(new AbortController().signal)).toEqual({
      accessKey: 'A',
      secretKey: 'S',
      securityToken: 'T',
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
  const [login, keys] = exchanges;
  expect(login?.headers.authorization).toBe('Bearer eyJ.id.token');
  expect(login?.body).toBe('{}');
  expect(keys?.headers).toMatchObject({ 'x-auth-token': 'MIIE-unscoped', 'content-type': 'application/json' });
  expect(keys?.headers.authorization).toBeUndefined();
  expect(JSON.parse(keys?.body ?? '')).toEqual({
    auth: { identity: { methods: ['token'], token: { duration_seconds: 21600 } } },
  });
});

test('the metadata service: a session token first, then the keys', async () => {
  const site = nock('http://169.254.169.254');
  site.put('/meta-data/latest/api/token').matchHeader('X-Metadata-Token-Ttl-Seconds', '21600').reply(200, 'session');
  site
    .get('/openstack/latest/securitykey')
    .matchHeader('X-Metadata-Token', 'session')
    .reply(200, {
      credential: { access: 'A', secret: 'S', securitytoken: 'T', expires_at: '2099-01-01T00:00:00.000000Z' },
    });
  const shared = { region: REGION, endpoints: { suffix: '', overrides: {} }, agents, clock: systemClock };
  const source = createCredentials({ ...shared, env: {}, secretDirectory: '', instanceRole: true });

  expect(await source.current(new AbortController().signal)).toEqual({
    accessKey: 'A',
    secretKey: 'S',
    securityToken: 'T',
  });
  expect(nock.isDone()).toBe(true);
});
