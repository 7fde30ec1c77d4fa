import { beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { createCloudAgents } from '../../../src/providers/agents.ts';
import { loadSdk } from '../../../src/providers/huawei/sdk.ts';
import { endpointsOf, type Fault } from '../../fake-clouds/huawei.ts';
import { eipOf, groupId, loadBalancerId, smallWorld } from '../../fake-clouds/huawei-small-world.ts';
import { failureOf, fakeHuawei, first, KEYS, never, readerOf, type Setup } from './on-fake-huawei.ts';

// Loading the SDK would be a part of the first attempt.
beforeAll(loadSdk);

/** What the gateway answers an account that calls too often. */
function throttled(text: string, headers: Readonly<Record<string, string>> = {}): Fault {
  const body = JSON.stringify({
    error_code: 'APIGW.0308',
    error_msg: `The throttling threshold has been reached: policy user over ratelimit,${text}`,
    request_id: 'r',
  });
  return { kind: 'answer', status: 429, body, headers };
}

function answer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Fault {
  return { kind: 'answer', status, body: typeof body === 'string' ? body : JSON.stringify(body), headers };
}

const HTML_502 = answer(
  502,
  '<html><head><style>x{}</style><title>502 Bad Gateway</title></head><body>nginx</body></html>',
);
const ALWAYS = 100;

interface Row {
  readonly name: string;
  readonly fault: Fault;
  readonly setup?: Setup;
  readonly category: string;
  readonly code?: string;
  readonly status: number;
  readonly requests: number;
  readonly says: readonly string[];
}

test.each<Row>([
  {
    name: 'time-out',
    fault: { kind: 'hang' },
    setup: { limits: { attemptMs: 300 } },
    category: 'unavailable',
    status: 0,
    requests: 4,
    says: ['no answer within 0.3 s', 'network, proxy', 'It was tried 4 times.'],
  },
  {
    name: 'connection reset',
    fault: { kind: 'reset' },
    category: 'unavailable',
    status: 0,
    requests: 4,
    says: ['no answer (', 'can be reached from here'],
  },
  {
    name: 'HTML 502 of something in between',
    fault: HTML_502,
    category: 'unavailable',
    status: 502,
    requests: 4,
    says: ['502: 502 Bad Gateway nginx.', 'try again later'],
  },
  {
    name: '500 of the API',
    fault: answer(500, { error_code: 'ELB.9999', error_msg: 'Internal error.' }),
    category: 'unavailable',
    code: 'ELB.9999',
    status: 500,
    requests: 4,
    says: ['500 ELB.9999: Internal error.'],
  },
  {
    name: '429 with a window of a minute: longer than all the time there is',
    fault: throttled('limit:200,time:1 minute'),
    category: 'throttled',
    code: 'APIGW.0308',
    status: 429,
    requests: 1,
    says: ['limit:200,time:1 minute', 'try again in 60 s'],
  },
  {
    name: 'one denied action, body of the gateway',
    fault: answer(403, {
      error_code: 'APIGW.0302',
      error_msg: 'Incorrect app authentication information: not authorized',
    }),
    category: 'denied',
    code: 'APIGW.0302',
    status: 403,
    requests: 1,
    says: ['403 APIGW.0302', 'Grant elb:listeners:list to the credentials (environment).'],
  },
  {
    name: 'an API that this region does not have',
    fault: answer(404, {
      error_code: 'APIGW.0101',
      error_msg: 'The API does not exist or has not been published in the environment',
    }),
    category: 'unsupported',
    code: 'APIGW.0101',
    status: 404,
    requests: 1,
    says: ['not served in region cn-north-4'],
  },
  {
    name: 'HTML 404 of something that is not Huawei Cloud',
    fault: answer(404, '<h1>Not Found</h1>'),
    category: 'unsupported',
    status: 404,
    requests: 1,
    says: ['404: Not Found.'],
  },
  {
    name: 'a request that is wrong',
    fault: answer(400, { error_code: 'ELB.1202', error_msg: 'enterprise_project_id can not be empty' }),
    category: 'invalid',
    code: 'ELB.1202',
    status: 400,
    requests: 1,
    says: ['enterprise_project_id can not be empty.'],
  },
  {
    name: 'a conflict',
    fault: answer(409, { error_code: 'ELB.8907', error_msg: 'busy' }),
    category: 'invalid',
    code: 'ELB.8907',
    status: 409,
    requests: 1,
    says: ['409 ELB.8907: busy.'],
  },
  {
    name: 'garbage that is no JSON',
    fault: answer(200, '{"listeners": ['),
    category: 'garbage',
    status: 200,
    requests: 1,
    says: ['it is no JSON'],
  },
  {
    name: 'nothing at all',
    fault: answer(200, ''),
    category: 'garbage',
    status: 200,
    requests: 1,
    says: ['it is empty'],
  },
  {
    name: 'JSON of another shape: the field is named',
    fault: answer(200, { listeners: [{ id: 7, protocol: 'TCP', protocol_port: 80 }] }),
    category: 'garbage',
    status: 200,
    requests: 1,
    says: ['listeners[0].id: '],
  },
  {
    name: 'JSON without what was asked',
    fault: answer(200, {}),
    category: 'garbage',
    status: 200,
    requests: 1,
    says: ['(listeners: '],
  },
  {
    name: 'a redirect, which is not followed',
    fault: answer(302, '', { location: 'http://127.0.0.1:1/' }),
    category: 'garbage',
    status: 302,
    requests: 1,
    says: ['is an endpoint of Huawei Cloud'],
  },
])('$name', async ({ fault, setup, category, code = '', status, requests, says }) => {
  const fake = await fakeHuawei();
  fake.fail('elb:listeners:list', fault, ALWAYS);

  const error = await failureOf(readerOf(fake, setup).targets(loadBalancerId(0), never));

  expect(error).toMatchObject({ category, code, status, action: 'elb:listeners:list' });
  expect(fake.counts()['elb:listeners:list']).toBe(requests);
  for (const words of says) expect(error.message).toContain(words);
  expect(error.message).toMatch(/^elb:listeners:list.*\.$/);
  if (status !== 0) expect(error.requestId).toMatch(/^req-\d+$/);
});

test('what fails once is tried again', async () => {
  const fake = await fakeHuawei();
  for (const fault of [HTML_502, { kind: 'reset' } as const, throttled('limit:10,time:0 second')]) {
    fake.fail('elb:listeners:list', fault);
  }

  expect((await readerOf(fake).targets(loadBalancerId(0), never)).value).toHaveLength(6);
  expect(fake.counts()['elb:listeners:list']).toBe(4);
});

test('429: the window in the text is waited for, to the second', async () => {
  const fake = await fakeHuawei();
  fake.fail('elb:listeners:list', throttled('limit:10,time:1 second'));
  const startedAt = performance.now();

  await readerOf(fake).targets(loadBalancerId(0), never);

  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990);
  expect(fake.counts()['elb:listeners:list']).toBe(2);
});

test.each<[string, Readonly<Record<string, string>>, number | undefined]>([
  ['limit:200,time:5 minute', {}, 300_000],
  ['limit:200,time:90 second', {}, 90_000],
  ['limit:200, time: 2 Hours', {}, 7_200_000],
  ['limit:200,time:1 minute', { 'retry-after': '45' }, 45_000],
  ['limit:200,time:1 fortnight', {}, undefined],
])('429 "%s" with %j: wait %s ms', async (text, headers, retryAfterMs) => {
  const fake = await fakeHuawei();
  fake.fail('elb:listeners:list', throttled(text, headers), ALWAYS);

  const error = await failureOf(readerOf(fake).targets(loadBalancerId(0), never));

  expect(error.retryAfterMs).toBe(retryAfterMs);
});

test('Retry-After as a date', async () => {
  const fake = await fakeHuawei();
  const later = new Date(Date.now() + 100_000).toUTCString();
  fake.fail('elb:listeners:list', throttled('', { 'retry-after': later }), ALWAYS);

  const { retryAfterMs } = await failureOf(readerOf(fake).targets(loadBalancerId(0), never));

  expect(retryAfterMs).toBeGreaterThan(90_000);
  expect(retryAfterMs).toBeLessThanOrEqual(100_000);
});

test.each<[string, unknown, string, string]>([
  ['{code, message}', { code: 'VPC.0010', message: 'Rules on the policy do not allow it' }, 'VPC.0010', 'Rules on'],
  ['{error: {code, message}}', { error: { code: 'Ecs.0001', message: 'Not allowed' } }, 'Ecs.0001', 'Not allowed'],
  [
    '{error_code, error_msg}',
    { error_code: 'ELB.9802', error_msg: 'No policy', request_id: 'r' },
    'ELB.9802',
    'No policy',
  ],
  ['{errorCode, errorMessage}', { errorCode: 'CCE.01403001', errorMessage: 'Forbidden.' }, 'CCE.01403001', 'Forbidden'],
  [
    '{NeutronError}',
    { NeutronError: { type: 'PolicyNotAuthorized', message: 'rule denied', detail: '' } },
    'PolicyNotAuthorized',
    'rule denied',
  ],
  ['{forbidden: {…}}', { forbidden: { code: 403, message: 'Nova says no' } }, '403', 'Nova says no'],
  [
    'IAM, whose code is a number',
    { error: { code: 403, message: 'You are not authorized', title: 'Forbidden' } },
    '403',
    'You are not',
  ],
  ['a list', ['no'], '', '403'],
])('error body %s', async (_, body, code, words) => {
  const fake = await fakeHuawei();
  fake.fail('vpc:securityGroupRules:list', answer(403, body));

  const error = await failureOf(readerOf(fake).securityGroup(groupId(0), never));

  expect(error).toMatchObject({ category: 'denied', code, status: 403 });
  expect(error.message).toContain(words);
  expect(error.message).toContain('Grant vpc:securityGroupRules:get');
});

test('a wrong secret key: credentials, one request, nothing of the signature in the message', async () => {
  const fake = await fakeHuawei();
  const secret = 'anotherSecretKeyOfNobody0123456789abcdef';

  const error = await failureOf(
    readerOf(fake, { env: { ...KEYS, HUAWEICLOUD_SDK_SK: secret } }).targets(loadBalancerId(0), never),
  );

  expect(error).toMatchObject({ category: 'credentials', code: 'APIGW.0301', status: 401 });
  expect(error.message).toContain('verify aksk signature fail');
  expect(error.message).toContain('Check the access key, the secret key and the project id (environment)');
  expect(error.message).not.toContain(secret);
  expect(error.message).not.toContain(KEYS.HUAWEICLOUD_SDK_AK);
  expect(fake.counts()['elb:listeners:list']).toBe(1);
});

test('a refusal that quotes what was signed does not carry the token into the message', async () => {
  const fake = await fakeHuawei();
  fake.keys.set('HST0FAKEFAKEFAKE0001', { secretKey: 'sk', securityToken: 'the-token-that-is-good' });
  const env = {
    HUAWEICLOUD_SDK_AK: 'HST0FAKEFAKEFAKE0001',
    HUAWEICLOUD_SDK_SK: 'sk',
    HUAWEICLOUD_SDK_SECURITY_TOKEN: 'plainwordsofatoken',
  };

  const error = await failureOf(readerOf(fake, { env }).cluster('c', never));

  expect(error.category).toBe('credentials');
  expect(error.message).toContain('the token is expired');
  expect(error.message).toContain('x-sdk-date');
  expect(error.message).not.toContain('plainwordsofatoken');
  expect(error.message).not.toContain('HST0FAKEFAKEFAKE0001');
});

test('an answer that quotes keys in running words does not carry them into the message', async () => {
  const fake = await fakeHuawei();
  fake.keys.set('myaccesskey', { secretKey: 'mysecretkey', securityToken: 'mytoken' });
  const env = {
    HUAWEICLOUD_SDK_AK: 'myaccesskey',
    HUAWEICLOUD_SDK_SK: 'mysecretkey',
    HUAWEICLOUD_SDK_SECURITY_TOKEN: 'mytoken',
  };
  const quote = 'you sent myaccesskey and mysecretkey and mytoken today';
  fake.fail('elb:listeners:list', answer(400, { error_msg: quote, error_code: 'ELB.1' }));

  const { message } = await failureOf(readerOf(fake, { env }).targets(loadBalancerId(0), never));

  expect(message).toContain('you sent [redacted] and [redacted] and [redacted] today');
});

test.each([
  [20, "The clock here is 20 min ahead of the cloud's: set it right."],
  [-90, "The clock here is 90 min behind the cloud's: set it right."],
])('a clock that is %i min off: credentials, and the clock is blamed', async (minutes, words) => {
  const fake = await fakeHuawei();
  const clock = { ...systemClock, now: () => Date.now() + minutes * 60_000 };

  const error = await failureOf(readerOf(fake, { clock }).targets(loadBalancerId(0), never));

  expect(error).toMatchObject({ category: 'credentials', code: 'APIGW.0301' });
  expect(error.message).toContain(words);
});

test('a clock that is ten minutes off is let in', async () => {
  const fake = await fakeHuawei();
  const clock = { ...systemClock, now: () => Date.now() - 600_000 };

  expect((await readerOf(fake, { clock }).targets(loadBalancerId(0), never)).value).toHaveLength(6);
});

test('an unknown region: no such host, tried once, the region is named', async () => {
  const fake = await fakeHuawei();
  const endpoints = Object.fromEntries(
    Object.keys(endpointsOf(fake)).map((service) => [service, 'https://elb.xx-nowhere-9.invalid']),
  );

  const error = await failureOf(
    readerOf(fake, { region: 'xx-nowhere-9', endpoints }).loadBalancer(loadBalancerId(0), never),
  );

  expect(error).toMatchObject({ category: 'unsupported', status: 0 });
  expect(error.message).toContain('ENOTFOUND');
  expect(error.message).toContain('check the region (xx-nowhere-9)');
});

test('nobody listens: unavailable', async () => {
  const fake = await fakeHuawei();
  const endpoints = { elb: 'http://127.0.0.1:1' };

  const error = await failureOf(readerOf(fake, { endpoints }).loadBalancer(loadBalancerId(0), never));

  expect(error).toMatchObject({ category: 'unavailable', status: 0 });
  expect(error.message).toContain('ECONNREFUSED');
  expect(error.message).toContain('Check that 127.0.0.1:1 can be reached');
});

test('an empty project: empty lists, no errors', async () => {
  const world = smallWorld({ loadBalancers: 1, nodes: 0 });
  Object.assign(world, { listeners: [], pools: [], natGateways: [], routeTables: [], subnets: [], publicIps: [] });
  const fake = await fakeHuawei(world);
  const reader = readerOf(fake);
  const id = loadBalancerId(0);
  const vpc = first(world.vpcs).id;

  const answers = await Promise.all([
    reader.listeners(id, never),
    reader.targets(id, never),
    reader.natGateways(vpc, never),
    reader.routeTables(vpc, never),
    reader.subnets(vpc, never),
    reader.publicIps([eipOf(0)], never),
    reader.instances([{ name: 'n', providerId: '', machineId: '', internalIps: ['10.0.0.1'] }], never),
  ]);

  expect(answers.map(({ value }) => value)).toEqual([[], [], [], [], [], [], []]);
});

test('without a project id nothing is sent, and it is said what to set', async () => {
  const fake = await fakeHuawei();

  const error = await failureOf(readerOf(fake, { projectId: '' }).loadBalancer(loadBalancerId(0), never));

  expect(error.category).toBe('invalid');
  expect(error.message).toContain('Set cloud.projectId, or HUAWEICLOUD_SDK_PROJECT_ID');
  expect(fake.requests).toEqual([]);
});

test('an abort ends a call at once, with its reason', async () => {
  const fake = await fakeHuawei();
  fake.fail('elb:listeners:list', { kind: 'hang' }, ALWAYS);
  const controller = new AbortController();
  const reason = new Error('the program stops');

  const call = readerOf(fake).targets(loadBalancerId(0), controller.signal);
  setTimeout(() => controller.abort(reason), 30);

  await expect(call).rejects.toBe(reason);
});

test('a marker that comes again ends the list as garbage', async () => {
  const fake = await fakeHuawei();
  const page = { listeners: [{ id: 'p', protocol: 'TCP', protocol_port: 80 }], page_info: { next_marker: 'p' } };
  fake.fail('elb:listeners:list', answer(200, page), ALWAYS);

  const error = await failureOf(readerOf(fake).targets(loadBalancerId(0), never));

  expect(error.category).toBe('garbage');
  expect(error.message).toContain('the list does not end');
  // The second page is the first that is asked with a marker; the third would be its equal.
  expect(fake.counts()['elb:listeners:list']).toBe(2);
});

test('requests go through the agent for their endpoint', async () => {
  const fake = await fakeHuawei();
  const asked: string[] = [];
  const agents = createCloudAgents({});
  const { createReader, createCredentials } = await import('../../../src/providers/huawei/index.ts');
  const { createCaller } = await import('../../../src/providers/caller.ts');
  const { recordLog } = await import('../../kube/recorded-log.ts');
  const watched = {
    close: () => agents.close(),
    forEndpoint: (endpoint: URL) => {
      asked.push(endpoint.host);
      return agents.forEndpoint(endpoint);
    },
  };
  const shared = {
    region: 'cn-north-4',
    endpoints: { suffix: '', overrides: endpointsOf(fake) },
    agents: watched,
    clock: systemClock,
  };
  const credentials = createCredentials({ ...shared, env: KEYS, secretDirectory: '', instanceRole: false });
  const caller = createCaller({ credentials, clock: systemClock, logger: recordLog() });

  await createReader({ ...shared, projectId: fake.world.projectId, credentials, caller }).vpc(
    first(fake.world.vpcs).id,
    never,
  );

  expect(asked).toEqual([new URL(fake.url).host]);
  expect(fake.requests[0]?.userAgent).toBe('cilium-cloud-bridge');
  agents.close();
});
