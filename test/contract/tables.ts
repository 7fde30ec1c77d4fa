import { describe, expect, test } from 'vitest';
import {
  CONFIG_MAPS,
  DAEMON_SETS,
  ENVOY_CONFIGS,
  EVENTS,
  GATEWAY_CLASSES,
  GATEWAYS,
  INGRESSES,
  LB_IP_POOLS,
  LEASES,
  NODES,
  PODS,
  type Resource,
  SERVICES,
} from '../../src/kube/resources.ts';
import type { Send } from '../control-plane/http.ts';
import { resourcePath, valueAt } from '../control-plane/objects.ts';
import { CRDS, ENDPOINT_SLICES, GATEWAY_CLASS_CONFIGS, HTTP_ROUTES, NAMESPACES } from '../fake-api/kinds.ts';
import { created, MERGE_PATCH, service, unique } from './client.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const DEPLOYMENTS: Resource = { ...DAEMON_SETS, plural: 'deployments', kind: 'Deployment' };
const ENDPOINTS: Resource = { ...SERVICES, plural: 'endpoints', kind: 'Endpoints' };

/** Columns of each kind as `Name`, `+Name` for those of `-o wide`; where the type is not text, `Name:type`. */
const COLUMNS: readonly (readonly [Resource, string])[] = [
  [NAMESPACES, 'Name Status Age'],
  [NODES, 'Name Status Roles Age Version +Internal-IP +External-IP +OS-Image +Kernel-Version +Container-Runtime'],
  [PODS, 'Name Ready Status Restarts Age +IP +Node +Nominated_Node +Readiness_Gates'],
  [SERVICES, 'Name Type Cluster-IP External-IP Port(s) Age +Selector'],
  [ENDPOINTS, 'Name Endpoints Age'],
  [CONFIG_MAPS, 'Name Data Age'],
  [EVENTS, 'Last_Seen Type Reason Object +Subobject +Source Message +First_Seen +Count +Name'],
  [
    DAEMON_SETS,
    'Name Desired:integer Current:integer Ready:integer Up-to-date:integer Available:integer Node_Selector Age +Containers +Images +Selector',
  ],
  [DEPLOYMENTS, 'Name Ready Up-to-date Available Age +Containers +Images +Selector'],
  [LEASES, 'Name Holder Age'],
  [INGRESSES, 'Name Class Hosts Address Ports Age'],
  [ENDPOINT_SLICES, 'Name AddressType Ports Endpoints Age'],
  [CRDS, 'Name Created_At:date'],
  [GATEWAY_CLASSES, 'Name Controller Accepted Age:date +Description'],
  [GATEWAYS, 'Name Class Address Programmed Age:date'],
  [HTTP_ROUTES, 'Name Hostnames Age:date'],
  [ENVOY_CONFIGS, 'Name Age:date'],
  [LB_IP_POOLS, 'Name Disabled:boolean Conflicting IPs_Available Age:date'],
  [GATEWAY_CLASS_CONFIGS, 'Name Accepted Age:date +Description'],
];

/** What `kubectl get` shows: the server makes the tables. */
export function describeTables(send: Send): void {
  async function table(resource: Resource, query = ''): Promise<unknown> {
    const answer = await send('GET', `${resourcePath(resource)}${query}`, undefined, undefined, TABLE);
    expect(valueAt(answer.body, 'kind'), JSON.stringify(answer.body)).toBe('Table');
    return answer.body;
  }

  /** The cells of one object, by column. */
  async function cells(resource: Resource, name: string): Promise<Record<string, unknown>> {
    const body = await table(resource, `?fieldSelector=metadata.name%3D${name}`);
    const names = listOf(body, 'columnDefinitions').map((column) => String(valueAt(column, 'name')));
    const row = listOf(body, 'rows', 0, 'cells');
    return Object.fromEntries(names.map((column, index) => [column, row[index]]));
  }

  describe('tables', () => {
    test.each(COLUMNS.map(([resource, columns]) => [resource.plural, resource, columns] as const))(
      'of %s have their columns',
      async (_, resource, columns) => {
        const found = listOf(await table(resource), 'columnDefinitions').map((column) => {
          const type = String(valueAt(column, 'type'));
          const name = String(valueAt(column, 'name')).replaceAll(' ', '_');
          return `${valueAt(column, 'priority') === 0 ? '' : '+'}${name}${type === 'string' ? '' : `:${type}`}`;
        });
        expect(found.join(' ')).toBe(columns);
      },
    );

    test('carry of each object what is asked for', async () => {
      const name = unique('svc');
      await created(send, SERVICES, service(name, {}));
      const rowOf = async (query: string): Promise<unknown> =>
        valueAt(await table(SERVICES, `?fieldSelector=metadata.name%3D${name}${query}`), 'rows', 0, 'object');
      expect(await rowOf('')).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name } });
      expect(await rowOf('&includeObject=Object')).toMatchObject({ spec: { type: 'LoadBalancer' } });
      expect(await rowOf('&includeObject=None')).toBeNull();
    });

    test('show a Service with its addresses and ports', async () => {
      const name = unique('svc');
      const made = await created(send, SERVICES, service(name, { selector: { b: '2', a: '1' } }));
      const nodePort = String(valueAt(made, 'spec', 'ports', 0, 'nodePort'));
      expect(await cells(SERVICES, name)).toMatchObject({
        Type: 'LoadBalancer',
        'External-IP': '<pending>',
        'Port(s)': `80:${nodePort}/TCP`,
        Selector: 'a=1,b=2',
      });
      const ingress = [{ ip: '203.0.113.9' }, { hostname: 'lb-0pdq5m2r-kq2v0m7f3c1n8xwe.clb.gz-tencentclb.com' }];
      const path = resourcePath(SERVICES, { namespace: 'default', name }, 'status');
      await send('PATCH', path, { status: { loadBalancer: { ingress } } }, MERGE_PATCH);
      expect(await cells(SERVICES, name)).toMatchObject({
        'External-IP': '203.0.113.9,lb-0pdq5m2r-kq2v0m7f3c1n8xwe.clb.gz-tencentclb.com',
      });
    });

    test('show a Node with what its kubelet said', async () => {
      const name = unique('node');
      const labels = { 'node-role.kubernetes.io/worker': '' };
      await created(send, NODES, {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name, labels },
        spec: { unschedulable: true },
      });
      expect(await cells(NODES, name)).toMatchObject({ Status: 'Unknown,SchedulingDisabled', Roles: 'worker' });
      const status = {
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [{ type: 'InternalIP', address: '10.0.0.7' }],
        nodeInfo: { ...NODE_INFO, kubeletVersion: 'v1.34.1-tke.1', osImage: 'TencentOS Server 4.4' },
      };
      await send('PATCH', resourcePath(NODES, { name }, 'status'), { status }, MERGE_PATCH);
      expect(await cells(NODES, name)).toMatchObject({
        Status: 'Ready,SchedulingDisabled',
        Version: 'v1.34.1-tke.1',
        'Internal-IP': '10.0.0.7',
        'External-IP': '<none>',
        'OS-Image': 'TencentOS Server 4.4',
        'Kernel-Version': '<unknown>',
      });
      await send('DELETE', resourcePath(NODES, { name }));
    });

    test('show an Ingress with its hosts, and a ConfigMap with how much is in it', async () => {
      const name = unique('ing');
      const http = {
        paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
      };
      const rules = ['a', 'b', 'c', 'd'].map((host) => ({ host: `${host}.example.com`, http }));
      const metadata = { name, namespace: 'default' };
      const spec = { ingressClassName: 'cilium', rules, tls: [{ hosts: ['a.example.com'], secretName: 'a' }] };
      await created(send, INGRESSES, { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec });
      expect(await cells(INGRESSES, name)).toMatchObject({
        Class: 'cilium',
        Hosts: 'a.example.com,b.example.com,c.example.com + 1 more...',
        Address: '',
        Ports: '80, 443',
      });
      await send('DELETE', resourcePath(INGRESSES, metadata));
      await created(send, CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: '', b: '' } });
      const found = await cells(CONFIG_MAPS, name);
      expect(String(found.Data)).toBe('2');
    });

    test('show a Gateway with its first address, and an age', async () => {
      const name = unique('gw');
      const metadata = { name, namespace: 'default' };
      const spec = { gatewayClassName: 'nobody', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] };
      await created(send, GATEWAYS, { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata, spec });
      const condition = {
        type: 'Programmed',
        status: 'True',
        reason: 'Programmed',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      };
      const addresses = ['203.0.113.9', '203.0.113.10'].map((value) => ({ type: 'IPAddress', value }));
      const status = { addresses, conditions: [condition] };
      await send('PATCH', resourcePath(GATEWAYS, metadata, 'status'), { status }, MERGE_PATCH);
      const found = await cells(GATEWAYS, name);
      expect(found).toMatchObject({ Class: 'nobody', Address: '203.0.113.9', Programmed: 'True' });
      expect(found.Age).toMatch(/^\d+s$/);
      await send('DELETE', resourcePath(GATEWAYS, metadata));
    });

    test('show an Event with the object that it is about', async () => {
      const name = unique('event');
      const at = new Date(Date.now() - 150_000).toISOString().replace(/\.\d+Z$/, 'Z');
      await created(send, EVENTS, {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name, namespace: 'default' },
        involvedObject: { kind: 'Service', namespace: 'default', name: 'web' },
        type: 'Normal',
        reason: 'AddressPublished',
        message: ' a message ',
        source: { component: 'cilium-cloud-bridge' },
        firstTimestamp: at,
        lastTimestamp: at,
        count: 3,
      });
      const found = await cells(EVENTS, name);
      expect(found).toMatchObject({
        Type: 'Normal',
        Reason: 'AddressPublished',
        Object: 'service/web',
        Source: 'cilium-cloud-bridge',
        Message: 'a message',
        Name: name,
      });
      expect(String(found.Count)).toBe('3');
      expect(found['Last Seen']).toMatch(/^2m3\ds$/);
    });
  });
}

const NODE_INFO = {
  architecture: '',
  bootID: '',
  containerRuntimeVersion: '',
  kernelVersion: '',
  kubeProxyVersion: '',
  machineID: '',
  operatingSystem: '',
  systemUUID: '',
};

function listOf(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}
