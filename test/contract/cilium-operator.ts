import { describe, expect, test } from 'vitest';
import {
  ENVOY_CONFIGS,
  GATEWAY_CLASSES,
  GATEWAYS,
  INGRESSES,
  LB_IP_POOLS,
  type Resource,
  SERVICES,
} from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import type { Send } from '../control-plane/http.ts';
import { conditionOf, isKubeObject, resourcePath, valueAt } from '../control-plane/objects.ts';
import { waitFor } from '../control-plane/wait.ts';
import { ANY_NUMBER, created, JSON_PATCH, MERGE_PATCH, matching, type ObjectBody, read, unique } from './client.ts';

const GATEWAY_API = 'gateway.networking.k8s.io/v1';
const CLASS_CONFIGS: Resource = {
  group: 'cilium.io',
  version: 'v2alpha1',
  plural: 'ciliumgatewayclassconfigs',
  kind: 'CiliumGatewayClassConfig',
  namespaced: true,
};
const SLICES: Resource = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
};

/**
 * What this project relies on in Cilium's operator, 1.19.5: the model on the fake server and the real one must
 * agree. Needs the operator with Ingress, garbage collection, and no other LoadBalancer Services that matter.
 */
export function describeCiliumOperator(send: Send): void {
  const refOf = (name: string): { namespace: string; name: string } => ({ namespace: 'default', name });
  const serviceOf = (gateway: string): ObjectRef => refOf(`cilium-gateway-${gateway}`);

  async function gatewayClass(parameters?: unknown): Promise<string> {
    const name = unique('class');
    const parametersRef = parameters === undefined ? {} : { parametersRef: parameters };
    const spec = { controllerName: 'io.cilium/gateway-controller', ...parametersRef };
    await created(send, GATEWAY_CLASSES, { apiVersion: GATEWAY_API, kind: 'GatewayClass', metadata: { name }, spec });
    return name;
  }

  async function gateway(more: Readonly<Record<string, unknown>> = {}, name = unique('g')): Promise<string> {
    const gatewayClassName = 'gatewayClassName' in more ? more.gatewayClassName : await gatewayClass();
    const listeners = [{ name: 'http', port: 80, protocol: 'HTTP' }];
    const spec = { listeners, ...more, gatewayClassName };
    await created(send, GATEWAYS, { apiVersion: GATEWAY_API, kind: 'Gateway', metadata: refOf(name), spec });
    return name;
  }

  function present(resource: Resource, ref: ObjectRef): Promise<unknown> {
    return waitFor(`${resource.kind} ${ref.name}`, async () => {
      const answer = await send('GET', resourcePath(resource, ref));
      return answer.status === 200 ? answer.body : false;
    });
  }

  function programmed(name: string, reason: string): Promise<unknown> {
    return waitFor(`Gateway ${name} with Programmed for reason ${reason}`, async () => {
      const body = await read(send, GATEWAYS, refOf(name));
      return isKubeObject(body) && conditionOf(body, 'Programmed')?.reason === reason ? body : false;
    });
  }

  async function setIngress(ref: ObjectRef, ingress: unknown): Promise<void> {
    const body = { status: { loadBalancer: { ingress } } };
    const answer = await send('PATCH', resourcePath(SERVICES, ref, 'status'), body, MERGE_PATCH);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  }

  /** A Gateway whose operator work is done: the status says so, and all objects are there. */
  async function waiting(more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const name = await gateway(more);
    await programmed(name, 'AddressNotAssigned');
    return name;
  }

  test('a GatewayClass is accepted', async () => {
    const name = await gatewayClass();
    const body = await waitFor('Accepted', async () => {
      const seen = await read(send, GATEWAY_CLASSES, { namespace: '', name });
      return isKubeObject(seen) && conditionOf(seen, 'Accepted')?.status === 'True' ? seen : false;
    });
    expect(valueAt(body, 'status', 'conditions', 0)).toMatchObject({
      reason: 'Accepted',
      message: 'Valid GatewayClass',
    });
  });

  describe('a Gateway', () => {
    test('gets a Service without a selector, named after it, owned by it', async () => {
      const infrastructure = { annotations: { 'example.com/a': 'b' }, labels: { colour: 'blue' } };
      const name = await waiting({ infrastructure });
      const uid = valueAt(await read(send, GATEWAYS, refOf(name)), 'metadata', 'uid');
      const service = await read(send, SERVICES, serviceOf(name));
      expect(valueAt(service, 'metadata', 'labels')).toEqual({
        'io.cilium.gateway/owning-gateway': name,
        'gateway.networking.k8s.io/gateway-name': name,
        colour: 'blue',
      });
      expect(valueAt(service, 'metadata', 'annotations')).toEqual({ 'example.com/a': 'b' });
      expect(valueAt(service, 'metadata', 'ownerReferences')).toEqual([
        { apiVersion: GATEWAY_API, kind: 'Gateway', name, uid, controller: true },
      ]);
      expect(valueAt(service, 'spec')).toMatchObject({
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Cluster',
        ipFamilies: ['IPv4'],
        ports: [{ name: 'port-80', port: 80, protocol: 'TCP', targetPort: 80, nodePort: ANY_NUMBER }],
      });
      expect(valueAt(service, 'spec')).not.toHaveProperty('selector');
      expect(valueAt(service, 'status')).toEqual({ loadBalancer: {} });
      expect(managersOf(service)).toEqual(['cilium-operator-generic']);
    });

    test('gets a dummy EndpointSlice and a CiliumEnvoyConfig for all its ports', async () => {
      const listeners = [
        { name: 'alt', port: 8080, protocol: 'HTTP' },
        { name: 'http', port: 80, protocol: 'HTTP' },
        { name: 'named', port: 80, protocol: 'HTTP', hostname: 'a.example.com' },
      ];
      const name = await waiting({ listeners });
      const slice = await present(SLICES, serviceOf(name));
      expect(slice).toMatchObject({
        addressType: 'IPv4',
        endpoints: [{ addresses: ['192.192.192.192'], conditions: { ready: true } }],
        ports: [{ name: '', port: 9999, protocol: 'TCP' }],
        metadata: { labels: { 'kubernetes.io/service-name': `cilium-gateway-${name}` } },
      });
      const config = await present(ENVOY_CONFIGS, serviceOf(name));
      expect(valueAt(config, 'metadata', 'labels')).toEqual({ 'gateway.networking.k8s.io/gateway-name': name });
      expect(valueAt(config, 'metadata', 'annotations')).toEqual({
        'cec.cilium.io/use-original-source-address': 'false',
      });
      expect(valueAt(config, 'metadata', 'ownerReferences', 0)).toMatchObject({
        kind: 'Gateway',
        name,
        controller: true,
      });
      expect(valueAt(config, 'spec', 'services')).toEqual([
        { name: `cilium-gateway-${name}`, namespace: 'default', ports: [80, 8080] },
      ]);
      expect(valueAt(config, 'spec', 'resources', 0)).toMatchObject({
        '@type': 'type.googleapis.com/envoy.config.listener.v3.Listener',
        name: 'listener',
      });
      expect(valueAt(config, 'spec', 'resources', 1)).toMatchObject({
        '@type': 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
        name: 'listener-insecure',
      });
      const ports = valueAt(await read(send, SERVICES, serviceOf(name)), 'spec', 'ports');
      expect(ports).toMatchObject([{ name: 'port-80' }, { name: 'port-8080' }]);
    });

    test('waits for an address, is Programmed by the one in the status of its Service, and waits again without', async () => {
      const name = await waiting();
      const body = await read(send, GATEWAYS, refOf(name));
      expect(valueAt(body, 'status', 'conditions')).toMatchObject([
        {
          type: 'Accepted',
          status: 'True',
          reason: 'Accepted',
          message: 'Gateway successfully scheduled',
          observedGeneration: 1,
        },
        { type: 'Programmed', status: 'False', message: 'Gateway waiting for address', observedGeneration: 1 },
      ]);
      await setIngress(serviceOf(name), [{ ip: '203.0.113.1', ipMode: 'Proxy' }, { hostname: 'lb.example.com' }]);
      const done = await programmed(name, 'Programmed');
      const addresses = [
        { type: 'IPAddress', value: '203.0.113.1' },
        { type: 'Hostname', value: 'lb.example.com' },
      ];
      expect(valueAt(done, 'status', 'addresses')).toEqual(addresses);
      expect(valueAt(done, 'status', 'conditions', 1)).toMatchObject({ status: 'True', message: 'Gateway Programmed' });
      await setIngress(serviceOf(name), null);
      const stale = await programmed(name, 'AddressNotAssigned');
      expect(valueAt(stale, 'status', 'addresses')).toEqual(addresses);
    });

    test('leaves the status of its Service alone when a listener is added', async () => {
      const name = await waiting();
      await setIngress(serviceOf(name), [{ ip: '203.0.113.2', ipMode: 'Proxy' }]);
      const before = valueAt(await read(send, SERVICES, serviceOf(name)), 'spec', 'ports', 0);
      const listeners = [
        { name: 'http', port: 80, protocol: 'HTTP' },
        { name: 'alt', port: 8080, protocol: 'HTTP' },
      ];
      await send('PATCH', resourcePath(GATEWAYS, refOf(name)), { spec: { listeners } }, MERGE_PATCH);
      const service = await waitFor('the second port', async () => {
        const seen = await read(send, SERVICES, serviceOf(name));
        return valueAt(seen, 'spec', 'ports', 1) === undefined ? false : seen;
      });
      expect(valueAt(service, 'spec', 'ports', 0)).toEqual(before);
      expect(valueAt(service, 'status', 'loadBalancer', 'ingress')).toEqual([{ ip: '203.0.113.2', ipMode: 'Proxy' }]);
      const body = await waitFor('the new generation', async () => {
        const seen = await read(send, GATEWAYS, refOf(name));
        return valueAt(seen, 'status', 'conditions', 1, 'observedGeneration') === 2 ? seen : false;
      });
      expect(valueAt(body, 'status', 'conditions', 1, 'status')).toBe('True');
    });

    test('reverts what others put into the spec of its Service, but neither a nodePort nor labels and annotations', async () => {
      const name = await waiting();
      const path = resourcePath(SERVICES, serviceOf(name));
      const { nodePort, ref } = await freeNodePort();
      await send('DELETE', resourcePath(SERVICES, ref));
      const pin = [{ op: 'replace', path: '/spec/ports/0/nodePort', value: nodePort }];
      expect((await send('PATCH', path, pin, JSON_PATCH)).status).toBe(200);
      const foreign = {
        metadata: { labels: { mine: 'label' }, annotations: { mine: 'annotation' } },
        spec: { selector: { app: 'any' }, sessionAffinity: 'ClientIP' },
      };
      await send('PATCH', path, foreign, MERGE_PATCH);
      const service = await waitFor('the revert', async () => {
        const seen = await read(send, SERVICES, serviceOf(name));
        return valueAt(seen, 'spec', 'selector') === undefined ? seen : false;
      });
      expect(valueAt(service, 'spec')).toMatchObject({ sessionAffinity: 'None', ports: [{ nodePort }] });
      expect(valueAt(service, 'metadata', 'labels')).toMatchObject({ mine: 'label' });
      expect(valueAt(service, 'metadata', 'annotations')).toMatchObject({ mine: 'annotation' });
    });

    test('with a long name has a Service with a shortened one', async () => {
      const name = `${'long-gateway-name-'.repeat(3)}${unique('g')}`;
      await gateway({}, name);
      const label = encodeURIComponent(`gateway.networking.k8s.io/gateway-name`);
      const services = await waitFor('the Service', async () => {
        const list = await send('GET', `${resourcePath(SERVICES, { namespace: 'default' })}?labelSelector=${label}`);
        const items = valueAt(list.body, 'items');
        const found = Array.isArray(items) ? items.map((item) => String(valueAt(item, 'metadata', 'name'))) : [];
        const long = found.filter((found) => found.startsWith('cilium-gateway-long-gateway-name'));
        return long.length > 0 ? long : false;
      });
      expect(services).toEqual([matching(/^.{52}-[a-z0-9]{10}$/)]);
    });

    test('takes its objects along, and gets a new NodePort and an empty status when it is back', async () => {
      const name = await waiting();
      await setIngress(serviceOf(name), [{ ip: '203.0.113.3' }]);
      const before = await programmed(name, 'Programmed');
      const nodePort = valueAt(await read(send, SERVICES, serviceOf(name)), 'spec', 'ports', 0, 'nodePort');
      await send('DELETE', resourcePath(GATEWAYS, refOf(name)));
      for (const resource of [SERVICES, SLICES, ENVOY_CONFIGS]) {
        await waitFor(`the ${resource.kind} to go`, async () => {
          return (await send('GET', resourcePath(resource, serviceOf(name)))).status === 404;
        });
      }
      await gateway({ gatewayClassName: valueAt(before, 'spec', 'gatewayClassName') }, name);
      await programmed(name, 'AddressNotAssigned');
      const service = await read(send, SERVICES, serviceOf(name));
      expect(valueAt(service, 'spec', 'ports', 0, 'nodePort')).not.toBe(nodePort);
      expect(valueAt(service, 'status')).toEqual({ loadBalancer: {} });
    });

    test('whose listeners are not of Envoy gets nothing', async () => {
      const name = await gateway({ listeners: [{ name: 'dns', port: 53, protocol: 'UDP' }] });
      const body = await programmed(name, 'ListenersNotValid');
      expect(valueAt(body, 'status', 'conditions', 0)).toMatchObject({
        status: 'False',
        reason: 'NoResources',
        message: 'Unable to translate resources',
      });
      expect((await send('GET', resourcePath(SERVICES, serviceOf(name)))).status).toBe(404);
    });

    test('with more than 16 addresses keeps the status of before', async () => {
      const name = await waiting();
      await setIngress(
        serviceOf(name),
        Array.from({ length: 17 }, (_, index) => ({ ip: `203.0.113.${index}` })),
      );
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const body = await read(send, GATEWAYS, refOf(name));
      expect(valueAt(body, 'status', 'addresses')).toBeUndefined();
      expect(valueAt(body, 'status', 'conditions', 1, 'reason')).toBe('AddressNotAssigned');
    });
  });

  describe('spec.addresses', () => {
    test('ask LB-IPAM for them, and must be among the addresses of the Service', async () => {
      const name = await waiting({ addresses: [{ type: 'IPAddress', value: '203.0.113.7' }] });
      const annotations = valueAt(await read(send, SERVICES, serviceOf(name)), 'metadata', 'annotations');
      expect(annotations).toEqual({ 'io.cilium/lb-ipam-ips': '203.0.113.7' });
      await setIngress(serviceOf(name), [{ ip: '203.0.113.8' }]);
      const refused = await programmed(name, 'AddressNotUsable');
      expect(valueAt(refused, 'status', 'conditions', 1)).toMatchObject({ message: "StaticAddress can't be used" });
      await setIngress(serviceOf(name), [{ ip: '203.0.113.7' }, { ip: '203.0.113.8' }]);
      await programmed(name, 'Programmed');
    });

    test('that are no IP addresses are not supported', async () => {
      const name = await gateway({ addresses: [{ type: 'Hostname', value: 'lb.example.com' }] });
      const body = await programmed(name, 'ListenersNotReady');
      expect(valueAt(body, 'status', 'conditions', 0)).toMatchObject({
        status: 'False',
        reason: 'UnsupportedAddress',
        message: 'Unsupported Gateway address, address type is not supported',
      });
    });
  });

  test('a class configuration gives the loadBalancerClass, once', async () => {
    const config = unique('config');
    const body: ObjectBody = {
      apiVersion: 'cilium.io/v2alpha1',
      kind: 'CiliumGatewayClassConfig',
      metadata: refOf(config),
      spec: { service: { loadBalancerClass: 'example.com/one' } },
    };
    await created(send, CLASS_CONFIGS, body);
    const parameters = { group: 'cilium.io', kind: 'CiliumGatewayClassConfig', name: config, namespace: 'default' };
    const gatewayClassName = await gatewayClass(parameters);
    const first = await waiting({ gatewayClassName });
    expect(valueAt(await read(send, SERVICES, serviceOf(first)), 'spec', 'loadBalancerClass')).toBe('example.com/one');
    const change = { spec: { service: { loadBalancerClass: 'example.com/two' } } };
    await send('PATCH', resourcePath(CLASS_CONFIGS, refOf(config)), change, MERGE_PATCH);
    const second = await waitFor('a Gateway of the changed class', async () => {
      const name = await waiting({ gatewayClassName });
      const given = valueAt(await read(send, SERVICES, serviceOf(name)), 'spec', 'loadBalancerClass');
      return given === 'example.com/two';
    });
    expect(second).toBe(true);
    expect(valueAt(await read(send, SERVICES, serviceOf(first)), 'spec', 'loadBalancerClass')).toBe('example.com/one');
  });

  describe('an Ingress', () => {
    function ingress(name: string, annotations: Readonly<Record<string, string>> = {}): ObjectBody {
      const backend = { service: { name: 'any', port: { number: 80 } } };
      const rules = [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }];
      return {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { ...refOf(name), annotations },
        spec: { ingressClassName: 'cilium', rules },
      };
    }

    function addressed(name: string, expected: unknown): Promise<void> {
      return waitFor(`the status of Ingress ${name}`, async () => {
        const seen = valueAt(await read(send, INGRESSES, refOf(name)), 'status', 'loadBalancer', 'ingress');
        return JSON.stringify(seen) === JSON.stringify(expected);
      }).then(() => undefined);
    }

    test('of its own gets a Service and a CiliumEnvoyConfig, and follows the status of the Service', async () => {
      const name = unique('i');
      await created(send, INGRESSES, ingress(name));
      const ref = refOf(`cilium-ingress-${name}`);
      const service = await present(SERVICES, ref);
      expect(valueAt(service, 'metadata', 'labels')).toEqual({ 'cilium.io/ingress': 'true' });
      expect(valueAt(service, 'spec')).toMatchObject({
        type: 'LoadBalancer',
        ipFamilyPolicy: 'PreferDualStack',
        ports: [
          { name: 'http', port: 80 },
          { name: 'https', port: 443 },
        ],
      });
      const config = await present(ENVOY_CONFIGS, refOf(`cilium-ingress-default-${name}`));
      expect(valueAt(config, 'spec', 'services')).toEqual([{ ...ref, ports: [80] }]);
      expect(valueAt(config, 'metadata', 'ownerReferences', 0)).toMatchObject({
        kind: 'Ingress',
        name,
        controller: true,
      });
      await setIngress(ref, [{ ip: '203.0.113.30' }]);
      await addressed(name, [{ ip: '203.0.113.30' }]);
      await setIngress(ref, null);
      await addressed(name, undefined);
    });

    test('that is shared follows the Service that Helm made, with one CiliumEnvoyConfig for all', async () => {
      const shared = { namespace: 'kube-system', name: 'cilium-ingress' };
      const ports = [
        { name: 'http', port: 80 },
        { name: 'https', port: 443 },
      ];
      const metadata = { ...shared, labels: { 'cilium.io/ingress': 'true' } };
      await created(send, SERVICES, {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: { type: 'LoadBalancer', ports },
      });
      const name = unique('i');
      await created(send, INGRESSES, ingress(name, { 'ingress.cilium.io/loadbalancer-mode': 'shared' }));
      const config = await present(ENVOY_CONFIGS, shared);
      expect(valueAt(config, 'spec', 'services')).toEqual([{ ...shared, ports: [80, 443] }]);
      expect(valueAt(config, 'metadata', 'ownerReferences')).toBeUndefined();
      await setIngress(shared, [{ ip: '203.0.113.31' }]);
      await addressed(name, [{ ip: '203.0.113.31' }]);
    });
  });

  describe('LB-IPAM', () => {
    test('owns Services without a class while there is a pool, and only those', async () => {
      const config = unique('config');
      const spec = { service: { loadBalancerClass: 'example.com/ours' } };
      const kind = 'CiliumGatewayClassConfig';
      await created(send, CLASS_CONFIGS, { apiVersion: 'cilium.io/v2alpha1', kind, metadata: refOf(config), spec });
      const parameters = { group: 'cilium.io', kind, name: config, namespace: 'default' };
      const plain = await waiting();
      const classed = await waiting({ gatewayClassName: await gatewayClass(parameters) });
      const ours = [{ ip: '198.51.100.1', ipMode: 'Proxy' }];
      await setIngress(serviceOf(plain), ours);
      await setIngress(serviceOf(classed), ours);
      const ingressOf = async (name: string): Promise<unknown> =>
        valueAt(await read(send, SERVICES, serviceOf(name)), 'status', 'loadBalancer', 'ingress');
      const pool = unique('pool');
      await created(send, LB_IP_POOLS, {
        apiVersion: 'cilium.io/v2alpha1',
        kind: 'CiliumLoadBalancerIPPool',
        metadata: { name: pool },
        spec: { blocks: [{ cidr: '192.0.2.0/25' }] },
      });
      await waitFor('an address of the pool', async () =>
        /"192\.0\.2\.\d+"/.test(JSON.stringify(await ingressOf(plain))),
      );
      expect(JSON.stringify(await ingressOf(plain))).not.toContain('198.51.100.1');
      expect(await ingressOf(classed)).toEqual(ours);
      await setIngress(serviceOf(plain), ours);
      await waitFor('our address to go again', async () => {
        return !JSON.stringify(await ingressOf(plain)).includes('198.51.100.1');
      });
      await send('DELETE', resourcePath(LB_IP_POOLS, { namespace: '', name: pool }));
      await waitFor('the address to go with the pool', async () => (await ingressOf(plain)) === undefined);
      expect(await ingressOf(classed)).toEqual(ours);
    });
  });

  /** A NodePort that was given to a Service just now; delete the Service, and it is free. */
  async function freeNodePort(): Promise<{ nodePort: number; ref: ObjectRef }> {
    const name = unique('s');
    const spec = { type: 'NodePort', ports: [{ port: 80 }] };
    const body = await created(send, SERVICES, { apiVersion: 'v1', kind: 'Service', metadata: refOf(name), spec });
    return { nodePort: Number(valueAt(body, 'spec', 'ports', 0, 'nodePort')), ref: refOf(name) };
  }
}

function managersOf(body: unknown): unknown[] {
  const entries = valueAt(body, 'metadata', 'managedFields');
  return Array.isArray(entries) ? entries.map((entry) => valueAt(entry, 'manager')) : [];
}

/** The same operator with `gateway-api-hostnetwork-enabled`. */
export function describeHostNetworkOperator(send: Send): void {
  test('with host networking a Gateway gets a ClusterIP Service, a listener on the nodes, and never an address', async () => {
    const metadata = { name: unique('class') };
    const spec = { controllerName: 'io.cilium/gateway-controller' };
    await created(send, GATEWAY_CLASSES, { apiVersion: GATEWAY_API, kind: 'GatewayClass', metadata, spec });
    const name = unique('g');
    const listeners = [
      { name: 'http', port: 80, protocol: 'HTTP' },
      { name: 'alt', port: 8080, protocol: 'HTTP' },
    ];
    await created(send, GATEWAYS, {
      apiVersion: GATEWAY_API,
      kind: 'Gateway',
      metadata: { name, namespace: 'default' },
      spec: { gatewayClassName: metadata.name, listeners },
    });
    const gateway = await waitFor('AddressNotAssigned', async () => {
      const seen = await read(send, GATEWAYS, { namespace: 'default', name });
      return isKubeObject(seen) && conditionOf(seen, 'Programmed')?.reason === 'AddressNotAssigned' ? seen : false;
    });
    expect(conditionOf(gateway, 'Accepted')?.status).toBe('True');
    const ref = { namespace: 'default', name: `cilium-gateway-${name}` };
    const service = await read(send, SERVICES, ref);
    expect(valueAt(service, 'spec', 'type')).toBe('ClusterIP');
    expect(valueAt(service, 'spec', 'ports', 0)).not.toHaveProperty('nodePort');
    const config = await read(send, ENVOY_CONFIGS, ref);
    expect(valueAt(config, 'spec', 'services')).toEqual([{ ...ref, ports: [80, 8080] }]);
    const onNode = (portValue: number): unknown => ({ socketAddress: { address: '0.0.0.0', portValue } });
    expect(valueAt(config, 'spec', 'resources', 0, 'address')).toEqual(onNode(80));
    expect(valueAt(config, 'spec', 'resources', 0, 'additionalAddresses')).toEqual([{ address: onNode(8080) }]);
  });
}
