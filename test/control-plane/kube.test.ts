import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { reviewAccess } from '../../src/kube/access.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import type { KubeClient } from '../../src/kube/client.types.ts';
import { openConnection } from '../../src/kube/connection.ts';
import { KubeError } from '../../src/kube/errors.ts';
import { createEventRecorder } from '../../src/kube/events.ts';
import { createLease } from '../../src/kube/lease.ts';
import { readLeaseHolder } from '../../src/kube/lease-holder.ts';
import { readFieldOwners } from '../../src/kube/managed-fields.ts';
import { readMeta } from '../../src/kube/read.ts';
import { CONFIG_MAPS, EVENTS, GATEWAYS, LEASES, NODES, type Resource, SERVICES } from '../../src/kube/resources.ts';
import type { RawObject } from '../../src/kube/types.ts';
import type { Model, WatchCache } from '../../src/kube/watch.types.ts';
import { createWatchCache, type WatchCacheOptions } from '../../src/kube/watch-cache.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type RecordedLog, recordLog } from '../kube/recorded-log.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';

/* src/kube on the real API server: what its tests on a fake one take for granted, and what only a real one does. */

const WRITE = { fieldManager: 'cilium-cloud-bridge' };
const REF = { namespace: 'default', name: 'a' };

let cluster: ControlPlane;
let client: KubeClient;

beforeAll(async () => {
  cluster = await startControlPlane({ operator: false, users: [{ name: 'eve' }] });
  client = clientOf(cluster.kubeconfigPath);
});
afterAll(async () => {
  client?.close();
  await cluster?.stop();
});

function clientOf(path: string): KubeClient {
  return createKubeClient({ connection: openConnection({ path, clock: systemClock }), userAgent: 'ccb/test' });
}

function configMap(name: string, value = 'x'): RawObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name }, data: { value } };
}

async function categoryOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => 'no error',
    (caught: unknown) => caught,
  );
  return error instanceof KubeError ? error.category : String(error);
}

describe('the client', () => {
  test('reads the version', async () => {
    expect(await client.version()).toBe(`v${cluster.versions.kubernetes}`);
  });

  test('tells failures by category', async () => {
    const created = await client.create(CONFIG_MAPS, configMap('a'), WRITE);
    const { resourceVersion } = readMeta(created);
    await client.patch(CONFIG_MAPS, REF, { type: 'merge', body: { data: { b: 'c' } } }, WRITE);
    const eve = clientOf(cluster.kubeconfigFor('eve'));
    const nobody = clientOf(cluster.kubeconfigFor({ name: 'nobody', token: 'expired' }));
    const unknown: Resource = { ...CONFIG_MAPS, plural: 'configmaps2' };
    const bad = { apiVersion: 'v1', kind: 'Service', metadata: REF, spec: { type: 'Nonsense', ports: [{ port: 80 }] } };
    const seen = {
      missing: await categoryOf(client.get(CONFIG_MAPS, { ...REF, name: 'nothing' })),
      missingNode: await categoryOf(client.get(NODES, { namespace: '', name: 'nothing' })),
      missingNamespace: await categoryOf(
        client.create(CONFIG_MAPS, { ...configMap('a'), metadata: { namespace: 'nowhere', name: 'a' } }, WRITE),
      ),
      noSuchKind: await categoryOf(client.list(unknown)),
      noSuchKindGet: await categoryOf(client.get(unknown, REF)),
      noSuchGroup: await categoryOf(client.list({ ...CONFIG_MAPS, group: 'example.com' })),
      exists: await categoryOf(client.create(CONFIG_MAPS, configMap('a'), WRITE)),
      test: await categoryOf(
        client.patch(CONFIG_MAPS, REF, { type: 'json', body: [{ op: 'test', path: '/data/b', value: 'd' }] }, WRITE),
      ),
      missingPath: await categoryOf(
        client.patch(CONFIG_MAPS, REF, { type: 'json', body: [{ op: 'remove', path: '/data/nothing' }] }, WRITE),
      ),
      outdatedMerge: await categoryOf(
        client.patch(CONFIG_MAPS, REF, { type: 'merge', body: { metadata: { resourceVersion }, data: {} } }, WRITE),
      ),
      anotherUid: await categoryOf(client.delete(CONFIG_MAPS, REF, { ...WRITE, uid: 'another' })),
      outdatedDelete: await categoryOf(client.delete(CONFIG_MAPS, REF, { ...WRITE, resourceVersion })),
      invalid: await categoryOf(client.create(SERVICES, bad, WRITE)),
      forbidden: await categoryOf(eve.list(CONFIG_MAPS)),
      unauthorized: await categoryOf(nobody.list(CONFIG_MAPS)),
    };
    eve.close();
    nobody.close();
    expect(seen).toEqual({
      missing: 'not-found',
      missingNode: 'not-found',
      missingNamespace: 'not-found',
      noSuchKind: 'not-served',
      noSuchKindGet: 'not-served',
      noSuchGroup: 'not-served',
      exists: 'exists',
      test: 'conflict',
      missingPath: 'conflict',
      outdatedMerge: 'conflict',
      anotherUid: 'conflict',
      outdatedDelete: 'conflict',
      invalid: 'invalid',
      forbidden: 'forbidden',
      unauthorized: 'unauthorized',
    });
  });

  test('starts a list over when etcd is compacted between two pages', async () => {
    const many = Array.from({ length: 150 }, (_, i) => `page-${i}`);
    await Promise.all(many.map((name) => client.create(CONFIG_MAPS, configMap(name), WRITE)));
    let compaction: Promise<void> | undefined;
    let mapped = 0;
    const list = await client.listMapped(
      CONFIG_MAPS,
      (raw) => {
        mapped += 1;
        compaction ??= writeAndCompact();
        return readMeta(raw).name;
      },
      { namespace: 'default', pageSize: 1 },
    );
    await compaction;
    expect(list.items.filter((name) => name.startsWith('page-'))).toHaveLength(many.length);
    expect(new Set(list.items).size).toBe(list.items.length);
    expect(mapped).toBeGreaterThan(list.items.length);
  });

  async function writeAndCompact(): Promise<void> {
    await client.create(CONFIG_MAPS, configMap('while-listing'), WRITE);
    await cluster.compactEtcd();
  }

  test('reads who owns a field', async () => {
    await client.patch(
      CONFIG_MAPS,
      REF,
      { type: 'merge', body: { data: { mine: 'x' } } },
      { fieldManager: 'somebody' },
    );
    const owners = readFieldOwners(await client.get(CONFIG_MAPS, REF)).of(['f:data', 'f:mine'], '');
    expect(owners.map((owner) => `${owner.manager} ${owner.operation}`)).toEqual(['somebody Update']);
  });

  test('asks which permissions are denied', async () => {
    const eve = clientOf(cluster.kubeconfigFor('eve'));
    const permission = { verb: 'patch', group: '', resource: 'services', subresource: 'status' } as const;
    expect(await reviewAccess(client, [permission])).toEqual({ denied: [], unknown: [] });
    expect((await reviewAccess(eve, [permission])).denied).toEqual([{ permission, reason: '' }]);
    eve.close();
  });
});

describe('a watch cache', () => {
  let stop = new AbortController();
  let running: Promise<void>[] = [];
  let log: RecordedLog;

  afterEach(async () => {
    stop.abort(new Error('stop'));
    await Promise.all(running);
    stop = new AbortController();
    running = [];
  });

  function start(options: Partial<WatchCacheOptions<Model>> = {}): WatchCache<Model> {
    log = recordLog();
    const cache = createWatchCache<Model>({
      client,
      resource: CONFIG_MAPS,
      trim: (raw) => ({ meta: readMeta(raw) }),
      clock: systemClock,
      logger: log,
      ...options,
    });
    running.push(cache.run(stop.signal));
    return cache;
  }

  async function converged(cache: WatchCache<Model>): Promise<void> {
    const list = await client.list(cache.resource);
    const there = list.items.map((raw) => `${readMeta(raw).name}@${readMeta(raw).resourceVersion}`).toSorted();
    await expect
      .poll(
        () =>
          cache
            .list()
            .map(({ meta }) => `${meta.name}@${meta.resourceVersion}`)
            .toSorted(),
        { timeout: 20_000 },
      )
      .toEqual(there);
  }

  test('follows changes, by events alone', async () => {
    const cache = start({ pageSize: 3 });
    await cache.whenSynced(stop.signal);
    await client.create(CONFIG_MAPS, configMap('w1'), WRITE);
    await client.create(CONFIG_MAPS, configMap('w2'), WRITE);
    cache.upsert(
      await client.patch(CONFIG_MAPS, { ...REF, name: 'w1' }, { type: 'merge', body: { data: { value: 'y' } } }, WRITE),
    );
    await client.delete(CONFIG_MAPS, { ...REF, name: 'w2' }, WRITE);
    await converged(cache);
    expect(cache.state()).toMatchObject({ listsCompleted: 1, error: undefined });
  });

  test('notices an API server that hangs, and goes on when it wakes', async () => {
    const cache = start({ timing: { idleTimeoutMs: 1_000, healthyMs: 500 } });
    await cache.whenSynced(stop.signal);
    cluster.signal('apiserver', 'SIGSTOP');
    await expect.poll(() => cache.state().error?.category, { timeout: 30_000 }).toBe('timeout');
    cluster.signal('apiserver', 'SIGCONT');
    await client.create(CONFIG_MAPS, configMap('after-stop'), WRITE);
    await converged(cache);
    await expect.poll(() => cache.state().error, { timeout: 20_000 }).toBeUndefined();
  });

  test('lives on through a restart of the API server on a compacted etcd', async () => {
    const cache = start();
    await cache.whenSynced(stop.signal);
    await client.create(CONFIG_MAPS, configMap('before'), WRITE);
    await converged(cache);
    cluster.signal('apiserver', 'SIGKILL');
    await expect.poll(() => cache.state().error?.category, { timeout: 10_000 }).toBe('unreachable');
    await cluster.restart('apiserver');
    await client.create(CONFIG_MAPS, configMap('after'), WRITE);
    await cluster.compactEtcd();
    await converged(cache);
    expect(cache.state().error).toBeUndefined();
  });

  test('tells a CRD that is deleted and made again', async () => {
    const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gateways.gateway.networking.k8s.io';
    const crd = (await cluster.request('GET', crdPath)).body as { metadata: object; spec: object };
    const cache = start({ resource: GATEWAYS, timing: { vanishedMs: 3_000 } });
    await cache.whenSynced(stop.signal);
    await cluster.apply({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { namespace: 'default', name: 'web' },
      spec: { gatewayClassName: 'none', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
    });
    await converged(cache);
    await cluster.request('DELETE', crdPath);
    await expect.poll(() => cache.state().served, { timeout: 30_000 }).toBe(false);
    await expect.poll(() => cache.list(), { timeout: 30_000 }).toEqual([]);
    const annotations = { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api/pull/2466' };
    const again = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'gateways.gateway.networking.k8s.io', annotations },
      spec: crd.spec,
    };
    await cluster.create(again);
    await expect.poll(() => cache.state(), { timeout: 60_000 }).toMatchObject({ served: true, error: undefined });
    expect(cache.list()).toEqual([]);
  });
});

describe('a Lease', () => {
  test('is taken, seen from outside, and given up', async () => {
    const lease = { namespace: 'kube-system', name: 'ccb-test' };
    const times = { durationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
    const stopping = new AbortController();
    const held = createLease({ client, ...lease, ...times, identity: 'me', clock: systemClock, logger: recordLog() });
    const running = held.run(stopping.signal);
    await held.whenLeader(AbortSignal.timeout(10_000));
    expect(await readLeaseHolder(client, lease.namespace, lease.name, systemClock)).toMatchObject({
      live: true,
      holder: 'me',
    });
    const first = readMeta(await client.get(LEASES, lease)).resourceVersion;
    await expect
      .poll(async () => readMeta(await client.get(LEASES, lease)).resourceVersion, { timeout: 5_000 })
      .not.toBe(first);
    stopping.abort(new Error('stop'));
    await running;
    expect(await readLeaseHolder(client, lease.namespace, lease.name, systemClock)).toEqual({
      live: false,
      holder: '',
      renewTime: '',
    });
    expect((await client.get(LEASES, lease)).spec).toMatchObject({ leaseDurationSeconds: 1, leaseTransitions: 0 });
  });
});

describe('Events', () => {
  test('of namespaced and cluster-scoped objects are taken, counted, and shown by kubectl', async () => {
    const log = recordLog();
    const source = { component: 'cilium-cloud-bridge', instance: 'pod-1' };
    const recorder = createEventRecorder({ client, source, clock: systemClock, logger: log });
    const { uid } = readMeta(await client.create(CONFIG_MAPS, configMap('told'), WRITE));
    const told = {
      target: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'told', uid },
      type: 'Normal',
      reason: 'AddressPublished',
      action: 'PatchStatus',
      message: '🙂'.repeat(600),
    } as const;
    recorder.record(told);
    await recorder.flush(AbortSignal.timeout(10_000));
    recorder.record(told);
    recorder.record({ ...told, target: { apiVersion: 'v1', kind: 'Node', namespace: '', name: 'n1', uid: 'n1' } });
    await recorder.flush(AbortSignal.timeout(10_000));
    recorder.close();
    expect(log.lines).toEqual([]);
    const events = await client.list(EVENTS, { fieldSelector: 'reason=AddressPublished' });
    expect(events.items).toHaveLength(2);
    const shown = await cluster.kubectl('events', '--for', 'configmap/told');
    expect(shown.stdout).toMatch(/\(x2 over .*Normal\s+AddressPublished\s+ConfigMap\/told/);
  });
});
