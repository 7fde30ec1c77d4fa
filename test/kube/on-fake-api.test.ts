import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKubeClient } from '../../src/kube/client.ts';
import type { KubeClient } from '../../src/kube/client.types.ts';
import { openConnection } from '../../src/kube/connection.ts';
import type { KubeError } from '../../src/kube/errors.ts';
import { asRecord, readMeta } from '../../src/kube/read.ts';
import { readAll } from '../../src/kube/read-all.ts';
import { CONFIG_MAPS, GATEWAYS, SERVICES } from '../../src/kube/resources.ts';
import type { RawObject } from '../../src/kube/types.ts';
import type { Model, WatchCache } from '../../src/kube/watch.types.ts';
import { createWatchCache, type WatchCacheOptions } from '../../src/kube/watch-cache.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { eventually } from './eventually.ts';
import { recordLog } from './recorded-log.ts';

const WRITE = { fieldManager: 'test' };

let api: FakeApi;
let dir: string;
let client: KubeClient;
let stop: AbortController;
let running: Promise<void>[];

beforeEach(async () => {
  api = await startFakeApi({ bookmarkIntervalMs: 50 });
  dir = mkdtempSync(join(tmpdir(), 'ccb-api-'));
  const path = api.writeKubeconfig(join(dir, 'config'));
  client = createKubeClient({ connection: openConnection({ path, clock: systemClock }), userAgent: 'test' });
  stop = new AbortController();
  running = [];
});

afterEach(async () => {
  stop.abort(new Error('stop'));
  await Promise.all(running);
  client.close();
  await api.stop();
  rmSync(dir, { recursive: true, force: true });
});

function configMap(name: string, value = 'x'): RawObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name }, data: { value } };
}

function start(options: Partial<WatchCacheOptions<Model>> = {}): WatchCache<Model> {
  const cache = createWatchCache<Model>({
    client,
    resource: CONFIG_MAPS,
    trim: (raw) => ({ meta: readMeta(raw) }),
    clock: systemClock,
    logger: recordLog(),
    timing: { healthyMs: 100, vanishedMs: 100 },
    ...options,
  });
  running.push(cache.run(stop.signal));
  return cache;
}

function versions(objects: readonly { readonly metadata: RawObject }[]): readonly string[] {
  return objects.map(({ metadata }) => `${String(metadata.name)}@${String(metadata.resourceVersion)}`).toSorted();
}

function cached(cache: WatchCache<Model>): readonly string[] {
  return cache
    .list()
    .map(({ meta }) => `${meta.name}@${meta.resourceVersion}`)
    .toSorted();
}

async function converged(cache: WatchCache<Model>): Promise<void> {
  await eventually(() => cached(cache)).toEqual(versions(api.list(CONFIG_MAPS)));
}

describe('writes', () => {
  const ref = { namespace: 'default', name: 'a' };

  test('of each kind reach the object', async () => {
    await client.create(CONFIG_MAPS, configMap('a', '1'), WRITE);
    await client.patch(CONFIG_MAPS, ref, { type: 'merge', body: { data: { merged: 'yes' } } }, WRITE);
    const operations = [
      { op: 'test', path: '/data/value', value: '1' },
      { op: 'replace', path: '/data/value', value: '2' },
    ] as const;
    await client.patch(CONFIG_MAPS, ref, { type: 'json', body: operations }, WRITE);
    const applied = { apiVersion: 'v1', kind: 'ConfigMap', metadata: ref, data: { applied: 'yes' } };
    const after = await client.patch(CONFIG_MAPS, ref, { type: 'apply', body: applied, force: true }, WRITE);
    expect(asRecord(after.data)).toEqual({ value: '2', merged: 'yes', applied: 'yes' });
    expect(await client.get(CONFIG_MAPS, ref)).toEqual(after);
    await client.delete(CONFIG_MAPS, ref, { ...WRITE, uid: readMeta(after).uid });
    expect(api.get(CONFIG_MAPS, ref)).toBeUndefined();
  });

  test('whose precondition does not hold are conflicts', async () => {
    const created = await client.create(CONFIG_MAPS, configMap('a'), WRITE);
    const { resourceVersion } = readMeta(created);
    await client.patch(CONFIG_MAPS, ref, { type: 'merge', body: { data: { b: 'c' } } }, WRITE);
    const attempts: readonly Promise<unknown>[] = [
      client.patch(CONFIG_MAPS, ref, { type: 'json', body: [{ op: 'test', path: '/data/b', value: 'd' }] }, WRITE),
      client.patch(CONFIG_MAPS, ref, { type: 'json', body: [{ op: 'remove', path: '/data/nothing' }] }, WRITE),
      client.patch(CONFIG_MAPS, ref, { type: 'merge', body: { metadata: { resourceVersion } } }, WRITE),
      client.delete(CONFIG_MAPS, ref, { ...WRITE, uid: 'another' }),
      client.delete(CONFIG_MAPS, ref, { ...WRITE, resourceVersion }),
    ];
    for (const attempt of attempts) {
      const error = (await attempt.catch((caught: unknown) => caught)) as KubeError;
      expect(`${error.category}: ${error.message}`).toMatch(/^conflict: /);
    }
    const again = client.create(CONFIG_MAPS, configMap('a'), WRITE);
    await expect(again).rejects.toMatchObject({ category: 'exists', retryable: false });
  });

  test('as a dry run change nothing', async () => {
    await client.create(CONFIG_MAPS, configMap('a'), { ...WRITE, dryRun: true });
    expect(api.list(CONFIG_MAPS).map(({ metadata }) => metadata.name)).not.toContain('a');
  });

  test('that validation refuses are invalid, with the server’s words', async () => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: ref,
      spec: { type: 'Nonsense', ports: [{ port: 80 }] },
    };
    const error = (await client.create(SERVICES, service, WRITE).catch((caught: unknown) => caught)) as KubeError;
    expect(error).toMatchObject({ category: 'invalid', status: 422, operation: 'CREATE services default/a' });
  });
});

describe('reading once', () => {
  test('gives the objects, page by page', async () => {
    for (let i = 0; i < 7; i += 1) {
      api.apply(configMap(`m${i}`));
    }
    const read = await readAll(client, CONFIG_MAPS, { pageSize: 3, namespace: 'default' }, (raw) => {
      const { name } = readMeta(raw);
      if (name === 'm5') {
        throw new Error('odd');
      }
      return name === 'm1' ? undefined : name;
    });
    expect(read).toEqual({
      ok: true,
      items: expect.arrayContaining(['m0', 'm2', 'm3', 'm4', 'm6']) as unknown,
      resourceVersion: String(api.version),
      unreadable: 1,
    });
    expect(api.requests.filter((request) => request.verb === 'list')).toHaveLength(3);
  });

  test('gives the reason when it cannot be done', async () => {
    api.removeCrd(GATEWAYS);
    const missing = await readAll(client, GATEWAYS, {}, readMeta);
    expect(missing).toMatchObject({ ok: false, error: { category: 'not-served' } });
    api.access.deny(({ resource }) => resource === 'services');
    const forbidden = await readAll(client, SERVICES, {}, readMeta);
    expect(forbidden).toMatchObject({ ok: false, error: { category: 'forbidden', retryable: false } });
  });
});

describe('a cache', () => {
  test('follows creations, changes and deletions', async () => {
    const cache = start({ pageSize: 2 });
    await cache.whenSynced(stop.signal);
    for (let i = 0; i < 5; i += 1) {
      api.apply(configMap(`m${i}`));
    }
    api.apply(configMap('m1', 'y'));
    api.remove(CONFIG_MAPS, { namespace: 'default', name: 'm2' });
    await converged(cache);
    expect(cache.state().listsCompleted).toBe(1);
  });

  test('lives on through ended and reset watches, a compaction and a restart', async () => {
    const cache = start();
    await cache.whenSynced(stop.signal);
    await eventually(() => api.openWatches(CONFIG_MAPS)).toHaveLength(1);
    api.closeWatches(CONFIG_MAPS);
    api.apply(configMap('after-close'));
    await converged(cache);
    await api.pause();
    api.apply(configMap('while-away'));
    api.compact();
    await api.listen();
    await converged(cache);
    expect(cache.state().listsCompleted).toBe(2);
  });

  test('is mended by the list in between when the watch lost events', async () => {
    const cache = start({ timing: { relistMs: 300 } });
    await cache.whenSynced(stop.signal);
    await eventually(() => api.openWatches(CONFIG_MAPS)).toHaveLength(1);
    api.faults.watchHook = (event) => (event.type === 'BOOKMARK' ? [event] : []);
    api.apply(configMap('lost'));
    await converged(cache);
    expect(api.requests.filter((request) => request.verb === 'watch')).toHaveLength(1);
  });

  test('is right in the end when events come doubled and out of order', async () => {
    const cache = start();
    await cache.whenSynced(stop.signal);
    await eventually(() => api.openWatches(CONFIG_MAPS)).toHaveLength(1);
    const late: Parameters<NonNullable<typeof api.faults.watchHook>>[0][] = [];
    api.faults.watchHook = (event) => {
      if (late.length === 0) {
        late.push(event);
        return [];
      }
      return [event, event, ...late.splice(0)];
    };
    for (let i = 0; i < 20; i += 1) {
      api.apply(configMap(`m${i % 3}`, String(i)));
      if (i % 5 === 4) {
        api.remove(CONFIG_MAPS, { namespace: 'default', name: `m${i % 3}` });
      }
    }
    await converged(cache);
  });

  test('tells a CRD that went from objects that were deleted, and takes it up when it returns', async () => {
    const cache = start({ resource: GATEWAYS });
    await cache.whenSynced(stop.signal);
    api.removeCrd(GATEWAYS);
    await eventually(() => cache.state()).toMatchObject({ served: false, error: { category: 'not-served' } });
    api.installCrd(GATEWAYS);
    const listeners = [{ name: 'http', port: 80, protocol: 'HTTP' }];
    api.apply({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'web' },
      spec: { gatewayClassName: 'cilium', listeners },
    });
    await eventually(() => cache.state()).toMatchObject({ served: true, error: undefined });
    expect(cache.list().map(({ meta }) => meta.name)).toEqual(['web']);
  });

  test('says how old its last sign of life is; bookmarks count', async () => {
    api.watches.progressNotify = true;
    const cache = start();
    await cache.whenSynced(stop.signal);
    await eventually(() => api.openWatches(CONFIG_MAPS)).toHaveLength(1);
    const before = cache.state().lastEventAt ?? 0;
    api.advance(5);
    await eventually(() => (cache.state().lastEventAt ?? 0) > before).toBe(true);
    expect(api.requests.filter((request) => request.verb === 'watch')).toHaveLength(1);
  });

  test('opens the watch of a kind that nobody touches anew, without taking the silence for an error', async () => {
    const states: unknown[] = [];
    const cache = start({
      timing: { healthyMs: 20, idleTimeoutMs: 50 },
      onState: ({ error }) => states.push(error?.category),
    });
    await cache.whenSynced(stop.signal);
    await eventually(() => api.requests.filter((request) => request.verb === 'watch').length).toBeGreaterThan(3);
    expect(states).toEqual([undefined]);
    api.apply(configMap('a'));
    await converged(cache);
    expect(cache.state().listsCompleted).toBe(1);
  });

  test('many share one client: a connection a watch, and one for the lists', async () => {
    const kinds = [CONFIG_MAPS, SERVICES, GATEWAYS];
    const caches = kinds.map((resource) => start({ resource }));
    await Promise.all(caches.map((cache) => cache.whenSynced(stop.signal)));
    await eventually(() => api.openWatches()).toHaveLength(3);
  });
});
