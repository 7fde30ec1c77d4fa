import type { CiliumPod } from '../cilium/agents.ts';
import type { CiliumSettings } from '../cilium/settings.ts';
import type { CiliumVersion } from '../cilium/version.ts';
import type { LoadBalancersSeen } from './load-balancers.ts';
import type { EnvoyConfigModel } from './models/envoy-config.ts';
import type { GatewayClassModel, GatewayModel, IngressModel, PoolModel } from './models/gateway.ts';
import type { ServiceModel } from './models/service.ts';

/** What was read of one kind of object, and how far it can be trusted. */
export interface Seen<T> {
  readonly items: readonly T[];
  /** A complete list stands behind `items`. When false, absence proves nothing. */
  readonly complete: boolean;
  /** The API server knows the kind. */
  readonly served: boolean;
  /** Why it is not complete; empty when it is. */
  readonly why: string;
  /** Why something may be there that `items` lack, though the list is complete. Takes nothing away, then. */
  readonly doubt?: Doubt;
}

export interface Doubt {
  readonly why: string;
  /** A second list, some seconds after the first, ends it. */
  readonly passes: boolean;
}

/**
 * Whether the API server keeps `ipMode` (asked with a dry-run patch): `unasked` until a plan needs to know,
 * `denied` when this account may not even ask (nor write, then), `unknown` when the question could not be answered.
 */
export type IpModeStored = 'yes' | 'no' | 'unasked' | 'denied' | 'unknown';

/** Everything that planning Gateways needs, as plain data. */
export interface GatewayObservation {
  readonly ciliumNamespace: string;
  /** Of the oldest agent; undefined when it cannot be seen. */
  readonly ciliumVersion: CiliumVersion | undefined;
  /** Undefined when `cilium-config` cannot be seen. */
  readonly settings: CiliumSettings | undefined;
  readonly ciliumPods: readonly CiliumPod[];
  /** What of Cilium itself could not be read, and why: assumptions stand in for it (design §6). */
  readonly hidden: readonly { readonly kind: string; readonly why: string }[];
  readonly gatewayClasses: Seen<GatewayClassModel>;
  readonly gateways: Seen<GatewayModel>;
  readonly services: Seen<ServiceModel>;
  readonly ingresses: Seen<IngressModel>;
  readonly pools: Seen<PoolModel>;
  /** Undefined: not read, because nothing needed them so far. */
  readonly envoyConfigs?: Seen<EnvoyConfigModel> | undefined;
  readonly ipModeStored: IpModeStored;
  /** What the cloud says of load balancers that were asked for; undefined: there is no cloud to ask. */
  readonly loadBalancers?: LoadBalancersSeen | undefined;
  /** Since when each managed entrypoint (by uid) has had no Gateway that wants it, milliseconds. */
  readonly unwantedForMs: ReadonlyMap<string, number>;
  /** Pins that the API server refused: `<Service uid>/<nodePort>`. */
  readonly refusedPins: ReadonlySet<string>;
}

/** A kind that was read completely. */
export function seen<T>(items: readonly T[], doubt?: Doubt): Seen<T> {
  return { items, complete: true, served: true, why: '', ...(doubt === undefined ? {} : { doubt }) };
}

/** Whether what is not among the items does not exist. */
export function provesAbsence({ complete, doubt }: Seen<unknown>): boolean {
  return complete && doubt === undefined;
}

/** A kind that the API server does not know. */
export function notServed<T>(): Seen<T> {
  return { items: [], complete: false, served: false, why: 'the API server does not know this kind' };
}

/** A kind that could not be read; what was read before may be given. */
export function unread<T>(why: string, items: readonly T[] = []): Seen<T> {
  return { items, complete: false, served: true, why };
}
