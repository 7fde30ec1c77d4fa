import { describe, expect, test } from 'vitest';
import { CONFIG_MAPS, EVENTS, INGRESSES, LEASES, SERVICES } from '../../src/kube/resources.ts';
import type { Send } from '../control-plane/http.ts';
import { resourcePath, valueAt } from '../control-plane/objects.ts';
import {
  ANY_STRING,
  ANYTHING,
  configMap,
  configMaps,
  created,
  JSON_PATCH,
  MERGE_PATCH,
  matching,
  read,
  service,
  unique,
} from './client.ts';

const CONFLICT = 'the object has been modified; please apply your changes to the latest version and try again';

/** Creating, changing and deleting, as it is the same for every kind. */
export function describeObjectWrites(send: Send): void {
  const { collection, refOf, pathOf, make } = configMaps(send);

  describe('create', () => {
    test('sets uid, resourceVersion and time, and records who wrote which fields', async () => {
      const name = unique('c');
      const answer = await send('POST', `${collection}?fieldManager=maker`, configMap(name));
      expect(answer.status).toBe(201);
      expect(valueAt(answer.body, 'metadata')).toEqual({
        name,
        namespace: 'default',
        uid: matching(/^[0-9a-f-]{36}$/),
        resourceVersion: matching(/^\d+$/),
        creationTimestamp: matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        managedFields: [
          {
            manager: 'maker',
            operation: 'Update',
            apiVersion: 'v1',
            time: ANY_STRING,
            fieldsType: 'FieldsV1',
            fieldsV1: { 'f:data': { '.': {}, 'f:key': {} } },
          },
        ],
      });
    });

    test('of a name that is taken is 409 AlreadyExists', async () => {
      const { name } = await make();
      expect(await send('POST', collection, configMap(name))).toMatchObject({
        status: 409,
        body: {
          reason: 'AlreadyExists',
          message: `configmaps "${name}" already exists`,
          details: { name, kind: 'configmaps' },
        },
      });
    });

    test('in a namespace that is not there is 404', async () => {
      const object = { ...configMap('any'), metadata: { name: 'any' } };
      expect(await send('POST', resourcePath(CONFIG_MAPS, { namespace: 'nowhere' }), object)).toMatchObject({
        status: 404,
        body: { reason: 'NotFound', message: 'namespaces "nowhere" not found', details: { kind: 'namespaces' } },
      });
    });

    test('with generateName appends five characters', async () => {
      const body = await created(send, CONFIG_MAPS, configMap('', { name: undefined, generateName: 'made-' }));
      expect(valueAt(body, 'metadata', 'name')).toMatch(/^made-[a-z0-9]{5}$/);
    });

    test('as a dry run answers with the object and keeps nothing', async () => {
      const name = unique('c');
      const answer = await send('POST', `${collection}?dryRun=All`, configMap(name));
      expect(answer.status).toBe(201);
      expect(valueAt(answer.body, 'metadata', 'resourceVersion')).toBeUndefined();
      expect((await send('GET', pathOf(name))).status).toBe(404);
    });

    test('refuses names and labels that are none', async () => {
      const labels = { 'example.com/name': 'x'.repeat(64) };
      const answer = await send('POST', collection, configMap('UPPER', { labels }));
      expect(answer).toMatchObject({ status: 422, body: { reason: 'Invalid', details: { kind: 'ConfigMap' } } });
      expect(valueAt(answer.body, 'details', 'causes', 0, 'field')).toBe('metadata.name');
      expect(valueAt(answer.body, 'details', 'causes', 1)).toMatchObject({
        field: 'metadata.labels',
        message: `Invalid value: "${labels['example.com/name']}": must be no more than 63 characters`,
      });
    });
  });

  describe('get', () => {
    test('of an object that is not there is 404 with its name', async () => {
      expect(await send('GET', pathOf('nobody'))).toEqual({
        status: 404,
        headers: ANYTHING,
        body: {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          message: 'configmaps "nobody" not found',
          reason: 'NotFound',
          details: { name: 'nobody', kind: 'configmaps' },
          code: 404,
        },
      });
    });

    test('of a resource that no group serves is 404 without a name', async () => {
      const known = await send('GET', '/api/v1/nonsenses');
      expect(known).toMatchObject({
        status: 404,
        body: { reason: 'NotFound', message: 'the server could not find the requested resource', details: {} },
      });
      expect(await send('GET', '/apis/nonsense.example.com/v1/nonsenses')).toMatchObject({
        status: 404,
        body: '404 page not found\n',
      });
    });
  });

  describe('update', () => {
    test('raises the resourceVersion; one that changes nothing does not', async () => {
      const { name, body } = await make();
      const changed = await send('PATCH', pathOf(name), { data: { key: 'other' } }, MERGE_PATCH);
      const version = valueAt(changed.body, 'metadata', 'resourceVersion');
      expect(Number(version)).toBeGreaterThan(Number(valueAt(body, 'metadata', 'resourceVersion')));
      const again = await send('PATCH', pathOf(name), { data: { key: 'other' } }, MERGE_PATCH);
      expect(again.body).toEqual(changed.body);
      const put = await send('PUT', pathOf(name), { ...object(changed.body), data: { key: 'other' } });
      expect(valueAt(put.body, 'metadata', 'resourceVersion')).toBe(version);
    });

    test.each([
      ['PUT', undefined],
      ['PATCH', MERGE_PATCH],
    ])('%s with a stale resourceVersion is 409 Conflict', async (method, type) => {
      const { name, body } = await make();
      await send('PATCH', pathOf(name), { data: { key: 'other' } }, MERGE_PATCH);
      const stale = { ...object(body), data: { key: 'mine' } };
      expect(await send(method, pathOf(name), stale, type)).toMatchObject({
        status: 409,
        body: {
          reason: 'Conflict',
          message: `Operation cannot be fulfilled on configmaps "${name}": ${CONFLICT}`,
          details: { name, kind: 'configmaps' },
        },
      });
    });

    test('a JSON patch that tests the resourceVersion works once', async () => {
      const { name, body } = await make();
      const version = valueAt(body, 'metadata', 'resourceVersion');
      const operations = [
        { op: 'test', path: '/metadata/resourceVersion', value: version },
        { op: 'add', path: '/data/more', value: 'x' },
      ];
      expect((await send('PATCH', pathOf(name), operations, JSON_PATCH)).status).toBe(200);
      expect((await send('PATCH', pathOf(name), operations, JSON_PATCH)).status).toBe(422);
    });

    test('a dry run shows the outcome and keeps nothing', async () => {
      const { name, body } = await make();
      const shown = await send('PATCH', `${pathOf(name)}?dryRun=All`, { data: { key: 'other' } }, MERGE_PATCH);
      expect(valueAt(shown.body, 'data')).toEqual({ key: 'other' });
      expect(valueAt(shown.body, 'metadata', 'resourceVersion')).toBe(valueAt(body, 'metadata', 'resourceVersion'));
      expect(await read(send, CONFIG_MAPS, refOf(name))).toEqual(body);
    });

    test('of an object that is not there is 404', async () => {
      expect((await send('PATCH', pathOf('nobody'), {}, MERGE_PATCH)).status).toBe(404);
    });

    test('a PUT without resourceVersion is taken for a Service and refused for a Lease', async () => {
      const name = unique('s');
      await created(send, SERVICES, service(name));
      const path = resourcePath(SERVICES, refOf(name));
      expect((await send('PUT', path, service(name))).status).toBe(200);
      const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: refOf(name), spec: {} };
      await created(send, LEASES, lease);
      expect(await send('PUT', resourcePath(LEASES, refOf(name)), lease)).toMatchObject({
        status: 422,
        body: { details: { causes: [{ field: 'metadata.resourceVersion' }] } },
      });
    });

    test('the generation of kinds that have one counts changes of the spec', async () => {
      const name = unique('i');
      const spec = { defaultBackend: { service: { name: 'any', port: { number: 80 } } } };
      const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: refOf(name), spec };
      const path = resourcePath(INGRESSES, refOf(name));
      const generation = async (body: unknown, subresource = ''): Promise<unknown> =>
        valueAt((await send('PATCH', `${path}${subresource}`, body, MERGE_PATCH)).body, 'metadata', 'generation');
      expect(valueAt(await created(send, INGRESSES, ingress), 'metadata', 'generation')).toBe(1);
      expect(await generation({ metadata: { annotations: { a: 'b' } } })).toBe(1);
      expect(await generation({ status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } } }, '/status')).toBe(1);
      expect(await generation({ spec: { ingressClassName: 'cilium' } })).toBe(2);
    });
  });

  test('an Event of an object without a namespace belongs into default', async () => {
    const event = (namespace: string): Parameters<typeof created>[2] => ({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: unique('e'), namespace },
      involvedObject: { kind: 'Node', name: 'any' },
      reason: 'Tested',
    });
    await created(send, EVENTS, event('default'));
    const refused = await send('POST', resourcePath(EVENTS, { namespace: 'kube-system' }), event('kube-system'));
    expect(refused.status).toBe(422);
    expect(valueAt(refused.body, 'details', 'causes', 0, 'field')).toBe('involvedObject.namespace');
  });
}

function object(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? { ...body } : {};
}
