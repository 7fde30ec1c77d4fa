import { describe, expect, test } from 'vitest';
import { EVENTS, LEASES } from '../../src/kube/resources.ts';
import type { Send } from '../control-plane/http.ts';
import { resourcePath, valueAt } from '../control-plane/objects.ts';
import { created, expectInvalid, MERGE_PATCH, type ObjectBody, unique } from './client.ts';

const MICRO = '2026-01-01T00:00:00.123456Z';

/** The kinds that coordination and reporting write, and their times. */
export function describeLeasesAndEvents(send: Send): void {
  describe('Leases', () => {
    const lease = (name: string, spec: Readonly<Record<string, unknown>>): ObjectBody => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: 'default' },
      spec,
    });
    const pathOf = (name: string): string => resourcePath(LEASES, { namespace: 'default', name });
    const held = {
      holderIdentity: 'one',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
      acquireTime: MICRO,
      renewTime: MICRO,
    };

    test('keep microseconds, and are taken over once a version', async () => {
      const name = unique('l');
      const body = await created(send, LEASES, lease(name, held));
      expect(valueAt(body, 'spec')).toEqual(held);
      const resourceVersion = valueAt(body, 'metadata', 'resourceVersion');
      const claim = (holderIdentity: string): ReturnType<Send> =>
        send('PATCH', pathOf(name), { metadata: { resourceVersion }, spec: { holderIdentity } }, MERGE_PATCH);
      expect((await claim('two')).status).toBe(200);
      expect(await claim('three')).toMatchObject({
        status: 409,
        body: { reason: 'Conflict', details: { name, kind: 'leases', group: 'coordination.k8s.io' } },
      });
    });

    test('are created once', async () => {
      const name = unique('l');
      await created(send, LEASES, lease(name, held));
      const again = await send('POST', resourcePath(LEASES, { namespace: 'default' }), lease(name, held));
      expect(again).toMatchObject({ status: 409, body: { reason: 'AlreadyExists' } });
    });

    test('a time with milliseconds is refused: 400 in a POST, 422 in a PATCH', async () => {
      const renewTime = '2026-01-01T00:00:00.123Z';
      const collection = resourcePath(LEASES, { namespace: 'default' });
      const posted = await send('POST', collection, lease(unique('l'), { ...held, renewTime }));
      expect(posted).toMatchObject({
        status: 400,
        body: {
          reason: 'BadRequest',
          message:
            'Lease in version "v1" cannot be handled as a Lease: parsing time "2026-01-01T00:00:00.123Z" as ' +
            '"2006-01-02T15:04:05.000000Z07:00": cannot parse ".123Z" as ".000000"',
        },
      });
      const name = unique('l');
      await created(send, LEASES, lease(name, held));
      const patched = await send('PATCH', pathOf(name), { spec: { renewTime } }, MERGE_PATCH);
      expect(patched).toMatchObject({ status: 422, body: { reason: 'Invalid' } });
      expect(valueAt(patched.body, 'details', 'causes', 0, 'field')).toBe('patch');
    });

    test('a duration must be above zero', async () => {
      const answer = await send(
        'POST',
        resourcePath(LEASES, { namespace: 'default' }),
        lease(unique('l'), { ...held, leaseDurationSeconds: 0 }),
      );
      expectInvalid(answer, [
        ['FieldValueInvalid', 'spec.leaseDurationSeconds', 'Invalid value: 0: must be greater than 0'],
      ]);
    });
  });

  describe('Events', () => {
    const event = (more: Readonly<Record<string, unknown>>): ObjectBody => ({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: unique('e'), namespace: 'default' },
      involvedObject: { kind: 'Service', namespace: 'default', name: 'any' },
      reason: 'Tested',
      message: 'a test',
      type: 'Normal',
      ...more,
    });
    const reporter = {
      eventTime: MICRO,
      reportingComponent: 'example.com/me',
      reportingInstance: 'me-0',
      action: 'Test',
    };
    const post = (object: ObjectBody): ReturnType<Send> =>
      send('POST', resourcePath(EVENTS, { namespace: 'default' }), object);

    test('with an eventTime keep microseconds, and become a series by a merge patch', async () => {
      const body = await created(send, EVENTS, event(reporter));
      expect(body).toMatchObject({ ...reporter, source: {}, firstTimestamp: null, lastTimestamp: null });
      const path = resourcePath(EVENTS, { namespace: 'default', name: String(valueAt(body, 'metadata', 'name')) });
      const series = { count: 2, lastObservedTime: '2026-01-01T00:00:01.000000Z' };
      const patched = await send('PATCH', path, { series }, MERGE_PATCH);
      expect(valueAt(patched.body, 'series')).toEqual(series);
    });

    test('without an eventTime keep whole seconds', async () => {
      const times = { firstTimestamp: '2026-01-01T00:00:00.999Z', lastTimestamp: '2026-01-01T00:00:05Z', count: 3 };
      const body = await created(send, EVENTS, event({ ...times, source: { component: 'me' } }));
      expect(body).toMatchObject({
        firstTimestamp: '2026-01-01T00:00:00Z',
        lastTimestamp: '2026-01-01T00:00:05Z',
        count: 3,
        eventTime: null,
        reportingComponent: '',
      });
    });

    test('with an eventTime need a reporter and an action', async () => {
      const answer = await post(event({ eventTime: MICRO }));
      expect(answer.status).toBe(422);
      const causes = valueAt(answer.body, 'details', 'causes');
      const required = Array.isArray(causes)
        ? causes
            .filter((cause) => valueAt(cause, 'reason') === 'FieldValueRequired')
            .map((cause) => valueAt(cause, 'field'))
        : [];
      expect(required).toEqual(['reportingComponent', 'reportingInstance', 'action']);
    });

    test('with an eventTime have a message of at most 1024 characters', async () => {
      expectInvalid(await post(event({ ...reporter, message: 'x'.repeat(1025) })), [
        ['FieldValueInvalid', 'message', 'Invalid value: "": can have at most 1024 characters'],
      ]);
      expect((await post(event({ message: 'x'.repeat(1025) }))).status).toBe(201);
    });

    test('lie in the namespace of their object', async () => {
      const involvedObject = { kind: 'Service', namespace: 'kube-system', name: 'any' };
      expectInvalid(await post(event({ involvedObject })), [
        [
          'FieldValueInvalid',
          'involvedObject.namespace',
          'Invalid value: "kube-system": does not match event.namespace',
        ],
      ]);
    });
  });
}
