import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CONFIG_MAPS, GATEWAYS } from '../../src/kube/resources.ts';
import { createSender, type Send } from '../control-plane/http.ts';
import { valueAt } from '../control-plane/objects.ts';
import { openWatch, type WatchStream } from '../emulators/watch-stream.ts';
import type { WatchMessage } from './faults.ts';
import { type FakeApi, startFakeApi } from './server.ts';

const COLLECTION = '/api/v1/namespaces/default/configmaps';
const MERGE_PATCH = 'application/merge-patch+json';
const REF = { namespace: 'default', name: 'one' };

describe('faults', () => {
  let api: FakeApi;
  let send: Send;
  let close: () => void;
  const streams: WatchStream[] = [];

  beforeEach(async () => {
    api = await startFakeApi();
    ({ send, close } = createSender({ server: api.url, ca: '' }, 'any'));
    api.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: REF, data: { key: 'value' } });
  });
  afterEach(async () => {
    for (const stream of streams.splice(0)) stream.close();
    close();
    await api.stop();
  });

  async function watch(query = ''): Promise<WatchStream> {
    const path = `${COLLECTION}?watch=true&resourceVersion=${api.version}${query}`;
    const stream = await openWatch({ server: api.url, ca: '' }, 'any', path);
    streams.push(stream);
    return stream;
  }

  function touch(value: string): void {
    api.update(CONFIG_MAPS, REF, (object) => {
      object.data = { key: value };
    });
  }

  async function values(stream: WatchStream, count: number): Promise<unknown[]> {
    const seen: unknown[] = [];
    for (let index = 0; index < count; index += 1) {
      seen.push(valueAt((await stream.next(2000))?.object, 'data', 'key'));
    }
    return seen;
  }

  describe('instead of the answer', () => {
    test('any status with headers, as often as asked; then all is well', async () => {
      const headers = { 'retry-after': '7' };
      api.faults.failNext(
        ({ verb }) => verb === 'list',
        { kind: 'answer', status: 429, reason: 'TooManyRequests', headers },
        2,
      );
      for (const _ of [1, 2]) {
        const answer = await send('GET', COLLECTION);
        expect(answer).toMatchObject({ status: 429, body: { kind: 'Status', code: 429, reason: 'TooManyRequests' } });
        expect(answer.headers['retry-after']).toBe('7');
      }
      expect((await send('GET', COLLECTION)).status).toBe(200);
      expect(api.requests.map(({ status }) => status)).toEqual([429, 429, 200]);
    });

    test('garbage', async () => {
      api.faults.failNext(() => true, { kind: 'answer', status: 200, body: '<html>gateway</html>' });
      expect((await send('GET', COLLECTION)).body).toBe('<html>gateway</html>');
    });

    test('a reset: nothing is carried out', async () => {
      api.faults.failNext(() => true, { kind: 'drop', how: 'reset' });
      await expect(send('DELETE', `${COLLECTION}/one`)).rejects.toThrow(/ECONNRESET|socket hang up/);
      expect(api.get(CONFIG_MAPS, REF)).toBeDefined();
    });

    test('silence', async () => {
      api.faults.failNext(() => true, { kind: 'drop', how: 'hang' });
      const answer = send('GET', COLLECTION).catch(() => 'closed');
      expect(await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 100, 'silence'))])).toBe(
        'silence',
      );
      await api.pause();
      expect(await answer).toBe('closed');
    });

    test('a list that is not true, of another version', async () => {
      api.faults.intercept(({ verb }) =>
        verb === 'list' ? { kind: 'list', transform: () => [], resourceVersion: '7' } : undefined,
      );
      expect((await send('GET', COLLECTION)).body).toMatchObject({ items: [], metadata: { resourceVersion: '7' } });
    });
  });

  describe('on the way back', () => {
    test('a cut answer: the write was carried out, its answer is lost', async () => {
      api.faults.failNext(({ verb }) => verb === 'patch', { kind: 'cut', afterBytes: 0, how: 'reset' });
      await expect(send('PATCH', `${COLLECTION}/one`, { data: { key: 'new' } }, MERGE_PATCH)).rejects.toThrow();
      expect(api.get(CONFIG_MAPS, REF)).toMatchObject({ data: { key: 'new' } });
    });

    test('truncated JSON in a complete HTTP message', async () => {
      api.faults.failNext(() => true, { kind: 'cut', afterBytes: 40, how: 'truncate' });
      const answer = await send('GET', COLLECTION);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatch(/^\{"kind":"ConfigMapList"/);
      expect(answer.body).toHaveLength(40);
    });

    test('a connection that ends in the middle', async () => {
      api.faults.failNext(() => true, { kind: 'cut', afterBytes: 40, how: 'close' });
      await expect(send('GET', COLLECTION)).rejects.toThrow();
    });

    test('a delay, and a fault after it', async () => {
      const then = { kind: 'answer', status: 503 } as const;
      api.faults.failNext(() => true, { kind: 'delay', ms: 60, then });
      const start = performance.now();
      expect((await send('GET', COLLECTION)).status).toBe(503);
      expect(performance.now() - start).toBeGreaterThanOrEqual(55);
    });
  });

  describe('in watches', () => {
    test('events are dropped, doubled and reordered by a hook', async () => {
      const kept: WatchMessage[] = [];
      const stream = await watch();
      api.faults.watchHook = (event) => {
        switch (valueAt(event.object, 'data', 'key')) {
          case 'dropped':
            return [];
          case 'doubled':
            return [event, event];
          case 'late':
            kept.push(event);
            return [];
          default:
            return [event, ...kept.splice(0)];
        }
      };
      for (const value of ['dropped', 'doubled', 'late', 'early']) touch(value);
      expect(await values(stream, 4)).toEqual(['doubled', 'doubled', 'early', 'late']);
    });

    test('a line is cut in two by a reset', async () => {
      api.faults.failNext(({ verb }) => verb === 'watch', { kind: 'cut', afterBytes: 30, how: 'reset' });
      const stream = await watch();
      touch('new');
      expect(await stream.next(2000)).toBeUndefined();
    });

    test('a frozen stream stays open and says nothing; a closed one ends', async () => {
      const [frozen, closed] = [await watch(), await watch()];
      const [first, second] = api.openWatches(CONFIG_MAPS);
      first?.freeze();
      second?.close();
      touch('new');
      await expect(frozen.next(100)).rejects.toThrow('no event');
      expect(await closed.next(2000)).toBeUndefined();
    });

    test('compaction ends in an ERROR event for a watch from before', async () => {
      const before = api.version;
      touch('new');
      api.compact();
      const stream = await openWatch(
        { server: api.url, ca: '' },
        'any',
        `${COLLECTION}?watch=true&resourceVersion=${before}`,
      );
      streams.push(stream);
      expect(await stream.next(2000)).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
    });

    test('bookmarks come as often as set, of the whole store where etcd tells its progress', async () => {
      api.watches.bookmarkIntervalMs = 20;
      api.watches.progressNotify = true;
      const stream = await watch('&allowWatchBookmarks=true');
      api.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'any' } });
      const event = await stream.next(2000);
      expect(event?.type).toBe('BOOKMARK');
      expect(valueAt(event?.object, 'metadata', 'resourceVersion')).toBe(String(api.version));
    });
  });

  test('a server that restarts resets its connections, keeps its port and its objects', async () => {
    const { url } = api;
    const stream = await watch();
    await api.pause();
    expect(await stream.next(2000)).toBeUndefined();
    await expect(send('GET', COLLECTION)).rejects.toThrow('ECONNREFUSED');
    await api.listen();
    expect(api.url).toBe(url);
    expect((await send('GET', `${COLLECTION}/one`)).status).toBe(200);
  });

  test('a CRD that goes takes its objects along and ends its watches, until it is back', async () => {
    const path = '/apis/gateway.networking.k8s.io/v1/gateways';
    const stream = await openWatch({ server: api.url, ca: '' }, 'any', `${path}?watch=true`);
    streams.push(stream);
    const spec = { gatewayClassName: 'any', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] };
    api.apply({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata: REF, spec });
    api.removeCrd(GATEWAYS);
    expect((await stream.next(2000))?.type).toBe('ADDED');
    expect((await stream.next(2000))?.type).toBe('DELETED');
    expect(await stream.next(2000)).toBeUndefined();
    expect((await send('GET', path)).status).toBe(404);
    api.installCrd(GATEWAYS);
    expect((await send('GET', path)).body).toMatchObject({ items: [] });
  });
});
