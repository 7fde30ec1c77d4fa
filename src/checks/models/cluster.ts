import { type CiliumDaemonSet, trimCiliumDaemonSet } from '../../cilium/agents.ts';
import { readFieldOwners } from '../../kube/managed-fields.ts';
import { asArray, asNumber, asRecord, asString, asStringMap, at, readMeta } from '../../kube/read.ts';
import type { Meta, RawObject } from '../../kube/types.ts';
import { type NetworkDaemonSet, trimNetworkDaemonSet } from '../../taints/models.ts';

/** A DaemonSet: says the version of Cilium, and what else runs on the nodes. */
export interface DoctorDaemonSet extends NetworkDaemonSet, CiliumDaemonSet {}

export function trimDoctorDaemonSet(raw: RawObject): DoctorDaemonSet {
  return { ...trimNetworkDaemonSet(raw), ...trimCiliumDaemonSet(raw) };
}

/** A ConfigMap, whole. */
export interface ConfigMapModel {
  readonly meta: Meta;
  readonly data: Readonly<Record<string, string>>;
  /** RFC 3339: when its data were written last, else when it was made. */
  readonly writtenAt: string;
  /** By whom; empty when nobody is known. */
  readonly writtenBy: string;
  /** Whether managed fields say when; a dump without them tells only when it was made. */
  readonly isWriteKnown: boolean;
}

export function trimConfigMap(raw: RawObject): ConfigMapModel {
  const meta = readMeta(raw);
  const writer = readFieldOwners(raw).of(['f:data'], '').at(-1);
  return {
    meta,
    data: asStringMap(raw.data),
    writtenAt: writer?.time || meta.creationTimestamp,
    writtenBy: writer?.manager ?? '',
    isWriteKnown: (writer?.time ?? '') !== '',
  };
}

/** A CustomResourceDefinition. */
export interface CrdModel {
  readonly meta: Meta;
  /** `v1`, `v1beta1`: those that are served. */
  readonly served: readonly string[];
  /** Annotation `gateway.networking.k8s.io/bundle-version`; empty: none. */
  readonly bundleVersion: string;
}

export function trimCrd(raw: RawObject): CrdModel {
  const meta = readMeta(raw);
  return {
    meta,
    served: asArray(asRecord(raw.spec).versions)
      .map(asRecord)
      .filter((version) => version.served === true)
      .map((version) => asString(version.name)),
    bundleVersion: meta.annotations['gateway.networking.k8s.io/bundle-version'] ?? '',
  };
}

/** A ValidatingWebhookConfiguration or MutatingWebhookConfiguration. */
export interface WebhookModel {
  readonly meta: Meta;
  readonly kind: string;
  readonly hooks: readonly {
    readonly name: string;
    /** `Fail` or `Ignore`. */
    readonly failurePolicy: string;
    /** Undefined: it is called by URL. */
    readonly service: { readonly namespace: string; readonly name: string } | undefined;
  }[];
}

export function trimWebhook(raw: RawObject): WebhookModel {
  return {
    meta: readMeta(raw),
    kind: asString(raw.kind),
    hooks: asArray(raw.webhooks)
      .map(asRecord)
      .map((hook) => {
        const service = asRecord(asRecord(hook.clientConfig).service);
        const name = asString(service.name);
        return {
          name: asString(hook.name),
          failurePolicy: asString(hook.failurePolicy) || 'Fail',
          service: name === '' ? undefined : { namespace: asString(service.namespace), name },
        };
      }),
  };
}

/** An Event, core/v1. */
export interface EventModel {
  readonly meta: Meta;
  readonly reason: string;
  readonly message: string;
  /** Who says it: `source.component`, else `reportingComponent`. */
  readonly component: string;
  readonly about: { readonly kind: string; readonly namespace: string; readonly name: string; readonly uid: string };
  /** RFC 3339 of the last time. */
  readonly lastSeen: string;
}

export function trimEvent(raw: RawObject): EventModel {
  const about = asRecord(raw.involvedObject);
  return {
    meta: readMeta(raw),
    reason: asString(raw.reason),
    message: asString(raw.message),
    component: asString(asRecord(raw.source).component) || asString(raw.reportingComponent),
    about: {
      kind: asString(about.kind),
      namespace: asString(about.namespace),
      name: asString(about.name),
      uid: asString(about.uid),
    },
    lastSeen: asString(asRecord(raw.series).lastObservedTime) || asString(raw.lastTimestamp) || asString(raw.eventTime),
  };
}

/** A CiliumNode: which addresses its Pods get. */
export interface CiliumNodeModel {
  readonly meta: Meta;
  /** `spec.ipam.podCIDRs` and those of `spec.ipam.pools.allocated`. */
  readonly podCidrs: readonly string[];
}

export function trimCiliumNode(raw: RawObject): CiliumNodeModel {
  const ipam = asRecord(asRecord(raw.spec).ipam);
  const pools = asArray(asRecord(ipam.pools).allocated).flatMap((pool) => asArray(asRecord(pool).cidrs));
  return {
    meta: readMeta(raw),
    podCidrs: [...asArray(ipam.podCIDRs), ...pools].map((one) => asString(one)),
  };
}

/** A CiliumPodIPPool, of `ipam: multi-pool`. */
export interface PodPoolModel {
  readonly meta: Meta;
  /** IPv4 CIDRs. */
  readonly cidrs: readonly string[];
}

export function trimPodPool(raw: RawObject): PodPoolModel {
  return {
    meta: readMeta(raw),
    cidrs: asArray(at(raw, 'spec', 'ipv4', 'cidrs')).map((one) => asString(one)),
  };
}

/** A Lease, as far as it says whether a controller of ours is alive. */
export interface LeaseModel {
  readonly meta: Meta;
  readonly holder: string;
  /** RFC 3339. */
  readonly renewTime: string;
  readonly seconds: number;
}

export function trimLease(raw: RawObject): LeaseModel {
  const spec = asRecord(raw.spec);
  return {
    meta: readMeta(raw),
    holder: asString(spec.holderIdentity),
    renewTime: asString(spec.renewTime),
    seconds: asNumber(spec.leaseDurationSeconds),
  };
}

/** An object whose `spec` is read as it is by the checks that need it: policies, class configurations. */
export interface SpecModel {
  readonly meta: Meta;
  readonly kind: string;
  readonly spec: RawObject;
  /** `specs`, of policies that have several. */
  readonly specs: readonly RawObject[];
  readonly status: RawObject;
}

export function trimSpec(raw: RawObject): SpecModel {
  return {
    meta: readMeta(raw),
    kind: asString(raw.kind),
    spec: asRecord(raw.spec),
    specs: asArray(raw.specs).map(asRecord),
    status: asRecord(raw.status),
  };
}
