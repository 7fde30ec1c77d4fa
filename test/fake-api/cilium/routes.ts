import { SERVICES } from '../../../src/kube/resources.ts';
import type { ObjectRef } from '../../../src/kube/types.ts';
import { equal, type Json, type JsonObject, type KubeObject, listAt, numberAt, objectsAt, stringAt } from '../json.ts';
import { HTTP_ROUTES } from '../kinds.ts';
import type { FakeApi } from '../server.ts';
import { type Condition, withCondition } from './conditions.ts';
import { CONTROLLER, listIfServed, type RouteModel, writeStatus } from './model.ts';

/** The HTTPRoutes of a listener: those that name the Gateway, and the section or port if they name one. */
export function routesOf(api: FakeApi, gateway: KubeObject, listener: JsonObject): RouteModel[] {
  return attached(api, gateway, listener).flatMap((route) =>
    objectsAt(route, 'spec', 'rules').flatMap((rule) => {
      const matches = objectsAt(rule, 'matches');
      const prefixes = matches.length === 0 ? ['/'] : matches.map((match) => stringAt(match, 'path', 'value') || '/');
      const backends = objectsAt(rule, 'backendRefs').map((backend) => ({
        namespace: stringAt(backend, 'namespace') || stringAt(route, 'metadata', 'namespace'),
        name: stringAt(backend, 'name'),
        port: numberAt(backend, 'port'),
      }));
      const hostnames = listAt(route, 'spec', 'hostnames').map(String);
      return prefixes.map((prefix) => ({ hostnames, prefix, backends }));
    }),
  );
}

/** The Gateways that an HTTPRoute names, as `<namespace>/<name>`. */
export function parentsOf(route: KubeObject): string[] {
  return objectsAt(route, 'spec', 'parentRefs').map(
    (parent) =>
      `${stringAt(parent, 'namespace') || stringAt(route, 'metadata', 'namespace')}/${stringAt(parent, 'name')}`,
  );
}

function attached(api: FakeApi, gateway: KubeObject, listener: JsonObject): KubeObject[] {
  const key = `${String(gateway.metadata.namespace)}/${gateway.metadata.name}`;
  return listIfServed(api, HTTP_ROUTES).filter((route) =>
    objectsAt(route, 'spec', 'parentRefs').some((parent, index) => {
      const section = stringAt(parent, 'sectionName');
      const port = numberAt(parent, 'port');
      return (
        parentsOf(route)[index] === key &&
        (section === '' || section === listener.name) &&
        (port === 0 || port === listener.port)
      );
    }),
  );
}

const SUPPORTED: Readonly<Record<string, readonly string[]>> = {
  HTTP: ['HTTPRoute', 'GRPCRoute'],
  HTTPS: ['HTTPRoute', 'GRPCRoute'],
  TLS: ['TLSRoute'],
  TCP: ['TCPRoute'],
  UDP: ['UDPRoute'],
};

/** `status.listeners`. A listener is never marked Programmed: 1.19 forgets to, also when the Gateway is. */
export function listenerStatuses(api: FakeApi, gateway: KubeObject): Json[] {
  const observedGeneration = numberAt(gateway, 'metadata', 'generation');
  return objectsAt(gateway, 'spec', 'listeners').map((listener): Json => {
    const before = objectsAt(gateway, 'status', 'listeners').find((status) => status.name === listener.name);
    let conditions = listAt(before, 'conditions');
    for (const [type, status, reason, message] of [
      ['ResolvedRefs', 'True', 'ResolvedRefs', 'Resolved Refs'],
      ['Accepted', 'True', 'Accepted', 'Listener Accepted'],
      ['Programmed', 'False', 'Pending', 'Address not ready yet'],
    ] as const) {
      conditions = withCondition(conditions, { type, status, reason, message, observedGeneration });
    }
    const kinds = SUPPORTED[stringAt(listener, 'protocol')] ?? [];
    return {
      attachedRoutes: attached(api, gateway, listener).length,
      conditions,
      name: stringAt(listener, 'name'),
      supportedKinds: kinds.map((kind) => ({ group: 'gateway.networking.k8s.io', kind })),
    };
  });
}

/** Writes what Cilium says of each HTTPRoute that names this Gateway: Accepted and ResolvedRefs, parent by parent. */
export function writeRouteStatuses(api: FakeApi, gateway: KubeObject): void {
  const key = `${String(gateway.metadata.namespace)}/${gateway.metadata.name}`;
  for (const route of listIfServed(api, HTTP_ROUTES)) {
    const refs = objectsAt(route, 'spec', 'parentRefs').map(withDefaults);
    const named = refs.filter((_, index) => parentsOf(route)[index] === key);
    if (named.length === 0) continue;
    const kept = objectsAt(route, 'status', 'parents').filter(
      (status) => status.controllerName !== CONTROLLER || refs.some((ref) => equal(ref, status.parentRef)),
    );
    const others = kept.filter(
      (status) => status.controllerName !== CONTROLLER || !named.some((ref) => equal(ref, status.parentRef)),
    );
    const observedGeneration = numberAt(route, 'metadata', 'generation');
    const own = named.map((parentRef): Json => {
      const before = kept.find((status) => status.controllerName === CONTROLLER && equal(status.parentRef, parentRef));
      let conditions = listAt(before, 'conditions');
      for (const verdict of [acceptance(gateway, parentRef), resolution(api, route)]) {
        conditions = withCondition(conditions, { ...verdict, observedGeneration });
      }
      return { parentRef, controllerName: CONTROLLER, conditions };
    });
    writeStatus(api, HTTP_ROUTES, route, { parents: [...others, ...own] });
  }
}

type Verdict = Omit<Condition, 'observedGeneration'>;

/** As the CRD's defaults complete it. */
function withDefaults(parentRef: JsonObject): JsonObject {
  return { group: 'gateway.networking.k8s.io', kind: 'Gateway', ...parentRef };
}

/** By port and section only: host names, namespaces and kinds that listeners allow are not modelled. */
function acceptance(gateway: KubeObject, parentRef: JsonObject): Verdict {
  const listeners = objectsAt(gateway, 'spec', 'listeners');
  const refused = (message: string): Verdict => ({
    type: 'Accepted',
    status: 'False',
    reason: 'NoMatchingParent',
    message,
  });
  const port = numberAt(parentRef, 'port');
  if (port !== 0 && !listeners.some((listener) => listener.port === port)) {
    return refused(`No matching listener with port ${port}`);
  }
  const section = stringAt(parentRef, 'sectionName');
  if (section !== '' && !listeners.some((listener) => listener.name === section)) {
    return refused(`No matching listener with sectionName ${section}`);
  }
  return { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'Accepted HTTPRoute' };
}

function resolution(api: FakeApi, route: KubeObject): Verdict {
  const type = 'ResolvedRefs';
  const missing = backendsOf(route).findLast((ref) => api.get(SERVICES, ref) === undefined);
  return missing === undefined
    ? { type, status: 'True', reason: 'ResolvedRefs', message: 'Service reference is valid' }
    : { type, status: 'False', reason: 'BackendNotFound', message: `services "${missing.name}" not found` };
}

/** The Services that an HTTPRoute sends to. */
export function backendsOf(route: KubeObject): ObjectRef[] {
  return objectsAt(route, 'spec', 'rules').flatMap((rule) =>
    objectsAt(rule, 'backendRefs').map((backend) => ({
      namespace: stringAt(backend, 'namespace') || stringAt(route, 'metadata', 'namespace'),
      name: stringAt(backend, 'name'),
    })),
  );
}
