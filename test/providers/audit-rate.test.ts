import { expect, onTestFinished, test } from 'vitest';
import { createCloudAgents } from '../../src/providers/agents.ts';
import { CALLER_LIMITS, createCaller } from '../../src/providers/caller.ts';
import type { CloudCaller, CredentialSource } from '../../src/providers/caller.types.ts';
import type { CloudEndpoints, CloudFolder } from '../../src/providers/cloud.types.ts';
import * as huawei from '../../src/providers/huawei/index.ts';
import type { CloudReader } from '../../src/providers/provider.types.ts';
import * as tencent from '../../src/providers/tencent/index.ts';
import { endpointsOf, startFakeHuawei } from '../fake-clouds/huawei.ts';
import * as huaweiWorld from '../fake-clouds/huawei-small-world.ts';
import { SECRET_ID, SECRET_KEY, startFakeTencent } from '../fake-clouds/tencent.ts';
import * as tencentWorld from '../fake-clouds/tencent-world.ts';
import { fakeClock } from '../kube/fake-clock.ts';
import { recordLog } from '../kube/recorded-log.ts';
import { drive } from './drive.ts';

/*
 * An audit of 300 nodes, 25 load balancers and 40 security groups as the program limits it. The counts of calls are
 * asserted for each cloud in its own folder; here it is when they start. The clock is the test's, so rates are exact.
 */

const LOAD_BALANCERS = 25;
const GROUPS = 40;
const NODES = 300;

/** One request on the wire. Times are the clock's. */
interface Flight {
  readonly service: string;
  readonly startMs: number;
  endMs: number;
}

interface Audited {
  readonly loadBalancers: readonly string[];
  readonly groups: readonly string[];
  readonly vpc: string;
}

async function audit(reader: CloudReader, { loadBalancers, groups, vpc }: Audited): Promise<void> {
  const never = new AbortController().signal;
  const nodes = Array.from({ length: NODES }, (_, n) => ({
    name: huaweiWorld.nodeIp(n),
    providerId: reader.cloud === 'tencent' ? `qcloud:///1/ins-${n}` : huaweiWorld.idOf(19, n),
    machineId: huaweiWorld.serverId(n),
    internalIps: [huaweiWorld.nodeIp(n)],
  }));
  const [instances] = await Promise.all([
    reader.instances(nodes, never),
    ...loadBalancers.flatMap((id) => [
      reader.loadBalancer(id, never),
      reader.listeners(id, never),
      reader.targets(id, never),
    ]),
    ...groups.map((id) => reader.securityGroup(id, never)),
    reader.vpc(vpc, never),
    reader.subnets(vpc, never),
    reader.routeTables(vpc, never),
    reader.natGateways(vpc, never),
  ]);
  expect(instances.value).toHaveLength(NODES);
}

/** Runs the audit with the program's own rates; what is slow here is only the machine, so nothing times out. */
async function flightsOf<C>(
  folder: CloudFolder<C>,
  setup: { readonly env: Record<string, string>; readonly endpoints: CloudEndpoints; readonly projectId: string },
  audited: Audited,
): Promise<readonly Flight[]> {
  const clock = fakeClock(Date.now());
  const agents = createCloudAgents({});
  onTestFinished(() => agents.close());
  const common = { region: 'ap-guangzhou', endpoints: setup.endpoints, agents, clock };
  const credentials: CredentialSource<C> = folder.createCredentials({
    ...common,
    env: setup.env,
    secretDirectory: '',
    instanceRole: false,
  });
  const forEver = 3_600_000;
  const limits = { attemptMs: forEver, totalMs: forEver, keepMs: forEver };
  const limited = createCaller({ credentials, clock, logger: recordLog(), limits });
  const flights: Flight[] = [];
  const caller: CloudCaller = {
    call: (request, signal) => {
      const send: typeof request.send = async (during) => {
        const flight = { service: request.service, startMs: clock.monotonic(), endMs: Number.POSITIVE_INFINITY };
        flights.push(flight);
        try {
          return await request.send(during);
        } finally {
          flight.endMs = clock.monotonic();
        }
      };
      return limited.call({ ...request, send }, signal);
    },
  };
  const reader = folder.createReader({ ...common, projectId: setup.projectId, credentials, caller });
  const result = await drive(clock, audit(reader, audited), 600_000);
  expect(result).toMatchObject({ status: 'fulfilled' });
  return flights;
}

/** At most so many start within any second, and are under way at a time, of each service. */
function expectWithin(flights: readonly Flight[], perSecond: number, concurrent: number): void {
  for (const service of new Set(flights.map((flight) => flight.service))) {
    const own = flights.filter((flight) => flight.service === service);
    const starts = own.map(({ startMs }) => own.filter((other) => isWithin(other.startMs, startMs, startMs + 1_000)));
    const running = own.map(({ startMs }) => own.filter((other) => other.startMs <= startMs && other.endMs > startMs));
    expect(Math.max(...starts.map(({ length }) => length)), service).toBeLessThanOrEqual(perSecond);
    expect(Math.max(...running.map(({ length }) => length)), service).toBeLessThanOrEqual(concurrent);
  }
}

function isWithin(value: number, from: number, to: number): boolean {
  return value >= from && value < to;
}

/** The busiest service, and how long it took. */
function busiest(flights: readonly Flight[]): { readonly count: number; readonly seconds: number } {
  const groups = Map.groupBy(flights, ({ service }) => service);
  const [largest = []] = [...groups.values()].toSorted((a, b) => b.length - a.length);
  const starts = largest.map(({ startMs }) => startMs);
  return { count: largest.length, seconds: (Math.max(...starts) - Math.min(...starts)) / 1_000 };
}

const { perSecond, concurrent } = CALLER_LIMITS;

test('Huawei Cloud is asked at most five times a second, four at a time', { timeout: 60_000 }, async () => {
  const world = huaweiWorld.smallWorld({ nodes: NODES, loadBalancers: LOAD_BALANCERS, securityGroups: GROUPS });
  const fake = await startFakeHuawei(world);
  onTestFinished(() => fake.close());
  fake.keys.set('HPUAFAKEFAKEFAKE0001', { secretKey: 'of-a-fake', securityToken: '' });
  const flights = await flightsOf(
    huawei,
    {
      env: { HUAWEICLOUD_SDK_AK: 'HPUAFAKEFAKEFAKE0001', HUAWEICLOUD_SDK_SK: 'of-a-fake' },
      endpoints: { suffix: '', overrides: endpointsOf(fake) },
      projectId: world.projectId,
    },
    {
      loadBalancers: world.loadBalancers.map(({ id }) => id),
      groups: world.securityGroups.map(({ id }) => id),
      vpc: huaweiWorld.VPC_ID,
    },
  );
  expect(flights).toHaveLength(fake.requests.length);
  expectWithin(flights, perSecond, concurrent);
  const { count, seconds } = busiest(flights);
  expect(count).toBeGreaterThan(80);
  // Nor is it slower than it must be, but for the time that requests take.
  expect(seconds).toBeGreaterThanOrEqual((count - perSecond) / perSecond);
});

test('Tencent Cloud is asked at most five times a second, four at a time, and never throttles', {
  timeout: 60_000,
}, async () => {
  const world = tencentWorld.smallWorld();
  const ids = Array.from({ length: LOAD_BALANCERS }, (_, n) => `lb-${n}`);
  const groups = Array.from({ length: GROUPS }, (_, n) => `sg-${n}`);
  world.instances = Array.from({ length: NODES }, (_, n) => tencentWorld.cvm(`ins-${n}`, huaweiWorld.nodeIp(n)));
  world.loadBalancers = ids.map((id) => tencentWorld.clb(id));
  world.listeners = Object.fromEntries(ids.map((id) => [id, [tencentWorld.listener(`lbl-${id}`, 80)]]));
  world.securityGroups = Object.fromEntries(groups.map((id) => [id, { ingress: [tencentWorld.rule(0)], egress: [] }]));
  const fake = await startFakeTencent(world);
  onTestFinished(() => fake.close());
  const flights = await flightsOf(
    tencent,
    {
      env: { TENCENTCLOUD_SECRET_ID: SECRET_ID, TENCENTCLOUD_SECRET_KEY: SECRET_KEY },
      endpoints: fake.endpoints,
      projectId: '',
    },
    { loadBalancers: ids, groups, vpc: 'vpc-main0001' },
  );
  expect(fake.requests.filter(({ code }) => code !== '')).toEqual([]);
  expect(flights).toHaveLength(fake.requests.length);
  expectWithin(flights, perSecond, concurrent);
  expect(fake.counts()).toEqual({
    'clb:DescribeLoadBalancers': 2,
    'clb:DescribeListeners': LOAD_BALANCERS,
    'clb:DescribeTargets': LOAD_BALANCERS,
    'clb:DescribeTargetHealth': 1,
    'cvm:DescribeInstances': 3,
    'vpc:DescribeSecurityGroupExpandedPolicies': GROUPS,
    'vpc:DescribeVpcs': 1,
    'vpc:DescribeSubnets': 1,
    'vpc:DescribeRouteTables': 1,
    'vpc:DescribeNatGateways': 1,
  });
  const { count, seconds } = busiest(flights);
  expect(count).toBeGreaterThan(40);
  expect(seconds).toBeGreaterThanOrEqual((count - perSecond) / perSecond);
});
