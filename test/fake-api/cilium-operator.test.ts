import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GATEWAYS, SERVICES } from '../../src/kube/resources.ts';
import { valueAt } from '../control-plane/objects.ts';
import { type CiliumOperator, startCiliumOperator } from './cilium-operator.ts';
import { type FakeApi, startFakeApi } from './server.ts';

const GATEWAY = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'ip-gateway', namespace: 'default' },
  spec: { gatewayClassName: 'cilium', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
};
const GATEWAY_CLASS = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: { name: 'cilium' },
  spec: { controllerName: 'io.cilium/gateway-controller' },
};
const SERVICE_REF = { namespace: 'default', name: 'cilium-gateway-ip-gateway' };

/** How a test drives the model; that it does what Cilium does is the contract's matter. */
describe("the model of Cilium's operator", () => {
  let api: FakeApi;
  let operator: CiliumOperator;

  beforeEach(async () => {
    api = await startFakeApi();
    operator = startCiliumOperator(api);
    api.apply(GATEWAY_CLASS);
    await operator.settled();
  });
  afterEach(async () => {
    operator.stop();
    await api.stop();
  });

  test('writes nothing once it has settled', async () => {
    api.apply(GATEWAY);
    await operator.settled();
    const { version } = api;
    operator.resume();
    await operator.settled();
    expect(api.version).toBe(version);
  });

  test('does nothing while it is paused, and catches up', async () => {
    operator.pause();
    api.apply(GATEWAY);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(api.get(SERVICES, SERVICE_REF)).toBeUndefined();
    operator.resume();
    await operator.settled();
    expect(api.get(SERVICES, SERVICE_REF)).toBeDefined();
  });

  test('leaves Gateways of other controllers alone', async () => {
    api.apply({ ...GATEWAY_CLASS, metadata: { name: 'other' }, spec: { controllerName: 'example.com/other' } });
    api.apply({ ...GATEWAY, spec: { ...GATEWAY.spec, gatewayClassName: 'other' } });
    await operator.settled();
    expect(api.get(SERVICES, SERVICE_REF)).toBeUndefined();
  });

  test('survives the CRDs of Gateway API going and coming back', async () => {
    api.apply(GATEWAY);
    await operator.settled();
    api.removeCrd(GATEWAYS);
    await operator.settled();
    await expect.poll(() => api.get(SERVICES, SERVICE_REF)).toBeUndefined();
    api.installCrd(GATEWAYS);
    api.apply(GATEWAY);
    await operator.settled();
    expect(api.get(SERVICES, SERVICE_REF)).toBeDefined();
  });

  test('translates routes and secrets of HTTPS listeners', async () => {
    const listeners = [
      {
        name: 'web',
        port: 443,
        protocol: 'HTTPS',
        hostname: 'a.example.com',
        tls: { certificateRefs: [{ name: 'cert' }] },
      },
    ];
    api.apply({ ...GATEWAY, spec: { ...GATEWAY.spec, listeners } });
    api.apply({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'route', namespace: 'default' },
      spec: { parentRefs: [{ name: 'ip-gateway' }], rules: [{ backendRefs: [{ name: 'backend', port: 8080 }] }] },
    });
    await operator.settled();
    const [config] = api.list({
      group: 'cilium.io',
      version: 'v2',
      plural: 'ciliumenvoyconfigs',
      kind: '',
      namespaced: true,
    });
    expect(JSON.stringify(valueAt(config, 'spec', 'resources', 0))).toContain('cilium-secrets/default-cert');
    expect(valueAt(config, 'spec', 'resources', 1)).toMatchObject({
      name: 'listener-secure',
      virtualHosts: [{ name: 'a.example.com', routes: [{ route: { cluster: 'default:backend:8080' } }] }],
    });
    expect(valueAt(config, 'spec', 'backendServices')).toEqual([
      { name: 'backend', namespace: 'default', number: ['8080'] },
    ]);
  });
});
