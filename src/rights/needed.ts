import { GATEWAY_CRDS } from '../checks/gather-kube.ts';
import { CILIUM_CONFIG } from '../cilium/config-map.ts';
import type { Config } from '../config/config.types.ts';
import type { Permission } from '../kube/access.ts';
import * as kinds from '../kube/resources.ts';

/** What the configuration switches on, as far as it takes rights. The chart's `ccb.features` says the same. */
export interface RightsFeatures {
  readonly writes: boolean;
  readonly taints: boolean;
  readonly managed: boolean;
  readonly cloud: boolean;
  /** Doctor's checks. */
  readonly doctor: boolean;
  readonly ciliumNamespace: string;
  readonly leaseNamespace: string;
  readonly leaseName: string;
}

/** Parts of the program that go, or go without, by themselves. Without `publishing` there is nothing to start for. */
export type Part = keyof typeof PARTS;

/** What each part is called, and what is lost without it. */
export const PARTS = {
  publishing: { title: 'publishing addresses', loss: 'Nothing works without it.' },
  handover: {
    title: 'a quick handover',
    loss: 'Without it another controller takes over some seconds later.',
  },
  redirects: {
    title: 'redirects to Envoy',
    loss: 'Without it entrypoints are served by their NodePort only, which refuses a share of all connections.',
  },
  ingresses: { title: 'Ingresses', loss: 'Without it Ingresses are not served.' },
  cilium: {
    title: "Cilium's state",
    loss: "Without it Cilium's version and settings are assumed, and no node is freed of a taint.",
  },
  pools: { title: 'LB-IPAM pools', loss: 'Without it a pool that takes our addresses away is not named.' },
  taints: { title: 'node taints', loss: 'Without it no taint is removed (taints.enabled: false switches it off).' },
  managed: {
    title: 'managed entrypoints',
    loss: 'Without it none is made or deleted (gateway.managed.enabled: false switches it off).',
  },
  events: {
    title: 'Events',
    loss: 'Without it nobody is told in the cluster, and hold-offs are forgotten at a restart.',
  },
  cloud: {
    title: 'finding the cloud',
    loss: 'Without it the cloud is asked only where cloud.provider and cloud.region name it.',
  },
  checks: {
    title: "doctor's checks",
    loss: 'Without it what they cannot read is unknown (checks.enabled: false switches them off).',
  },
} as const satisfies Readonly<Record<string, { readonly title: string; readonly loss: string }>>;

/** One right that a part needs. */
export interface Need {
  readonly part: Part;
  readonly permission: Permission;
}

/** Where the clouds run their network agents and keep their ConfigMaps. */
const SYSTEM_NAMESPACE = 'kube-system';

/** @param ciliumNamespace where Cilium was found */
export function featuresOf(config: Config, ciliumNamespace: string): RightsFeatures {
  return {
    writes: !config.readOnly,
    taints: config.taints.enabled,
    managed: config.gateway.managed.enabled,
    cloud: config.cloud.provider !== 'none',
    doctor: config.checks.enabled,
    ciliumNamespace,
    leaseNamespace: config.lease.namespace,
    leaseName: config.lease.name,
  };
}

/**
 * Every right that the controller needs. The chart's Roles grant exactly these, for every choice of features: a test
 * compares both. A right that several parts need stands under the first.
 */
export function rightsNeeded(features: RightsFeatures): readonly Need[] {
  const { writes, taints, managed, cloud, doctor, ciliumNamespace, leaseNamespace, leaseName } = features;
  const inCilium = { namespace: ciliumNamespace };
  const inSystem = { namespace: SYSTEM_NAMESPACE };
  const configMap = (name: string): Scope => ({ ...inSystem, name });
  const lease = { namespace: leaseNamespace, name: leaseName };
  const needs = [
    ...can('publishing', ['list', 'watch'], [kinds.SERVICES, kinds.GATEWAYS, kinds.GATEWAY_CLASSES]),
    ...can('publishing', writes ? ['patch'] : [], [kinds.SERVICES]),
    ...can('publishing', writes ? ['patch'] : [], [kinds.SERVICES], { subresource: 'status' }),
    ...can('publishing', ['create'], [kinds.LEASES], { namespace: leaseNamespace }),
    ...can('publishing', ['get', 'patch'], [kinds.LEASES], lease),
    ...can('handover', ['watch'], [kinds.LEASES], lease),
    ...can('redirects', ['list', 'watch'], [kinds.ENVOY_CONFIGS]),
    ...can('redirects', writes ? ['get', 'create', 'patch', 'delete'] : [], [kinds.ENVOY_CONFIGS]),
    ...can('ingresses', ['list', 'watch'], [kinds.INGRESSES]),
    ...can('pools', ['list', 'watch'], [kinds.LB_IP_POOLS]),
    ...can('cilium', ['list', 'watch'], [kinds.PODS, kinds.DAEMON_SETS], inCilium),
    ...can('cilium', ['list', 'watch'], [kinds.CONFIG_MAPS], { ...inCilium, name: CILIUM_CONFIG }),
    ...can('events', ['list', 'create', 'patch'], [kinds.EVENTS]),
  ];
  if (taints) {
    needs.push(
      ...can('taints', ['list', 'watch', ...(writes ? (['patch'] as const) : [])], [kinds.NODES]),
      ...can('taints', ['list', 'watch'], [kinds.DAEMON_SETS], inSystem),
    );
  }
  if (managed && writes) needs.push(...can('managed', ['create', 'delete'], [kinds.SERVICES], inCilium));
  if (cloud) needs.push(...can('cloud', ['list'], [kinds.NODES]));
  if (cloud) needs.push(...can('cloud', ['list'], [kinds.CONFIG_MAPS], configMap('tke-config')));
  if (doctor) needs.push(...checksNeed(features, configMap, lease));
  const known = new Map<string, Need>();
  for (const need of needs) if (!known.has(idOf(need))) known.set(idOf(need), need);
  return [...known.values()];
}

function checksNeed(
  { ciliumNamespace }: RightsFeatures,
  configMap: (name: string) => Scope,
  lease: Scope,
): readonly Need[] {
  return [
    ...can(
      'checks',
      ['list'],
      [
        kinds.NODES,
        kinds.NAMESPACES,
        kinds.PODS,
        kinds.ENDPOINT_SLICES,
        kinds.HTTP_ROUTES,
        kinds.GRPC_ROUTES,
        kinds.TLS_ROUTES,
        kinds.TCP_ROUTES,
        kinds.UDP_ROUTES,
        kinds.CLASS_CONFIGS,
        kinds.POD_IP_POOLS,
        kinds.CILIUM_NODES,
        kinds.NETWORK_POLICIES,
        kinds.CLUSTERWIDE_POLICIES,
        kinds.EGRESS_POLICIES,
        kinds.ENI_CONFIGS,
        kinds.VALIDATING_WEBHOOKS,
        kinds.MUTATING_WEBHOOKS,
      ],
    ),
    ...GATEWAY_CRDS.flatMap((plural) =>
      can('checks', ['list'], [kinds.CUSTOM_RESOURCE_DEFINITIONS], { name: `${plural}.${kinds.GATEWAYS.group}` }),
    ),
    ...can('checks', ['list'], [kinds.DAEMON_SETS], { namespace: SYSTEM_NAMESPACE }),
    ...can('checks', ['list'], [kinds.CONFIG_MAPS], { namespace: ciliumNamespace, name: 'ip-masq-agent' }),
    ...can('checks', ['list'], [kinds.CONFIG_MAPS], configMap('ip-masq-agent-config')),
    ...can('checks', ['list'], [kinds.CONFIG_MAPS], configMap('tke-config')),
    ...can('checks', ['list'], [kinds.LEASES], lease),
  ];
}

type Scope = Pick<Permission, 'namespace' | 'name' | 'subresource'>;

function can(
  part: Part,
  verbs: readonly Permission['verb'][],
  resources: readonly kinds.Resource[],
  scope: Scope = {},
): readonly Need[] {
  return resources.flatMap(({ group, plural }) =>
    verbs.map((verb) => ({ part, permission: { verb, group, resource: plural, ...scope } })),
  );
}

function idOf({ permission }: Need): string {
  const { verb, group, resource, subresource, namespace, name } = permission;
  return [verb, group, resource, subresource, namespace, name].join(' ');
}
