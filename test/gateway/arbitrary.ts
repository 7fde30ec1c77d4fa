import fc from 'fast-check';
import { managedName } from '../../src/gateway/managed.ts';
import type { GatewayMemory } from '../../src/gateway/observe.ts';
import type { RawObject } from '../../src/kube/types.ts';
import {
  agent,
  ciliumConfig,
  entrypoint,
  gateway,
  gatewayService,
  ingress,
  ingressService,
  ONCE,
  OURS,
  ours,
  pool,
  sharedIngressService,
} from './build.ts';
import type { Given } from './planning.ts';

/** A cluster with everything that a plan can depend on, well formed, and a configuration for it. */
export interface Situation {
  readonly objects: readonly RawObject[];
  readonly given: Given & { readonly memory: Partial<GatewayMemory> };
}

const NAMES: readonly string[] = ['web', 'api', 'shop'];
const IPS = ['122.9.70.186', '192.168.0.133', '1.1.1.1', '2001:db8::1'] as const;
const MANAGERS = [OURS, ONCE, 'kubectl', 'argocd'] as const;

const some = <T>(values: readonly T[]) => fc.constantFrom(...values);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const created = some(['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z']);
const entry = fc.oneof(
  fc.record({ ip: some(IPS), ipMode: some(['VIP', 'Proxy']) }),
  fc.record({ ip: some(IPS) }),
  fc.record({ hostname: some(['a.example.com', 'b.example.com']) }),
);
const entries = fc.array(entry, { maxLength: 3 });
const writtenBy = fc.subarray([...MANAGERS], { maxLength: 2 });
const paused = maybe(some(['true', 'false', 'perhaps']));
const exposure = maybe(some(['auto', 'redirect', 'node-port', 'pod-ip', 'host-network', 'fast']));

/** Annotations of which some may be missing. */
function annotations(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return ours(
    Object.fromEntries(Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))),
  );
}

const gatewayArbitrary = (name: string) =>
  fc
    .record({
      created,
      paused,
      exposure,
      deleting: fc.boolean().map((value) => value && name === 'shop'),
      entrypoint: maybe(some(['managed', 'manged'])),
      retain: maybe(some(['true', 'whatever'])),
      nodePorts: maybe(some(name === 'web' ? ['80=30080', 'x'] : ['x'])),
      insistsOn: fc.subarray([...IPS], { maxLength: 1 }),
      className: some(['cilium', 'cilium', 'istio']),
      type: some(['LoadBalancer', 'LoadBalancer', 'LoadBalancer', 'NodePort', 'ClusterIP']),
      ports: fc.subarray([80, 443, 8080], { minLength: 1 }),
      without: fc.boolean(),
      ingress: entries,
      writtenBy,
      ownClass: fc.boolean(),
      present: fc.boolean(),
    })
    .map((one) => {
      const uid = `uid-Gateway-default-${name}`;
      const given = annotations({
        paused: one.paused,
        exposure: one.exposure,
        entrypoint: one.entrypoint,
        retain: one.retain,
        'entrypoint-node-ports': one.nodePorts,
      });
      const base = NAMES.indexOf(name) * 1_000;
      const ports = one.ports.map((port, index) =>
        one.without && index === 0 ? { port } : { port, nodePort: 31_000 + base + index },
      );
      const owned = gatewayService(name, {
        type: one.type,
        ports,
        ...(one.type === 'LoadBalancer' ? { ingress: one.ingress, writtenBy: one.writtenBy } : {}),
        spec: {
          ...(one.ownClass ? { loadBalancerClass: 'cilium-cloud-bridge.io/entrypoint' } : {}),
          ...(one.without ? { allocateLoadBalancerNodePorts: false } : {}),
        },
      });
      const { className, insistsOn, deleting } = one;
      const owner = gateway(name, {
        uid,
        className,
        insistsOn,
        deleting,
        created: one.created,
        ports: one.ports,
        annotations: given,
      });
      return one.present ? [owner, owned] : [owner];
    });

const entrypointArbitrary = fc
  .record({
    name: some(['a', 'b', 'c', ...NAMES.map((name) => managedName('default', name))]),
    namespace: some(['kube-system', 'kube-system', 'default', 'evil']),
    serves: some([null, 'default/web', 'default/api', 'default/shop', 'default/nobody', 'nonsense']),
    ingressOf: maybe(some(['default/shop', 'shared'])),
    managed: fc.boolean(),
    created,
    paused,
    exposure,
    publish: maybe(some(['all', 'public', 'private', 'none'])),
    ports: fc.uniqueArray(some([80, 443, 8080, 8443]), { minLength: 1 }),
    target: some([1, 31_000, 31_001, 32_000, 'http']),
    portMap: maybe(some(['8443=443', '8080=80', 'x=y'])),
    ingress: entries,
    elb: maybe(some(['elb-1', 'elb-2'])),
    cilium: maybe(some(['NodePort', 'ClusterIP'])),
    selector: some([{ 'k8s-app': 'cilium' }, { app: 'other' }]),
    deleting: fc.integer({ max: 9, min: 0 }).map((value) => value === 0),
  })
  .map((one) => {
    const given = annotations({
      paused: one.paused,
      exposure: one.exposure,
      publish: one.publish,
      ports: one.portMap,
      ingress: one.ingressOf,
    });
    return entrypoint(one.name, {
      namespace: one.namespace,
      serves: one.serves,
      created: one.created,
      ports: one.ports.map((port) => ({ port, targetPort: one.target })),
      ingress: one.ingress,
      selector: one.selector,
      deleting: one.deleting,
      ...(one.managed ? { labels: ours({ managed: 'true' }) } : {}),
      annotations: {
        ...given,
        ...(one.elb === undefined ? {} : { 'kubernetes.io/elb.id': one.elb }),
        ...(one.cilium === undefined ? {} : { 'service.cilium.io/type': one.cilium }),
      },
    });
  });

const config = fc.record({
  adopt: some(['annotated', 'auto', ['kube-system/a=default/web', 'kube-system/b=default/api']]),
  publish: some(['all', 'public', 'private']),
  exposure: some(['auto', 'node-port', 'pod-ip']),
  pinNodePorts: fc.boolean(),
  addresses: some([{}, { 'default/web': ['192.168.0.133'] }]),
  managed: some([
    {},
    { enabled: true, allowedNamespaces: ['*'], allowNodePorts: true },
    {
      enabled: true,
      allowedNamespaces: ['*'],
      annotations: { 'kubernetes.io/elb.class': 'union', 'example.com/x': 'y' },
      maxRemovalsPerPass: 2,
    },
  ]),
});

function refOf(object: RawObject): string {
  const { namespace = '', name } = object.metadata as { namespace?: string; name: string };
  return `${String(object.kind)} ${namespace}/${name}`;
}

/** Whole clusters: Gateways, Ingresses, entrypoints, settings. */
export const situation: fc.Arbitrary<Situation> = fc
  .record({
    gateways: fc.tuple(...NAMES.map(gatewayArbitrary)),
    entrypoints: fc.array(entrypointArbitrary, { maxLength: 5 }),
    withIngress: fc.boolean(),
    withPool: fc.integer({ min: 0, max: 9 }),
    version: some(['1.16.3', '1.17.1', '1.18.0', '1.18.1', '1.19.5', 'latest']),
    hostNetwork: fc.integer({ min: 0, max: 5 }),
    config,
    ipModeStored: some(['yes', 'yes', 'no', 'unknown', 'unasked'] as const),
    waited: some([0, 3_600_000]),
    follow: fc.boolean(),
  })
  .map((one) => {
    const all = [
      ...one.gateways.flat(),
      ...one.entrypoints,
      ...(one.withIngress ? [ingress(), ingressService(), sharedIngressService()] : []),
      ...(one.withPool === 0 ? [pool()] : []),
      agent(one.version),
      ciliumConfig(one.hostNetwork === 0 ? { 'gateway-api-hostnetwork-enabled': 'true' } : {}),
    ];
    const objects = [...new Map(all.map((object) => [refOf(object), object])).values()];
    const uids = objects.map((object) => (object.metadata as { uid: string }).uid);
    const memory = { ipModeStored: one.ipModeStored, unwantedForMs: new Map(uids.map((uid) => [uid, one.waited])) };
    return { objects, given: { config: one.config, follow: one.follow, memory } };
  });
