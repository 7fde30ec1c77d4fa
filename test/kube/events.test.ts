import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createKubeClient } from '../../src/kube/client.ts';
import type { KubeClient } from '../../src/kube/client.types.ts';
import { openConnection } from '../../src/kube/connection.ts';
import type { KubeEvent } from '../../src/kube/event-object.ts';
import { createEventRecorder, type EventRecorder } from '../../src/kube/events.ts';
import { EVENTS } from '../../src/kube/resources.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { type FakeClock, fakeClock } from './fake-clock.ts';
import { type RecordedLog, recordLog } from './recorded-log.ts';

let api: FakeApi;
let dir: string;
let client: KubeClient;
let clock: FakeClock;
let log: RecordedLog;
let recorder: EventRecorder;

beforeEach(async () => {
  api = await startFakeApi();
  dir = mkdtempSync(join(tmpdir(), 'ccb-events-'));
  const path = api.writeKubeconfig(join(dir, 'config'));
  client = createKubeClient({ connection: openConnection({ path, clock: systemClock }), userAgent: 'test' });
  clock = fakeClock();
  log = recordLog();
  const source = { component: 'cilium-cloud-bridge', instance: 'pod-1' };
  recorder = createEventRecorder({ client, source, clock, logger: log });
});

afterEach(async () => {
  recorder.close();
  client.close();
  await api.stop();
  rmSync(dir, { recursive: true, force: true });
});

const GATEWAY = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  namespace: 'default',
  name: 'web',
  uid: 'uid-1',
  resourceVersion: '42',
};

function event(change: Partial<KubeEvent> = {}): KubeEvent {
  return {
    target: GATEWAY,
    type: 'Normal',
    reason: 'AddressPublished',
    action: 'PatchStatus',
    message: 'published 203.0.113.7',
    ...change,
  };
}

function flush(): Promise<void> {
  return recorder.flush(AbortSignal.timeout(5_000));
}

test('an Event has what old and new readers look for', async () => {
  recorder.record(event());
  await flush();
  expect(api.list(EVENTS)).toMatchObject([
    {
      metadata: { namespace: 'default' },
      involvedObject: GATEWAY,
      type: 'Normal',
      reason: 'AddressPublished',
      action: 'PatchStatus',
      message: 'published 203.0.113.7',
      source: { component: 'cilium-cloud-bridge', host: 'pod-1' },
      reportingComponent: 'cilium-cloud-bridge',
      reportingInstance: 'pod-1',
      eventTime: '2026-01-01T00:00:00.000000Z',
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: 1,
    },
  ]);
  expect(api.list(EVENTS)[0]?.metadata.name).toMatch(/^web\.[0-9a-f]+$/);
});

test('Events of cluster-scoped objects live in the namespace default', async () => {
  recorder.record(event({ target: { apiVersion: 'v1', kind: 'Node', namespace: '', name: 'n1', uid: 'n1' } }));
  await flush();
  expect(api.list(EVENTS, 'default')).toHaveLength(1);
});

test('long messages are cut at 1,024 bytes, never within a character', async () => {
  recorder.record(event({ message: '🙂'.repeat(2_000) }));
  await flush();
  const message = String(api.list(EVENTS)[0]?.message);
  expect(Buffer.byteLength(message)).toBe(255 * 4 + 3);
  expect(message.endsWith('🙂…')).toBe(true);
});

test('a repetition within ten minutes is counted, not stored anew', async () => {
  recorder.record(event());
  await flush();
  clock.advance(60_000);
  recorder.record(event());
  await flush();
  expect(api.list(EVENTS)).toMatchObject([
    {
      count: 2,
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:01:00Z',
      series: { count: 2, lastObservedTime: '2026-01-01T00:01:00.000000Z' },
    },
  ]);
  clock.advance(600_000);
  recorder.record(event());
  await flush();
  expect(api.list(EVENTS)).toHaveLength(2);
});

test('repetitions while the first is on its way end up in one Event with their number', async () => {
  api.faults.failNext((request) => request.resource === 'events', { kind: 'delay', ms: 50 });
  for (let i = 0; i < 5; i += 1) {
    recorder.record(event());
  }
  await flush();
  expect(api.list(EVENTS)).toHaveLength(1);
  expect(api.list(EVENTS)[0]).toMatchObject({ count: 5 });
});

test.each([
  { reason: 'Other' },
  { message: 'published 203.0.113.8' },
  { type: 'Warning' },
  { target: { ...GATEWAY, uid: 'uid-2' } },
] as const)('another %j is another Event', async (change) => {
  recorder.record(event());
  recorder.record(event(change));
  await flush();
  expect(api.list(EVENTS)).toHaveLength(2);
});

test('an Event that expired meanwhile begins anew', async () => {
  recorder.record(event());
  await flush();
  for (const { metadata } of api.list(EVENTS)) {
    api.remove(EVENTS, { namespace: 'default', name: metadata.name });
  }
  recorder.record(event());
  await flush();
  expect(api.list(EVENTS)).toMatchObject([{ count: 2 }]);
});

test('an object may have 25 Events at once and then one each five minutes; others are not affected', async () => {
  for (let i = 0; i < 40; i += 1) {
    recorder.record(event({ message: `change ${i}` }));
  }
  recorder.record(event({ target: { ...GATEWAY, name: 'other', uid: 'o' } }));
  await flush();
  expect(api.list(EVENTS)).toHaveLength(26);
  clock.advance(300_000);
  recorder.record(event({ message: 'later 1' }));
  recorder.record(event({ message: 'later 2' }));
  await flush();
  expect(api.list(EVENTS)).toHaveLength(27);
});

test('a passing failure is retried', async () => {
  api.faults.failNext((request) => request.resource === 'events', { kind: 'answer', status: 503 });
  recorder.record(event());
  await flush();
  expect(api.list(EVENTS)).toHaveLength(1);
  expect(log.lines).toEqual([]);
});

test('a repetition that the server refuses is tried once, and its number is told with the next', async () => {
  recorder.record(event());
  await flush();
  const accept = api.faults.intercept(({ verb }) => (verb === 'patch' ? { kind: 'answer', status: 422 } : undefined));
  recorder.record(event());
  await flush();
  expect(api.requests.filter(({ verb }) => verb === 'patch')).toHaveLength(1);
  accept();
  recorder.record(event());
  await flush();
  expect(api.list(EVENTS)).toMatchObject([{ count: 3 }]);
});

test('a forbidden one is told once, and then no more are tried for a while', async () => {
  const lift = api.access.deny(({ resource }) => resource === 'events');
  recorder.record(event());
  await flush();
  recorder.record(event({ message: 'next' }));
  await flush();
  expect(api.requests.filter((request) => request.resource === 'events')).toHaveLength(1);
  expect(log.messages('warn')).toEqual(['event cannot be recorded; going on without']);
  lift();
  clock.advance(600_000);
  recorder.record(event({ message: 'after' }));
  await flush();
  expect(api.list(EVENTS)).toHaveLength(1);
});

test('record never waits: a server that does not answer holds up nobody but flush', async () => {
  api.faults.intercept((request) => (request.resource === 'events' ? { kind: 'drop', how: 'hang' } : undefined));
  const started = performance.now();
  for (let i = 0; i < 2_000; i += 1) {
    recorder.record(event({ target: { ...GATEWAY, name: `g${i}`, uid: `g${i}` } }));
  }
  expect(performance.now() - started).toBeLessThan(500);
  await expect(recorder.flush(AbortSignal.timeout(50))).rejects.toThrow();
  recorder.close();
  await flush();
});
