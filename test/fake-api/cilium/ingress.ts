import { ENVOY_CONFIGS, INGRESSES, SERVICES } from '../../../src/kube/resources.ts';
import type { ObjectRef } from '../../../src/kube/types.ts';
import { type JsonObject, type KubeObject, listAt, numberAt, objectsAt, stringAt, stringMap } from '../json.ts';
import { ENDPOINT_SLICES } from '../kinds.ts';
import type { FakeApi } from '../server.ts';
import { envoySpec } from './envoy-config.ts';
import {
  ensure,
  type ListenerModel,
  type OperatorSettings,
  ownerReference,
  type RouteModel,
  writeStatus,
} from './model.ts';

/** The Service of all shared Ingresses, which Helm makes. */
export const SHARED_SERVICE = 'cilium-ingress';
/** Annotations and labels with these prefixes are carried over to a dedicated Service. */
const CARRIED = ['lbipam.cilium.io', 'service.beta.kubernetes.io', 'service.kubernetes.io', 'cloud.google.com'];

/** Ingress: dedicated ones get a Service of their own, shared ones a part of the one CiliumEnvoyConfig. */
export function reconcileIngress(api: FakeApi, ref: ObjectRef, settings: OperatorSettings): void {
  const ingress = api.get(INGRESSES, ref);
  if (ingress === undefined || ingress.metadata.deletionTimestamp !== undefined || !isOurs(ingress)) {
    return;
  }
  if (isShared(ingress)) {
    reconcileShared(api, settings);
  } else {
    makeDedicated(api, ingress);
  }
  const service = api.get(SERVICES, serviceOf(ingress, settings));
  const addresses = objectsAt(service, 'status', 'loadBalancer', 'ingress').map(({ ip, hostname }) => ({
    ...(ip === undefined ? {} : { ip }),
    ...(hostname === undefined ? {} : { hostname }),
  }));
  writeStatus(api, INGRESSES, ingress, { loadBalancer: addresses.length > 0 ? { ingress: addresses } : {} });
}

/** The one CiliumEnvoyConfig of all shared Ingresses; gone with the last of them. */
export function reconcileShared(api: FakeApi, settings: OperatorSettings): void {
  if (!api.serves(ENVOY_CONFIGS)) {
    return;
  }
  const ref = { namespace: settings.namespace, name: SHARED_SERVICE };
  const shared = api.list(INGRESSES).filter((ingress) => isOurs(ingress) && isShared(ingress));
  if (shared.length === 0) {
    api.remove(ENVOY_CONFIGS, ref);
    return;
  }
  const services = [{ ...ref, ports: [80, 443] }];
  ensure(api, ENVOY_CONFIGS, envoyConfig(ref, shared.flatMap(listenersOf), services, {}), ['spec']);
}

/** The Service whose status an Ingress takes over. */
export function serviceOf(ingress: KubeObject, settings: OperatorSettings): ObjectRef {
  return isShared(ingress)
    ? { namespace: settings.namespace, name: SHARED_SERVICE }
    : { namespace: String(ingress.metadata.namespace), name: `cilium-ingress-${ingress.metadata.name}` };
}

function isOurs(ingress: KubeObject): boolean {
  return stringAt(ingress, 'spec', 'ingressClassName') === 'cilium';
}

function isShared(ingress: KubeObject): boolean {
  return annotation(ingress, 'loadbalancer-mode') === 'shared';
}

function annotation(ingress: KubeObject, name: string): string {
  return stringMap(ingress.metadata.annotations)[`ingress.cilium.io/${name}`] ?? '';
}

function makeDedicated(api: FakeApi, ingress: KubeObject): void {
  const namespace = String(ingress.metadata.namespace);
  const name = `cilium-ingress-${ingress.metadata.name}`;
  const carried = (map: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(map).filter(([key]) => CARRIED.some((prefix) => key.startsWith(prefix))));
  const metadata = {
    name,
    namespace,
    labels: { 'cilium.io/ingress': 'true', ...carried(stringMap(ingress.metadata.labels)) },
    annotations: carried(stringMap(ingress.metadata.annotations)),
    ownerReferences: [ownerReference(ingress)],
  };
  const live = api.get(SERVICES, { namespace, name });
  ensure(api, SERVICES, { apiVersion: 'v1', kind: 'Service', metadata, spec: serviceSpec(ingress, live) }, ['spec']);
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { ...metadata.labels, 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['192.192.192.192'], conditions: { ready: true } }],
    ports: [{ name: '', port: 9999, protocol: 'TCP' }],
  };
  ensure(api, ENDPOINT_SLICES, slice, ['endpoints', 'ports']);
  if (api.serves(ENVOY_CONFIGS)) {
    const listeners = listenersOf(ingress);
    const ports = [...new Set(listeners.map(({ port }) => port))];
    const ref = { namespace, name: `cilium-ingress-${namespace}-${ingress.metadata.name}` };
    const owner = { ownerReferences: [ownerReference(ingress, { blockOwnerDeletion: true })] };
    ensure(api, ENVOY_CONFIGS, envoyConfig(ref, listeners, [{ name, namespace, ports }], owner), ['spec']);
  }
}

function serviceSpec(ingress: KubeObject, live: KubeObject | undefined): JsonObject {
  const type = annotation(ingress, 'service-type') || 'LoadBalancer';
  const chosen = annotation(ingress, 'loadbalancer-class');
  const kept = live === undefined ? chosen : stringAt(live, 'spec', 'loadBalancerClass');
  return {
    type,
    ipFamilyPolicy: 'PreferDualStack',
    externalTrafficPolicy: annotation(ingress, 'service-external-traffic-policy') || 'Cluster',
    ports: [
      { name: 'http', port: 80, protocol: 'TCP' },
      { name: 'https', port: 443, protocol: 'TCP' },
    ],
    ...(type === 'LoadBalancer' && kept !== '' ? { loadBalancerClass: kept } : {}),
  };
}

function envoyConfig(
  ref: ObjectRef,
  listeners: ListenerModel[],
  services: JsonObject[],
  metadata: JsonObject,
): KubeObject {
  const annotations = { 'cec.cilium.io/use-original-source-address': 'false' };
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumEnvoyConfig',
    metadata: { ...ref, ...metadata, annotations },
    spec: { ...envoySpec(listeners, false), services },
  };
}

function listenersOf(ingress: KubeObject): ListenerModel[] {
  const namespace = String(ingress.metadata.namespace);
  const routes = objectsAt(ingress, 'spec', 'rules').flatMap((rule): RouteModel[] =>
    objectsAt(rule, 'http', 'paths').map((path) => ({
      hostnames: stringAt(rule, 'host') === '' ? [] : [stringAt(rule, 'host')],
      prefix: stringAt(path, 'path') || '/',
      backends: [
        {
          namespace,
          name: stringAt(path, 'backend', 'service', 'name'),
          port: numberAt(path, 'backend', 'service', 'port', 'number'),
        },
      ],
    })),
  );
  const secure = objectsAt(ingress, 'spec', 'tls').flatMap((tls) =>
    listAt(tls, 'hosts').map((host) => ({
      port: 443,
      secure: true,
      hostname: String(host),
      secrets: [`${namespace}-${stringAt(tls, 'secretName')}`],
      routes,
    })),
  );
  return [{ port: 80, secure: false, hostname: '', secrets: [], routes }, ...secure];
}
