import type { Json, JsonObject } from '../json.ts';
import type { BackendModel, ListenerModel, RouteModel } from './model.ts';

const TYPE = 'type.googleapis.com/';

/** What `spec` of a CiliumEnvoyConfig says beside `services`, as Cilium 1.19.5 translates HTTP and HTTPS listeners. */
export function envoySpec(listeners: readonly ListenerModel[], hostNetwork: boolean): JsonObject {
  const backends = distinctBackends(listeners);
  const backendServices = byService(backends);
  return {
    ...(backendServices.length > 0 ? { backendServices } : {}),
    resources: [listener(listeners, hostNetwork), ...routeConfigurations(listeners), ...backends.map(cluster)],
  };
}

/** The ports of the listeners, each once, in order. */
export function portsOf(listeners: readonly ListenerModel[]): number[] {
  return [...new Set(listeners.map(({ port }) => port))].sort((left, right) => left - right);
}

function listener(listeners: readonly ListenerModel[], hostNetwork: boolean): JsonObject {
  const secure = listeners.filter((candidate) => candidate.secure);
  const filterChains: Json[] = [
    ...(secure.length < listeners.length
      ? [filterChain('listener-insecure', { transportProtocol: 'raw_buffer' })]
      : []),
    ...secure.map(({ hostname, secrets }) => ({
      ...filterChain('listener-secure', {
        ...(hostname === '' ? {} : { serverNames: [hostname] }),
        transportProtocol: 'tls',
      }),
      transportSocket: tlsSocket(secrets),
    })),
  ];
  return {
    '@type': `${TYPE}envoy.config.listener.v3.Listener`,
    ...(hostNetwork ? hostAddresses(portsOf(listeners)) : {}),
    filterChains,
    listenerFilters: [
      {
        name: 'envoy.filters.listener.tls_inspector',
        typedConfig: { '@type': `${TYPE}envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector` },
      },
    ],
    name: 'listener',
    socketOptions: [
      { description: 'Enable TCP keep-alive (default to enabled)', intValue: '1', level: '1', name: '9' },
      { description: 'TCP keep-alive idle time (in seconds) (defaults to 10s)', intValue: '10', level: '6', name: '4' },
    ],
  };
}

function hostAddresses(ports: readonly number[]): JsonObject {
  const [first, ...others] = ports.map((portValue) => ({ socketAddress: { address: '0.0.0.0', portValue } }));
  const additional = others.map((address) => ({ address }));
  return {
    ...(first === undefined ? {} : { address: first }),
    ...(additional.length > 0 ? { additionalAddresses: additional } : {}),
  };
}

function filterChain(routeConfigName: string, filterChainMatch: JsonObject): JsonObject {
  return {
    filterChainMatch,
    filters: [
      {
        name: 'envoy.filters.network.http_connection_manager',
        typedConfig: {
          '@type': `${TYPE}envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
          rds: { routeConfigName },
          statPrefix: routeConfigName,
          streamIdleTimeout: '300s',
          upgradeConfigs: [{ upgradeType: 'websocket' }],
          useRemoteAddress: true,
        },
      },
    ],
  };
}

function tlsSocket(secrets: readonly string[]): JsonObject {
  return {
    name: 'envoy.transport_sockets.tls',
    typedConfig: {
      '@type': `${TYPE}envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext`,
      commonTlsContext: { tlsCertificateSdsSecretConfigs: secrets.map((name) => ({ name: `cilium-secrets/${name}` })) },
    },
  };
}

function routeConfigurations(listeners: readonly ListenerModel[]): Json[] {
  return [false, true].flatMap((secure): Json[] => {
    const ofKind = listeners.filter((candidate) => candidate.secure === secure);
    if (ofKind.length === 0) {
      return [];
    }
    const hosts = virtualHosts(ofKind);
    return [
      {
        '@type': `${TYPE}envoy.config.route.v3.RouteConfiguration`,
        name: secure ? 'listener-secure' : 'listener-insecure',
        ...(hosts.length > 0 ? { virtualHosts: hosts } : {}),
      },
    ];
  });
}

function virtualHosts(listeners: readonly ListenerModel[]): Json[] {
  const byHost = new Map<string, Map<string, RouteModel>>();
  for (const { hostname, routes } of listeners) {
    for (const route of routes) {
      const own = hostname === '' ? ['*'] : [hostname];
      for (const host of route.hostnames.length > 0 ? route.hostnames : own) {
        const known = byHost.get(host) ?? new Map<string, RouteModel>();
        byHost.set(host, known.set(JSON.stringify(route), route));
      }
    }
  }
  return [...byHost.entries()]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([host, routes]) => ({
      domains: host === '*' ? ['*'] : [host, `${host}:*`],
      name: host,
      routes: [...routes.values()].map(envoyRoute),
    }));
}

function envoyRoute({ prefix, backends }: RouteModel): JsonObject {
  const [only] = backends;
  const weighted = {
    weightedClusters: { clusters: backends.map((backend) => ({ name: clusterName(backend), weight: 1 })) },
  };
  const action = only !== undefined && backends.length === 1 ? { cluster: clusterName(only) } : weighted;
  return { match: { prefix }, route: { ...action, maxStreamDuration: { maxStreamDuration: '0s' } } };
}

function distinctBackends(listeners: readonly ListenerModel[]): BackendModel[] {
  const all = listeners.flatMap(({ routes }) => routes.flatMap(({ backends }) => backends));
  return [...new Map(all.map((backend) => [clusterName(backend), backend])).values()];
}

function clusterName({ namespace, name, port }: BackendModel): string {
  return `${namespace}:${name}:${port}`;
}

function cluster(backend: BackendModel): JsonObject {
  return {
    '@type': `${TYPE}envoy.config.cluster.v3.Cluster`,
    edsClusterConfig: { serviceName: `${backend.namespace}/${backend.name}:${backend.port}` },
    name: clusterName(backend),
    outlierDetection: { splitExternalLocalOriginErrors: true },
    type: 'EDS',
  };
}

function byService(backends: readonly BackendModel[]): Json[] {
  const services = new Map<string, { name: string; namespace: string; number: string[] }>();
  for (const { namespace, name, port } of backends) {
    const key = `${namespace}/${name}`;
    const service = services.get(key) ?? { name, namespace, number: [] };
    service.number.push(String(port));
    services.set(key, service);
  }
  return [...services.values()];
}
