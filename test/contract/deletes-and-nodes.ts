import { describe, expect, test } from 'vitest';
import { NODES, SERVICES } from '../../src/kube/resources.ts';
import type { Send } from '../control-plane/http.ts';
import { resourcePath, valueAt } from '../control-plane/objects.ts';
import { ANY_STRING, configMaps, created, JSON_PATCH, MERGE_PATCH, service, unique } from './client.ts';

/** Deleting, and what is special about nodes. */
export function describeDeletesAndNodes(send: Send): void {
  const { refOf, pathOf, make } = configMaps(send);

  describe('delete', () => {
    test('answers with a Status that names the object', async () => {
      const { name, body } = await make();
      const answer = await send('DELETE', pathOf(name));
      expect(answer.body).toMatchObject({
        kind: 'Status',
        status: 'Success',
        details: { name, kind: 'configmaps', uid: valueAt(body, 'metadata', 'uid') },
      });
      expect((await send('DELETE', pathOf(name))).status).toBe(404);
    });

    test('of a Service answers with the Service', async () => {
      const name = unique('s');
      await created(send, SERVICES, service(name));
      const answer = await send('DELETE', resourcePath(SERVICES, refOf(name)));
      expect(answer).toMatchObject({ status: 200, body: { kind: 'Service', metadata: { name } } });
    });

    test.each([
      ['uid', 'the UID in the precondition (other) does not match the UID in record'],
      [
        'resourceVersion',
        'the ResourceVersion in the precondition (other) does not match the ResourceVersion in record',
      ],
    ])('with another %s is 409 Conflict', async (member, message) => {
      const { name } = await make();
      const options = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { [member]: 'other' } };
      const answer = await send('DELETE', pathOf(name), options);
      expect(answer).toMatchObject({ status: 409, body: { reason: 'Conflict', details: { name } } });
      expect(String(valueAt(answer.body, 'message'))).toContain(message);
      expect((await send('GET', pathOf(name))).status).toBe(200);
    });

    test('with a finalizer only marks, and the object goes with its last finalizer', async () => {
      const { name } = await make({ finalizers: ['example.com/hold'] });
      const marked = await send('DELETE', pathOf(name));
      expect(valueAt(marked.body, 'metadata', 'deletionTimestamp')).toEqual(ANY_STRING);
      expect((await send('GET', pathOf(name))).status).toBe(200);
      await send('PATCH', pathOf(name), { metadata: { finalizers: null } }, MERGE_PATCH);
      expect((await send('GET', pathOf(name))).status).toBe(404);
    });

    test('as a dry run keeps the object', async () => {
      const { name } = await make();
      expect((await send('DELETE', `${pathOf(name)}?dryRun=All`)).status).toBe(200);
      const options = { apiVersion: 'v1', kind: 'DeleteOptions', dryRun: ['All'] };
      expect((await send('DELETE', pathOf(name), options)).status).toBe(200);
      expect((await send('GET', pathOf(name))).status).toBe(200);
    });
  });

  describe('nodes', () => {
    test('are born not ready; taints are removed by a JSON patch that tests them', async () => {
      const name = unique('n');
      const taints = [{ key: 'example.com/a', effect: 'NoSchedule' }];
      const body = await created(send, NODES, { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: { taints } });
      const born = [...taints, { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }];
      expect(valueAt(body, 'spec', 'taints')).toEqual(born);
      const operations = [
        { op: 'test', path: '/spec/taints', value: born },
        { op: 'replace', path: '/spec/taints', value: born.slice(1) },
      ];
      const path = resourcePath(NODES, { namespace: '', name });
      const removed = await send('PATCH', path, operations, JSON_PATCH);
      expect(valueAt(removed.body, 'spec', 'taints')).toEqual(born.slice(1));
      expect((await send('PATCH', path, operations, JSON_PATCH)).status).toBe(422);
      const emptied = await send('PATCH', path, [{ op: 'replace', path: '/spec/taints', value: [] }], JSON_PATCH);
      expect(valueAt(emptied.body, 'spec')).toEqual({});
    });

    test('have no generation, and their status is written through /status alone', async () => {
      const name = unique('n');
      const body = await created(send, NODES, { apiVersion: 'v1', kind: 'Node', metadata: { name } });
      expect(valueAt(body, 'metadata', 'generation')).toBeUndefined();
      const path = resourcePath(NODES, { namespace: '', name });
      const conditions = [{ type: 'Ready', status: 'True' }];
      const whole = await send('PATCH', path, { status: { conditions } }, MERGE_PATCH);
      expect(valueAt(whole.body, 'status', 'conditions')).toBeUndefined();
      const status = await send('PATCH', `${path}/status`, { status: { conditions } }, MERGE_PATCH);
      expect(valueAt(status.body, 'status', 'conditions', 0)).toMatchObject({ type: 'Ready', status: 'True' });
    });
  });
}
