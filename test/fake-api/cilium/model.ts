import type { Resource } from '../../../src/kube/resources.ts';
import type { ObjectRef } from '../../../src/kube/types.ts';
import { equal, type JsonObject, type KubeObject, stringAt, stringMap } from '../json.ts';
import type { FakeApi } from '../server.ts';

/** How the operator is configured. */
export interface OperatorSettings {
  /** `gateway-api-hostnetwork-enabled`, as 1.19.5 has it: ClusterIP Services, and Gateways that never get an address. */
  readonly hostNetwork: boolean;
  /** `enable-ingress-controller`. */
  readonly ingress: boolean;
  /** `enable-lb-ipam`; dormant without a pool. */
  readonly lbIpam: boolean;
  readonly namespace: string;
}

/** One part of the port that Envoy listens for: a listener of a Gateway, or an Ingress with or without TLS. */
export interface ListenerModel {
  readonly port: number;
  readonly secure: boolean;
  /** Empty: any. */
  readonly hostname: string;
  readonly secrets: readonly string[];
  readonly routes: readonly RouteModel[];
}

export interface RouteModel {
  readonly hostnames: readonly string[];
  readonly prefix: string;
  readonly backends: readonly BackendModel[];
}

export interface BackendModel {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** Whose GatewayClasses are served, and who says what of routes. */
export const CONTROLLER = 'io.cilium/gateway-controller';

/** The field manager that the API server derives from the operator's user agent. */
const MANAGER = 'cilium-operator-generic';

function refOf(object: KubeObject): ObjectRef {
  return { namespace: stringAt(object, 'metadata', 'namespace'), name: object.metadata.name };
}

export function ownerReference(owner: KubeObject, extra: JsonObject = {}): JsonObject {
  const { apiVersion, kind } = owner;
  const { name, uid } = owner.metadata;
  return { apiVersion, kind, name, uid, controller: true, ...extra };
}

/** Lists a kind, also when its CRD isn't there. */
export function listIfServed(api: FakeApi, resource: Resource): KubeObject[] {
  return api.serves(resource) ? api.list(resource) : [];
}

export function getIfServed(api: FakeApi, resource: Resource, ref: ObjectRef): KubeObject | undefined {
  return api.serves(resource) ? api.get(resource, ref) : undefined;
}

/**
 * controller-runtime's CreateOrPatch as Cilium uses it: the spec-like members are the desired ones, labels and
 * annotations are merged, everything else stays.
 */
export function ensure(api: FakeApi, resource: Resource, desired: KubeObject, members: readonly string[]): void {
  const ref = refOf(desired);
  if (api.get(resource, ref) === undefined) {
    api.apply(desired, { manager: MANAGER });
    return;
  }
  const change = (object: KubeObject): void => {
    for (const member of members) {
      object[member] = desired[member];
    }
    if (desired.metadata.ownerReferences !== undefined) {
      object.metadata.ownerReferences = desired.metadata.ownerReferences;
    }
    for (const member of ['labels', 'annotations']) {
      const merged = { ...stringMap(object.metadata[member]), ...stringMap(desired.metadata[member]) };
      object.metadata[member] = merged;
    }
  };
  api.update(resource, ref, change, { manager: MANAGER });
}

/** Writes a status when it differs in more than times. */
export function writeStatus(api: FakeApi, resource: Resource, object: KubeObject, status: JsonObject): void {
  if (!equal(object.status, status)) {
    const change = (live: KubeObject): void => {
      live.status = status;
    };
    api.update(resource, refOf(object), change, { manager: MANAGER, subresource: 'status' });
  }
}
