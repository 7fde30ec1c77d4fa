import { ENVOY_CONFIGS, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import type { Api } from '../control-plane/api.ts';
import { type KubeObject, valueAt } from '../control-plane/objects.ts';
import { waitFor } from '../control-plane/wait.ts';
import type { EnvoyAnswer } from './answer.ts';
import { backend, endpointSlice, httpRoute } from './backends.ts';
import type { Datapath } from './fixture.ts';
import { NODES } from './network.ts';
import { everyNode, untilAnswered } from './until.ts';

/*
 * The objects of the guide for CCE that people follow by hand: a Gateway without an address of its own, and a
 * LoadBalancer Service in front of the agents whose targetPort is the Gateway's NodePort.
 */

const GATEWAY: ObjectRef = { namespace: 'default', name: 'ip-gateway' };
export const GATEWAY_SERVICE: ObjectRef = { namespace: 'default', name: 'cilium-gateway-ip-gateway' };
export const ENTRYPOINT: ObjectRef = { namespace: 'kube-system', name: 'gateway-entrypoint' };
/** Fixed, because the load balancer's members use it. */
export const ENTRYPOINT_NODE_PORT = 30080;
export const ENTRYPOINT_TLS_NODE_PORT = 30443;

const GATEWAY_CLASS: KubeObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: { name: 'cilium' },
  spec: { controllerName: 'io.cilium/gateway-controller' },
};

export const HTTP_LISTENER = {
  name: 'http',
  protocol: 'HTTP',
  port: 80,
  allowedRoutes: { namespaces: { from: 'Same' } },
};

export function gateway(listeners: readonly unknown[] = [HTTP_LISTENER]): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { ...GATEWAY },
    spec: { gatewayClassName: GATEWAY_CLASS.metadata.name, listeners },
  };
}

/**
 * Creates the guide's class and Gateway, Services `web` (two endpoints) and `api` (one), and a route `routes` that sends
 * `/` to web and `/api` to api. Resolves when both nodes answer.
 * @returns the Gateway's NodePort
 */
export async function setUpGateway(datapath: Datapath): Promise<number> {
  await applyAll(datapath.controlPlane, [
    GATEWAY_CLASS,
    gateway(),
    ...backend('web', ['10.244.1.10', '10.244.2.10']),
    ...backend('api', ['10.244.1.20']),
    httpRoute('routes', { '/': 'web', '/api': 'api' }),
  ]);
  const port = await gatewayNodePort(datapath.controlPlane);
  await untilAnswered(datapath, everyNode(datapath, port), (answer) => answer.detail === '');
  return port;
}

export interface EntrypointOptions {
  readonly targetPort: number;
  /** Adds a port `https`. */
  readonly tlsTargetPort?: number;
  readonly externalTrafficPolicy?: 'Cluster' | 'Local';
  /** Value of the annotation `test/mark`, by which a test knows that an agent has seen this write. */
  readonly mark?: string;
}

/** The Service, and the endpoints that its selector would give it: the agents' Pods, on the nodes' own addresses. */
function entrypoint(options: EntrypointOptions): readonly KubeObject[] {
  const { targetPort, tlsTargetPort, externalTrafficPolicy = 'Cluster', mark = '' } = options;
  const http = { name: 'http', port: 80, nodePort: ENTRYPOINT_NODE_PORT, targetPort, protocol: 'TCP' };
  const https = {
    name: 'https',
    port: 443,
    nodePort: ENTRYPOINT_TLS_NODE_PORT,
    targetPort: tlsTargetPort,
    protocol: 'TCP',
  };
  const ports = tlsTargetPort === undefined ? [http] : [http, https];
  const annotations = { 'kubernetes.io/elb.id': 'your-elb-id', 'kubernetes.io/elb.class': 'union', 'test/mark': mark };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...ENTRYPOINT, annotations },
      spec: { type: 'LoadBalancer', externalTrafficPolicy, selector: { 'k8s-app': 'cilium' }, ports },
    },
    endpointSlice(
      ENTRYPOINT,
      ports.map((port) => ({ name: port.name, port: port.targetPort })),
      NODES.map(({ name, address }) => ({ addresses: [address], nodeName: name })),
    ),
  ];
}

/** The Gateway's CiliumEnvoyConfig, made to serve the entrypoint: the redirect, as a person would make it by hand. */
function redirectCopy(source: KubeObject, ports: readonly number[] = [80]): KubeObject {
  const spec = valueAt(source, 'spec');
  return {
    apiVersion: source.apiVersion,
    kind: source.kind,
    metadata: { ...ENTRYPOINT, annotations: source.metadata.annotations ?? {} },
    spec: { ...(typeof spec === 'object' ? spec : {}), services: [{ ...ENTRYPOINT, ports }] },
  };
}

/** Makes or renews the redirect of the entrypoint from the Gateway's CiliumEnvoyConfig as it is now. */
export async function copyRedirect(api: Api, ports?: readonly number[]): Promise<void> {
  const source = await waitFor("the Gateway's CiliumEnvoyConfig", () => api.get(ENVOY_CONFIGS, GATEWAY_SERVICE));
  await api.apply(redirectCopy(source, ports));
}

/** Whether a request came by the redirect, and found its way. */
export function byRedirect(answer: EnvoyAnswer): boolean {
  return answer.detail === '' && answer.listener === `${ENTRYPOINT.namespace}/${ENTRYPOINT.name}/listener`;
}

/** Applies the entrypoint, and waits until all agents serve it as it is now (and, with a copy, through its redirect). */
export async function applyEntrypoint(
  datapath: Datapath,
  options: EntrypointOptions,
  redirected: boolean,
): Promise<void> {
  const name = `${ENTRYPOINT.namespace}/${ENTRYPOINT.name}`;
  const mark = JSON.stringify(options);
  await applyAll(datapath.controlPlane, entrypoint({ ...options, mark }));
  for (const { agent } of datapath.nodes) {
    await waitFor('the agents to serve the entrypoint', async () => {
      const service = (await agent.services()).find((one) => one.name === name);
      const frontends = (await agent.frontends()).filter((one) => one.service === name);
      const backends = frontends.flatMap((one) => one.backends);
      return (
        service?.annotations['test/mark'] === mark &&
        (service.redirect !== undefined) === redirected &&
        frontends.length > 0 &&
        frontends.every((one) => one.status === 'Done') &&
        backends.some((backend) => backend.endsWith(`:${options.targetPort}/TCP`))
      );
    });
  }
}

export async function applyAll(api: Api, objects: readonly KubeObject[]): Promise<void> {
  for (const object of objects) await api.apply(object);
}

/** Resolves when Cilium made the Gateway's Service; the NodePort of one of its ports. */
export function gatewayNodePort(api: Api, port = 80): Promise<number> {
  return waitFor(`the NodePort of the Gateway Service's port ${port}`, async () => {
    const ports = valueAt(await api.get(SERVICES, GATEWAY_SERVICE), 'spec', 'ports');
    const found: unknown = Array.isArray(ports) ? ports.find((one) => valueAt(one, 'port') === port) : undefined;
    const nodePort = valueAt(found, 'nodePort');
    return typeof nodePort === 'number' && nodePort;
  });
}
