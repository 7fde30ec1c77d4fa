import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import * as z from 'zod';
import type { FakeHuawei } from '../fake-clouds/huawei.ts';
import { loadBalancerId } from '../fake-clouds/huawei-small-world.ts';
import type { FakeTencent } from '../fake-clouds/tencent.ts';
import { type Bundle, buildBundle, type CloudScene, huaweiScene, type Ran, tencentScene } from './cloud-scene.ts';

/*
 * The program as it is shipped, as a process of its own, with everything logged and the vendors' switches for debugging
 * set, while the cloud works or fails in every way. What it says must be right, and must hold no secret.
 */

const LONG_MS = 120_000; // on a busy machine

let bundle: Bundle;
beforeAll(async () => {
  bundle = await buildBundle();
}, LONG_MS);
afterAll(() => bundle.remove());

/** Tests run side by side: the processes mostly wait. */
type Context = Pick<TestContext, 'onTestFinished'>;

async function start<C>(
  make: (bundle: Bundle) => Promise<CloudScene<C>>,
  { onTestFinished }: Context,
): Promise<CloudScene<C>> {
  const scene = await make(bundle);
  onTestFinished(() => scene.stop());
  return scene;
}

const Report = z.looseObject({
  actions: z.array(z.looseObject({ reason: z.string(), message: z.string() })),
  findings: z.array(z.looseObject({ reason: z.string(), verdict: z.string(), message: z.string() })),
});

function messageOf(ran: Ran, reason: string): string {
  const { actions, findings } = Report.parse(JSON.parse(ran.stdout));
  return [...actions, ...findings].find((one) => one.reason === reason)?.message ?? `${ran.stdout}${ran.stderr}`;
}

/** What every signature and every header of the clouds begins with. */
const SIGNED = /(?:SDK|TC3)-HMAC-SHA256\s+(?!\[redacted\])|Signature=[0-9a-f]|Bearer\s+(?!\[redacted\])/;

/** No secret in anything that left the process; and there were some to be found. */
function expectNoSecrets({ secrets }: CloudScene<unknown>, ...runs: readonly Ran[]): void {
  for (const { stdout, stderr, events, published } of runs) {
    const everything = `${stdout}\n${stderr}\n${events}\n${JSON.stringify(published)}`;
    expect(everything.length).toBeGreaterThan(1_000);
    expect([...secrets].filter((secret) => everything.includes(secret))).toEqual([]);
    expect(SIGNED.exec(everything)?.[0]).toBeUndefined();
  }
  expect(secrets.size).toBeGreaterThan(2);
}

describe('the address of an entrypoint that shows none', { timeout: LONG_MS }, () => {
  test.concurrent('is read from Huawei Cloud, EIP then VIP, and the log, the report and the Event say so', async (context) => {
    const scene = await start(huaweiScene, context);
    const ran = await scene.once();
    expect(ran.published).toEqual({
      loadBalancer: {
        ingress: [
          { ip: '123.60.0.1', ipMode: 'Proxy' },
          { ip: '192.168.200.10', ipMode: 'Proxy' },
        ],
      },
    });
    const sentence = `Publish 123.60.0.1, 192.168.200.10 for Gateway default/web, read from load balancer ${loadBalancerId(0)} of Huawei Cloud, as Service kube-system/entry shows no address.`;
    expect(messageOf(ran, 'AddressPublished')).toBe(sentence);
    expect(ran.events).toContain(sentence);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain('"msg":"cloud asked"');
    // Every line is one of the logger's: nothing of the SDK's, and no warning of Node.
    expect(linesOf(ran.stderr).filter((line) => !line.startsWith('{'))).toEqual([]);
    expectNoSecrets(scene, ran);
  });

  test.concurrent('is the host name of a domain CLB on Tencent Cloud', async (context) => {
    const scene = await start(tencentScene, context);
    const ran = await scene.once();
    expect(ran.published).toEqual({ loadBalancer: { ingress: [{ hostname: 'lb-entry001.clb.example' }] } });
    expect(messageOf(ran, 'AddressPublished')).toBe(
      'Publish lb-entry001.clb.example for Gateway default/web, read from load balancer lb-entry001 of Tencent Cloud, as Service kube-system/entry shows no address.',
    );
    expect(ran.events).toContain('read from load balancer lb-entry001 of Tencent Cloud');
    expect(linesOf(ran.stderr).filter((line) => !line.startsWith('{'))).toEqual([]);
    expectNoSecrets(scene, ran);
  });

  test.concurrent.for([
    ['Huawei Cloud', huaweiScene, 'HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK'],
    ['Tencent Cloud', tencentScene, 'TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY'],
  ] as const)('without credentials of %s the Kubernetes work goes on', async ([title, make, variables], context) => {
    const scene = await start<unknown>(make, context);
    for (const name of Object.keys(scene.env)) delete scene.env[name];
    const ran = await scene.once();
    expect(messageOf(ran, 'EntrypointHasNoAddress')).toContain(
      `no credentials of ${title} are given: set ${variables}`,
    );
    expect(messageOf(ran, 'TargetPortSynced')).toContain('Lead the entrypoint');
    expect([ran.code, ran.published]).toEqual([2, { loadBalancer: {} }]);
  });

  test.concurrent('a cloud that hangs does not hold the run back for longer than --wait', async (context) => {
    const scene = await start(huaweiScene, context);
    scene.cloud.fail('elb:loadbalancers:get', { kind: 'hang' }, 99);
    const startedAt = performance.now();
    const ran = await scene.once('--dry-run', '--wait', '3s');
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(messageOf(ran, 'EntrypointAddressAwaited')).toContain('the cloud has not answered yet');
    expectNoSecrets(scene, ran);
  });
});

interface Trouble<C> {
  readonly name: string;
  readonly cause: (scene: CloudScene<C>) => void;
  /** What the finding says of it. */
  readonly says: RegExp;
  /** The cloud was read: it has none. */
  readonly absent?: true;
}

const HTML = '<html><head><title>502 Bad Gateway</title></head></html>';

const HUAWEI_TROUBLES: readonly Trouble<FakeHuawei>[] = [
  { name: 'time-out', cause: fails({ kind: 'hang' }), says: /no answer within 1 s.*tried 4 times/ },
  { name: 'reset', cause: fails({ kind: 'reset' }), says: /no answer \(.*tried 4 times/ },
  { name: 'HTML 502', cause: fails(answer(502, HTML)), says: /502.*tried 4 times/ },
  {
    name: '429 with a text window',
    cause: fails(
      answer(429, {
        error_code: 'APIGW.0308',
        error_msg: 'The throttling threshold has been reached: policy user over ratelimit,limit:200,time:5 minute',
      }),
    ),
    says: /APIGW\.0308/,
  },
  {
    name: 'a clock that is an hour behind',
    cause: ({ cloud }) => {
      cloud.now = () => Date.now() + 3_600_000;
    },
    says: /clock/,
  },
  {
    name: 'a wrong key',
    cause: ({ cloud }) => {
      for (const [id, key] of cloud.keys) cloud.keys.set(id, { ...key, secretKey: 'another' });
    },
    says: /APIGW\.0301/,
  },
  {
    name: 'a denied action',
    cause: fails(
      answer(403, {
        error: { code: 'ELB.0003', message: 'Policy does not allow elb:loadbalancers:get to be performed.' },
      }),
    ),
    says: /elb:loadbalancers:get/,
  },
  {
    name: 'a region that does not serve it',
    cause: fails(answer(404, { error_code: 'APIGW.0101', error_msg: 'The API does not exist' })),
    says: /APIGW\.0101/,
  },
  {
    name: 'no such load balancer',
    cause: ({ cloud }) => {
      cloud.world.loadBalancers.length = 0;
    },
    says: /ELB\.8904/,
    absent: true,
  },
  { name: 'garbage', cause: fails(answer(200, { loadbalancer: { id: 7 } })), says: /loadbalancer/ },
];

function answer(status: number, body: string | object) {
  return { kind: 'answer', status, body: typeof body === 'string' ? body : JSON.stringify(body) } as const;
}

function fails(fault: Parameters<FakeHuawei['fail']>[1]) {
  return ({ cloud }: CloudScene<FakeHuawei>): void => cloud.fail('elb:loadbalancers:get', fault, 99);
}

const TENCENT_TROUBLES: readonly Trouble<FakeTencent>[] = [
  { name: 'time-out', cause: breaks({ kind: 'hang' }), says: /no answer within 1 s.*tried 4 times/ },
  { name: 'reset', cause: breaks({ kind: 'reset' }), says: /cannot reach .*tried 4 times/ },
  { name: 'HTML 502', cause: breaks({ kind: 'http', status: 502, body: HTML }), says: /502.*tried 4 times/ },
  {
    name: '429 that asks to wait',
    cause: breaks({ kind: 'http', status: 429, body: '', headers: { 'Retry-After': '60' } }),
    says: /429/,
  },
  {
    name: 'RequestLimitExceeded',
    cause: breaks({ kind: 'error', code: 'RequestLimitExceeded', message: 'exceeds the frequency limit' }),
    says: /RequestLimitExceeded.*tried 4 times/,
  },
  {
    name: 'a clock that is an hour behind',
    cause: ({ cloud }) => {
      cloud.clockAheadMs = 3_600_000;
    },
    says: /clock/,
  },
  {
    name: 'a wrong key',
    cause: ({ cloud }) => {
      for (const key of cloud.keys.values()) key.secretKey = 'another';
    },
    says: /AuthFailure\.SignatureFailure/,
  },
  {
    name: 'a denied action',
    cause: ({ cloud }) => void cloud.denied.add('clb:DescribeLoadBalancers'),
    says: /UnauthorizedOperation.*clb:DescribeLoadBalancers/s,
  },
  {
    name: 'an unknown region',
    cause: ({ cloud }) => {
      cloud.world.regions = ['ap-beijing'];
    },
    says: /UnsupportedRegion/,
  },
  {
    name: 'no such load balancer',
    cause: ({ cloud }) => {
      cloud.world.loadBalancers = [];
    },
    says: /lb-entry001/,
    absent: true,
  },
  {
    name: 'garbage',
    cause: breaks({ kind: 'http', status: 200, body: '{"Response":{"LoadBalancerSet":7,"RequestId":"r"}}' }),
    says: /LoadBalancerSet/,
  },
];

function breaks(failure: Parameters<FakeTencent['fail']>[1]) {
  return ({ cloud }: CloudScene<FakeTencent>): void => cloud.fail('clb:DescribeLoadBalancers', failure, 99);
}

describe('each failure is told, and no secret with it', { timeout: LONG_MS }, () => {
  test.concurrent.for(HUAWEI_TROUBLES)('Huawei Cloud: $name', async ({ cause, says, absent }, context) => {
    const scene = await start(huaweiScene, context);
    cause(scene);
    await expectTold(scene, absent ? 'EntrypointHasNoAddress' : 'CloudAddressUnknown', says);
  });

  test.concurrent.for(TENCENT_TROUBLES)('Tencent Cloud: $name', async ({ cause, says, absent }, context) => {
    const scene = await start(tencentScene, context);
    cause(scene);
    await expectTold(scene, absent ? 'EntrypointHasNoAddress' : 'CloudAddressUnknown', says);
  });
});

async function expectTold(scene: CloudScene<unknown>, reason: string, says: RegExp): Promise<void> {
  const ran = await scene.once('--dry-run');
  expect(messageOf(ran, reason)).toMatch(says);
  expect(ran.code).toBe(2);
  expectNoSecrets(scene, ran);
}

describe('temporary keys', { timeout: LONG_MS }, () => {
  test.concurrent('of the ServiceAccount on Huawei Cloud are fetched, refreshed once when refused, and never shown', async (context) => {
    const scene = await start(huaweiScene, context);
    const { cloud, env, secrets } = scene;
    const key = temporary(secrets);
    cloud.identities.set(idToken(scene, 'HUAWEICLOUD_SDK_ID_TOKEN_FILE', context), key);
    env.HUAWEICLOUD_SDK_IDP_ID = 'cce-idp';
    cloud.keys.set(key.accessKey, key);
    cloud.fail('elb:loadbalancers:get', answer(401, { error_code: 'APIGW.0301', error_msg: 'expired' }));
    const ran = await scene.once();
    expect(JSON.stringify(ran.published)).toContain('123.60.0.1');
    expectNoSecrets(scene, ran);
  });

  test.concurrent('of the ServiceAccount on Tencent Cloud', async (context) => {
    const scene = await start(tencentScene, context);
    const { cloud, env } = scene;
    const identity = { roleArn: 'qcs::cam::uin/1:roleName/reader', providerId: 'tke-idp' };
    cloud.identities.push({ ...identity, webIdentityToken: idToken(scene, 'TKE_WEB_IDENTITY_TOKEN_FILE', context) });
    env.TKE_ROLE_ARN = identity.roleArn;
    env.TKE_PROVIDER_ID = identity.providerId;
    cloud.fail('clb:DescribeLoadBalancers', { kind: 'error', code: 'AuthFailure.TokenFailure', message: 'expired' });
    const ran = await scene.once();
    expect(JSON.stringify(ran.published)).toContain('lb-entry001.clb.example');
    rememberKeys(scene);
    expectNoSecrets(scene, ran);
  });

  test.concurrent("of the server's agency or role, where that is allowed", async (context) => {
    const huawei = await start(huaweiScene, context);
    const key = temporary(huawei.secrets);
    huawei.cloud.agency = key;
    huawei.cloud.keys.set(key.accessKey, key);
    const tencent = await start(tencentScene, context);
    tencent.cloud.role = 'reader';
    for (const scene of [huawei, tencent]) {
      for (const name of Object.keys(scene.env)) delete scene.env[name];
      scene.settings.credentials = { directory: '/nowhere', instanceRole: true };
      const ran = await scene.once();
      expect(messageOf(ran, 'AddressPublished')).toContain('read from load balancer');
      if (scene === tencent) rememberKeys(tencent);
      expectNoSecrets(scene, ran);
    }
  });
});

/** A token of the ServiceAccount, in a file that the variable names; the static keys go. */
function idToken({ env, secrets }: CloudScene<unknown>, variable: string, { onTestFinished }: Context): string {
  const folder = mkdtempSync(join(tmpdir(), 'cilium-cloud-bridge-token-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const token = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjY2IifQ.${'s'.repeat(40)}`;
  writeFileSync(join(folder, 'token'), token);
  for (const name of Object.keys(env)) delete env[name];
  env[variable] = join(folder, 'token');
  secrets.add(token);
  return token;
}

function temporary(secrets: Set<string>) {
  const key = {
    accessKey: 'HSTATEMPORARY0000001',
    secretKey: 'temporarySecretOfTheFakeCloud01234567890',
    securityToken: `ggpjbi1ub3J0aC00${'x'.repeat(40)}`,
    expiresAtMs: Date.now() + 3_600_000,
  };
  for (const secret of [key.accessKey, key.secretKey, key.securityToken]) secrets.add(secret);
  return key;
}

/** The keys that the fake cloud has made meanwhile. */
function rememberKeys({ cloud, secrets }: CloudScene<FakeTencent>): void {
  for (const [id, { secretKey, token }] of cloud.keys) {
    for (const secret of [id, secretKey, token]) if (secret !== '') secrets.add(secret);
  }
}

describe('the controller', { timeout: LONG_MS }, () => {
  test.concurrent.for([
    ['Huawei Cloud', huaweiScene, '123.60.0.1'],
    ['Tencent Cloud', tencentScene, 'lb-entry001.clb.example'],
  ] as const)('publishes the address that %s gives, and shows no secret', async ([title, make, address], context) => {
    const scene = await start<unknown>(make, context);
    const ran = await scene.controller(/"reason":"AddressPublished"/);
    expect(JSON.stringify(ran.published)).toContain(address);
    expect(ran.stderr).toContain(`of ${title}, as Service kube-system/entry shows no address.`);
    expect(ran.stderr).toContain('"msg":"the cloud of this cluster"');
    expect(ran.code).toBe(0);
    expectNoSecrets(scene, ran);
  });

  test.concurrent('tells a denied action in the log and in an Event, without a secret', async (context) => {
    const scene = await start(tencentScene, context);
    scene.cloud.denied.add('clb:DescribeLoadBalancers');
    const ran = await scene.controller(/"reason":"CloudAddressUnknown"[^\n]*UnauthorizedOperation/);
    expect(ran.stderr).toMatch(/"reason":"CloudAddressUnknown"[^\n]*UnauthorizedOperation/);
    expect(ran.events).toMatch(/"reason":"CloudAddressUnknown"[^{}]*UnauthorizedOperation/);
    expect(ran.published).toEqual({ loadBalancer: {} });
    expect(ran.code).toBe(0);
    expectNoSecrets(scene, ran);
  });
});

const Verdicts = z.looseObject({
  checks: z.array(z.looseObject({ findings: z.array(z.looseObject({ check: z.string(), reason: z.string() })) })),
});

describe('doctor', { timeout: LONG_MS }, () => {
  test.concurrent.for([
    ['Huawei Cloud', deniedByHuawei, 'elb:loadbalancers:get'],
    ['Tencent Cloud', deniedByTencent, 'clb:DescribeLoadBalancers'],
  ] as const)('asks %s, whether it answers or denies, and shows no secret', async ([, open, action], context) => {
    const { scene, deny } = await open(context);
    const well = await scene.doctor('json');
    expect(well.stderr).toContain(`"action":"${action}"`);
    expect(refusals(well)).toEqual([]);
    const wellInWords = await scene.doctor('table');
    deny();
    const ill = await scene.doctor('json');
    expect(refusals(ill)).not.toEqual([]);
    expect(ill.stdout).toContain(action);
    const illInWords = await scene.doctor('table');
    expect(illInWords.stdout).toContain(action);
    expectNoSecrets(scene, well, wellInWords, ill, illInWords);
  });
});

/** Findings that are so since the cloud denied something. */
function refusals({ stdout, stderr }: Ran): readonly string[] {
  const report = Verdicts.safeParse(parsed(stdout));
  if (!report.success) throw new Error(`no report: ${stdout}${stderr}`);
  const findings = report.data.checks.flatMap((check) => check.findings);
  return findings.filter(({ reason }) => reason === 'CloudDenied').map(({ check }) => check);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Deniable {
  readonly scene: CloudScene<unknown>;
  readonly deny: () => void;
}

async function deniedByHuawei(context: Context): Promise<Deniable> {
  const scene = await start(huaweiScene, context);
  const message = 'Policy does not allow it. Authorization: SDK-HMAC-SHA256 Access=HPUAFAKEFAKEFAKE0001';
  const cause = fails(answer(403, { error: { code: 'ELB.0003', message } }));
  return { scene, deny: () => cause(scene) };
}

async function deniedByTencent(context: Context): Promise<Deniable> {
  const scene = await start(tencentScene, context);
  return { scene, deny: () => void scene.cloud.denied.add('clb:DescribeLoadBalancers') };
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
