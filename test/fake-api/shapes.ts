/**
 * What the server must know of a field beyond its JSON: how field ownership and strategic merge treat it, and the
 * defaults of custom resources. Everything that isn't described is a granular map or an atomic list, as in a CRD
 * without list types.
 */
export interface Shape {
  readonly fields?: Readonly<Record<string, Shape>>;
  /** Of a map with free keys, or of a list's items. */
  readonly items?: Shape;
  /** A list whose items are told apart by these members (`listType=map`). */
  readonly keys?: readonly string[];
  /** Values that a key takes when an item does not name it. */
  readonly keyDefaults?: Readonly<Record<string, string>>;
  /** A list of distinct scalars (`listType=set`). */
  readonly set?: true;
  /** Owned as one value (`mapType=atomic`). */
  readonly atomic?: true;
  /** `patchMergeKey` of strategic merge; without it a list is replaced. */
  readonly mergeKey?: string;
  /** Lists of scalars that strategic merge adds to. */
  readonly mergeSet?: true;
}

const CONDITIONS: Shape = { keys: ['type'], mergeKey: 'type' };
const LABEL_SELECTOR: Shape = { atomic: true };

const METADATA: Shape = {
  fields: {
    ownerReferences: { keys: ['uid'], mergeKey: 'uid' },
    finalizers: { set: true, mergeSet: true },
  },
};

const CONTAINERS: Shape = {
  keys: ['name'],
  mergeKey: 'name',
  items: {
    fields: {
      env: { keys: ['name'], mergeKey: 'name' },
      ports: { keys: ['containerPort', 'protocol'], keyDefaults: { protocol: 'TCP' }, mergeKey: 'containerPort' },
      volumeMounts: { keys: ['mountPath'], mergeKey: 'mountPath' },
    },
  },
};

const POD_SPEC: Shape = {
  fields: {
    containers: CONTAINERS,
    initContainers: CONTAINERS,
    volumes: { keys: ['name'], mergeKey: 'name' },
    nodeSelector: { atomic: true },
  },
};

const WORKLOAD: Shape = {
  fields: {
    metadata: METADATA,
    spec: {
      fields: { selector: LABEL_SELECTOR, template: { fields: { metadata: METADATA, spec: POD_SPEC } } },
    },
    status: { fields: { conditions: CONDITIONS } },
  },
};

const INGRESS_BACKEND: Shape = { fields: { service: { fields: { port: { atomic: true } } } } };

/** Shapes by `<plural>.<group>` (core: `<plural>`). */
export const SHAPES: Readonly<Record<string, Shape>> = {
  services: {
    fields: {
      metadata: METADATA,
      spec: {
        fields: {
          ports: { keys: ['port', 'protocol'], keyDefaults: { protocol: 'TCP' }, mergeKey: 'port' },
          selector: { atomic: true },
        },
      },
      status: { fields: { conditions: CONDITIONS } },
    },
  },
  pods: {
    fields: {
      metadata: METADATA,
      spec: POD_SPEC,
      status: {
        fields: {
          conditions: CONDITIONS,
          podIPs: { keys: ['ip'], mergeKey: 'ip' },
          hostIPs: { atomic: true, mergeKey: 'ip' },
        },
      },
    },
  },
  nodes: {
    fields: {
      metadata: METADATA,
      spec: { fields: { podCIDRs: { set: true, mergeSet: true } } },
      status: { fields: { conditions: CONDITIONS, addresses: { keys: ['type'], mergeKey: 'type' } } },
    },
  },
  events: { fields: { metadata: METADATA, involvedObject: { atomic: true } } },
  'ingresses.networking.k8s.io': {
    fields: {
      metadata: METADATA,
      spec: { fields: { defaultBackend: INGRESS_BACKEND } },
    },
  },
  namespaces: { fields: { metadata: METADATA, status: { fields: { conditions: CONDITIONS } } } },
  'daemonsets.apps': WORKLOAD,
  'deployments.apps': WORKLOAD,
  'gateways.gateway.networking.k8s.io': {
    fields: {
      metadata: METADATA,
      spec: { fields: { listeners: { keys: ['name'] } } },
      status: {
        fields: {
          conditions: CONDITIONS,
          listeners: { keys: ['name'], items: { fields: { conditions: CONDITIONS } } },
        },
      },
    },
  },
  'gatewayclasses.gateway.networking.k8s.io': {
    fields: { metadata: METADATA, status: { fields: { conditions: CONDITIONS } } },
  },
  'ciliumloadbalancerippools.cilium.io': {
    fields: { metadata: METADATA, status: { fields: { conditions: CONDITIONS } } },
  },
};

/** The shape of kinds that have none of their own. */
export const PLAIN: Shape = { fields: { metadata: METADATA } };
