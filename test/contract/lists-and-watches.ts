import { describe, expect, test } from 'vitest';
import { CONFIG_MAPS, ENVOY_CONFIGS } from '../../src/kube/resources.ts';
import { resourcePath, valueAt } from '../control-plane/objects.ts';
import type { WatchStream } from '../emulators/watch-stream.ts';
import { type Client, configMap, created, MERGE_PATCH, matching, nextOf, unique } from './client.ts';

const COLLECTION = resourcePath(CONFIG_MAPS, { namespace: 'default' });

/**
 * Reading many objects, and following them.
 * @param client who may do everything
 * @param compact forgets the server's history
 */
export function describeListsAndWatches(client: () => Client, compact: () => Promise<void>): void {
  const send: Client['send'] = (...request) => client().send(...request);
  const list = async (query: string): Promise<unknown> => (await send('GET', `${COLLECTION}?${query}`)).body;
  const pathOf = (name: string): string => resourcePath(CONFIG_MAPS, { namespace: 'default', name });

  async function makeSet(count: number): Promise<{ set: string; names: string[] }> {
    const set = unique('set');
    const names = Array.from({ length: count }, (_, index) => `${set}-${index}`);
    for (const name of names) {
      await created(send, CONFIG_MAPS, configMap(name, { labels: { set, name, [name]: '' } }));
    }
    return { set, names };
  }

  describe('lists', () => {
    test('have the version of the list, and items of a built-in kind without their kind', async () => {
      const { set } = await makeSet(1);
      const body = await list(`labelSelector=set%3D${set}`);
      expect(body).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' });
      expect(valueAt(body, 'metadata')).toEqual({ resourceVersion: matching(/^\d+$/) });
      expect(valueAt(body, 'items', 0)).not.toHaveProperty('kind');
      expect(valueAt(await list('labelSelector=set%3Dnone'), 'items')).toEqual([]);
    });

    test('come in pages of one state: what changes meanwhile is not seen', async () => {
      const { set, names } = await makeSet(5);
      const selector = `labelSelector=set%3D${set}`;
      const first = await list(`${selector}&limit=2`);
      expect(namesOf(first)).toEqual(names.slice(0, 2));
      await send('DELETE', pathOf(names[3] ?? ''));
      await created(send, CONFIG_MAPS, configMap(`${set}-9`, { labels: { set } }));
      const second = await list(`${selector}&limit=2&continue=${tokenOf(first)}`);
      const third = await list(`${selector}&limit=2&continue=${tokenOf(second)}`);
      expect([...namesOf(second), ...namesOf(third)]).toEqual(names.slice(2));
      expect(valueAt(third, 'metadata', 'continue')).toBeUndefined();
      for (const page of [second, third]) {
        expect(valueAt(page, 'metadata', 'resourceVersion')).toBe(valueAt(first, 'metadata', 'resourceVersion'));
      }
    });

    test('without a selector say how many objects are left', async () => {
      await makeSet(2);
      const page = await list('limit=1');
      expect(Number(valueAt(page, 'metadata', 'remainingItemCount'))).toBeGreaterThan(0);
    });

    test('refuse a continuation whose state was compacted: 410 Expired, with a token that goes on anyhow', async () => {
      const { set, names } = await makeSet(3);
      const selector = `labelSelector=set%3D${set}`;
      const first = await list(`${selector}&limit=1`);
      await send('PATCH', pathOf(names[0] ?? ''), { data: { key: 'other' } }, MERGE_PATCH);
      await compact();
      const refused = await send('GET', `${COLLECTION}?${selector}&limit=1&continue=${tokenOf(first)}`);
      expect(refused).toMatchObject({ status: 410, body: { kind: 'Status', reason: 'Expired', code: 410 } });
      const rest = await list(`${selector}&continue=${tokenOf(refused.body)}`);
      expect(namesOf(rest)).toEqual(names.slice(1));
    });

    test.each([
      ['set=SET', [0, 1, 2]],
      ['set in (SET,other),name!=SET-0', [1, 2]],
      ['set=SET,name notin (SET-0,SET-1)', [2]],
      ['set=SET,SET-1', [1]],
      ['set=SET,!SET-1', [0, 2]],
    ])('label selector %s', async (selector, expected) => {
      const { set, names } = await makeSet(3);
      const body = await list(`labelSelector=${encodeURIComponent(selector.replaceAll('SET', set))}`);
      expect(namesOf(body)).toEqual(expected.map((index) => names[index]));
    });

    test('field selectors by name; a field that is not offered is 400', async () => {
      const { names } = await makeSet(2);
      expect(namesOf(await list(`fieldSelector=metadata.name%3D${names[1] ?? ''}`))).toEqual([names[1]]);
      expect(await send('GET', `${COLLECTION}?fieldSelector=data.key%3Dvalue`)).toMatchObject({
        status: 400,
        body: {
          reason: 'BadRequest',
          message: '"data.key" is not a known field selector: only "metadata.name", "metadata.namespace"',
        },
      });
    });

    test('of a version that is not there yet are refused', async () => {
      const answer = await send('GET', `${COLLECTION}?resourceVersion=999999999`);
      expect(answer).toMatchObject({ status: 504, body: { reason: 'Timeout' } });
    });
  });

  describe('watches', () => {
    async function follow(query: string): Promise<WatchStream> {
      return client().watch(`${COLLECTION}?watch=true&${query}`);
    }

    async function versionNow(): Promise<string> {
      return String(valueAt(await list('limit=1'), 'metadata', 'resourceVersion'));
    }

    test('go on from a version, with every change after it in order', async () => {
      const { set, names } = await makeSet(1);
      const name = names[0] ?? '';
      const version = await versionNow();
      await send('PATCH', pathOf(name), { data: { key: 'one' } }, MERGE_PATCH);
      const reader = await follow(`resourceVersion=${version}&labelSelector=set%3D${set}`);
      await send('PATCH', pathOf(name), { data: { key: 'two' } }, MERGE_PATCH);
      const deleted = await send('DELETE', pathOf(name));
      expect(deleted.status).toBe(200);
      const events = [await nextOf(reader), await nextOf(reader), await nextOf(reader)];
      expect(events.map((event) => event?.type)).toEqual(['MODIFIED', 'MODIFIED', 'DELETED']);
      expect(events.map((event) => valueAt(event?.object, 'data', 'key'))).toEqual(['one', 'two', 'two']);
      const versions = events.map((event) => Number(valueAt(event?.object, 'metadata', 'resourceVersion')));
      expect(versions).toEqual([...versions].sort((left, right) => left - right));
      expect(new Set(versions).size).toBe(3);
      expect(events[0]?.object).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' });
    });

    test('without a version begin with the present objects as ADDED', async () => {
      const { set, names } = await makeSet(2);
      const reader = await follow(`labelSelector=set%3D${set}`);
      const events = [await nextOf(reader), await nextOf(reader)];
      expect(events.map((event) => event?.type)).toEqual(['ADDED', 'ADDED']);
      expect(events.map((event) => valueAt(event?.object, 'metadata', 'name')).sort()).toEqual(names);
    });

    test('show an object that leaves the selector as DELETED, and one that enters it as ADDED', async () => {
      const { set, names } = await makeSet(1);
      const name = names[0] ?? '';
      const reader = await follow(`resourceVersion=${await versionNow()}&labelSelector=set%3D${set}`);
      await send('PATCH', pathOf(name), { metadata: { labels: { set: 'left' } }, data: { key: 'new' } }, MERGE_PATCH);
      const gone = await nextOf(reader);
      expect(gone?.type).toBe('DELETED');
      expect(valueAt(gone?.object, 'data', 'key')).toBe('value');
      const back = await send('PATCH', pathOf(name), { metadata: { labels: { set } } }, MERGE_PATCH);
      const event = await nextOf(reader);
      expect(event).toMatchObject({ type: 'ADDED' });
      expect(valueAt(event?.object, 'metadata', 'resourceVersion')).toBe(
        valueAt(back.body, 'metadata', 'resourceVersion'),
      );
    });

    test('end after timeoutSeconds', async () => {
      const reader = await follow(`resourceVersion=${await versionNow()}&timeoutSeconds=1`);
      expect(await nextOf(reader)).toBeUndefined();
    });

    test('that ask for bookmarks get one before the end, when anything of the kind changed', async () => {
      const { set } = await makeSet(1);
      const version = await versionNow();
      const query = `resourceVersion=${version}&labelSelector=set%3D${set}&allowWatchBookmarks=true&timeoutSeconds=4`;
      const reader = await follow(query);
      await created(send, CONFIG_MAPS, configMap(unique('c')));
      const event = await nextOf(reader, 6000);
      expect(event).toMatchObject({ type: 'BOOKMARK', object: { kind: 'ConfigMap', apiVersion: 'v1' } });
      expect(Number(valueAt(event?.object, 'metadata', 'resourceVersion'))).toBeGreaterThan(Number(version));
      let last = await nextOf(reader, 6000);
      while (last?.type === 'BOOKMARK') last = await nextOf(reader, 6000); // a busy server sends another
      expect(last).toBeUndefined();
    }, 15_000);

    test('of a kind that nobody touches are silent to their end, bookmarks or not', async () => {
      const collection = resourcePath(ENVOY_CONFIGS, { namespace: 'default' });
      const list = await send('GET', `${collection}?limit=1`);
      const version = String(valueAt(list.body, 'metadata', 'resourceVersion'));
      const query = `watch=true&resourceVersion=${version}&allowWatchBookmarks=true&timeoutSeconds=4`;
      const reader = await client().watch(`${collection}?${query}`);
      expect(await nextOf(reader, 6000)).toBeUndefined();
    }, 15_000);

    test('from a version that is gone: 200 with an ERROR event of code 410, then the end', async () => {
      const reader = await follow('resourceVersion=1');
      expect(reader.status).toBe(200);
      const event = await nextOf(reader);
      expect(event).toMatchObject({
        type: 'ERROR',
        object: { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 },
      });
      expect(String(valueAt(event?.object, 'message'))).toMatch(/^too old resource version: 1 \(\d+\)$/);
      expect(await nextOf(reader)).toBeUndefined();
    });

    test('of one object by field selector', async () => {
      const { names } = await makeSet(2);
      const reader = await follow(
        `resourceVersion=${await versionNow()}&fieldSelector=metadata.name%3D${names[1] ?? ''}`,
      );
      for (const name of names) await send('PATCH', pathOf(name), { data: { key: 'new' } }, MERGE_PATCH);
      expect(valueAt((await nextOf(reader))?.object, 'metadata', 'name')).toBe(names[1]);
    });
  });
}

function namesOf(list: unknown): unknown[] {
  const items = valueAt(list, 'items');
  return Array.isArray(items) ? items.map((item) => valueAt(item, 'metadata', 'name')) : [];
}

function tokenOf(list: unknown): string {
  return encodeURIComponent(String(valueAt(list, 'metadata', 'continue')));
}
