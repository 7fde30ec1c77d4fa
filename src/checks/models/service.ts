import { type ServiceModel, trimService } from '../../gateway/models/service.ts';
import { readFieldOwners } from '../../kube/managed-fields.ts';
import { asArray, asBoolean, asNumber, asRecord, asString, readMeta } from '../../kube/read.ts';
import type { Meta, RawObject } from '../../kube/types.ts';

/** A Service, with what only checks read. */
export interface DoctorService extends ServiceModel {
  /** `None` for headless ones. */
  readonly clusterIps: readonly string[];
  /** `spec.loadBalancerSourceRanges`. */
  readonly sourceRanges: readonly string[];
  /** `spec.allocateLoadBalancerNodePorts`. */
  readonly allocatesNodePorts: boolean;
  /** Field managers that wrote `kubernetes.io/elb.id` and `kubernetes.io/elb.autocreate` both; empty: none, or nobody is known. */
  readonly writersOfBothElbs: readonly string[];
}

const ELB_ANNOTATIONS = ['kubernetes.io/elb.id', 'kubernetes.io/elb.autocreate'] as const;

/** Those that own each of the two: CCE adds the id of what it made to the wish of somebody else. */
function writersOfBoth(raw: RawObject): string[] {
  const owners = readFieldOwners(raw);
  const [ofId, ofWish] = ELB_ANNOTATIONS.map((key) =>
    owners.of(['f:metadata', 'f:annotations', `f:${key}`], '').map(({ manager }) => manager),
  );
  return (ofId ?? []).filter((manager) => ofWish?.includes(manager));
}

export function trimDoctorService(raw: RawObject): DoctorService {
  const spec = asRecord(raw.spec);
  return {
    ...trimService(raw),
    clusterIps: asArray(spec.clusterIPs).map((one) => asString(one)),
    sourceRanges: asArray(spec.loadBalancerSourceRanges).map((one) => asString(one)),
    allocatesNodePorts: asBoolean(spec.allocateLoadBalancerNodePorts, true),
    writersOfBothElbs: writersOfBoth(raw),
  };
}

/** An EndpointSlice. */
export interface SliceModel {
  readonly meta: Meta;
  /** Label `kubernetes.io/service-name`; empty: nobody finds the slice by its Service. */
  readonly service: string;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol: string }[];
  readonly endpoints: readonly {
    readonly addresses: readonly string[];
    /** Absent counts as ready, as for Kubernetes. */
    readonly ready: boolean;
    readonly node: string;
    /** Name of the Pod in the slice's namespace; empty: none is named. */
    readonly pod: string;
  }[];
}

export function trimSlice(raw: RawObject): SliceModel {
  const meta = readMeta(raw);
  return {
    meta,
    service: meta.labels['kubernetes.io/service-name'] ?? '',
    ports: asArray(raw.ports)
      .map(asRecord)
      .map((port) => ({
        name: asString(port.name),
        port: asNumber(port.port),
        protocol: asString(port.protocol) || 'TCP',
      })),
    endpoints: asArray(raw.endpoints)
      .map(asRecord)
      .map((endpoint) => {
        const target = asRecord(endpoint.targetRef);
        return {
          addresses: asArray(endpoint.addresses).map((one) => asString(one)),
          ready: asBoolean(asRecord(endpoint.conditions).ready, true),
          node: asString(endpoint.nodeName),
          pod: target.kind === 'Pod' ? asString(target.name) : '',
        };
      }),
  };
}
