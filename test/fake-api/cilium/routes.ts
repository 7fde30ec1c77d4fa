import { type Json, type JsonObject, type KubeObject, listAt, numberAt, objectsAt, stringAt } from '../json.ts';
import { HTTP_ROUTES } from '../kinds.ts';
import type { FakeApi } from '../server.ts';
import { withCondition } from './conditions.ts';
import { listIfServed, type RouteModel } from './model.ts';

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
