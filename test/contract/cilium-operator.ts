import { describe, expect, test } from 'vitest';
import { ENVOY_CONFIGS, GATEWAY_CLASSES, GATEWAYS, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import type { Send } from '../control-plane/http.ts';
import { conditionOf, isKubeObject, resourcePath, valueAt } from '../control-plane/objects.ts';
import { waitFor } from '../control-plane/wait.ts';
import { ANY_NUMBER, created, JSON_PATCH, MERGE_PATCH, matching, type ObjectBody, read, unique } from './client.ts';
import { CLASS_CONFIGS, GATEWAY_API, gatewayWorld, SLICES } from './gateway-world.ts';

/**
 * What this project relies on in Cilium's operator, 1.19.5: the model on the fake server and the real one must
 * agree. Needs the operator with Ingress, garbage collection, and no other LoadBalancer Services that matter.
 */
export function describeCiliumOperator(send: Send): void {
  const { refOf, serviceOf, gatewayClass, gateway, present, programmed, setIngress, waiting } = gatewayWorld(send);

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
