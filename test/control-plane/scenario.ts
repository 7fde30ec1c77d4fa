import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { GATEWAY_CLASSES, GATEWAYS, INGRESSES, type Resource, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import type { ControlPlane } from './fixture.ts';
import { conditionOf, isKubeObject, type KubeObject, valueAt } from './objects.ts';
import { waitFor } from './wait.ts';

/** The objects that tests of the product are about. */

export const GUIDE_GATEWAY: ObjectRef = { namespace: 'default', name: 'ip-gateway' };
export const GUIDE_SERVICE: ObjectRef = { namespace: 'default', name: 'cilium-gateway-ip-gateway' };
export const GUIDE_ENTRYPOINT: ObjectRef = { namespace: 'kube-system', name: 'gateway-entrypoint' };
export const GUIDE_ELB = '11111111-2222-3333-4444-555555555555';

export const EIP = '203.0.113.20';
export const VIP = '192.168.0.133';

/** The annotation that makes a Service the entrypoint of the guide's Gateway. */
export const SERVES_GUIDE_GATEWAY = { 'cilium-cloud-bridge.io/gateway': 'default/ip-gateway' };

/** The objects of the CCE guide as the guide has them. */
function guideObjects(): readonly KubeObject[] {
  const path = new URL('../fixtures/cce-guide.yaml', import.meta.url);
  return loadAll(readFileSync(path, 'utf8')).filter(isKubeObject);
}

/** Applies the guide's objects and waits for Cilium's Service. */
export async function applyGuide(cluster: ControlPlane): Promise<void> {
  for (const object of guideObjects()) await cluster.apply(object);
  await gatewayService(cluster, GUIDE_SERVICE);
}

export const GATEWAY_CLASS: KubeObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: { name: 'cilium' },
  spec: { controllerName: 'io.cilium/gateway-controller' },
};

export interface GatewayWishes {
  readonly className?: string;
  readonly ports?: readonly number[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** `spec.addresses`. */
  readonly addresses?: readonly string[];
}

export function gateway(ref: ObjectRef = GUIDE_GATEWAY, wishes: GatewayWishes = {}): KubeObject {
  const { className = 'cilium', ports = [80], annotations = {}, addresses } = wishes;
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { ...ref, annotations },
    spec: {
      gatewayClassName: className,
      listeners: ports.map((port) => ({ name: `port-${port}`, port, protocol: 'HTTP' })),
      ...(addresses === undefined ? {} : { addresses: addresses.map((value) => ({ type: 'IPAddress', value })) }),
    },
  };
}

export interface EntrypointWishes {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ports?: readonly number[];
  readonly targetPort?: number;
  readonly selector?: Readonly<Record<string, string>>;
  readonly loadBalancerId?: string;
}

/** A Service as users make it for CCE: on the guide's ELB, leading to the agents. */
export function entrypoint(ref: ObjectRef = GUIDE_ENTRYPOINT, wishes: EntrypointWishes = {}): KubeObject {
  const { annotations = {}, ports = [80], targetPort = 32_546, selector = { 'k8s-app': 'cilium' } } = wishes;
  const id = { 'kubernetes.io/elb.id': wishes.loadBalancerId ?? GUIDE_ELB };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...ref, annotations: { ...id, ...annotations } },
    spec: {
      type: 'LoadBalancer',
      selector,
      ports: ports.map((port) => ({ name: `port-${port}`, port, targetPort, protocol: 'TCP' })),
    },
  };
}

/** Writes a status as the guide's user does, with kubectl. */
export async function patchStatusByHand(cluster: ControlPlane, ref: ObjectRef, ip: string): Promise<void> {
  const patch = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip }] } } });
  const where = ['-n', ref.namespace, 'service', ref.name];
  const { code, stderr } = await cluster.kubectl(
    'patch',
    ...where,
    '--subresource=status',
    '--type=merge',
    '-p',
    patch,
  );
  if (code !== 0) throw new Error(stderr);
}

/** The Gateway Service, once Cilium made it: after a restart its operator waits for its Lease of 15 s first. */
export function gatewayService(cluster: ControlPlane, ref: ObjectRef = GUIDE_SERVICE): Promise<KubeObject> {
  const made = async (): Promise<KubeObject | undefined> => {
    const service = await cluster.get(SERVICES, ref);
    return valueAt(service, 'spec', 'ports', 0, 'port') === undefined ? undefined : service;
  };
  return waitFor(`Service ${ref.namespace}/${ref.name}`, made, { timeoutMs: 45_000 });
}

export async function existing(cluster: ControlPlane, resource: Resource, ref: ObjectRef): Promise<KubeObject> {
  const object = await cluster.get(resource, ref);
  if (object === undefined) throw new Error(`${resource.kind} ${ref.namespace}/${ref.name} is not there`);
  return object;
}

export async function nodePortOf(cluster: ControlPlane, ref: ObjectRef = GUIDE_SERVICE, index = 0): Promise<unknown> {
  return valueAt(await existing(cluster, SERVICES, ref), 'spec', 'ports', index, 'nodePort');
}

export async function targetPortsOf(cluster: ControlPlane, ref: ObjectRef = GUIDE_ENTRYPOINT): Promise<unknown> {
  const ports = valueAt(await existing(cluster, SERVICES, ref), 'spec', 'ports');
  return Array.isArray(ports) ? ports.map((port) => valueAt(port, 'targetPort')) : undefined;
}

export async function ingressOf(cluster: ControlPlane, ref: ObjectRef = GUIDE_SERVICE): Promise<unknown> {
  return valueAt(await existing(cluster, SERVICES, ref), 'status', 'loadBalancer', 'ingress');
}

/** `status.addresses` and Programmed, both of which only Cilium writes. */
export async function programming(
  cluster: ControlPlane,
  ref: ObjectRef = GUIDE_GATEWAY,
): Promise<{ readonly programmed: string | undefined; readonly addresses: unknown }> {
  const object = await cluster.get(GATEWAYS, ref);
  return {
    programmed: conditionOf(object, 'Programmed')?.status,
    addresses: valueAt(object, 'status', 'addresses'),
  };
}

/** What a Gateway shows of IP addresses. */
export function ipAddresses(...values: readonly string[]): readonly { type: string; value: string }[] {
  return values.map((value) => ({ type: 'IPAddress', value }));
}

export async function waitForAddress(cluster: ControlPlane, ref: ObjectRef): Promise<void> {
  await waitFor(`an address of Service ${ref.namespace}/${ref.name}`, async () => {
    const ingress = await ingressOf(cluster, ref);
    return Array.isArray(ingress) && ingress.length > 0;
  });
}

/** resourceVersion of each Service and Gateway, to see that nothing was written. */
export async function versions(cluster: ControlPlane): Promise<readonly string[]> {
  const objects = [...(await cluster.list(SERVICES)), ...(await cluster.list(GATEWAYS))];
  return objects.map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.resourceVersion}`);
}

/** The garbage collector looks every 30 s whether there are new kinds, and collects nothing until it has read them. */
const GARBAGE_MS = 60_000;

/** Takes away what tests make, and waits until Cilium's Services have gone with it. */
export async function clean(cluster: ControlPlane): Promise<void> {
  for (const resource of [GATEWAYS, INGRESSES, GATEWAY_CLASSES]) {
    for (const { metadata } of await cluster.list(resource)) {
      await cluster.remove(resource, { namespace: metadata.namespace ?? '', name: metadata.name });
    }
  }
  const gone = async (): Promise<boolean> => {
    const services = (await cluster.list(SERVICES)).filter(({ metadata }) => metadata.name !== 'kubernetes');
    for (const { metadata } of services) {
      if (metadata.name.startsWith('cilium-gateway-')) continue;
      await cluster.remove(SERVICES, { namespace: metadata.namespace ?? '', name: metadata.name });
    }
    return services.length === 0;
  };
  await waitFor('the Services to go', gone, { timeoutMs: GARBAGE_MS });
}

/** A Pod of Cilium's as its chart makes it; there is no kubelet, so its status is what the test says. */
export function ciliumPod(name: string, app: 'cilium' | 'cilium-envoy', release: string): KubeObject {
  const container = app === 'cilium' ? 'cilium-agent' : 'cilium-envoy';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'kube-system', name, labels: { 'k8s-app': app } },
    spec: {
      hostNetwork: true,
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: container, image: `quay.io/cilium/${app}:v${release}` }],
    },
  };
}
