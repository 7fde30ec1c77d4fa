import { findNamespace, trimCiliumDaemonSet, trimCiliumPod } from '../cilium/agents.ts';
import { CILIUM_CONFIG } from '../cilium/config-map.ts';
import { readSettings } from '../cilium/settings.ts';
import type { Config } from '../config/config.types.ts';
import { trimEnvoyConfig } from '../gateway/models/envoy-config.ts';
import { trimIngress, trimPool } from '../gateway/models/gateway.ts';
import type { Resource } from '../kube/resources.ts';
import * as kinds from '../kube/resources.ts';
import type { RawObject } from '../kube/types.ts';
import { podScopes, sliceScopes } from './behind-services.ts';
import { routesOf } from './facts/routes.ts';
import {
  type ConfigMapModel,
  trimCiliumNode,
  trimConfigMap,
  trimCrd,
  trimDoctorDaemonSet,
  trimEvent,
  trimLease,
  trimPodPool,
  trimSpec,
  trimWebhook,
} from './models/cluster.ts';
import { trimDoctorGateway, trimDoctorGatewayClass, trimRoute } from './models/gateway.ts';
import { trimDoctorNode } from './models/node.ts';
import { trimDoctorPod } from './models/pod.ts';
import { trimDoctorService, trimSlice } from './models/service.ts';
import type { ObjectScope, ObjectSource } from './object-source.ts';
import type { KubeWorld, Reading } from './world.types.ts';

/** Where the clouds run their own Pods and keep their ConfigMaps. */
const SYSTEM_NAMESPACE = 'kube-system';

/** Label `k8s-app` of agents and Envoys. */
const CILIUM_PODS: readonly string[] = ['cilium', 'cilium-envoy'];

/** CRDs of which Cilium's operator needs some when it starts (cilium.md §8). */
export const GATEWAY_CRDS = [
  'gatewayclasses',
  'gateways',
  'httproutes',
  'grpcroutes',
  'referencegrants',
  'tlsroutes',
  'backendtlspolicies',
];

/**
 * Reads everything that checks look at, each kind for itself: one that cannot be read does not stop the others.
 * @throws KubeError when the cluster cannot be asked at all; the signal's reason
 */
export async function gatherKube(
  source: ObjectSource,
  config: Pick<Config, 'cilium' | 'lease'>,
  signal: AbortSignal,
): Promise<KubeWorld> {
  const ciliumNamespace = config.cilium.namespace ?? (await findCilium(source, signal));
  const list = async <T>(
    resource: Resource,
    trim: (raw: RawObject) => T,
    scope: ObjectScope = {},
  ): Promise<Reading<T>> => await source.list(resource, trim, scope, signal);
  const each = async <T>(
    resource: Resource,
    trim: (raw: RawObject) => T,
    scopes: readonly ObjectScope[],
  ): Promise<Reading<T>> => join(await Promise.all(scopes.map((scope) => list(resource, trim, scope))));
  /** By the first version that the API server serves. */
  const listServed = async <T>(
    resource: Resource,
    versions: readonly string[],
    trim: (raw: RawObject) => T,
  ): Promise<Reading<T>> => {
    const [first = resource.version, ...others] = versions;
    let found = await list({ ...resource, version: first }, trim);
    for (const version of others) {
      if (!found.served) found = await list({ ...resource, version }, trim);
    }
    return found;
  };

  const inSystem = [...new Set([ciliumNamespace, SYSTEM_NAMESPACE])];
  const system = inSystem.map((namespace) => ({ namespace }));
  const configMap = async (namespace: string, name: string): Promise<Reading<ConfigMapModel>> =>
    await list(kinds.CONFIG_MAPS, trimConfigMap, { namespace, name });
  const reads = await settleAll({
    nodes: list(kinds.NODES, trimDoctorNode),
    daemonSets: each(kinds.DAEMON_SETS, trimDoctorDaemonSet, system),
    services: list(kinds.SERVICES, trimDoctorService),
    gateways: list(kinds.GATEWAYS, trimDoctorGateway),
    gatewayClasses: list(kinds.GATEWAY_CLASSES, trimDoctorGatewayClass),
    classConfigs: list(kinds.CLASS_CONFIGS, trimSpec),
    httpRoutes: list(kinds.HTTP_ROUTES, trimRoute),
    grpcRoutes: list(kinds.GRPC_ROUTES, trimRoute),
    tlsRoutes: listServed(kinds.TLS_ROUTES, ['v1', 'v1alpha3', 'v1alpha2'], trimRoute),
    tcpRoutes: listServed(kinds.TCP_ROUTES, ['v1', 'v1alpha2'], trimRoute),
    udpRoutes: listServed(kinds.UDP_ROUTES, ['v1', 'v1alpha2'], trimRoute),
    ingresses: list(kinds.INGRESSES, trimIngress),
    namespaces: list(kinds.NAMESPACES, trimSpec),
    // `v2` since Cilium 1.18, `v2alpha1` before.
    lbPools: listServed(kinds.LB_IP_POOLS, ['v2', 'v2alpha1'], trimPool),
    podPools: list(kinds.POD_IP_POOLS, trimPodPool),
    envoyConfigs: list(kinds.ENVOY_CONFIGS, trimEnvoyConfig),
    ciliumNodes: list(kinds.CILIUM_NODES, trimCiliumNode),
    networkPolicies: list(kinds.NETWORK_POLICIES, trimSpec),
    clusterwidePolicies: list(kinds.CLUSTERWIDE_POLICIES, trimSpec),
    egressPolicies: list(kinds.EGRESS_POLICIES, trimSpec),
    eniConfigs: list(kinds.ENI_CONFIGS, trimSpec),
    // One by one: a cluster has hundreds of them, each of up to a megabyte.
    crds: each(
      kinds.CUSTOM_RESOURCE_DEFINITIONS,
      trimCrd,
      GATEWAY_CRDS.map((plural) => ({ name: `${plural}.${kinds.GATEWAYS.group}` })),
    ),
    validatingWebhooks: list(kinds.VALIDATING_WEBHOOKS, trimWebhook),
    mutatingWebhooks: list(kinds.MUTATING_WEBHOOKS, trimWebhook),
    events: list(kinds.EVENTS, trimEvent, { about: 'Service' }),
    ciliumConfig: configMap(ciliumNamespace, CILIUM_CONFIG),
    masqConfig: configMap(ciliumNamespace, 'ip-masq-agent'),
    tkeMasqConfig: configMap(SYSTEM_NAMESPACE, 'ip-masq-agent-config'),
    tkeConfig: configMap(SYSTEM_NAMESPACE, 'tke-config'),
    leases: list(kinds.LEASES, trimLease, { namespace: config.lease.namespace, name: config.lease.name }),
  });
  const routed = routesOf(reads).flatMap(({ backends }) => backends);
  const hooks = [...reads.validatingWebhooks.items, ...reads.mutatingWebhooks.items].flatMap((one) => one.hooks);
  const balanced = reads.services.items
    .filter(({ meta, type }) => type === 'LoadBalancer' && meta.namespace === ciliumNamespace)
    .map(({ meta }) => meta);
  const webhooks = hooks.flatMap(({ service }) => service ?? []);
  const behind = await settleAll({
    slices: each(kinds.ENDPOINT_SLICES, trimSlice, sliceScopes([...routed, ...balanced])),
    pods: each(kinds.PODS, trimDoctorPod, [
      { namespace: ciliumNamespace, labels: { 'k8s-app': CILIUM_PODS } },
      { namespace: ciliumNamespace, labels: { 'io.cilium/app': 'operator' } },
      ...podScopes([...routed, ...balanced, ...webhooks], reads.services.items).filter(
        ({ namespace, labels }) => namespace !== ciliumNamespace || !CILIUM_PODS.includes(String(labels?.['k8s-app'])),
      ),
    ]),
  });
  const podsByName = new Map(behind.pods.items.map((pod) => [`${pod.meta.namespace}/${pod.meta.name}`, pod]));
  const ciliumData = reads.ciliumConfig.items[0]?.data;
  return {
    ...reads,
    slices: behind.slices,
    pods: { ...behind.pods, items: [...podsByName.values()] },
    ciliumNamespace,
    settings: ciliumData === undefined ? undefined : readSettings(ciliumData),
  };
}

async function findCilium(source: ObjectSource, signal: AbortSignal): Promise<string> {
  const labels = { 'k8s-app': 'cilium' };
  const daemonSets = await source.list(kinds.DAEMON_SETS, trimCiliumDaemonSet, { labels }, signal);
  // Agents are as many as nodes.
  const agents =
    daemonSets.items.length > 0 ? [] : (await source.list(kinds.PODS, trimCiliumPod, { labels }, signal)).items;
  return findNamespace(agents, daemonSets.items);
}

/** Several parts of one kind as one reading: complete when all of them are. */
function join<T>(parts: readonly Reading<T>[]): Reading<T> {
  const bad = parts.find(({ complete }) => !complete);
  const items = parts.flatMap((part) => part.items);
  return bad === undefined ? { items, complete: true, served: true, why: '', mend: '' } : { ...bad, items };
}

/** Waits for all of them, so that none is left under way when one throws. */
async function settleAll<T extends Record<string, Promise<unknown>>>(
  promises: T,
): Promise<{ readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(Object.values(promises));
  const entries = await Promise.all(Object.entries(promises).map(async ([key, one]) => [key, await one] as const));
  return Object.fromEntries(entries) as { readonly [K in keyof T]: Awaited<T[K]> };
}
