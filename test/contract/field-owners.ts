import { describe, expect, test } from 'vitest';
import type { Send } from '../control-plane/http.ts';
import { valueAt } from '../control-plane/objects.ts';
import { APPLY_PATCH, configMaps, MERGE_PATCH, unique } from './client.ts';

/** Who owns which field, and server-side apply. */
export function describeFieldOwners(send: Send): void {
  const { pathOf, make } = configMaps(send);

  describe('managedFields', () => {
    const owners = (body: unknown): unknown => {
      const entries = valueAt(body, 'metadata', 'managedFields');
      return Array.isArray(entries)
        ? entries.map((entry) => [valueAt(entry, 'manager'), valueAt(entry, 'fieldsV1', 'f:metadata', 'f:annotations')])
        : [];
    };

    test('name the owner of each annotation; who removes one takes it from its owner', async () => {
      const { name } = await make();
      const annotate = (manager: string, annotations: unknown): ReturnType<Send> =>
        send('PATCH', `${pathOf(name)}?fieldManager=${manager}`, { metadata: { annotations } }, MERGE_PATCH);
      await annotate('one', { a: '1', b: '1' });
      const changed = await annotate('two', { b: '2' });
      expect(owners(changed.body)).toContainEqual(['one', { '.': {}, 'f:a': {} }]);
      expect(owners(changed.body)).toContainEqual(['two', { 'f:b': {} }]);
      const removed = await annotate('three', { a: null });
      expect(managersOf(removed.body)).not.toContain('three');
      expect(owners(removed.body)).toContainEqual(['one', {}]);
      expect(owners(removed.body)).toContainEqual(['two', { 'f:b': {} }]);
    });

    test('without a fieldManager name the program of the User-Agent, or nobody', async () => {
      const { body } = await make();
      expect(managersOf(body)).toEqual(['unknown']);
    });

    test('have the time of the last write that took a field, in order of time', async () => {
      const { name, body } = await make();
      const timeOf = (object: unknown): number =>
        Date.parse(String(valueAt(object, 'metadata', 'managedFields', 0, 'time')));
      await new Promise((resolve) => setTimeout(resolve, 1100));
      const same = await send('PATCH', pathOf(name), { data: { key: 'value' } }, MERGE_PATCH);
      expect(timeOf(same.body)).toBe(timeOf(body));
      const changed = await send('PATCH', pathOf(name), { data: { key: 'other' } }, MERGE_PATCH);
      expect(timeOf(changed.body)).toBeGreaterThan(timeOf(body));
    });
  });

  describe('server-side apply', () => {
    const applied = (name: string, manager: string, data: unknown, force = false): ReturnType<Send> =>
      send(
        'PATCH',
        `${pathOf(name)}?fieldManager=${manager}${force ? '&force=true' : ''}`,
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name },
          data,
        },
        APPLY_PATCH,
      );

    test('creates, updates, and removes what its manager applied before and no more', async () => {
      const name = unique('c');
      expect((await applied(name, 'one', { a: '1', b: '1' })).status).toBe(201);
      await send('PATCH', pathOf(name), { data: { c: '1' } }, MERGE_PATCH);
      const again = await applied(name, 'one', { a: '2' });
      expect(again.status).toBe(200);
      expect(valueAt(again.body, 'data')).toEqual({ a: '2', c: '1' });
    });

    test('refuses to take a field of another manager without force', async () => {
      const name = unique('c');
      await applied(name, 'one', { a: '1' });
      expect(await applied(name, 'two', { a: '2' })).toMatchObject({
        status: 409,
        body: {
          reason: 'Conflict',
          message: 'Apply failed with 1 conflict: conflict with "one": .data.a',
          details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.a' }] },
        },
      });
      const forced = await applied(name, 'two', { a: '2' }, true);
      expect(valueAt(forced.body, 'data')).toEqual({ a: '2' });
      expect(managersOf(forced.body)).toEqual(['two']);
    });

    test('of the same again changes nothing', async () => {
      const name = unique('c');
      const first = await applied(name, 'one', { a: '1' });
      expect((await applied(name, 'one', { a: '1' })).body).toEqual(first.body);
    });
  });
}

function managersOf(body: unknown): unknown[] {
  const entries = valueAt(body, 'metadata', 'managedFields');
  return Array.isArray(entries) ? entries.map((entry) => valueAt(entry, 'manager')) : [];
}
