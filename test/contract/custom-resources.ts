import { describe, expect, test } from 'vitest';
import { CONFIG_MAPS, ENVOY_CONFIGS, GATEWAY_CLASSES, GATEWAYS, LB_IP_POOLS } from '../../src/kube/resources.ts';
import { resourcePath, valueAt } from '../control-plane/objects.ts';
import { waitFor } from '../control-plane/wait.ts';
import {
  type Client,
  configMap,
  created,
  MERGE_PATCH,
  nextOf,
  type ObjectBody,
  read,
  STRATEGIC_MERGE_PATCH,
  unique,
} from './client.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** Gateway API's and Cilium's kinds, and what happens when a CRD goes. Needs garbage collection. */
export function describeCustomResources(client: () => Client): void {
  const send: Client['send'] = (...request) => client().send(...request);

  const gateway = (name: string, more: Readonly<Record<string, unknown>> = {}): ObjectBody => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace: 'default' },
    spec: { gatewayClassName: 'any', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }], ...more },
  });
  const pathOf = (name: string, subresource?: string): string =>
    resourcePath(GATEWAYS, { namespace: 'default', name }, subresource);

  const waiting = (type: string): unknown => ({
    type,
    status: 'Unknown',
    reason: 'Pending',
    message: 'Waiting for controller',
    lastTransitionTime: '1970-01-01T00:00:00Z',
  });

  describe('Gateways', () => {
    test('get their defaults, a generation, and conditions that wait for a controller', async () => {
      const body = await created(send, GATEWAYS, gateway(unique('g')));
      expect(valueAt(body, 'metadata', 'generation')).toBe(1);
      expect(valueAt(body, 'spec', 'listeners', 0, 'allowedRoutes')).toEqual({ namespaces: { from: 'Same' } });
      expect(valueAt(body, 'status', 'conditions')).toEqual([waiting('Accepted'), waiting('Programmed')]);
    });

    test('have at most 16 addresses in their status', async () => {
      const name = unique('g');
      await created(send, GATEWAYS, gateway(name));
      const addresses = Array.from({ length: 17 }, (_, index) => ({ type: 'IPAddress', value: `203.0.113.${index}` }));
      const path = pathOf(name, 'status');
      const answer = await send('PATCH', path, { status: { addresses } }, MERGE_PATCH);
      expect(answer).toMatchObject({ status: 422, body: { reason: 'Invalid', details: { kind: 'Gateway' } } });
      expect(valueAt(answer.body, 'details', 'causes', 0)).toEqual({
        reason: 'FieldValueTooMany',
        field: 'status.addresses',
        message: 'Too many: 17: must have at most 16 items',
      });
      const fewer = { status: { addresses: addresses.slice(1) } };
      expect((await send('PATCH', path, fewer, MERGE_PATCH)).status).toBe(200);
    });

    test('a write of the status changes neither spec, metadata nor generation; one of the spec not the status', async () => {
      const name = unique('g');
      const body = await created(send, GATEWAYS, gateway(name));
      const addresses = [{ type: 'IPAddress', value: '203.0.113.1' }];
      const all = { metadata: { labels: { a: 'b' } }, spec: { gatewayClassName: 'other' }, status: { addresses } };
      const status = await send('PATCH', pathOf(name, 'status'), all, MERGE_PATCH);
      expect(valueAt(status.body, 'spec')).toEqual(valueAt(body, 'spec'));
      expect(valueAt(status.body, 'metadata', 'labels')).toBeUndefined();
      expect(valueAt(status.body, 'metadata', 'generation')).toBe(1);
      expect(valueAt(status.body, 'status', 'addresses')).toEqual(addresses);
      const spec = await send('PATCH', pathOf(name), { ...all, status: { addresses: [] } }, MERGE_PATCH);
      expect(valueAt(spec.body, 'spec', 'gatewayClassName')).toBe('other');
      expect(valueAt(spec.body, 'metadata', 'generation')).toBe(2);
      expect(valueAt(spec.body, 'status')).toEqual(valueAt(status.body, 'status'));
      const annotated = await send('PATCH', pathOf(name), { metadata: { annotations: { a: 'b' } } }, MERGE_PATCH);
      expect(valueAt(annotated.body, 'metadata', 'generation')).toBe(2);
    });

    test('need a listener, take no strategic merge patch, and no PUT without a version', async () => {
      const collection = resourcePath(GATEWAYS, { namespace: 'default' });
      const without = await send('POST', collection, gateway(unique('g'), { listeners: [] }));
      expect(valueAt(without.body, 'details', 'causes', 0, 'field')).toBe('spec.listeners');
      const name = unique('g');
      await created(send, GATEWAYS, gateway(name));
      const strategic = await send('PATCH', pathOf(name), {}, STRATEGIC_MERGE_PATCH);
      expect(strategic).toMatchObject({ status: 415, body: { reason: 'UnsupportedMediaType' } });
      const put = await send('PUT', pathOf(name), gateway(name));
      expect(valueAt(put.body, 'message')).toBe(
        `gateways.gateway.networking.k8s.io "${name}" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update`,
      );
    });

    test('lists repeat the kind in each item', async () => {
      await created(send, GATEWAYS, gateway(unique('g')));
      const list = await send('GET', resourcePath(GATEWAYS, { namespace: 'default' }));
      expect(list.body).toMatchObject({ kind: 'GatewayList' });
      expect(valueAt(list.body, 'items', 0, 'kind')).toBe('Gateway');
    });

    test('a GatewayClass waits for its controller', async () => {
      const name = unique('class');
      const spec = { controllerName: 'io.cilium/gateway-controller' };
      const object = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'GatewayClass', metadata: { name }, spec };
      expect(valueAt(await created(send, GATEWAY_CLASSES, object), 'status', 'conditions')).toEqual([
        waiting('Accepted'),
      ]);
    });
  });

  describe('owners', () => {
    test('take their dependents along, unless these have another owner', async () => {
      const [one, two] = [
        await created(send, GATEWAYS, gateway(unique('g'))),
        await created(send, GATEWAYS, gateway(unique('g'))),
      ];
      const ownedBy = async (...owners: unknown[]): Promise<string> => {
        const name = unique('c');
        await created(send, CONFIG_MAPS, configMap(name, { ownerReferences: owners.map(ownerReference) }));
        return name;
      };
      const single = await ownedBy(one);
      const shared = await ownedBy(one, two);
      await send('DELETE', pathOf(nameOf(one)));
      const exists = async (name: string): Promise<boolean> =>
        (await send('GET', resourcePath(CONFIG_MAPS, { namespace: 'default', name }))).status === 200;
      await waitFor('the dependent to go', async () => !(await exists(single)), { timeoutMs: 30_000 });
      expect(await exists(shared)).toBe(true);
    }, 40_000);
  });

  describe('a CRD', () => {
    const name = 'ciliumloadbalancerippools.cilium.io';
    const pool = (poolName: string): ObjectBody => ({
      apiVersion: 'cilium.io/v2alpha1',
      kind: 'CiliumLoadBalancerIPPool',
      metadata: { name: poolName },
      spec: { blocks: [{ cidr: '203.0.113.0/24' }] },
    });

    test('that goes takes objects and watches along, lists answer 404; when it is back all is served again', async () => {
      const poolName = unique('pool');
      await created(send, LB_IP_POOLS, pool(poolName));
      const collection = resourcePath(LB_IP_POOLS);
      const reader = await client().watch(`${collection}?watch=true`);
      expect(await nextOf(reader)).toMatchObject({ type: 'ADDED' });
      const crd = await send('GET', `${CRDS}/${name}`);
      await send('DELETE', `${CRDS}/${name}`);
      const events: string[] = [];
      for (let event = await nextOf(reader, 20_000); event !== undefined; event = await nextOf(reader, 20_000)) {
        events.push(event.type);
      }
      expect(events).toContain('DELETED');
      const gone = await waitFor('the kind to go', async () => {
        const answer = await send('GET', collection);
        return answer.status === 404 ? answer : false;
      });
      expect(gone.body).toBe('404 page not found\n');
      const { metadata: _metadata, status: _status, ...rest } = bodyOf(crd.body);
      expect(
        (await send('POST', CRDS, { ...rest, metadata: { name, annotations: annotationsOf(crd.body) } })).status,
      ).toBe(201);
      const back = await waitFor('the kind to come back', async () => {
        const answer = await send('GET', collection);
        return answer.status === 200 ? answer : false;
      });
      expect(valueAt(back.body, 'items')).toEqual([]);
      await created(send, LB_IP_POOLS, pool(poolName));
      expect(valueAt(await read(send, LB_IP_POOLS, { namespace: '', name: poolName }), 'spec', 'disabled')).toBe(false);
    }, 60_000);
  });

  test("Cilium's CiliumEnvoyConfig keeps its resources as they are, and counts generations", async () => {
    const name = unique('cec');
    const resources = [
      { '@type': 'type.googleapis.com/envoy.config.listener.v3.Listener', name: 'listener', nested: { deep: [1] } },
    ];
    const object = {
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumEnvoyConfig',
      metadata: { name, namespace: 'default' },
      spec: { services: [{ name: 'any', namespace: 'default', ports: [80] }], resources },
    };
    const body = await created(send, ENVOY_CONFIGS, object);
    expect(valueAt(body, 'spec', 'resources')).toEqual(resources);
    expect(valueAt(body, 'metadata', 'generation')).toBe(1);
    const path = resourcePath(ENVOY_CONFIGS, { namespace: 'default', name });
    const changed = await send('PATCH', path, { spec: { resources: [] } }, MERGE_PATCH);
    expect(valueAt(changed.body, 'metadata', 'generation')).toBe(2);
  });
}

function ownerReference(owner: unknown): unknown {
  return {
    apiVersion: valueAt(owner, 'apiVersion'),
    kind: valueAt(owner, 'kind'),
    name: nameOf(owner),
    uid: valueAt(owner, 'metadata', 'uid'),
  };
}

function nameOf(object: unknown): string {
  return String(valueAt(object, 'metadata', 'name'));
}

function bodyOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function annotationsOf(crd: unknown): unknown {
  return valueAt(crd, 'metadata', 'annotations') ?? {};
}
