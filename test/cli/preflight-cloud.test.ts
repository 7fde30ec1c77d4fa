import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import * as z from 'zod';
import { CLUSTER_ID } from '../fake-clouds/huawei-small-world.ts';
import { type Bundle, buildBundle, type CloudScene, huaweiScene, type Ran, tencentScene } from './cloud-scene.ts';

/** What the program says at its start of actions that a fake cloud refuses, as a process, with everything logged. */

const LONG_MS = 120_000; // on a busy machine

/** A refusal that comes too late is none. */
const PATIENT = { timeout: '20s' };

let bundle: Bundle;
beforeAll(async () => {
  bundle = await buildBundle();
}, LONG_MS);
afterAll(() => bundle.remove());

/** A cloud that can be told to refuse actions, with the cluster's id configured. */
interface Refusing {
  readonly scene: CloudScene<unknown>;
  refuse(actions: readonly string[]): void;
}

async function huawei({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): Promise<Refusing> {
  const scene = await huaweiScene(bundle);
  onTestFinished(() => scene.stop());
  Object.assign(scene.settings, { clusterId: CLUSTER_ID, limits: PATIENT });
  const body = JSON.stringify({ error_code: 'XYZ.0003', error_msg: 'Policy does not allow it to be performed.' });
  return {
    scene,
    refuse: (actions) => {
      for (const action of actions) scene.cloud.fail(action, { kind: 'answer', status: 403, body }, 99);
    },
  };
}

async function tencent({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): Promise<Refusing> {
  const scene = await tencentScene(bundle);
  onTestFinished(() => scene.stop());
  Object.assign(scene.settings, { clusterId: 'cls-demo0001', limits: PATIENT });
  return {
    scene,
    refuse: (actions) => {
      for (const action of actions) scene.cloud.denied.add(action);
    },
  };
}

/** Actions that one question of ours asks together with others, or does without where they are refused. */
const CASES = [
  [
    'Huawei Cloud',
    huawei,
    ['elb:listeners:list', 'elb:members:list', 'vpc:subnets:list'],
    {
      Version: '1.1',
      Statement: [{ Effect: 'Allow', Action: ['elb:listeners:list', 'elb:members:list', 'vpc:subnets:get'] }],
    },
  ],
  [
    'Tencent Cloud',
    tencent,
    ['clb:DescribeTargetHealth', 'tke:DescribeIPAMD', 'vpc:DescribeRouteTables'],
    {
      version: '2.0',
      statement: [
        {
          effect: 'allow',
          action: ['clb:DescribeTargetHealth', 'tke:DescribeIPAMD', 'vpc:DescribeRouteTables'],
          resource: ['*'],
        },
      ],
    },
  ],
] as const;

const Warning = z.looseObject({ level: z.string(), actions: z.array(z.string()) });

describe('actions that the cloud refuses', { timeout: LONG_MS }, () => {
  test.concurrent.for(CASES)(
    '%s: --preflight names each, and the policy for all',
    async ([title, open, refused, policy], context) => {
      const { scene, refuse } = await open(context);
      const well = await scene.preflight();
      expect(reportOf(well)).toMatch(new RegExp(`Cloud: ${title} refuses nothing; \\d{1,2} actions were asked for`));
      refuse(refused);
      const ill = await scene.preflight();
      const lines = reportOf(ill).split('\n');
      expect(lines[0]).toContain(`${title} refuses 3 of `);
      for (const action of refused) {
        expect(lines.filter((line) => line.startsWith(`  ${action}`))).toHaveLength(1);
      }
      expect(JSON.parse(afterwards(lines, 'This policy allows them: '))).toEqual(policy);
      expect([well.code, ill.code]).toEqual([0, 0]);
      expectNoSecrets(scene, well, ill);
    },
  );

  test.concurrent.for(CASES)(
    '%s: the controller warns once, and publishes what it can read',
    async ([title, open, refused, policy], context) => {
      const { scene, refuse } = await open(context);
      refuse(refused);
      const ran = await scene.controller(
        /AddressPublished[\s\S]*CloudRightsMissing[^\n]*\n|CloudRightsMissing[\s\S]*AddressPublished[^\n]*\n/,
      );
      expect(ran.events).toContain('AddressPublished');
      const warnings = ran.stderr.split('\n').filter((line) => line.includes('CloudRightsMissing'));
      expect(warnings).toHaveLength(1);
      const said = Warning.parse(JSON.parse(warnings[0] ?? ''));
      expect(said).toMatchObject({ level: 'warn', cloud: title, policy: JSON.stringify(policy) });
      expect([...said.actions].toSorted()).toEqual(refused);
      expect(ran.code).toBe(0);
      expectNoSecrets(scene, ran);
    },
  );

  test.concurrent('no answer at all is no refusal, and ends nothing', async (context) => {
    const { scene } = await huawei(context);
    scene.settings.endpoints = Object.fromEntries(
      ['elb', 'nat', 'vpc', 'eip', 'ecs', 'cce', 'iam'].map((service) => [service, 'http://127.0.0.1:9']),
    );
    const { code, stdout } = await scene.preflight();
    expect(stdout).toContain('Huawei Cloud refuses nothing');
    expect(stdout).toMatch(/ {2}No answer: elb:loadbalancers:get at 127\.0\.0\.1/);
    expect(code).toBe(0);
  });

  test.concurrent('without credentials it says what to give', async (context) => {
    const { scene } = await tencent(context);
    for (const name of Object.keys(scene.env)) delete scene.env[name];
    const { code, stdout } = await scene.preflight();
    expect(stdout).toContain('Cloud: not asked: no credentials of Tencent Cloud are given: set TENCENTCLOUD_SECRET_ID');
    expect(code).toBe(0);
  });
});

/** What it says of the cloud; all that it logged where it says nothing. */
function reportOf({ stdout, stderr }: Ran): string {
  const start = stdout.indexOf('Cloud: ');
  return start < 0 ? `${stdout}${stderr}` : stdout.slice(start);
}

function afterwards(lines: readonly string[], words: string): string {
  return lines.find((line) => line.includes(words))?.split(words)[1] ?? '';
}

function expectNoSecrets({ secrets }: CloudScene<unknown>, ...runs: readonly Ran[]): void {
  const everything = runs.map(({ stdout, stderr, events }) => `${stdout}\n${stderr}\n${events}`).join('\n');
  expect([...secrets].filter((secret) => everything.includes(secret))).toEqual([]);
  expect(secrets.size).toBeGreaterThan(2);
}
