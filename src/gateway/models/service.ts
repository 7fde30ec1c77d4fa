import { type FieldOwner, readFieldOwners } from '../../kube/managed-fields.ts';
import { asArray, asNumber, asRecord, asString, asStringMap, readMeta } from '../../kube/read.ts';
import type { Meta, RawObject } from '../../kube/types.ts';

/** A port of a Service. */
export interface ServicePort {
  readonly name: string;
  /** `TCP`, `UDP`, `SCTP`. */
  readonly protocol: string;
  readonly port: number;
  /** Undefined when the Service leaves it out (the API server fills in `port`). */
  readonly targetPort: number | string | undefined;
  /** 0: none allocated. */
  readonly nodePort: number;
  /** Who wrote targetPort, newest last. */
  readonly targetPortOwners: readonly FieldOwner[];
}

/** An entry of `status.loadBalancer.ingress`. Empty strings stand for what is absent. */
export interface IngressEntry {
  readonly ip: string;
  readonly hostname: string;
  /** `VIP`, `Proxy`, or empty. */
  readonly ipMode: string;
}

/** What the program reads of a Service. */
export interface ServiceModel {
  readonly meta: Meta;
  readonly type: string;
  readonly loadBalancerClass: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly externalTrafficPolicy: string;
  readonly sessionAffinity: string;
  readonly healthCheckNodePort: number;
  readonly ports: readonly ServicePort[];
  readonly ingress: readonly IngressEntry[];
  /** Who owns `status.loadBalancer.ingress`. */
  readonly ingressOwners: readonly FieldOwner[];
  /** Everybody who wrote to `/status`, newest last. */
  readonly statusWriters: readonly FieldOwner[];
}

export function trimService(raw: RawObject): ServiceModel {
  const spec = asRecord(raw.spec);
  const status = asRecord(asRecord(raw.status).loadBalancer);
  const owners = readFieldOwners(raw);
  return {
    meta: readMeta(raw),
    type: asString(spec.type) || 'ClusterIP',
    loadBalancerClass: asString(spec.loadBalancerClass),
    selector: asStringMap(spec.selector),
    externalTrafficPolicy: asString(spec.externalTrafficPolicy) || 'Cluster',
    sessionAffinity: asString(spec.sessionAffinity) || 'None',
    healthCheckNodePort: asNumber(spec.healthCheckNodePort),
    ports: asArray(spec.ports).map((entry) => {
      const port = asRecord(entry);
      const protocol = asString(port.protocol) || 'TCP';
      const number = asPort(port.port);
      const target = port.targetPort;
      return {
        name: asString(port.name),
        protocol,
        port: number,
        targetPort: typeof target === 'number' || typeof target === 'string' ? target : undefined,
        nodePort: asPort(port.nodePort),
        targetPortOwners: owners.of(
          ['f:spec', 'f:ports', `k:{"port":${number},"protocol":"${protocol}"}`, 'f:targetPort'],
          '',
        ),
      };
    }),
    ingress: asArray(status.ingress).map((entry) => {
      const ingress = asRecord(entry);
      return {
        ip: asString(ingress.ip),
        hostname: asString(ingress.hostname),
        ipMode: asString(ingress.ipMode),
      };
    }),
    ingressOwners: owners.of(['f:status', 'f:loadBalancer', 'f:ingress'], 'status'),
    statusWriters: owners.writers('status'),
  };
}

/** A port number, or 0 where there is none that makes sense. */
function asPort(value: unknown): number {
  const port = asNumber(value);
  return Number.isInteger(port) && port > 0 && port <= 65_535 ? port : 0;
}
