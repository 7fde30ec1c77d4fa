import { describe, expect, it } from 'vitest';
import type { ReloadState } from '../../src/config/live.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { CacheState } from '../../src/kube/watch.types.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import type { MetricSources } from '../../src/metrics/metrics.types.ts';
import { finding } from '../../src/plan/make.ts';
import type { Action, Finding, Outcome } from '../../src/plan/plan.types.ts';
import { fakeClock } from '../kube/fake-clock.ts';
import { action } from '../plan/build.ts';

const START = Date.parse('2026-01-01T00:00:00Z') / 1_000;

function setUp(text = '') {
  const clock = fakeClock();
  const cluster = {
    config: parseConfig(text, 'test'),
    reload: { ok: true, changedAt: undefined, waiting: [] } as ReloadState,
    leader: true,
    queued: 0,
    heldOff: 0,
    findings: [] as readonly Finding[],
    watches: new Map<string, CacheState>(),
  };
  const metrics = createMetrics({ version: '1.2.3', config: () => cluster.config, clock });
  const observer = metrics.observerOf('gateways');
  const loop = {
    findings: () => cluster.findings,
    status: () => ({ queued: cluster.queued, running: 0, heldOff: cluster.heldOff, turnsBy: undefined }),
  };
  const sources: MetricSources = {
    isLeader: () => cluster.leader,
    loops: [{ name: 'gateways', loop }],
    watches: () => cluster.watches,
    lastChecks: () => undefined,
    reload: () => cluster.reload,
    missingRights: () => new Map(),
  };
  metrics.look(sources);
  return { clock, metrics, cluster, observer, series: async () => seriesOf(await metrics.render()) };
}

/** `name{labels}` → value, without what Node says of its process. */
function seriesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => /^(?:cilium_cloud_bridge|workqueue|leader)_/.test(line));
  return new Map(lines.map((line) => [line.replace(/ [^ ]+$/, ''), Number(line.replace(/^.* /, ''))]));
}

function settled(of: Action, status: Outcome['status']): Outcome {
  return { action: of, status, reason: '', message: '' };
}

function fact(check: string, verdict: Finding['verdict']): Finding {
  return finding(check, verdict, { reason: 'Thus', target: undefined, message: 'It is so.', fix: '' });
}

describe('the metrics', () => {
  it('say what runs, and who leads', async () => {
    const { cluster, series } = setUp('lease: { name: mine }');
    const found = await series();
    expect(found.get(`cilium_cloud_bridge_build_info{version="1.2.3",node_version="${process.version}"}`)).toBe(1);
    expect(found.get('leader_election_master_status{name="mine"}')).toBe(1);
    cluster.leader = false;
    expect((await series()).get('leader_election_master_status{name="mine"}')).toBe(0);
  });

  it('are whole for each of many who ask at the same time', async () => {
    const { cluster, metrics } = setUp();
    cluster.findings = [fact('one', 'fail'), fact('two', 'warn')];
    const names = async (): Promise<string> => [...seriesOf(await metrics.render()).keys()].toSorted().join('\n');
    const alone = await names();
    expect(alone).toContain('cilium_cloud_bridge_findings{');
    expect(new Set(await Promise.all(Array.from({ length: 50 }, names)))).toEqual(new Set([alone]));
  });

  it('count writes by what became of them, and those to Services once more', async () => {
    const { observer, series } = setUp();
    const write = action({ kind: 'patch-entrypoint', parts: { reason: 'TargetPortSynced' } });
    observer.settled(settled(write, 'applied'));
    observer.settled(settled(write, 'conflict'));
    observer.settled(
      settled(
        action({ kind: 'remove-taints', parts: { reason: 'TaintRemoved', target: { ...write.target, kind: 'Node' } } }),
        'applied',
      ),
    );
    const found = await series();
    expect(found.get('cilium_cloud_bridge_actions_total{kind="patch-entrypoint",result="applied"}')).toBe(1);
    expect(found.get('cilium_cloud_bridge_actions_total{kind="patch-entrypoint",result="conflict"}')).toBe(1);
    const toServices = [...found].filter(([name]) => name.startsWith('cilium_cloud_bridge_service_writes_total'));
    expect(toServices.filter(([, count]) => count > 0)).toEqual([
      ['cilium_cloud_bridge_service_writes_total{kind="patch-entrypoint"}', 1],
    ]);
  });

  it('tell the time of a task that went well, and from the start on that of one that never did', async () => {
    const { clock, metrics, observer, series } = setUp();
    const at = async (task: string) =>
      (await series()).get(`cilium_cloud_bridge_last_success_timestamp_seconds{task="${task}"}`);
    expect([await at('pass-gateways'), await at('checks'), await at('cloud-audit')]).toEqual([START, START, undefined]);
    clock.advance(60_000);
    observer.passEnded(false, 5);
    expect(await at('pass-gateways')).toBe(START);
    observer.passEnded(true, 5);
    metrics.onChecks({ diagnosis: undefined, error: 'no', finishedAt: 0, tookMs: 1 });
    metrics.cloudRead();
    expect([await at('pass-gateways'), await at('checks'), await at('cloud-audit')]).toEqual([
      START + 60,
      START,
      START + 60,
    ]);
  });

  it('expect nothing of checks that are switched off while the program runs, and give them time when they are on again', async () => {
    const { clock, cluster, series } = setUp();
    const ofChecks = async () => [...(await series())].filter(([name]) => name.includes('task="checks"'));
    cluster.config = parseConfig('checks: { enabled: false }', 'test');
    expect(await ofChecks()).toEqual([]);
    clock.advance(3_600_000);
    cluster.config = parseConfig('checks: { interval: 5m }', 'test');
    expect(await ofChecks()).toEqual([
      ['cilium_cloud_bridge_last_success_timestamp_seconds{task="checks"}', START + 3_600],
      ['cilium_cloud_bridge_task_interval_seconds{task="checks"}', 300],
    ]);
  });

  it('tell what became of the configuration file', async () => {
    const { cluster, series } = setUp();
    const ofConfig = async () => [...(await series())].filter(([name]) => name.includes('bridge_config_'));
    expect(await ofConfig()).toEqual([
      ['cilium_cloud_bridge_config_last_reload_successful', 1],
      ['cilium_cloud_bridge_config_last_change_timestamp_seconds', 0],
      ['cilium_cloud_bridge_config_keys_waiting_for_restart', 0],
    ]);
    cluster.reload = { ok: false, changedAt: 5_000, waiting: ['lease.name', 'resync'] };
    expect((await ofConfig()).map(([, value]) => value)).toEqual([0, 5, 2]);
  });

  it('tell of checks only while this process leads, from the beginning of its term', async () => {
    const { clock, metrics, cluster, series } = setUp();
    const name = 'cilium_cloud_bridge_last_success_timestamp_seconds{task="checks"}';
    cluster.leader = false;
    expect((await series()).get(name)).toBeUndefined();
    clock.advance(3_600_000);
    cluster.leader = true;
    expect((await series()).get(name)).toBe(START + 3_600);
    clock.advance(60_000);
    metrics.cloudRead();
    expect((await series()).get(name.replace('checks', 'cloud-audit'))).toBe(START + 3_660);
    cluster.leader = false;
    expect([...(await series()).keys()].filter((one) => /task="(?:checks|cloud-audit)"/.test(one))).toEqual([]);
  });

  it('have no interval for checks that are switched off', async () => {
    const { series } = setUp('checks: { enabled: false }');
    expect([...(await series()).keys()].filter((name) => name.includes('task="checks"'))).toEqual([]);
  });

  it('count facts by check and verdict, as long as this process leads', async () => {
    const { cluster, series } = setUp();
    cluster.findings = [fact('programmed', 'pass'), fact('programmed', 'pass'), fact('programmed', 'fail')];
    cluster.heldOff = 2;
    const facts = async () => [...(await series())].filter(([name]) => /_(?:findings|hold_offs)\{/.test(name));
    expect(await facts()).toEqual([
      ['cilium_cloud_bridge_hold_offs{loop="gateways"}', 2],
      ['cilium_cloud_bridge_findings{source="controller",check="programmed",verdict="pass"}', 2],
      ['cilium_cloud_bridge_findings{source="controller",check="programmed",verdict="fail"}', 1],
    ]);
    cluster.leader = false;
    expect(await facts()).toEqual([]);
  });

  it('name the 20 copies that are furthest behind, and how many there are', async () => {
    const { clock, cluster, observer, series } = setUp();
    const copies = Array.from({ length: 50 }, (_, index) =>
      action({ kind: 'write-redirect-copy', name: `copy-${index}` }),
    );
    observer.planned(copies.slice(0, 1));
    clock.advance(10_000);
    observer.planned(copies);
    clock.advance(2_000);
    const found = await series();
    expect(found.get('cilium_cloud_bridge_redirect_copies_behind')).toBe(50);
    expect(found.get('cilium_cloud_bridge_redirect_copy_max_lag_seconds')).toBe(12);
    expect(found.get('cilium_cloud_bridge_redirect_copy_lag_seconds{copy="default/copy-0"}')).toBe(12);
    expect([...found.keys()].filter((name) => name.startsWith('cilium_cloud_bridge_redirect_copy_lag_'))).toHaveLength(
      20,
    );
    cluster.leader = false;
    expect((await series()).get('cilium_cloud_bridge_redirect_copies_behind')).toBe(0);
  });

  it('see no copy behind where nothing is ever written', async () => {
    const { observer, series } = setUp('readOnly: true');
    observer.planned([action({ kind: 'write-redirect-copy' })]);
    expect((await series()).get('cilium_cloud_bridge_redirect_copies_behind')).toBe(0);
  });

  it('count requests to the API server, those without an answer as client-go does', async () => {
    const { metrics, series } = setUp();
    metrics.onRequest({ verb: 'patch', resource: 'services/status', code: 200, result: 'ok', tookMs: 30 });
    metrics.onRequest({ verb: 'patch', resource: 'services/status', code: 0, result: 'timeout', tookMs: 10_000 });
    const found = await series();
    const name = 'cilium_cloud_bridge_kube_requests_total{verb="patch",resource="services/status"';
    expect(found.get(`${name},code="200",result="ok"}`)).toBe(1);
    expect(found.get(`${name},code="<error>",result="timeout"}`)).toBe(1);
    expect(found.get('cilium_cloud_bridge_kube_request_duration_seconds_bucket{le="0.05",verb="patch"}')).toBe(1);
  });

  it('count calls of a cloud by result and code, and when one last went well', async () => {
    const { clock, metrics, series } = setUp();
    const call = { service: 'clb', action: 'clb:DescribeListeners', message: '', tookMs: 80, queuedMs: 700 };
    metrics.onCall('tencent', { ...call, result: 'ok', code: '' });
    clock.advance(5_000);
    metrics.onCall('tencent', { ...call, result: 'throttled', code: 'RequestLimitExceeded' });
    const found = await series();
    const name = 'cilium_cloud_bridge_cloud_requests_total{provider="tencent",api="clb",action="clb:DescribeListeners"';
    expect(found.get(`${name},result="ok",code=""}`)).toBe(1);
    expect(found.get(`${name},result="throttled",code="RequestLimitExceeded"}`)).toBe(1);
    expect(found.get('cilium_cloud_bridge_last_success_timestamp_seconds{task="cloud"}')).toBe(START);
    expect(
      found.get('cilium_cloud_bridge_cloud_limiter_wait_seconds_bucket{le="1",provider="tencent",api="clb"}'),
    ).toBe(2);
  });

  it('tell the age of each watch that has read, and its restarts', async () => {
    const { clock, cluster, series } = setUp();
    const state = { served: true, listsCompleted: 1, lastListAt: 0, unreadable: 0, unproven: false, error: undefined };
    cluster.watches = new Map([
      ['gateways/services', { ...state, synced: true, lastEventAt: clock.monotonic(), watchesOpened: 4, failures: 2 }],
      ['gateways/gateways', { ...state, synced: false, lastEventAt: undefined, watchesOpened: 0, failures: 7 }],
    ]);
    clock.advance(30_000);
    await series(); // a second look must not count twice
    const watches = [...(await series())].filter(([name]) => name.includes('_watch_'));
    expect(watches).toEqual([
      ['cilium_cloud_bridge_watch_age_seconds{watch="gateways/services"}', 30],
      ['cilium_cloud_bridge_watch_synced{watch="gateways/services"}', 1],
      ['cilium_cloud_bridge_watch_synced{watch="gateways/gateways"}', 0],
      ['cilium_cloud_bridge_watch_restarts_total{watch="gateways/services"}', 3],
      ['cilium_cloud_bridge_watch_restarts_total{watch="gateways/gateways"}', 0],
      ['cilium_cloud_bridge_watch_failures_total{watch="gateways/services"}', 2],
      ['cilium_cloud_bridge_watch_failures_total{watch="gateways/gateways"}', 7],
    ]);
  });
});
