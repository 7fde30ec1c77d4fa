import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CHECKS } from '../../src/checks/all.ts';
import { gatherWorld } from '../../src/checks/diagnose.ts';
import { liveSource } from '../../src/checks/object-source.ts';
import { runChecks, runChecksInTurns } from '../../src/checks/run.ts';
import { thriftySource } from '../../src/checks/thrifty-source.ts';
import type { DoctorWorld } from '../../src/checks/world.types.ts';
import { configSchema, toConfig } from '../../src/config/schema.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import type { KubeClient } from '../../src/kube/client.types.ts';
import { openConnection } from '../../src/kube/connection.ts';
import { asRecord } from '../../src/kube/read.ts';
import { DEFAULT_TIMING } from '../../src/kube/watch-timing.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { isWrite } from '../fake-api/requests.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { REFERENCES } from './reference/all.ts';

const MINUTE = 60_000;
/** Kinds that the controller watches besides: nine of Gateways, CiliumEnvoyConfigs, five of taints. */
const WATCHED_KINDS = 15;

/** Of the reference cluster: the fake server knows no others of Cilium's kinds. */
const SERVED = new Set(['Node', 'Pod', 'Service', 'ConfigMap', 'DaemonSet', 'Gateway', 'GatewayClass', 'Namespace']);

let api: FakeApi;
let dir: string;
let client: KubeClient;

beforeEach(async () => {
  api = await startFakeApi();
  dir = mkdtempSync(join(tmpdir(), 'ccb-thrifty-'));
  const path = api.writeKubeconfig(join(dir, 'config'));
  client = createKubeClient({ connection: openConnection({ path, clock: systemClock }), userAgent: 'test' });
  for (const raw of REFERENCES['tke-overlay'].objects.filter(({ kind }) => SERVED.has(String(kind)))) {
    const { resourceVersion: _, ...metadata } = asRecord(raw.metadata);
    api.apply({ ...raw, metadata });
  }
});

afterEach(async () => {
  client.close();
  await api.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** The machine's clock, moved on by the test, that does not wait. */
function hurriedClock(): Clock & { skip(ms: number): void } {
  let ahead = 0;
  return {
    now: () => systemClock.now() + ahead,
    monotonic: () => systemClock.monotonic() + ahead,
    sleep: async () => undefined,
    skip: (ms) => {
      ahead += ms;
    },
  };
}

it('reads one list at a time, definitions and kinds that are not served once an hour: a few calls a minute', async () => {
  const clock = hurriedClock();
  const config = toConfig(configSchema.parse({}));
  let underWay = 0;
  let most = 0;
  const live = liveSource(client);
  const counted: typeof live = {
    ...live,
    list: async (...args) => {
      underWay += 1;
      most = Math.max(most, underWay);
      return await live.list(...args).finally(() => {
        underWay -= 1;
      });
    },
  };
  const source = thriftySource(counted, clock);
  const look = async (): Promise<{ readonly calls: number; readonly world: DoctorWorld }> => {
    const before = api.requests.length;
    const ports = { source, openCloud: async () => ({ why: 'no credentials' }), now: () => clock.now() };
    const world = await gatherWorld(config, ports, AbortSignal.timeout(30_000));
    return { calls: api.requests.length - before, world };
  };

  clock.skip(10 * MINUTE); // no Node and no Pod is new any more
  const first = await look();
  clock.skip(10 * MINUTE);
  const second = await look();
  clock.skip(61 * MINUTE);
  const later = await look();

  expect(most).toBe(1);
  expect(api.requests.filter(isWrite)).toEqual([]);
  expect(second.calls).toBeLessThan(first.calls);
  expect(later.calls).toBe(first.calls);
  console.info(`calls of a look: ${first.calls}, ${second.calls} within the hour`);
  // Calls a minute of the whole controller: the dearest look, each watch ended by the server after one to two of its
  // times, and relisted.
  const { serverTimeoutMs, relistMs } = DEFAULT_TIMING;
  const watching = WATCHED_KINDS * (MINUTE / (1.5 * serverTimeoutMs) + MINUTE / relistMs);
  console.info(`calls a minute: ${(first.calls / 10 + watching).toFixed(1)}`);
  expect(first.calls / 10 + watching).toBeLessThan(10);

  const told = ({ outcomes }: ReturnType<typeof runChecks>): unknown =>
    outcomes.map(({ check, verdict }) => [check.id, verdict]);
  expect(told(runChecks(CHECKS, second.world))).toEqual(told(runChecks(CHECKS, first.world)));
  expect(told(await runChecksInTurns(CHECKS, first.world))).toEqual(told(runChecks(CHECKS, first.world)));
});
