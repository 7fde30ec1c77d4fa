import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MOST_SERIES } from '../../scripts/docs/metrics.ts';
import { CHECKS } from '../../src/checks/all.ts';
import type { CheckOutcome, Diagnosis } from '../../src/checks/check.types.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { LastChecks } from '../../src/controller/check-schedule.ts';
import * as resources from '../../src/kube/resources.ts';
import type { CacheState } from '../../src/kube/watch.types.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { finding } from '../../src/plan/make.ts';
import type { ActionKind, Finding, Outcome, Target, Verdict } from '../../src/plan/plan.types.ts';
import { PARTS } from '../../src/rights/needed.ts';
import { fakeClock } from '../kube/fake-clock.ts';
import { action } from '../plan/build.ts';

/*
 * What a Prometheus has to keep for one controller. Everything is told to the metrics that a cluster of that size can tell:
 * a write of each kind to each object with each result, a fact with each verdict of each check about it, and requests.
 */

interface Size {
  readonly gateways: number;
  readonly nodes: number;
}

const SMALL: Size = { gateways: 1, nodes: 1 };
const LARGE: Size = { gateways: 500, nodes: 5_000 };

const GATEWAY_WRITES = [
  'write-redirect-copy',
  'delete-redirect-copy',
  'patch-entrypoint',
  'create-entrypoint',
  'delete-entrypoint',
  'pin-node-port',
  'publish-address',
  'clear-address',
] as const satisfies readonly ActionKind[];
const RESULTS = [
  'applied',
  'conflict',
  'refused',
  'failed',
  'declined',
] as const satisfies readonly Outcome['status'][];
const VERDICTS = ['pass', 'warn', 'fail', 'unknown', 'not-applicable'] as const satisfies readonly Verdict[];
/** Of the pass itself; those of doctor have a registry. */
const OWN_CHECKS = ['address', 'target-port', 'redirect', 'taints'];
const RESOURCES = Object.values(resources);
const { SERVICES, NODES, EVENTS, LEASES, ENVOY_CONFIGS } = resources;
const WRITTEN = [SERVICES, NODES, EVENTS, LEASES, ENVOY_CONFIGS];
const ANSWERS = [
  { code: 200, result: 'ok' },
  { code: 409, result: 'conflict' },
  { code: 403, result: 'forbidden' },
  { code: 429, result: 'throttled' },
  { code: 500, result: 'unavailable' },
  { code: 0, result: 'timeout' },
] as const;

async function seriesAt(size: Size): Promise<readonly string[]> {
  const clock = fakeClock();
  const config = parseConfig('', 'test');
  const metrics = createMetrics({ version: '1.2.3', config: () => config, clock });
  const gateways = names('gw', size.gateways);
  const nodes = names('node', size.nodes);
  const ofGateways = gateways.flatMap((name) => VERDICTS.flatMap((verdict) => factsOf(OWN_CHECKS, verdict, name)));
  const ofNodes = nodes.flatMap((name) => factsOf(['taints'], 'warn', name));

  for (const [loop, keys] of [['gateways', gateways] as const, ['taints', nodes] as const]) {
    const observer = metrics.observerOf(loop);
    observer.queued(keys);
    for (const key of keys) {
      observer.started(key);
      observer.ended(key);
      observer.retried();
    }
    observer.passEnded(true, 10);
    observer.passEnded(false, 10);
    const kinds = loop === 'gateways' ? GATEWAY_WRITES : (['remove-taints'] as const);
    for (const name of keys) {
      for (const kind of kinds) {
        const write = action({ kind, name, key: name });
        observer.planned([write]);
        for (const status of RESULTS) observer.settled({ action: write, status, reason: name, message: name });
        observer.holdOffStarted(write);
      }
    }
    observer.planned(keys.map((name) => action({ kind: 'write-redirect-copy', name })));
  }
  for (const kind of RESOURCES) {
    const resource = kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
    for (const verb of ['list', 'watch', ...(WRITTEN.includes(kind) ? ['get', 'patch', 'create', 'delete'] : [])]) {
      for (const answer of ANSWERS) metrics.onRequest({ verb, resource, ...answer, tookMs: 5 });
    }
  }
  for (const name of gateways) {
    for (const service of ['clb', 'vpc', 'cvm', 'tke']) {
      const call = { service, action: `${service}:Describe`, message: name, tookMs: 5, queuedMs: 5 };
      metrics.onCall('tencent', { ...call, result: 'ok', code: '' });
      metrics.onCall('tencent', { ...call, result: 'throttled', code: 'RequestLimitExceeded' });
      metrics.onCall('tencent', { ...call, result: 'invalid', code: 'InvalidParameter' });
      // A cloud that puts the name of a thing where the code belongs.
      metrics.onCall('tencent', { ...call, result: 'invalid', code: `Invalid load balancer ${name}` });
    }
  }
  const last: LastChecks = { diagnosis: diagnosisOf(gateways), error: '', finishedAt: 0, tookMs: 5 };
  metrics.onChecks(last);
  metrics.cloudRead();
  const status = () => ({ queued: 1, running: 0, heldOff: 1, turnsBy: undefined });
  metrics.look({
    isLeader: () => true,
    loops: [
      { name: 'gateways', loop: { status, findings: () => ofGateways } },
      { name: 'taints', loop: { status, findings: () => ofNodes } },
    ],
    watches: () => new Map(RESOURCES.map(({ plural }) => [`gateways/${plural}`, WATCH])),
    lastChecks: () => last,
    reload: () => ({ ok: true, changedAt: undefined, waiting: [] }),
    missingRights: () => new Map(Object.keys(PARTS).map((part) => [part, 3])),
  });
  const lines = (await metrics.render()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.slice(0, line.lastIndexOf(' ')));
}

const WATCH: CacheState = {
  synced: true,
  served: true,
  listsCompleted: 1,
  lastListAt: 0,
  unreadable: 0,
  unproven: false,
  lastEventAt: 0,
  watchesOpened: 2,
  failures: 1,
  error: undefined,
};

function names(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

function factsOf(checks: readonly string[], verdict: Verdict, name: string): readonly Finding[] {
  const target: Target = { apiVersion: 'v1', kind: 'Service', namespace: 'default', name, uid: name };
  return checks.map((check) => finding(check, verdict, { reason: name, target, message: name }));
}

/** Each check of doctor with each verdict on each of them. */
function diagnosisOf(gateways: readonly string[]): Diagnosis {
  const outcomes = CHECKS.map((check): CheckOutcome => {
    const findings = gateways.flatMap((name) => VERDICTS.flatMap((verdict) => factsOf([check.id], verdict, name)));
    return { check, findings, verdict: 'fail', followsFrom: undefined };
  });
  return { outcomes, brokenLink: CHECKS[0]?.id };
}

describe('5,000 nodes and 500 Gateways', async () => {
  const few = new Set(await seriesAt(SMALL));
  const many = await seriesAt(LARGE);
  const ofCopies = many.filter((name) => name.startsWith('cilium_cloud_bridge_redirect_copy_lag_seconds{'));

  it('make the same series as one of each, but for the 20 copies that are furthest behind', () => {
    expect(new Set(many).size).toBe(many.length);
    const more = many.filter((name) => !few.has(name) && !ofCopies.includes(name));
    // Node's own count what happens in this process.
    expect(more.filter((name) => !/^(?:nodejs|process)_/.test(name))).toEqual([]);
    expect(ofCopies).toHaveLength(20);
  });

  it('stay within what docs/metrics.md promises, with every check, verdict, write and result at once', () => {
    expect(many.length).toBeGreaterThan(MOST_SERIES / 2);
    expect(many.length).toBeLessThanOrEqual(MOST_SERIES);
    expect(readFileSync('docs/metrics.md', 'utf8')).toContain(`${MOST_SERIES.toLocaleString('en')} series`);
  });
});
