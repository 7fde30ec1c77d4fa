import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CONFIG_MAPS, EVENTS, SERVICES } from '../../src/kube/resources.ts';
import { objectAt, objectsAt, stringAt } from '../fake-api/json.ts';
import { isWrite, type RecordedRequest } from '../fake-api/requests.ts';
import { SECRET_ID, SECRET_KEY, startFakeTencent } from '../fake-clouds/tencent.ts';
import { REGION } from '../fake-clouds/tencent-world.ts';
import { type Scene, startScene } from './scene.ts';
import { isOurs, writesOf } from './write-log.ts';

/** A check of doctor's that fails in the cluster of these tests. */
const CHECK = 'envoy-config-off';

/** What the program says of itself while something goes wrong: it must be what the server saw. */

type Series = ReadonlyMap<string, number>;

/** `actions_total{kind="…"}` → value; the program's own prefix left out. */
async function metricsOf({ page }: Scene): Promise<Series> {
  const { text } = await page('/metrics');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(' ')).replace('cilium_cloud_bridge_', ''),
      Number(line.split(' ').at(-1)),
    ]),
  );
}

function sum(series: Series, name: string, ...labels: readonly string[]): number {
  return [...series]
    .filter(([key]) => key.startsWith(`${name}{`) && labels.every((label) => key.includes(label)))
    .reduce((total, [, value]) => total + value, 0);
}

/** Looks until there is something to be seen. */
async function seen<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const endsAt = performance.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > endsAt) throw new Error(`never seen: ${what}`);
    await pause(50);
  }
}

/** Waits for what the metrics come to say. */
function until(scene: Scene, what: string, holds: (series: Series) => boolean): Promise<Series> {
  return seen(what, async () => {
    const series = await metricsOf(scene);
    return holds(series) ? series : undefined;
  });
}

/** Where each request counts, none should be given up since the machine was slow: ten seconds are five. */
const UNHURRIED = { speed: 2 } as const;

/** Waits until the watch of Services is said to be silent, which no answer but 503 may say. Resolves with the seconds. */
function untilSilent(scene: Scene): Promise<{ readonly silence: number; readonly text: string }> {
  const line = /^\[-\]watch\/gateways\/services failed: no sign of life for (\d+) s(?:: timeout)?$/m;
  return seen('a silent watch of Services', async () => {
    const { status, text } = await scene.page('/readyz');
    const silence = Number(line.exec(text)?.[1] ?? 0);
    if (silence === 0) return undefined;
    expect(status).toBe(503);
    return { silence, text };
  });
}

function isServiceWrite(request: RecordedRequest): boolean {
  return isOurs(request) && isWrite(request) && request.resource === 'services' && !request.dryRun;
}

it('all is well: alive, ready, leading, and each write was counted once', async () => {
  const scene = await startScene(UNHURRIED);
  expect([await scene.page('/healthz'), await scene.page('/readyz')]).toEqual([
    { status: 200, text: 'ok\n' },
    { status: 200, text: 'ok\n' },
  ]);
  const { text } = await scene.page('/readyz?verbose');
  expect(text).toContain('[+]watch/gateways/services ok\n');
  expect(text).toContain('[+]watch/taints/nodes ok\n');
  await scene.change(10);
  await scene.inSync();
  await scene.pass(2_000);
  const written = writesOf(scene.api.requests).filter(({ dryRun, status }) => !dryRun && status < 300);
  const series = await until(scene, 'every write', (found) => sum(found, 'actions_total') >= written.length);
  expect(series.get('leader_election_master_status{name="cilium-cloud-bridge"}')).toBe(1);
  expect(sum(series, 'actions_total', 'result="applied"')).toBe(written.length);
  expect(sum(series, 'service_writes_total')).toBe(written.filter(isServiceWrite).length);
  expect(series.get('redirect_copies_behind')).toBe(0);
});

it('requests are counted as the API server saw them', async () => {
  const scene = await startScene(UNHURRIED);
  const { api } = scene;
  for (const [status, times] of [
    [500, 3],
    [429, 2],
    [503, 1],
  ] as const) {
    api.faults.failNext(
      (request) => isOurs(request) && request.verb === 'patch' && request.resource === 'services',
      { kind: 'answer', status },
      times,
    );
    await scene.change(8);
    await scene.inSync();
  }
  await scene.pass(5_000);
  const seen = api.requests.filter(
    (request) => isOurs(request) && request.resource === 'services' && request.verb === 'patch',
  );
  const series = await metricsOf(scene);
  const counted = (code: number | string): number =>
    sum(series, 'kube_requests_total', 'verb="patch"', 'resource="services', `code="${code}"`);
  let unheard = 0;
  for (const code of [200, 409, 429, 500, 503]) {
    const answered = seen.filter(({ status }) => status === code).length;
    expect(counted(code), `patch services ${code}`).toBeLessThanOrEqual(answered);
    unheard += answered - counted(code);
  }
  expect(unheard).toBe(counted('<error>')); // what was given up on a very slow machine; none as a rule
  expect(sum(series, 'kube_requests_total', 'code="500"')).toBe(3);
  expect(sum(series, 'kube_requests_total', 'code="429"')).toBe(2);
  const failed = sum(series, 'actions_total', 'result="failed"');
  expect(failed).toBeGreaterThanOrEqual(6);
  expect(failed).toBeLessThanOrEqual(6 + unheard);
  expect(sum(series, 'workqueue_retries_total')).toBeGreaterThanOrEqual(6);
});

it('no answer is <error>, and a refusal is told as one', async () => {
  const scene = await startScene(UNHURRIED);
  const { api, cluster } = scene;
  const [gateway = ''] = cluster.gateways();
  const isStatus = (request: RecordedRequest): boolean =>
    isOurs(request) && request.verb === 'patch' && request.subresource === 'status';
  api.faults.failNext(isStatus, { kind: 'drop', how: 'reset' }, 1);
  cluster.changeAddress(gateway);
  await until(scene, '<error>', (series) => sum(series, 'kube_requests_total', 'code="<error>"') === 1);
  await scene.inSync();
  api.faults.failNext(isStatus, { kind: 'answer', status: 403, reason: 'Forbidden' }, 1);
  cluster.changeAddress(gateway);
  const series = await until(scene, 'a refusal', (found) => sum(found, 'actions_total', 'result="refused"') === 1);
  expect(sum(series, 'actions_total', 'kind="publish-address"', 'result="refused"')).toBe(1);
  await until(scene, 'its finding', (found) => sum(found, 'findings', 'source="controller"', 'verdict="fail"') === 1);
});

it('an API server that falls silent makes the watches stale: not ready, still alive, and ready again afterwards', async () => {
  // Without a bookmark a connection that is open tells nothing.
  const scene = await startScene({ bookmarkIntervalMs: 86_400_000, speed: 40 });
  const { api } = scene;
  api.faults.intercept((request) => (isOurs(request) ? { kind: 'drop', how: 'hang' } : undefined));
  const { silence, text } = await untilSilent(scene);
  expect(silence).toBeGreaterThanOrEqual(180); // told in whole seconds; a kind that nobody touches may be silent for so long
  expect(text).toMatch(/\nreadyz check failed\n$/);
  expect(await scene.page('/healthz')).toEqual({ status: 200, text: 'ok\n' });
  const series = await metricsOf(scene);
  expect(series.get('watch_age_seconds{watch="gateways/services"}')).toBeGreaterThan(180);
  expect(sum(series, 'leader_election_master_status')).toBe(0);
  expect(sum(series, 'watch_failures_total')).toBeGreaterThan(10);
  api.faults.clear();
  await scene.inSync();
  await until(scene, 'young watches', (found) =>
    [...found].every(([key, value]) => !key.startsWith('watch_age') || value < 180),
  );
  expect((await scene.page('/readyz')).status).toBe(200);
});

it('a standby is ready, watches, and says nothing of what it finds', async () => {
  const scene = await startScene({ leads: false });
  await until(scene, 'passes', (series) => sum(series, 'passes_total', 'loop="gateways"', 'result="ok"') > 0);
  await scene.change(5);
  await scene.pass(5_000);
  expect((await scene.page('/readyz')).status).toBe(200);
  const series = await metricsOf(scene);
  expect(series.get('leader_election_master_status{name="cilium-cloud-bridge"}')).toBe(0);
  expect([...series.keys()].filter((key) => /^(?:findings|hold_offs)\{|task="checks"/.test(key))).toEqual([]);
  expect(series.get('redirect_copies_behind')).toBe(0);
  expect(sum(series, 'actions_total')).toBe(0);
  expect(sum(series, 'watch_synced')).toBeGreaterThan(5);
  expect(writesOf(scene.api.requests)).toEqual([]);
});

it('a copy that cannot be written is behind, until it can', async () => {
  const scene = await startScene({ speed: 40 });
  const { api, cluster } = scene;
  const remove = api.faults.intercept((request) =>
    isOurs(request) && isWrite(request) && request.resource === 'ciliumenvoyconfigs'
      ? { kind: 'answer', status: 500 }
      : undefined,
  );
  const [gateway = ''] = cluster.gateways();
  cluster.changeRoute(gateway);
  await scene.pass(100_000);
  const series = await metricsOf(scene);
  expect(series.get('redirect_copies_behind')).toBe(1);
  expect(series.get('redirect_copy_max_lag_seconds')).toBeGreaterThan(80);
  const [named = ''] = [...series.keys()].filter((key) => key.startsWith('redirect_copy_lag_seconds{'));
  expect(named).toContain(`copy="kube-system/ccb-entry-${gateway}-`);
  const followed = sum(series, 'redirect_copy_follow_seconds_count');
  remove();
  await scene.inSync();
  const after = await until(scene, 'a copy that is current', (found) => found.get('redirect_copies_behind') === 0);
  expect(after.get('redirect_copy_max_lag_seconds')).toBe(0);
  expect((after.get('redirect_copy_follow_seconds_count') ?? 0) - followed).toBeGreaterThanOrEqual(1);
});

it('a second writer: the hold-off is counted when it begins, and stands as long as it lasts', async () => {
  const scene = await startScene({ config: 'holdOff: { window: 1h, duration: 4m }', speed: 40 });
  const { api, cluster } = scene;
  const [gateway = ''] = cluster.gateways();
  const entry = { namespace: 'kube-system', name: `entry-${gateway}` };
  function undo(): void {
    api.update(SERVICES, entry, (service) => {
      const [port] = objectsAt(service, 'spec', 'ports');
      if (port !== undefined) port.targetPort = 31_999;
    });
  }
  for (let round = 1; round < 3; round += 1) {
    undo();
    await scene.inSync();
    expect((await metricsOf(scene)).get('hold_offs{loop="gateways"}')).toBe(0);
  }
  undo();
  const series = await until(scene, 'a hold-off', (found) => found.get('hold_offs{loop="gateways"}') === 1);
  expect(series.get('hold_offs_started_total{kind="patch-entrypoint"}')).toBe(1);
  await scene.pass(240_000);
  await until(scene, 'the end of the hold-off', (found) => found.get('hold_offs{loop="gateways"}') === 0);
});

it('what the scheduled checks find is told once, as metric, log line and Event, and so is its end', async () => {
  const scene = await startScene({ config: 'checks: { interval: 60s }', speed: 60, gateways: 2, nodes: 1 });
  const { api, log } = scene;
  const lines = (): readonly string[] =>
    log.lines.filter(({ fields }) => fields.check === CHECK).map(({ level, message }) => `${level} ${message}`);
  const fails = (found: Series): number =>
    sum(found, 'findings', 'source="doctor"', `check="${CHECK}"`, 'verdict="fail"');
  await until(scene, 'that it fails', (found) => fails(found) === 1);
  // Seen, confirmed a minute later, and seen again.
  await until(scene, 'three runs', (found) => sum(found, 'check_runs_total', 'result="ok"') >= 3);
  const [line = ''] = lines();
  expect(lines()).toEqual([line]);
  const events = api.list(EVENTS).filter(({ action }) => action === CHECK);
  expect(events).toMatchObject([
    { type: 'Warning', count: 1, involvedObject: { kind: 'ConfigMap', name: 'cilium-config' } },
  ]);
  expect(stringAt(events[0], 'message')).toContain(line.replace('warn ', ''));
  api.update(CONFIG_MAPS, { namespace: 'kube-system', name: 'cilium-config' }, (map) => {
    objectAt(map, 'data')['enable-envoy-config'] = 'true';
  });
  await until(scene, 'that it fails no more', (found) => fails(found) === 0);
  await vi.waitFor(() => expect(lines()).toEqual([line, line.replace('warn ', 'info No longer so: ')]), 30_000);
});

describe('a cloud', () => {
  it('that throttles, then denies: calls by result and code, as the cloud saw them, and no key anywhere', async () => {
    const cloud = await startFakeTencent();
    onTestFinished(() => cloud.close());
    vi.stubEnv('TENCENTCLOUD_SECRET_ID', SECRET_ID);
    vi.stubEnv('TENCENTCLOUD_SECRET_KEY', SECRET_KEY);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    cloud.fail('vpc:DescribeNatGateways', { kind: 'error', code: 'RequestLimitExceeded', message: 'too many' }, 2);
    cloud.denied.add('vpc:DescribeRouteTables');
    const settings = {
      provider: 'tencent',
      region: REGION,
      vpcId: 'vpc-main0001',
      endpoints: cloud.endpoints.overrides,
    };
    const scene = await startScene({ config: `cloud: ${JSON.stringify(settings)}\nchecks: { interval: 60s }` });
    const asked = (): number => cloud.requests.filter(({ action }) => action !== '').length;
    // One that is under way is counted when it has ended.
    const series = await until(
      scene,
      'a run of the checks, and each call once',
      (found) =>
        sum(found, 'check_runs_total', 'result="ok"') > 0 &&
        sum(found, 'cloud_requests_total', 'provider="tencent"') === asked(),
    );
    expect(sum(series, 'cloud_requests_total', 'result="throttled"', 'code="RequestLimitExceeded"')).toBe(2);
    expect(
      sum(series, 'cloud_requests_total', 'action="vpc:DescribeRouteTables"', 'result="denied"'),
    ).toBeGreaterThanOrEqual(1);
    expect(sum(series, 'cloud_request_duration_seconds_count', 'api="vpc"')).toBeGreaterThan(2);
    expect([...series.keys()].some((key) => key.includes('task="cloud-audit"'))).toBe(false);
    expect(sum(series, 'findings', 'source="doctor"', 'verdict="pass"')).toBeGreaterThan(5);
    const { text } = await scene.page('/metrics');
    expect(text).not.toContain(SECRET_ID);
    expect(text).not.toContain(SECRET_KEY);
  });
});
