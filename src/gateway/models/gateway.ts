import { asArray, asNumber, asRecord, asString, readMeta } from '../../kube/read.ts';
import type { Meta, RawObject } from '../../kube/types.ts';

export interface Listener {
  readonly name: string;
  readonly port: number;
  /** `HTTP`, `HTTPS`, `TLS`, `TCP`, `UDP`. */
  readonly protocol: string;
}

export interface GatewayAddress {
  /** `IPAddress` (default), `Hostname`, or another. */
  readonly type: string;
  readonly value: string;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

/** What the program reads of a Gateway. */
export interface GatewayModel {
  readonly meta: Meta;
  readonly className: string;
  readonly listeners: readonly Listener[];
  /** `spec.addresses`: what the user insists on. */
  readonly requestedAddresses: readonly GatewayAddress[];
  /** `status.addresses`: what Cilium published. */
  readonly addresses: readonly GatewayAddress[];
  readonly conditions: readonly Condition[];
}

export function trimGateway(raw: RawObject): GatewayModel {
  const spec = asRecord(raw.spec);
  const status = asRecord(raw.status);
  return {
    meta: readMeta(raw),
    className: asString(spec.gatewayClassName),
    listeners: asArray(spec.listeners).map((entry) => {
      const listener = asRecord(entry);
      return {
        name: asString(listener.name),
        port: asNumber(listener.port),
        protocol: asString(listener.protocol),
      };
    }),
    requestedAddresses: readAddresses(spec.addresses),
    addresses: readAddresses(status.addresses),
    conditions: readConditions(status.conditions),
  };
}

function readAddresses(value: unknown): GatewayAddress[] {
  return asArray(value).map((entry) => {
    const address = asRecord(entry);
    return { type: asString(address.type) || 'IPAddress', value: asString(address.value) };
  });
}

function readConditions(value: unknown): Condition[] {
  return asArray(value).map((entry) => {
    const condition = asRecord(entry);
    return {
      type: asString(condition.type),
      status: asString(condition.status),
      reason: asString(condition.reason),
      message: asString(condition.message),
      observedGeneration: asNumber(condition.observedGeneration),
    };
  });
}

export interface GatewayClassModel {
  readonly meta: Meta;
  readonly controllerName: string;
}

export function trimGatewayClass(raw: RawObject): GatewayClassModel {
  return { meta: readMeta(raw), controllerName: asString(asRecord(raw.spec).controllerName) };
}

/** What the program reads of an Ingress: its status, to see that Cilium took the address over. */
export interface IngressModel {
  readonly meta: Meta;
  readonly addresses: readonly string[];
}

export function trimIngress(raw: RawObject): IngressModel {
  const loadBalancer = asRecord(asRecord(raw.status).loadBalancer);
  return {
    meta: readMeta(raw),
    addresses: asArray(loadBalancer.ingress)
      .map(asRecord)
      .map((entry) => asString(entry.ip) || asString(entry.hostname)),
  };
}

/** A CiliumLoadBalancerIPPool: that one exists is all that matters (cilium.md §5). */
export interface PoolModel {
  readonly meta: Meta;
}

export function trimPool(raw: RawObject): PoolModel {
  return { meta: readMeta(raw) };
}
