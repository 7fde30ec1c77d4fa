import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { EVENTS } from '../../src/kube/resources.ts';
import type { Send } from '../control-plane/http.ts';
import { resourcePath, valueAt } from '../control-plane/objects.ts';

const SUPPORTED = [
  'involvedObject.kind',
  'involvedObject.namespace',
  'involvedObject.name',
  'involvedObject.uid',
  'involvedObject.apiVersion',
  'involvedObject.resourceVersion',
  'involvedObject.fieldPath',
  'reason',
  'reportingComponent',
  'source',
  'type',
  'metadata.name',
  'metadata.namespace',
] as const;

const UNSUPPORTED = ['reportingController', 'source.component', 'action', 'note', 'regarding.name'] as const;

/** By what the core Events can be selected. Seen on Kubernetes 1.33.13. */
export function describeEventSelectors(send: Send): void {
  const select = (label: string, value: string): ReturnType<Send> =>
    send('GET', `${resourcePath(EVENTS)}?fieldSelector=${encodeURIComponent(`${label}=${value}`)}`);

  describe('field selectors of Events', () => {
    test.each(SUPPORTED)('%s is supported', async (label) => {
      expect((await select(label, 'nothing')).status).toBe(200);
    });

    test.each(UNSUPPORTED)('%s is refused as 400', async (label) => {
      expect(await select(label, 'nothing')).toMatchObject({
        status: 400,
        body: { reason: 'BadRequest', message: `field label not supported: ${label}` },
      });
    });

    test('source finds the reporting component too, reportingComponent only that', async () => {
      const component = `c-${randomUUID().slice(0, 8)}`;
      const reporting = { reportingComponent: component, reportingInstance: 'test' };
      await createEvent('reporting', reporting);
      await createEvent('source', { source: { component } });
      expect(await namesFor('reportingComponent', component)).toEqual(['reporting']);
      expect(await namesFor('source', component)).toEqual(['reporting', 'source']);
    });
  });

  async function createEvent(name: string, reporter: Readonly<Record<string, unknown>>): Promise<void> {
    const answer = await send('POST', resourcePath(EVENTS, { namespace: 'default' }), {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}-${randomUUID().slice(0, 8)}`, namespace: 'default' },
      involvedObject: { kind: 'Service', namespace: 'default', name: 'any' },
      type: 'Normal',
      reason: 'Tested',
      message: 'a test',
      ...reporter,
    });
    expect(answer.status).toBe(201);
  }

  async function namesFor(label: string, value: string): Promise<readonly string[]> {
    const items = valueAt((await select(label, value)).body, 'items');
    if (!Array.isArray(items)) return [];
    return items.map((item) => String(valueAt(item, 'metadata', 'name')).replace(/-\w+$/, '')).sort();
  }
}
