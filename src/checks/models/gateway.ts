import {
  type GatewayClassModel,
  type GatewayModel,
  trimGateway,
  trimGatewayClass,
} from '../../gateway/models/gateway.ts';
import { asArray, asNumber, asRecord, asString, asStringMap, readMeta } from '../../kube/read.ts';
import { GATEWAYS } from '../../kube/resources.ts';
import type { Meta, RawObject } from '../../kube/types.ts';

/** A condition of a status. */
export interface ConditionModel {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** A Gateway, with what only checks read. */
export interface DoctorGateway extends GatewayModel {
  /** `spec.infrastructure.annotations`. */
  readonly infrastructureAnnotations: Readonly<Record<string, string>>;
  readonly listenerRules: readonly ListenerRules[];
}

/** What a listener says besides its port. */
export interface ListenerRules {
  readonly name: string;
  readonly hostname: string;
  /** `Same` (default), `All`, `Selector`. */
  readonly routesFrom: string;
  /** `matchLabels` of that selector. */
  readonly routesSelector: Readonly<Record<string, string>>;
  readonly conditions: readonly ConditionModel[];
}

export function trimDoctorGateway(raw: RawObject): DoctorGateway {
  const spec = asRecord(raw.spec);
  const statuses = asArray(asRecord(raw.status).listeners).map(asRecord);
  return {
    ...trimGateway(raw),
    infrastructureAnnotations: asStringMap(asRecord(spec.infrastructure).annotations),
    listenerRules: asArray(spec.listeners)
      .map(asRecord)
      .map((listener) => {
        const name = asString(listener.name);
        const namespaces = asRecord(asRecord(listener.allowedRoutes).namespaces);
        const status = statuses.find((one) => one.name === name);
        return {
          name,
          hostname: asString(listener.hostname),
          routesFrom: asString(namespaces.from) || 'Same',
          routesSelector: asStringMap(asRecord(namespaces.selector).matchLabels),
          conditions: readConditions(status?.conditions),
        };
      }),
  };
}

function readConditions(value: unknown): ConditionModel[] {
  return asArray(value)
    .map(asRecord)
    .map((one) => ({
      type: asString(one.type),
      status: asString(one.status),
      reason: asString(one.reason),
      message: asString(one.message),
    }));
}

/** A GatewayClass and where its parameters are. */
export interface DoctorGatewayClass extends GatewayClassModel {
  readonly parameters: { readonly kind: string; readonly namespace: string; readonly name: string } | undefined;
}

export function trimDoctorGatewayClass(raw: RawObject): DoctorGatewayClass {
  const reference = asRecord(asRecord(raw.spec).parametersRef);
  const name = asString(reference.name);
  return {
    ...trimGatewayClass(raw),
    parameters:
      name === '' ? undefined : { kind: asString(reference.kind), namespace: asString(reference.namespace), name },
  };
}

/** A route of any kind. */
export interface RouteModel {
  readonly meta: Meta;
  readonly kind: string;
  readonly hostnames: readonly string[];
  readonly parents: readonly RouteParent[];
  readonly backends: readonly RouteBackend[];
  /** What each controller says of each parent. */
  readonly statuses: readonly {
    readonly parent: RouteParent;
    readonly controllerName: string;
    readonly conditions: readonly ConditionModel[];
  }[];
}

/** A parentRef, its namespace spelled out. */
export interface RouteParent {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Listener; empty: all. */
  readonly sectionName: string;
  /** 0: all. */
  readonly port: number;
}

/** A backendRef, its namespace spelled out. */
export interface RouteBackend {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  readonly weight: number;
}

export function trimRoute(raw: RawObject): RouteModel {
  const meta = readMeta(raw);
  const spec = asRecord(raw.spec);
  return {
    meta,
    kind: asString(raw.kind) || 'HTTPRoute',
    hostnames: asArray(spec.hostnames).map((one) => asString(one)),
    parents: asArray(spec.parentRefs).map((entry) => readParent(entry, meta.namespace)),
    backends: asArray(spec.rules)
      .flatMap((rule) => asArray(asRecord(rule).backendRefs))
      .map(asRecord)
      .map((backend) => ({
        kind: asString(backend.kind) || 'Service',
        namespace: asString(backend.namespace) || meta.namespace,
        name: asString(backend.name),
        port: asNumber(backend.port),
        weight: asNumber(backend.weight, 1),
      })),
    statuses: asArray(asRecord(raw.status).parents)
      .map(asRecord)
      .map((status) => ({
        parent: readParent(status.parentRef, meta.namespace),
        controllerName: asString(status.controllerName),
        conditions: readConditions(status.conditions),
      })),
  };
}

function readParent(entry: unknown, namespace: string): RouteParent {
  const parent = asRecord(entry);
  return {
    // Only an empty one that is written out is the core group.
    group: typeof parent.group === 'string' ? parent.group : GATEWAYS.group,
    kind: asString(parent.kind) || 'Gateway',
    namespace: asString(parent.namespace) || namespace,
    name: asString(parent.name),
    sectionName: asString(parent.sectionName),
    port: asNumber(parent.port),
  };
}
