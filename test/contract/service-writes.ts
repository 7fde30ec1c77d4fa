import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import type { Answer, Send } from '../control-plane/http.ts';
import { resourcePath, valueAt } from '../control-plane/objects.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC_MERGE_PATCH = 'application/strategic-merge-patch+json';
const APPLY_PATCH = 'application/apply-patch+yaml';

const OURS = 'cilium-cloud-bridge';
const OUR_INGRESS = [{ ip: '203.0.113.5', ipMode: 'Proxy' }];

/**
 * What the API server answers to the writes that the program and its rivals make to a Service. Every value was seen
 * on Kubernetes 1.33.13.
 * @param send one request as a user who may do everything
 */
export function describeServiceWrites(send: Send): void {
  async function service(): Promise<ObjectRef> {
    const ref = { namespace: 'default', name: `s-${randomUUID().slice(0, 8)}` };
    const ports = [{ name: 'http', port: 80, targetPort: 31_000, protocol: 'TCP' }];
    const spec = { type: 'LoadBalancer', selector: { app: 'x' }, ports };
    const object = { apiVersion: 'v1', kind: 'Service', metadata: ref, spec };
    const answer = await send(
      'POST',
      `${resourcePath(SERVICES, { namespace: 'default' })}?fieldManager=creator`,
      object,
    );
    expect(answer.status).toBe(201);
    return ref;
  }

  /** A Service with our address in its status. */
  async function ownedService(): Promise<ObjectRef> {
    const ref = await service();
    expect((await patchStatus(ref, OURS, { loadBalancer: { ingress: OUR_INGRESS } })).status).toBe(200);
    return ref;
  }

  function patch(ref: ObjectRef, manager: string, body: unknown, type: string, subresource?: string): Promise<Answer> {
    const force = type === APPLY_PATCH ? '&force=true' : '';
    return send('PATCH', `${resourcePath(SERVICES, ref, subresource)}?fieldManager=${manager}${force}`, body, type);
  }

  function patchStatus(ref: ObjectRef, manager: string, status: unknown, type = MERGE_PATCH): Promise<Answer> {
    return patch(ref, manager, { status }, type, 'status');
  }

  async function putStatus(ref: ObjectRef, manager: string, status: unknown): Promise<Answer> {
    const current = await read(ref);
    if (typeof current !== 'object') throw new Error(`Service ${ref.name} could not be read`);
    return send('PUT', `${resourcePath(SERVICES, ref, 'status')}?fieldManager=${manager}`, { ...current, status });
  }

  async function read(ref: ObjectRef): Promise<unknown> {
    return (await send('GET', resourcePath(SERVICES, ref))).body;
  }

  describe('JSON patch', () => {
    const refusal = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'the server rejected our request due to an error in our request',
      reason: 'Invalid',
      details: {},
      code: 422,
    };

    test.each([
      ['a `test` that does not hold', { op: 'test', path: '/spec/ports/0/targetPort', value: 1 }],
      ['a `test` of the version that does not hold', { op: 'test', path: '/metadata/resourceVersion', value: '1' }],
      ['a `test` of an index that is not there', { op: 'test', path: '/spec/ports/7/targetPort', value: 1 }],
      ['a `replace` of an index that is not there', { op: 'replace', path: '/spec/ports/7/targetPort', value: 1 }],
      ['a `remove` below a key that is not there', { op: 'remove', path: '/metadata/annotations/x' }],
    ])('%s is refused as 422 Invalid, with nothing that tells which operation it was', async (_, operation) => {
      const answer = await patch(await service(), OURS, [operation], JSON_PATCH);
      expect(answer.status).toBe(422);
      expect(answer.body).toEqual(refusal);
    });

    test.each([
      ['add', []],
      ['add after a test that it is empty', [{ op: 'test', path: '/status/loadBalancer', value: {} }]],
      ['add after a test that the key is null', [{ op: 'test', path: '/status/loadBalancer/ingress', value: null }]],
    ])('%s puts an ingress into the empty status of a new Service', async (_, tests) => {
      const add = { op: 'add', path: '/status/loadBalancer/ingress', value: OUR_INGRESS };
      const answer = await patch(await service(), OURS, [...tests, add], JSON_PATCH, 'status');
      expect(valueAt(answer.body, 'status')).toEqual({ loadBalancer: { ingress: OUR_INGRESS } });
    });

    test('a test of our ingress lets only our own be removed', async () => {
      const operations = [
        { op: 'test', path: '/status/loadBalancer/ingress', value: OUR_INGRESS },
        { op: 'remove', path: '/status/loadBalancer/ingress' },
      ];
      const answer = await patch(await ownedService(), OURS, operations, JSON_PATCH, 'status');
      expect(valueAt(answer.body, 'status')).toEqual({ loadBalancer: {} });
      const foreign = await service();
      await patchStatus(foreign, 'other', { loadBalancer: { ingress: [{ ip: '10.9.9.9' }] } });
      expect((await patch(foreign, OURS, operations, JSON_PATCH, 'status')).body).toEqual(refusal);
    });
  });

  describe('preconditions', () => {
    test('a merge patch of the status with a stale resourceVersion is 409 Conflict, even if it changes nothing', async () => {
      const ref = await ownedService();
      const body = { metadata: { resourceVersion: '1' }, status: { loadBalancer: { ingress: OUR_INGRESS } } };
      const answer = await patch(ref, OURS, body, MERGE_PATCH, 'status');
      expect(answer.status).toBe(409);
      expect(answer.body).toMatchObject({
        reason: 'Conflict',
        details: { name: ref.name, kind: 'services' },
        message: `Operation cannot be fulfilled on services "${ref.name}": the object has been modified; please apply your changes to the latest version and try again`,
      });
    });

    test('a merge patch with another uid is 422 Invalid, field metadata.uid', async () => {
      const ref = await ownedService();
      const body = { metadata: { uid: randomUUID() }, status: { loadBalancer: {} } };
      const answer = await patch(ref, OURS, body, MERGE_PATCH, 'status');
      expect(answer.status).toBe(422);
      expect(valueAt(answer.body, 'details', 'causes', 0)).toMatchObject({
        reason: 'FieldValueInvalid',
        field: 'metadata.uid',
      });
    });
  });

  describe('a write that changes nothing', () => {
    test.each([
      ['by the same manager', OURS],
      ['by another manager', 'other'],
    ])('%s leaves resourceVersion and managedFields as they are', async (_, manager) => {
      const ref = await ownedService();
      const before = await read(ref);
      expect((await patchStatus(ref, manager, { loadBalancer: { ingress: OUR_INGRESS } })).body).toEqual(before);
      expect(await read(ref)).toEqual(before);
    });
  });

  describe('who owns the ingress, by managedFields', () => {
    test('a merge patch of the status is recorded as Update of the whole list, with its subresource', async () => {
      const entry = entryOf(await read(await ownedService()), OURS);
      expect(entry).toMatchObject({
        manager: OURS,
        operation: 'Update',
        apiVersion: 'v1',
        subresource: 'status',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } },
      });
      expect(String(valueAt(entry, 'time'))).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    });

    const clearing: readonly (readonly [string, (ref: ObjectRef) => Promise<Answer>])[] = [
      ['PUT with {}', (ref) => putStatus(ref, 'other', { loadBalancer: {} })],
      ['PUT with null', (ref) => putStatus(ref, 'other', { loadBalancer: null })],
      ['strategic merge patch, ingress null', (ref) => clear(ref, { ingress: null }, STRATEGIC_MERGE_PATCH)],
      ['strategic merge patch, loadBalancer null', (ref) => clear(ref, null, STRATEGIC_MERGE_PATCH)],
      ['merge patch, ingress null', (ref) => clear(ref, { ingress: null }, MERGE_PATCH)],
      ['merge patch, ingress []', (ref) => clear(ref, { ingress: [] }, MERGE_PATCH)],
    ];

    function clear(ref: ObjectRef, loadBalancer: unknown, type: string): Promise<Answer> {
      return patchStatus(ref, 'other', { loadBalancer }, type);
    }

    test.each(clearing)('whoever empties it leaves no trace: %s', async (_, write) => {
      const answer = await write(await ownedService());
      expect(answer.status).toBe(200);
      expect(valueAt(answer.body, 'status')).toEqual({ loadBalancer: {} });
      expect(managersOf(answer.body)).toEqual(['creator']);
    });

    test('whoever wrote before us and empties it after us leaves no trace either', async () => {
      const ref = await service();
      await patchStatus(ref, 'other', { loadBalancer: { ingress: [{ ip: '10.9.9.9' }] } });
      await patchStatus(ref, OURS, { loadBalancer: { ingress: OUR_INGRESS } });
      // In the order of the seconds in which they wrote.
      expect(managersOf(await read(ref)).toSorted()).toEqual([OURS, 'creator']);
      expect(managersOf((await putStatus(ref, 'other', { loadBalancer: {} })).body)).toEqual(['creator']);
    });

    const foreignStatus = { loadBalancer: { ingress: [{ ip: '10.9.9.9' }] } };
    const replacing: readonly (readonly [string, string, (ref: ObjectRef) => Promise<Answer>])[] = [
      ['PUT', 'Update', (ref) => putStatus(ref, 'other', foreignStatus)],
      ['strategic merge patch', 'Update', (ref) => patchStatus(ref, 'other', foreignStatus, STRATEGIC_MERGE_PATCH)],
      ['merge patch', 'Update', (ref) => patchStatus(ref, 'other', foreignStatus)],
      [
        'server-side apply',
        'Apply',
        (ref) => {
          const object = { apiVersion: 'v1', kind: 'Service', metadata: { name: ref.name }, status: foreignStatus };
          return patch(ref, 'other', object, APPLY_PATCH, 'status');
        },
      ],
    ];

    test.each(replacing)('whoever replaces it is named, and we are not any more: %s', async (_, operation, write) => {
      const answer = await write(await ownedService());
      expect(answer.status).toBe(200);
      expect([...managersOf(answer.body)].sort()).toEqual(['creator', 'other']);
      expect(entryOf(answer.body, 'other')).toMatchObject({
        operation,
        subresource: 'status',
        fieldsV1: { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } },
      });
    });
  });

  describe('who owns a targetPort, by managedFields', () => {
    const portKey = 'k:{"port":80,"protocol":"TCP"}';
    const onlyTargetPort = { 'f:spec': { 'f:ports': { [portKey]: { 'f:targetPort': {} } } } };

    test('our JSON patch takes it from the creator, who keeps the rest of the port', async () => {
      const operations = [{ op: 'replace', path: '/spec/ports/0/targetPort', value: 31_555 }];
      const { body } = await patch(await service(), OURS, operations, JSON_PATCH);
      expect(entryOf(body, OURS)).toMatchObject({ operation: 'Update', fieldsV1: onlyTargetPort });
      expect(valueAt(entryOf(body, OURS), 'subresource')).toBeUndefined();
      expect(valueAt(entryOf(body, 'creator'), 'fieldsV1', 'f:spec', 'f:ports', portKey)).toEqual({
        '.': {},
        'f:name': {},
        'f:port': {},
        'f:protocol': {},
      });
    });

    test('whoever reverts it is named, and we are gone', async () => {
      const ref = await service();
      await patch(ref, OURS, [{ op: 'replace', path: '/spec/ports/0/targetPort', value: 31_555 }], JSON_PATCH);
      const revert = { spec: { ports: [{ port: 80, protocol: 'TCP', targetPort: 31_000 }] } };
      const { body } = await patch(ref, 'gitops', revert, STRATEGIC_MERGE_PATCH);
      expect(managersOf(body)).toEqual(['creator', 'gitops']);
      expect(entryOf(body, 'gitops')).toMatchObject({ operation: 'Update', fieldsV1: onlyTargetPort });
    });
  });

  describe('ipMode', () => {
    test('a dry run shows that it would be kept, and keeps nothing', async () => {
      const ref = await service();
      const path = `${resourcePath(SERVICES, ref, 'status')}?fieldManager=${OURS}&dryRun=All`;
      const answer = await send('PATCH', path, { status: { loadBalancer: { ingress: OUR_INGRESS } } }, MERGE_PATCH);
      expect(valueAt(answer.body, 'status', 'loadBalancer', 'ingress')).toEqual(OUR_INGRESS);
      expect(valueAt(await read(ref), 'status')).toEqual({ loadBalancer: {} });
    });

    test('an ip without it is stored as VIP, a hostname without it', async () => {
      const answer = await patchStatus(await service(), OURS, {
        loadBalancer: { ingress: [{ ip: '203.0.113.5' }, { hostname: 'lb.example.com' }] },
      });
      expect(valueAt(answer.body, 'status', 'loadBalancer', 'ingress')).toEqual([
        { ip: '203.0.113.5', ipMode: 'VIP' },
        { hostname: 'lb.example.com' },
      ]);
    });

    test.each([
      [
        'ipMode on a hostname',
        { hostname: 'lb.example.com', ipMode: 'Proxy' },
        ['FieldValueForbidden', 'ipMode', 'Forbidden: may not be specified when `ip` is not set'],
      ],
      [
        'an unknown ipMode',
        { ip: '203.0.113.5', ipMode: 'Bogus' },
        ['FieldValueNotSupported', 'ipMode', 'Unsupported value: "Bogus": supported values: "Proxy", "VIP"'],
      ],
      [
        'an ip that is none',
        { ip: 'nonsense' },
        [
          'FieldValueInvalid',
          'ip',
          'Invalid value: "nonsense": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        ],
      ],
    ])('%s is 422 and names the field', async (_, ingress, [reason, field, message]) => {
      const answer = await patchStatus(await service(), OURS, { loadBalancer: { ingress: [ingress] } });
      expect(answer.status).toBe(422);
      expect(valueAt(answer.body, 'details', 'causes')).toEqual([
        { reason, field: `status.loadBalancer.ingress[0].${field}`, message },
      ]);
    });
  });

  describe('the type', () => {
    test('a change to ClusterIP empties the status and releases the nodePort; an ingress is refused from then on', async () => {
      const ref = await ownedService();
      const changed = await patch(ref, 'creator', { spec: { type: 'ClusterIP' } }, MERGE_PATCH);
      expect(valueAt(changed.body, 'status')).toEqual({ loadBalancer: {} });
      expect(valueAt(changed.body, 'spec', 'ports', 0, 'nodePort')).toBeUndefined();
      const refused = await patchStatus(ref, OURS, { loadBalancer: { ingress: OUR_INGRESS } });
      expect(refused.status).toBe(422);
      expect(valueAt(refused.body, 'details', 'causes')).toEqual([
        {
          reason: 'FieldValueForbidden',
          field: 'status.loadBalancer.ingress',
          message: "Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
        },
      ]);
    });
  });
}

function managedFields(object: unknown): readonly unknown[] {
  const entries = valueAt(object, 'metadata', 'managedFields');
  return Array.isArray(entries) ? entries : [];
}

function managersOf(object: unknown): readonly string[] {
  return managedFields(object).map((entry) => String(valueAt(entry, 'manager')));
}

function entryOf(object: unknown, manager: string): unknown {
  return managedFields(object).find((entry) => valueAt(entry, 'manager') === manager);
}
