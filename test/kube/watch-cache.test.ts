import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Change } from '../../src/kube/object-store.ts';
import { readMeta } from '../../src/kube/read.ts';
import { SERVICES } from '../../src/kube/resources.ts';
import type { RawObject } from '../../src/kube/types.ts';
import type { Model, WatchCache } from '../../src/kube/watch.types.ts';
import { createWatchCache, type WatchCacheOptions } from '../../src/kube/watch-cache.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { eventually } from './eventually.ts';
import { type FakeClock, fakeClock } from './fake-clock.ts';
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
    await eventually(() => names(cache)).toEqual(['a@11', 'c@13']);
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
    await eventually(() => server.requests.length).toBe(4);
    expect(server.requests.map((request) => request.query.get('resourceVersion'))).toEqual([null, '10', '200', '300']);
  });
});

test('an event that comes late does not turn the watch back', async () => {
  watchesThat((response, watches) => {
    if (watches === 1) {
      const events = [service('b', '12'), service('a', '11')].map((object) => ({ type: 'MODIFIED', object }));
      openWatch(response, ...events);
      setTimeout(() => response.end(), 30);
    } else {
      openWatch(response);
    }
  });
  const cache = start({ timing: { healthyMs: 10 } });
  await eventually(() => server.requests.length).toBe(3);
  expect(server.requests[2]?.query.get('resourceVersion')).toBe('12');
  expect(names(cache)).toEqual(['a@11', 'b@12']);
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
    await eventually(() => names(cache)).toEqual(['a@3', 'c@15']);
    await eventually(() => server.requests.length).toBe(4);
    expect(changes).toEqual(['a - → 3', 'b - → 4', 'c - → 15', 'b 4 → -']);
    expect(server.requests[3]?.query.get('resourceVersion')).toBe('20');
    expect(cache.state()).toMatchObject({ listsCompleted: 2, error: undefined });
  });
});

/** Lists always succeed at version 10 with object a; watches do what the test says. */
function watchesThat(script: (response: ServerResponse, watches: number) => void): void {
  let watches = 0;
  server.play((request, response) => {
    if (request.query.has('watch')) {
      watches += 1;
      script(response, watches);
    } else {
      answerJson(response, 200, listOf('Service', '10', [service('a', '3')]));
    }
  });
}

function kinds(): readonly string[] {
  return server.requests.map((request) => (request.query.has('watch') ? 'watch' : 'list'));
}

describe('a watch that breaks', () => {
  const cutOff = '{"type":"MODIFIED","object":{"meta';

  test.each<[string, (response: ServerResponse) => void, string]>([
    [
      'a reset in the middle of a line',
      (response) => {
        response.write(cutOff);
        setTimeout(() => response.socket?.resetAndDestroy(), 10);
      },
      'unreachable',
    ],
    ['a 500', (response) => answerJson(response, 500, failure(500, 'InternalError', 'boom')), 'unavailable'],
    ['a 403', (response) => answerJson(response, 403, failure(403, 'Forbidden', 'no')), 'forbidden'],
  ])('%s: the content stays, the error is told, the watch goes on where it was', async (_, fault, category) => {
    const clock = fakeClock();
    watchesThat((response, watches) => {
      if (watches === 1) {
        fault(response);
      } else {
        openWatch(response, { type: 'MODIFIED', object: service('a', '11') });
      }
    });
    const cache = start({ clock });
    await eventually(() => cache.state().error?.category).toBe(category);
    expect(names(cache)).toEqual(['a@3']);
    expect(cache.state()).toMatchObject({ synced: true, served: true });
    await wake(clock, 30_000);
    await eventually(() => names(cache)).toEqual(['a@11']);
    expect(cache.state().error).toBeUndefined();
    expect(kinds()).toEqual(['list', 'watch', 'watch']);
    expect(server.requests[2]?.query.get('resourceVersion')).toBe('10');
  });

  test.each([
    ['a line that is cut off', cutOff],
    ['garbage', '\u0000\u0001<xml>\n'],
  ])('%s: an event may be lost, so a list follows', async (_, bytes) => {
    const clock = fakeClock();
    watchesThat((response, watches) => {
      if (watches === 1) {
        response.end(bytes);
      } else {
        openWatch(response);
      }
    });
    const cache = start({ clock });
    await eventually(() => cache.state().error?.category).toBe('garbled');
    await wake(clock, 30_000);
    await eventually(kinds).toEqual(['list', 'watch', 'list', 'watch']);
    expect(names(cache)).toEqual(['a@3']);
  });

  test('a half-open connection is noticed by its silence', async () => {
    watchesThat((response, watches) => {
      response.flushHeaders();
      if (watches === 2) {
        response.write(`${JSON.stringify({ type: 'MODIFIED', object: service('a', '11') })}\n`);
      }
    });
    const cache = start({ timing: { idleTimeoutMs: 60, healthyMs: 10 } });
    await eventually(() => names(cache)).toEqual(['a@11']);
    expect(kinds()).toEqual(['list', 'watch', 'watch']);
  });

  test('one that the server closes at once, again and again, is asked for ever more rarely', async () => {
    const clock = fakeClock();
    watchesThat((response) => response.end());
    start({ clock, random: () => 1 });
    const waits: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      waits.push(await retryWait(clock));
      clock.advance(waits.at(-1) ?? 0);
    }
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    expect(kinds().filter((kind) => kind === 'list')).toHaveLength(1);
  });

  test('one that was open for some seconds is followed by another at once, and failures count from one again', async () => {
    const clock = fakeClock();
    let open: ServerResponse | undefined;
    watchesThat((response, watches) => {
      if (watches === 3) {
        open = response;
        openWatch(response);
      } else {
        response.end();
      }
    });
    const cache = start({ clock, random: () => 1 });
    const waits: number[] = [];
    for (let round = 0; round < 2; round += 1) {
      waits.push(await retryWait(clock));
      clock.advance(waits.at(-1) ?? 0);
    }
    await eventually(() => open).toBeDefined();
    await eventually(() => cache.state().lastEventAt).toBe(clock.monotonic());
    clock.advance(5_000);
    open?.end();
    // The fourth follows without a wait, and is the first to fail again.
    waits.push(await retryWait(clock));
    expect(waits).toEqual([250, 500, 250]);
    expect(kinds()).toEqual(['list', 'watch', 'watch', 'watch', 'watch']);
  });

  test('Retry-After is honoured', async () => {
    const clock = fakeClock();
    watchesThat((response) => {
      response.writeHead(429, { 'Retry-After': '7' });
      response.end();
    });
    start({ clock });
    expect(await retryWait(clock)).toBe(7_000);
  });

  test('failures are logged once a kind, and the recovery once', async () => {
    const clock = fakeClock();
    watchesThat((response, watches) => {
      if (watches <= 3) {
        answerJson(response, 500, failure(500, 'InternalError', 'boom'));
      } else {
        openWatch(response);
      }
    });
    const cache = start({ clock });
    await cache.whenSynced(stop.signal);
    for (let round = 0; round < 3; round += 1) {
      clock.advance(await retryWait(clock));
    }
    await eventually(() => log.messages('info')).toEqual(['watch works again']);
    expect(log.messages('warn')).toEqual(['list or watch fails; trying again']);
    expect(log.lines.find((line) => line.level === 'warn')?.fields).toEqual({
      resource: 'services',
      category: 'unavailable',
      error: 'WATCH services: 500 Internal Server Error: boom',
      failures: 1,
    });
  });
});

describe('a list that fails', () => {
  test('at first: nothing is synced, and it is tried again', async () => {
    const clock = fakeClock();
    server.play((request, response, count) => {
      if (count === 1) {
        answerJson(response, 503, failure(503, 'ServiceUnavailable', 'starting'));
      } else if (request.query.has('watch')) {
        openWatch(response);
      } else {
        answerJson(response, 200, listOf('Service', '10', [service('a', '3')]));
      }
    });
    const cache = start({ clock });
    await eventually(() => cache.state().error?.category).toBe('unavailable');
    expect(cache.state()).toMatchObject({ synced: false, served: false, listsCompleted: 0 });
    await wake(clock, 1_000);
    await cache.whenSynced(stop.signal);
    expect(names(cache)).toEqual(['a@3']);
  });

  test('after an expired version: the content stays until one succeeds', async () => {
    const clock = fakeClock();
    server.play((request, response, count) => {
      if (request.query.has('watch')) {
        answerJson(response, 410, failure(410, 'Expired', 'too old'));
      } else if (count > 1) {
        answerJson(response, 500, failure(500, 'InternalError', 'etcd'));
      } else {
        answerJson(response, 200, listOf('Service', '10', [service('a', '3')]));
      }
    });
    const cache = start({ clock });
    await eventually(() => cache.state().error?.category).toBe('unavailable');
    expect(names(cache)).toEqual(['a@3']);
    expect(cache.state()).toMatchObject({ synced: true, served: true, listsCompleted: 1 });
  });

  test.each(['{}', '{"kind":"Status","status":"Success"}', 'null', '{"kind":"ServiceList","metadata":{},"items":[]}'])(
    'with a 200 and %s: it is not taken for an empty list',
    async (body) => {
      const clock = fakeClock();
      server.play((request, response, count) => {
        if (request.query.has('watch')) {
          answerJson(response, 410, failure(410, 'Expired', 'too old'));
        } else if (count > 1) {
          response.end(body);
        } else {
          answerJson(response, 200, listOf('Service', '10', [service('a', '3')]));
        }
      });
      const cache = start({ clock });
      await eventually(() => cache.state().error?.category).toBe('garbled');
      expect(names(cache)).toEqual(['a@3']);
    },
  );

  test('because it is older than what was seen: a stale server, unless it stays so for ten seconds', async () => {
    const clock = fakeClock();
    let restored = false;
    server.play((request, response, count) => {
      if (request.query.has('watch')) {
        if (restored) {
          openWatch(response);
        } else {
          answerJson(response, 410, failure(410, 'Expired', 'too old'));
        }
      } else if (count === 1) {
        answerJson(response, 200, listOf('Service', '100', [service('a', '90'), service('b', '91')]));
      } else {
        restored = true;
        answerJson(response, 200, listOf('Service', '50', [service('a', '40')]));
      }
    });
    const cache = start({ clock });
    await eventually(() => cache.state().error?.message).toBe(
      'LIST services: answered version 50, older than 100 that was seen before',
    );
    for (let round = 0; round < 4; round += 1) {
      clock.advance(await retryWait(clock));
      await retryWait(clock);
      expect(names(cache)).toEqual(['a@90', 'b@91']);
    }
    clock.advance(10_000);
    await eventually(() => names(cache)).toEqual(['a@40']);
    await eventually(() => server.requests.at(-1)?.query.get('resourceVersion')).toBe('50');
    expect(log.messages('warn')).toContain('versions went back; starting over');
  });
});

test('an object that becomes unreadable, and one of those that goes, change the state', async () => {
  let watch: ServerResponse | undefined;
  server.play((request, response) => {
    if (request.query.has('watch')) {
      watch = response;
      openWatch(response);
    } else {
      answerJson(response, 200, listOf('Service', '10', [service('a', '3')]));
    }
  });
  const states: number[] = [];
  const trim = (raw: RawObject): Model => {
    const meta = readMeta(raw);
    if (meta.name === 'odd') throw new Error('odd');
    return { meta };
  };
  start({ trim, onState: ({ unreadable }) => states.push(unreadable) });
  await eventually(() => watch).toBeDefined();
  watch?.write(`${JSON.stringify({ type: 'ADDED', object: service('odd', '11') })}\n`);
  await eventually(() => states).toEqual([0, 1]);
  watch?.write(`${JSON.stringify({ type: 'DELETED', object: service('odd', '12') })}\n`);
  await eventually(() => states).toEqual([0, 1, 0]);
});

describe('a list that is empty all of a sudden', () => {
  function emptyFrom(clock: FakeClock, isTrue: () => boolean): WatchCache<Model> {
    let lists = 0;
    server.play((request, response) => {
      if (request.query.has('watch')) {
        const expired = { type: 'ERROR', object: failure(410, 'Expired', 'too old resource version') };
        openWatch(response, ...(lists === 1 ? [expired] : []));
        return;
      }
      lists += 1;
      const items = lists === 1 || !isTrue() ? [service('a', '3')] : [];
      answerJson(response, 200, listOf('Service', String(9 + lists), lists === 2 ? [] : items));
    });
    return start({ clock, random: () => 1 });
  }

  test('is not believed at once: nothing is dropped, and it says so', async () => {
    const clock = fakeClock();
    const cache = emptyFrom(clock, () => false);
    await eventually(() => cache.state().error?.message).toBe(
      'LIST services: answered an empty list, though there were 1 a moment ago',
    );
    expect(names(cache)).toEqual(['a@3']);
    clock.advance(await retryWait(clock));
    await eventually(() => cache.state().error).toBeUndefined();
    expect(names(cache)).toEqual(['a@3']);
    expect(changes).toEqual(['a - → 3']);
  });

  test('is believed when it stays so for ten seconds', async () => {
    const clock = fakeClock();
    const cache = emptyFrom(clock, () => true);
    await eventually(() => cache.state().error).toBeDefined();
    clock.advance(await retryWait(clock));
    await eventually(() => clock.sleeping().length).toBe(2);
    expect(names(cache)).toEqual(['a@3']);
    clock.advance(10_000);
    await eventually(() => names(cache)).toEqual([]);
    await eventually(() => cache.state().error).toBeUndefined();
  });
});

describe('a first list that is empty', () => {
  test('proves nothing until a second one, ten seconds later, says so too', async () => {
    const clock = fakeClock();
    let lists = 0;
    server.play((request, response) => {
      if (request.query.has('watch')) openWatch(response);
      else {
        lists += 1;
        answerJson(response, 200, listOf('Service', String(9 + lists), []));
      }
    });
    const states: boolean[] = [];
    const cache = start({ clock, random: () => 0.5, onState: ({ unproven }) => states.push(unproven) });
    await cache.whenSynced(stop.signal);
    expect(cache.state()).toMatchObject({ synced: true, error: undefined, unproven: true });
    await wake(clock, 10_000);
    await eventually(() => cache.state().unproven).toBe(false);
    expect(states).toEqual([true, false]);
    await wake(clock, 599_999);
    expect(lists).toBe(2);
  });

  test('that lied is corrected ten seconds later, though no event tells of what was there all along', async () => {
    const clock = fakeClock();
    let lists = 0;
    server.play((request, response) => {
      if (request.query.has('watch')) openWatch(response);
      else {
        lists += 1;
        answerJson(response, 200, listOf('Service', '10', lists === 1 ? [] : [service('a', '3')]));
      }
    });
    const cache = start({ clock });
    await cache.whenSynced(stop.signal);
    expect(names(cache)).toEqual([]);
    await wake(clock, 10_000);
    await eventually(() => names(cache)).toEqual(['a@3']);
    expect(cache.state().unproven).toBe(false);
  });
});

describe('the list in between', () => {
  test('finds what the watch missed, without touching the watch', async () => {
    const clock = fakeClock();
    let lists = 0;
    server.play((request, response) => {
      if (request.query.has('watch')) {
        openWatch(response);
        return;
      }
      lists += 1;
      const items = lists === 1 ? [service('a', '3'), service('b', '4')] : [service('a', '12')];
      answerJson(response, 200, listOf('Service', lists === 1 ? '10' : '20', items));
    });
    const cache = start({ clock, random: () => 0.5 });
    await eventually(kinds).toEqual(['list', 'watch']);
    await wake(clock, 599_999);
    expect(kinds()).toEqual(['list', 'watch']);
    await wake(clock, 1_000);
    await eventually(() => names(cache)).toEqual(['a@12']);
    expect(kinds()).toEqual(['list', 'watch', 'list']);
    expect(cache.state().listsCompleted).toBe(2);
  });

  test('that fails is told, and tried again, while the watch goes on', async () => {
    const clock = fakeClock();
    let lists = 0;
    let watch: ServerResponse | undefined;
    server.play((request, response) => {
      if (request.query.has('watch')) {
        watch = response;
        openWatch(response);
        return;
      }
      lists += 1;
      if (lists === 2) {
        answerJson(response, 403, failure(403, 'Forbidden', 'no'));
      } else {
        answerJson(response, 200, listOf('Service', String(lists * 10), [service('a', '3')]));
      }
    });
    const cache = start({ clock, random: () => 0.5 });
    await eventually(kinds).toEqual(['list', 'watch']);
    await wake(clock, 600_001);
    await eventually(() => cache.state().error?.category).toBe('forbidden');
    watch?.write(`${JSON.stringify({ type: 'MODIFIED', object: service('a', '11') })}\n`);
    await eventually(() => names(cache)).toEqual(['a@11']);
    await wake(clock, 30_000);
    await eventually(() => cache.state()).toMatchObject({ error: undefined, listsCompleted: 2 });
  });
});

describe('a kind that is not served', () => {
  test('is a state, polled until it appears', async () => {
    const clock = fakeClock();
    let served = false;
    server.play((request, response) => {
      if (!served) {
        response.writeHead(404);
        response.end('404 page not found\n');
      } else if (request.query.has('watch')) {
        openWatch(response);
      } else {
        answerJson(response, 200, listOf('Service', '10', [service('a', '3')]));
      }
    });
    const states: string[] = [];
    const cache = start({
      clock,
      onState: ({ served: is, synced, error }) => states.push(`${is} ${synced} ${error?.category ?? '-'}`),
    });
    await cache.whenSynced(stop.signal);
    expect(cache.state()).toMatchObject({ served: false, synced: false, error: { category: 'not-served' } });
    served = true;
    clock.advance(await retryWait(clock));
    await eventually(() => cache.state()).toMatchObject({ served: true, synced: true, error: undefined });
    expect(names(cache)).toEqual(['a@3']);
    expect(states).toEqual(['false false not-served', 'true true not-served', 'true true -']);
  });

  test('that vanishes keeps its objects for a while, marked, then drops them; a new list is needed to trust it', async () => {
    const clock = fakeClock();
    let gone = false;
    let watch: ServerResponse | undefined;
    server.play((request, response) => {
      if (gone) {
        response.writeHead(404);
        response.end('404 page not found\n');
      } else if (request.query.has('watch')) {
        watch = response;
        openWatch(response);
      } else {
        answerJson(response, 200, listOf('Service', '10', [service('a', '3')]));
      }
    });
    const cache = start({ clock, random: () => 1 });
    await eventually(() => watch).toBeDefined();
    gone = true;
    watch?.end();
    // The closed watch, then the first 404.
    clock.advance(await retryWait(clock));
    await eventually(() => cache.state().served).toBe(false);
    expect(names(cache)).toEqual(['a@3']);
    expect(changes).toEqual(['a - → 3']);
    // 4 s and 8 s later.
    for (let round = 0; round < 2; round += 1) {
      expect(names(cache)).toEqual(['a@3']);
      clock.advance(await retryWait(clock));
    }
    await eventually(() => names(cache)).toEqual([]);
    expect(changes).toEqual(['a - → 3', 'a 3 → -']);
    expect(cache.state()).toMatchObject({ served: false, synced: false, listsCompleted: 1 });
    gone = false;
    clock.advance(await retryWait(clock));
    await eventually(() => names(cache)).toEqual(['a@3']);
    expect(cache.state()).toMatchObject({ served: true, synced: true, listsCompleted: 2 });
  });

  test('for one answer only (an API server that has not loaded its CRDs) loses nothing', async () => {
    const clock = fakeClock();
    let misses = 0;
    watchesThat((response, watches) => {
      if (watches === 1) {
        misses += 1;
        response.writeHead(404);
        response.end('404 page not found\n');
      } else {
        openWatch(response);
      }
    });
    const cache = start({ clock });
    await eventually(() => cache.state().served).toBe(false);
    clock.advance(await retryWait(clock));
    await eventually(() => cache.state().served).toBe(true);
    expect([misses, changes]).toEqual([1, ['a - → 3']]);
  });
});

describe('objects', () => {
  test('that a write returned are seen at once, and the older event that follows is ignored', async () => {
    let watch: ServerResponse | undefined;
    watchesThat((response) => {
      watch = response;
      openWatch(response);
    });
    const cache = start();
    await cache.whenSynced(stop.signal);
    await eventually(() => watch).toBeDefined();
    cache.upsert(service('a', '15'));
    cache.upsert(service('a', '14'));
    expect(names(cache)).toEqual(['a@15']);
    watch?.write(`${JSON.stringify({ type: 'MODIFIED', object: service('a', '12') })}\n`);
    watch?.write(`${JSON.stringify({ type: 'MODIFIED', object: service('a', '15') })}\n`);
    watch?.write(`${JSON.stringify({ type: 'MODIFIED', object: service('a', '16') })}\n`);
    await eventually(() => names(cache)).toEqual(['a@16']);
    expect(changes).toEqual(['a - → 3', 'a 3 → 15', 'a 15 → 16']);
  });

  test('that cannot be trimmed, and handlers that throw, do not stop the loop', async () => {
    watchesThat((response) =>
      openWatch(
        response,
        { type: 'ADDED', object: service('broken', '11') },
        { type: 'ADDED', object: service('c', '12') },
      ),
    );
    const cache = start({
      trim: (raw) => {
        const meta = readMeta(raw);
        if (meta.name === 'broken') {
          throw new Error('no such field');
        }
        return { meta };
      },
      onChange: () => {
        throw new Error('handler');
      },
    });
    await eventually(() => names(cache)).toEqual(['a@3', 'c@12']);
    expect(cache.state()).toMatchObject({ unreadable: 1, error: undefined });
    expect(log.messages('warn').toSorted()).toEqual([
      'change of an object cannot be handled',
      'change of an object cannot be handled',
      'object cannot be read',
    ]);
  });
});

test('run ends with its signal, and waiting for the first list with its own', async () => {
  server.play(() => undefined);
  const cache = start();
  await expect(cache.whenSynced(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  stop.abort(new Error('stop'));
  await expect(running[0]).resolves.toBeUndefined();
});

/** Lets what is in flight arrive, then moves the clock. */
async function wake(clock: FakeClock, ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 30));
  clock.advance(ms);
}

/** The wait that the loop has chosen after a failure; the other sleeper is the list in between. */
async function retryWait(clock: FakeClock): Promise<number> {
  await eventually(() => clock.sleeping().length).toBe(2);
  return clock.sleeping().at(-1) ?? 0;
}
