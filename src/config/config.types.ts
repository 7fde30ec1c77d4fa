/** How traffic reaches Envoy; `auto` lets the program choose. */
export type ExposureChoice = 'auto' | 'redirect' | 'node-port' | 'pod-ip' | 'host-network';

/** Which of an entrypoint's addresses are published. */
export type AddressChoice = 'all' | 'public' | 'private';

/** An object written `namespace/name`. */
export interface NamespacedName {
  readonly namespace: string;
  readonly name: string;
}

/** Which Services without our annotation may be taken as entrypoints. */
export type AdoptChoice =
  | { readonly mode: 'annotated' }
  | { readonly mode: 'auto' }
  | {
      readonly mode: 'list';
      readonly pairs: readonly { readonly entrypoint: NamespacedName; readonly gateway: NamespacedName }[];
    };

export interface ManagedConfig {
  readonly enabled: boolean;
  /** Namespaces whose Gateways may ask for a managed entrypoint; `*` stands for all. */
  readonly allowedNamespaces: readonly string[];
  /** Annotation keys that a Gateway author may set; a trailing `*` matches a prefix. */
  readonly allowedAnnotations: readonly string[];
  /** ELB / CLB ids that a Gateway author may name. */
  readonly allowedLoadBalancerIds: readonly string[];
  /** Whether a Gateway author may fix the entrypoint's nodePorts. */
  readonly allowNodePorts: boolean;
  /** Annotations of every managed entrypoint. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>>;
  /** How long a Gateway must be gone before its entrypoint is deleted, milliseconds. */
  readonly removeAfterMs: number;
  readonly maxRemovalsPerPass: number;
}

export interface GatewayConfig {
  readonly adopt: AdoptChoice;
  readonly exposure: ExposureChoice;
  readonly publish: AddressChoice;
  /** Namespaces, besides Cilium's and the Gateway's own, in which an entrypoint counts. */
  readonly entrypointNamespaces: readonly string[];
  /** Addresses given by the user, used where no entrypoint gives one. Key: `namespace/name` of the Gateway. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  readonly pinNodePorts: boolean;
  /** Our own class: a Gateway Service that has it is ours alone. */
  readonly loadBalancerClass: string;
  readonly managed: ManagedConfig;
}

/** Which taints may be removed: those with this key and, where they are given, this value and effect. */
export interface TaintRule {
  readonly key: string;
  /** Undefined: any; empty: only a taint without a value. */
  readonly value: string | undefined;
  /** `NoSchedule`, `PreferNoSchedule`, `NoExecute`; undefined: any. */
  readonly effect: string | undefined;
}

/** The network of a managed cluster, as far as taints are concerned. */
export type NetworkMode =
  | 'cce-vpc-router'
  | 'cce-overlay'
  | 'cce-eni'
  | 'cce-dataplane-v2'
  | 'tke-overlay'
  | 'tke-native'
  | 'tke-built-in';

export interface TaintsConfig {
  readonly enabled: boolean;
  /** Undefined: the defaults of the node's cloud and network. */
  readonly rules: readonly TaintRule[] | undefined;
  /** The network where the cluster's own objects don't tell it; `auto`: as they tell. */
  readonly network: NetworkMode | 'auto';
  /** Pods of other nodes are reached without Cilium's tunnel: the user takes care of the routes. */
  readonly routesHandled: boolean;
  /** Left alone for so long after the node became Ready. */
  readonly graceMs: number;
  /** Every condition must hold for so long, from a first look to a second. */
  readonly confirmAfterMs: number;
  /** At most this share of all nodes, or `maxNodes` where that is more, within any 60 s. */
  readonly maxPercent: number;
  readonly maxNodes: number;
  /** Removals of one taint from one node within one boot, after which whoever adds it again has won. */
  readonly removalsPerBoot: number;
  /** Whether a Cilium operator that cannot be scheduled for the taint is helped, one node at a time. */
  readonly bootstrap: boolean;
  /** Time that the scheduler gets before the next node is tried. */
  readonly bootstrapIntervalMs: number;
}

/** How the cloud is asked; all of it is read only. */
export interface CloudConfig {
  /** `auto`: as the nodes tell; `none`: never asked. */
  readonly provider: 'auto' | 'huawei' | 'tencent' | 'none';
  /** These four: undefined means as the cluster tells, where it does. */
  readonly region: string | undefined;
  /** Huawei Cloud only. Never looked up: the SDK's look-up may create a project. */
  readonly projectId: string | undefined;
  readonly clusterId: string | undefined;
  readonly vpcId: string | undefined;
  /** Ranges that Cilium must not masquerade where Pods have addresses of the VPC (NON_MASQ_CIDRS of other tools); may be empty. */
  readonly nonMasqueradeCidrs: readonly string[];
  /** Instead of the usual suffix of the services' host names; empty: the usual one. */
  readonly endpointSuffix: string;
  /** Whole URLs by service; they win over the suffix. */
  readonly endpoints: Readonly<Record<string, string>>;
  readonly credentials: {
    /** Folder of a mounted Secret whose files are named as the environment variables. */
    readonly directory: string;
    /** Whether the server's own role may be used, by the metadata service. */
    readonly instanceRole: boolean;
  };
  readonly limits: {
    /** Of one service. */
    readonly requestsPerSecond: number;
    readonly concurrentRequests: number;
    /** Of one attempt. */
    readonly timeoutMs: number;
  };
}

/** Where the status server listens. */
export interface ListenAddress {
  /** Empty: every address of this machine. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** The Lease by which one of several controllers leads. */
export interface LeaseConfig {
  readonly namespace: string;
  readonly name: string;
  /** Whole seconds; more than `renewDeadlineMs`. */
  readonly durationMs: number;
  /** More than 1.2 times `retryPeriodMs`. */
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

/** The whole configuration, validated and with defaults filled in. */
export interface Config {
  readonly readOnly: boolean;
  readonly cilium: {
    /** Cilium's namespace; undefined: found by its agents, else kube-system. */
    readonly namespace: string | undefined;
  };
  readonly gateway: GatewayConfig;
  readonly taints: TaintsConfig;
  readonly cloud: CloudConfig;
  readonly holdOff: {
    /** Reverts of our value within `windowMs` after which we stop. */
    readonly reverts: number;
    readonly windowMs: number;
    readonly durationMs: number;
  };
  /** Doctor's checks, run by the controller that leads. */
  readonly checks: { readonly enabled: boolean; readonly intervalMs: number };
  readonly lease: LeaseConfig;
  /** Where the controller serves /healthz, /readyz and /metrics; undefined: nowhere. */
  readonly listen: ListenAddress | undefined;
  readonly resyncMs: number;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
}
