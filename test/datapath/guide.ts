import { ENVOY_CONFIGS, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import type { Api } from '../control-plane/api.ts';
import { type KubeObject, valueAt } from '../control-plane/objects.ts';
import { waitFor } from '../control-plane/wait.ts';
import { NODES } from './network.ts';

/*
 * The objects of the guide for CCE that people follow by hand: a Gateway without an address of its own, and a
 * LoadBalancer Service in front of the agents whose targetPort is the Gateway's NodePort.
 */

export const GATEWAY: ObjectRef = { namespace: 'default', name: 'ip-gateway' };
export const GATEWAY_SERVICE: ObjectRef = { namespace: 'default', name: 'cilium-gateway-ip-gateway' };
export const ENTRYPOINT: ObjectRef = { namespace: 'kube-system', name: 'gateway-entrypoint' };
/** Fixed, because the load balancer's members use it. */
export const ENTRYPOINT_NODE_PORT = 30080;

export function gatewayClass(): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: 'cilium' },
    spec: { controllerName: 'io.cilium/gateway-controller' },
  };
}

const HTTP_LISTENER = { name: 'http', protocol: 'HTTP', port: 80, allowedRoutes: { namespaces: { from: 'Same' } } };

export function gateway(listeners: readonly unknown[] = [HTTP_LISTENER]): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { ...GATEWAY },
    spec: { gatewayClassName: 'cilium', listeners },
  };
}

/** A route of the guide's Gateway: each path prefix goes to a Service of the same namespace, port 80. */
export function httpRoute(
  name: string,
  backends: Readonly<Record<string, string>>,
  hostnames?: readonly string[],
): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { namespace: GATEWAY.namespace, name },
    spec: {
      parentRefs: [GATEWAY],
      ...(hostnames === undefined ? {} : { hostnames }),
      rules: Object.entries(backends).map(([prefix, service]) => ({
        matches: [{ path: { type: 'PathPrefix', value: prefix } }],
        backendRefs: [{ name: service, port: 80 }],
      })),
    },
  };
}

/** A Service with Pods behind it, as far as the agents can see; nothing listens on their addresses. */
export function backend(name: string, addresses: readonly string[], namespace = 'default'): readonly KubeObject[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace, name },
      spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    },
    endpointSlice(
      { namespace, name },
      8080,
      addresses.map((address) => ({ addresses: [address] })),
    ),
  ];
}

export interface EntrypointOptions {
  readonly targetPort: number;
  readonly externalTrafficPolicy?: 'Cluster' | 'Local';
  /** Value of the annotation `test/mark`, by which a test knows that an agent has seen this write. */
  readonly mark?: string;
}

/** The Service, and the endpoints that its selector would give it: the agents' Pods, on the nodes' own addresses. */
export function entrypoint({
  targetPort,
  externalTrafficPolicy = 'Cluster',
  mark = '',
}: EntrypointOptions): readonly KubeObject[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        ...ENTRYPOINT,
        annotations: { 'kubernetes.io/elb.id': 'your-elb-id', 'kubernetes.io/elb.class': 'union', 'test/mark': mark },
      },
      spec: {
        type: 'LoadBalancer',
        externalTrafficPolicy,
        selector: { 'k8s-app': 'cilium' },
        ports: [{ name: 'http', port: 80, nodePort: ENTRYPOINT_NODE_PORT, targetPort, protocol: 'TCP' }],
      },
    },
    endpointSlice(
      ENTRYPOINT,
      targetPort,
      NODES.map(({ name, address }) => ({ addresses: [address], nodeName: name })),
    ),
  ];
}

function endpointSlice(service: ObjectRef, port: number, endpoints: readonly object[]): KubeObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: service.namespace,
      name: `${service.name}-1`,
      labels: { 'kubernetes.io/service-name': service.name },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port, protocol: 'TCP' }],
    endpoints: endpoints.map((endpoint) => ({ ...endpoint, conditions: { ready: true } })),
  };
}

/** The Gateway's CiliumEnvoyConfig, made to serve the entrypoint: the redirect, as a person would make it by hand. */
export function redirectCopy(source: KubeObject): KubeObject {
  const spec = valueAt(source, 'spec');
  return {
    apiVersion: source.apiVersion,
    kind: source.kind,
    metadata: { ...ENTRYPOINT, annotations: source.metadata.annotations ?? {} },
    spec: {
      ...(typeof spec === 'object' ? spec : {}),
      services: [{ ...ENTRYPOINT, ports: [80] }],
    },
  };
}

export async function applyAll(api: Api, objects: readonly KubeObject[]): Promise<void> {
  for (const object of objects) await api.apply(object);
}

/** Resolves when Cilium made the Gateway's Service; its first NodePort. */
export function gatewayNodePort(api: Api): Promise<number> {
  return waitFor('the NodePort of the Gateway Service', async () => {
    const port = valueAt(await api.get(SERVICES, GATEWAY_SERVICE), 'spec', 'ports', 0, 'nodePort');
    return typeof port === 'number' && port;
  });
}

/** Resolves when Cilium made it; the Gateway's CiliumEnvoyConfig. */
export function gatewayEnvoyConfig(api: Api): Promise<KubeObject> {
  return waitFor("the Gateway's CiliumEnvoyConfig", () => api.get(ENVOY_CONFIGS, GATEWAY_SERVICE));
}
