import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Change } from '../../src/kube/object-store.ts';
import { readMeta } from '../../src/kube/read.ts';
import { SERVICES } from '../../src/kube/resources.ts';
import type { RawObject } from '../../src/kube/types.ts';
import type { Model, WatchCache } from '../../src/kube/watch.types.ts';
import { createWatchCache, type WatchCacheOptions } from '../../src/kube/watch-cache.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type RecordedLog, recordLog } from './recorded-log.ts';
import { answerJson, failure, listOf, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;
let stop: AbortController;
let running: Promise<void>[];
let changes: string[];
let log: RecordedLog;

beforeEach(async () => {
  server = await startScriptedServer();
  stop = new AbortController();
  running = [];
  changes = [];
  log = recordLog();
});

afterEach(async () => {
  stop.abort();
  await Promise.all(running);
  await server.close();
});

function start(options: Partial<WatchCacheOptions<Model>> = {}): WatchCache<Model> {
  const cache = createWatchCache<Model>({
    client: server.client(),
    resource: SERVICES,
    trim: (raw) => ({ meta: readMeta(raw) }),
    onChange: (change) => changes.push(describeChange(change)),
    clock: systemClock,
    logger: log,
    random: () => 0,
    ...options,
  });
  running.push(cache.run(stop.signal));
  return cache;
}

function describeChange({ ref, before, after }: Change<Model>): string {
  return `${ref.name} ${before?.meta.resourceVersion ?? '-'} → ${after?.meta.resourceVersion ?? '-'}`;
}

function service(name: string, resourceVersion: string, uid = `uid-${name}`): RawObject {
  return { metadata: { namespace: 'default', name, uid, resourceVersion } };
}

function openWatch(response: ServerResponse, ...events: readonly RawObject[]): void {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.flushHeaders();
  for (const event of events) {
    response.write(`${JSON.stringify(event)}\n`);
  }
}

function names(cache: WatchCache<Model>): readonly string[] {
  return cache
    .list()
    .map((model) => `${model.meta.name}@${model.meta.resourceVersion}`)
    .toSorted();
}

describe('a healthy server', () => {
  test('the list fills the cache, events change it, the watch starts at the version of the list', async () => {
    server.play((request, response) => {
      if (request.query.has('watch')) {
        openWatch(
          response,
          { type: 'MODIFIED', object: service('a', '11') },
          { type: 'DELETED', object: service('b', '12') },
          { type: 'ADDED', object: service('c', '13') },
          { type: 'BOOKMARK', object: { metadata: { resourceVersion: '20' } } },
        );
      } else {
        answerJson(response, 200, listOf('Service', '10', [service('a', '3'), service('b', '4')]));
      }
    });
    const cache = start();
    await cache.whenSynced(stop.signal);
    await expect.poll(() => names(cache)).toEqual(['a@11', 'c@13']);
    expect(changes).toEqual(['a - → 3', 'b - → 4', 'a 3 → 11', 'b 4 → -', 'c - → 13']);
    expect(server.requests[1]?.query.get('resourceVersion')).toBe('10');
    expect(server.requests[1]?.query.get('allowWatchBookmarks')).toBe('true');
    expect(cache.state()).toMatchObject({ synced: true, served: true, listsCompleted: 1, unreadable: 0 });
    expect(cache.state().error).toBeUndefined();
  });

  test('a watch that the server ends goes on from the last version, bookmarks included, without a list', async () => {
    server.play((request, response, count) => {
      if (!request.query.has('watch')) {
        answerJson(response, 200, listOf('Service', '10', []));
        return;
      }
      openWatch(response, { type: 'BOOKMARK', object: { metadata: { resourceVersion: String(count * 100) } } });
      if (count < 4) {
        setTimeout(() => response.end(), 30);
      }
    });
    start({ timing: { healthyMs: 10 } });
    await expect.poll(() => server.requests.length).toBe(4);
    expect(server.requests.map((request) => request.query.get('resourceVersion'))).toEqual([null, '10', '200', '300']);
  });
});

describe('expired versions', () => {
  test.each([
    ['as an answer', 410],
    ['as an ERROR event', 200],
  ])('410 %s leads to a new list, and only real differences are reported', async (_, status) => {
    server.play((request, response, count) => {
      if (!request.query.has('watch')) {
        const items = count === 1 ? [service('a', '3'), service('b', '4')] : [service('a', '3'), service('c', '15')];
        answerJson(response, 200, listOf('Service', count === 1 ? '10' : '20', items));
      } else if (count === 2) {
        const gone = failure(410, 'Expired', 'too old resource version');
        if (status === 410) {
          answerJson(response, 410, gone);
        } else {
          openWatch(response, { type: 'ERROR', object: gone });
        }
      } else {
        openWatch(response);
      }
    });
    const cache = start();
    await expect.poll(() => names(cache)).toEqual(['a@3', 'c@15']);
    await expect.poll(() => server.requests.length).toBe(4);
    expect(changes).toEqual(['a - → 3', 'b - → 4', 'c - → 15', 'b 4 → -']);
    expect(server.requests[3]?.query.get('resourceVersion')).toBe('20');
    expect(cache.state()).toMatchObject({ listsCompleted: 2, error: undefined });
  });
});
