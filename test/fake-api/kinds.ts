import {
  CONFIG_MAPS,
  DAEMON_SETS,
  ENVOY_CONFIGS,
  EVENTS,
  GATEWAY_CLASSES,
  GATEWAYS,
  INGRESSES,
  LB_IP_POOLS,
  LEASES,
  NODES,
  PODS,
  type Resource,
  SERVICES,
} from '../../src/kube/resources.ts';
import { at, isObject, type JsonObject, objectsAt, stringAt } from './json.ts';
import { PLAIN, SHAPES, type Shape } from './shapes.ts';

/** A kind that the server can serve. */
export interface Kind extends Resource {
  readonly singular: string;
  readonly shortNames: readonly string[];
  /** Whether it comes from a CRD. Custom resources: no strategic merge, no unconditional PUT. */
  readonly custom: boolean;
  /** Whether `/status` is a subresource that writes of the object itself leave alone. */
  readonly statusSubresource: boolean;
  /** Whether `metadata.generation` counts changes of the spec. */
  readonly generation: boolean;
  /** Whether a PUT without resourceVersion is taken. */
  readonly unconditionalUpdate: boolean;
  /** Fields that a field selector may name besides metadata.name and metadata.namespace. */
  readonly selectableFields: readonly string[];
  readonly shape: Shape;
  /** Members that an empty object of this kind already has, so that nobody owns them. */
  readonly blank: JsonObject;
}

export const NAMESPACES: Resource = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
};
const ENDPOINTS: Resource = {
  group: '',
  version: 'v1',
  plural: 'endpoints',
  kind: 'Endpoints',
  namespaced: true,
};
export const ENDPOINT_SLICES: Resource = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
};
const DEPLOYMENTS: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
};
export const CRDS: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};
export const HTTP_ROUTES: Resource = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  plural: 'httproutes',
  kind: 'HTTPRoute',
  namespaced: true,
};
export const GATEWAY_CLASS_CONFIGS: Resource = {
  group: 'cilium.io',
  version: 'v2alpha1',
  plural: 'ciliumgatewayclassconfigs',
  kind: 'CiliumGatewayClassConfig',
  namespaced: true,
};

interface Traits {
  readonly shortNames?: readonly string[];
  readonly status?: boolean;
  readonly generation?: boolean;
  readonly unconditional?: boolean;
  readonly fields?: readonly string[];
  readonly blank?: JsonObject;
}

function builtIn(resource: Resource, traits: Traits = {}): Kind {
  return {
    ...resource,
    singular: resource.kind.toLowerCase(),
    shortNames: traits.shortNames ?? [],
    custom: false,
    statusSubresource: traits.status ?? false,
    generation: traits.generation ?? false,
    unconditionalUpdate: traits.unconditional ?? true,
    selectableFields: traits.fields ?? [],
    shape: SHAPES[kindKey(resource)] ?? PLAIN,
    blank: traits.blank ?? {},
  };
}

function custom(resource: Resource, shortNames: readonly string[], status: boolean): Kind {
  return {
    ...resource,
    singular: resource.kind.toLowerCase(),
    shortNames,
    custom: true,
    statusSubresource: status,
    generation: true,
    unconditionalUpdate: false,
    selectableFields: [],
    shape: SHAPES[kindKey(resource)] ?? PLAIN,
    blank: {},
  };
}

/** `services`, `gateways.gateway.networking.k8s.io`: the name of a kind's CRD, and its key everywhere here. */
export function kindKey(resource: Resource): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

const EVENT_FIELDS = [
  'involvedObject.kind',
  'involvedObject.namespace',
  'involvedObject.name',
  'involvedObject.uid',
  'involvedObject.apiVersion',
  'involvedObject.resourceVersion',
  'involvedObject.fieldPath',
  'reason',
  'reportingComponent',
  'source',
  'type',
];
const POD_FIELDS = [
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'spec.hostNetwork',
  'status.phase',
  'status.podIP',
  'status.nominatedNodeName',
];

export const BUILT_IN_KINDS: readonly Kind[] = [
  builtIn(NAMESPACES, {
    shortNames: ['ns'],
    status: true,
    fields: ['status.phase'],
    blank: { spec: {}, status: {} },
  }),
  builtIn(NODES, {
    shortNames: ['no'],
    status: true,
    fields: ['spec.unschedulable'],
    blank: { spec: {}, status: { daemonEndpoints: { kubeletEndpoint: { Port: 0 } }, nodeInfo: {} } },
  }),
  builtIn(PODS, { shortNames: ['po'], status: true, fields: POD_FIELDS, blank: { spec: {}, status: {} } }),
  builtIn(SERVICES, {
    shortNames: ['svc'],
    status: true,
    fields: ['spec.clusterIP', 'spec.type'],
    blank: { spec: {}, status: { loadBalancer: {} } },
  }),
  builtIn(ENDPOINTS, { shortNames: ['ep'] }),
  builtIn(CONFIG_MAPS, { shortNames: ['cm'] }),
  builtIn(EVENTS, { shortNames: ['ev'], fields: EVENT_FIELDS, blank: { involvedObject: {}, source: {} } }),
  builtIn(DAEMON_SETS, { shortNames: ['ds'], status: true, generation: true, blank: { spec: {}, status: {} } }),
  builtIn(DEPLOYMENTS, { shortNames: ['deploy'], status: true, generation: true, blank: { spec: {}, status: {} } }),
  builtIn(LEASES, { unconditional: false, blank: { spec: {} } }),
  builtIn(INGRESSES, {
    shortNames: ['ing'],
    status: true,
    generation: true,
    blank: { spec: {}, status: { loadBalancer: {} } },
  }),
  builtIn(ENDPOINT_SLICES, { generation: true }),
  builtIn(CRDS, {
    shortNames: ['crd', 'crds'],
    status: true,
    generation: true,
    unconditional: false,
    blank: { spec: {}, status: {} },
  }),
];

/** Kinds whose CRD is installed at the start, unless a test says otherwise. */
export const CUSTOM_KINDS: readonly Kind[] = [
  custom(GATEWAY_CLASSES, ['gc'], true),
  custom(GATEWAYS, ['gtw'], true),
  custom(HTTP_ROUTES, [], true),
  custom(ENVOY_CONFIGS, ['cec'], false),
  custom(LB_IP_POOLS, ['ippools', 'ippool', 'lbippool', 'lbippools'], true),
  custom(GATEWAY_CLASS_CONFIGS, ['cgcc'], true),
];

/** The kind that a CRD object defines: a known one, or a plain one made from the CRD's names. */
export function kindOfCrd(crd: JsonObject): Kind | undefined {
  const versions = objectsAt(crd, 'spec', 'versions').filter((version) => version.served !== false);
  const version = versions.find((candidate) => candidate.storage === true) ?? versions[0];
  const resource: Resource = {
    group: stringAt(crd, 'spec', 'group'),
    version: stringAt(version, 'name'),
    plural: stringAt(crd, 'spec', 'names', 'plural'),
    kind: stringAt(crd, 'spec', 'names', 'kind'),
    namespaced: stringAt(crd, 'spec', 'scope') !== 'Cluster',
  };
  if (version === undefined || resource.plural === '' || resource.kind === '' || resource.group === '') {
    return undefined;
  }
  const known = CUSTOM_KINDS.find((kind) => kindKey(kind) === kindKey(resource) && kind.version === resource.version);
  return known ?? custom(resource, [], isObject(at(version, 'subresources', 'status')));
}

/** A minimal CRD object for a kind, as far as anybody reads it. */
export function crdOf(kind: Kind): JsonObject {
  const scope = kind.namespaced ? 'Namespaced' : 'Cluster';
  const subresources = kind.statusSubresource ? { subresources: { status: {} } } : {};
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: kindKey(kind) },
    spec: {
      group: kind.group,
      names: {
        plural: kind.plural,
        singular: kind.singular,
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        shortNames: [...kind.shortNames],
      },
      scope,
      versions: [{ name: kind.version, served: true, storage: true, schema, ...subresources }],
    },
  };
}
