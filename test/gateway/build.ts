import type { RawObject } from '../../src/kube/types.ts';

/*
 * Small builders of objects as the API server sends them. They go through the program's own trimming in every test.
 * All names default to the guide's: Gateway default/web, entrypoint kube-system/entry.
 */

export const OURS = 'cilium-cloud-bridge';
export const ONCE = 'cilium-cloud-bridge-once';

/** `[80, 31080]`: a Service port and its nodePort (Gateway Service) or targetPort (entrypoint). */
export type PortParts =
  | readonly [port: number, to: number]
  | {
      readonly port: number;
      readonly protocol?: string;
      readonly name?: string;
      readonly nodePort?: number;
      readonly targetPort?: number | string;
    };

export interface Entry {
  readonly ip?: string;
  readonly hostname?: string;
  readonly ipMode?: string;
}

export interface CommonParts {
  readonly namespace?: string;
  readonly uid?: string;
  readonly version?: string;
  readonly created?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deleting?: boolean;
}

const CREATED = '2026-01-01T00:00:00Z';
const PREFIX = 'cilium-cloud-bridge.io/';

/** Our annotations by their short names: `ours({ paused: 'true' })`. */
export function ours(short: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(short).map(([key, value]) => [PREFIX + key, value]));
}

function metadata(kind: string, namespace: string, name: string, parts: CommonParts, more: RawObject = {}): RawObject {
  return {
    name,
    ...(namespace === '' ? {} : { namespace }),
    uid: parts.uid ?? `uid-${kind}-${namespace}-${name}`,
    resourceVersion: parts.version ?? '7',
    generation: 1,
    creationTimestamp: parts.created ?? CREATED,
    ...(parts.deleting === true ? { deletionTimestamp: '2026-02-01T00:00:00Z' } : {}),
    ...(parts.labels === undefined ? {} : { labels: parts.labels }),
    ...(parts.annotations === undefined ? {} : { annotations: parts.annotations }),
    ...more,
  };
}

export interface GatewayParts extends CommonParts {
  readonly className?: string;
  readonly ports?: readonly number[];
  /** `spec.addresses`. */
  readonly insistsOn?: readonly string[];
  /** `status.addresses`, with Programmed=True. */
  readonly programmedWith?: readonly string[];
  readonly conditions?: readonly RawObject[];
}

export function gateway(name = 'web', parts: GatewayParts = {}): RawObject {
  const { ports = [80], insistsOn = [], programmedWith } = parts;
  const programmed = { type: 'Programmed', status: 'True', reason: 'Programmed', message: '', observedGeneration: 1 };
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: metadata('Gateway', parts.namespace ?? 'default', name, parts),
    spec: {
      gatewayClassName: parts.className ?? 'cilium',
      listeners: ports.map((port) => ({ name: `l${port}`, port, protocol: 'HTTP' })),
      ...(insistsOn.length === 0 ? {} : { addresses: insistsOn.map((value) => ({ type: 'IPAddress', value })) }),
    },
    status: {
      ...(programmedWith === undefined ? {} : { addresses: programmedWith.map((value) => ({ value })) }),
      conditions: [...(programmedWith === undefined ? [] : [programmed]), ...(parts.conditions ?? [])],
    },
  };
}

export interface ServiceParts extends CommonParts {
  readonly type?: string;
  readonly ports?: readonly PortParts[];
  readonly ingress?: readonly Entry[];
  /** Field managers that own `status.loadBalancer.ingress`. */
  readonly writtenBy?: readonly string[];
  readonly spec?: RawObject;
}

function service(name: string, namespace: string, parts: ServiceParts, ports: readonly RawObject[], meta: RawObject) {
  const { ingress = [], writtenBy = [] } = parts;
  const managedFields = writtenBy.map((manager) => ({
    manager,
    operation: 'Update',
    subresource: 'status',
    time: CREATED,
    fieldsV1: { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } },
  }));
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata('Service', namespace, name, parts, { ...meta, managedFields }),
    spec: { type: parts.type ?? 'LoadBalancer', ports, ...parts.spec },
    status: { loadBalancer: ingress.length === 0 ? {} : { ingress } },
  };
}

function toPort(parts: PortParts, second: 'nodePort' | 'targetPort'): RawObject {
  if ('port' in parts) return { protocol: 'TCP', name: `port-${parts.port}`, ...parts };
  const [port, to] = parts;
  return { name: `port-${port}`, port, protocol: 'TCP', [second]: to };
}

/** The Service that Cilium makes for a Gateway; its NodePorts by listener port: `[[80, 31080]]`. */
export function gatewayService(owner = 'web', parts: ServiceParts & { readonly name?: string } = {}): RawObject {
  const namespace = parts.namespace ?? 'default';
  const ports = (parts.ports ?? [[80, 31080]]).map((port) => toPort(port, 'nodePort'));
  const reference = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    name: owner,
    uid: `uid-Gateway-${namespace}-${owner}`,
    controller: true,
  };
  const labels = { 'io.cilium.gateway/owning-gateway': owner, ...parts.labels };
  const name = parts.name ?? `cilium-gateway-${owner}`;
  return service(name, namespace, { ...parts, labels }, ports, { ownerReferences: [reference] });
}

export interface EntrypointParts extends ServiceParts {
  /** `cilium-cloud-bridge.io/gateway`; null: no annotation. Default `default/web`. */
  readonly serves?: string | null;
  readonly selector?: Readonly<Record<string, string>>;
}

/** The Service that the cloud serves; its targetPorts by port: `[[80, 30080]]`. */
export function entrypoint(name = 'entry', parts: EntrypointParts = {}): RawObject {
  const { serves = 'default/web', selector = { 'k8s-app': 'cilium' } } = parts;
  const ports = (parts.ports ?? [[80, 31080]]).map((port) => toPort(port, 'targetPort'));
  const annotations = { ...(serves === null ? {} : ours({ gateway: serves })), ...parts.annotations };
  const given = Object.keys(annotations).length === 0 ? {} : { annotations };
  const spec = { selector, ...parts.spec };
  return service(name, parts.namespace ?? 'kube-system', { ...parts, ...given, spec }, ports, {});
}

/** A dedicated Ingress and the Service that Cilium makes for it. */
export function ingress(name = 'shop', addresses: readonly string[] = [], parts: CommonParts = {}): RawObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: metadata('Ingress', parts.namespace ?? 'default', name, parts),
    status: { loadBalancer: { ingress: addresses.map((ip) => ({ ip })) } },
  };
}

export function ingressService(owner = 'shop', parts: ServiceParts & { readonly name?: string } = {}): RawObject {
  const namespace = parts.namespace ?? 'default';
  const reference = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    name: owner,
    uid: `uid-Ingress-${namespace}-${owner}`,
    controller: true,
  };
  const ports = (parts.ports ?? [[80, 31180]]).map((port) => toPort(port, 'nodePort'));
  const name = parts.name ?? `cilium-ingress-${owner}`;
  return service(name, namespace, parts, ports, { ownerReferences: [reference] });
}

/** The Service that Cilium's chart makes for all shared Ingresses. */
export function sharedIngressService(parts: ServiceParts = {}): RawObject {
  const ports = (parts.ports ?? [[80, 31280]]).map((port) => toPort(port, 'nodePort'));
  return service('cilium-ingress', parts.namespace ?? 'kube-system', parts, ports, {});
}

export function gatewayClass(name = 'cilium', controllerName = 'io.cilium/gateway-controller'): RawObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: metadata('GatewayClass', '', name, {}),
    spec: { controllerName },
  };
}

export function pool(name = 'pool'): RawObject {
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumLoadBalancerIPPool',
    metadata: metadata('CiliumLoadBalancerIPPool', '', name, {}),
    spec: {},
  };
}

/** An agent of a version, on a node of its own. */
export function agent(version = '1.19.5', node = 'node-1', namespace = 'kube-system'): RawObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadata('Pod', namespace, `cilium-${node}`, { labels: { 'k8s-app': 'cilium' } }),
    spec: { nodeName: node, containers: [{ name: 'cilium-agent', image: `quay.io/cilium/cilium:v${version}` }] },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

/** `cilium-config`. */
export function ciliumConfig(data: Readonly<Record<string, string>> = {}): RawObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadata('ConfigMap', 'kube-system', 'cilium-config', {}),
    data,
  };
}
