import { GATEWAY_CONTROLLER } from '../../cilium/names.ts';
import type { SubjectState } from '../../gateway/plan-subject.types.ts';
import {
  GATEWAYS,
  GRPC_ROUTES,
  HTTP_ROUTES,
  type Resource,
  SERVICES,
  TCP_ROUTES,
  TLS_ROUTES,
  UDP_ROUTES,
} from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import type { Target } from '../../plan/plan.types.ts';
import type { ConditionModel, RouteBackend, RouteModel, RouteParent } from '../models/gateway.ts';
import type { DoctorWorld, KubeWorld } from '../world.types.ts';
import { gatewaysOf } from './gateways.ts';

/** A route and one of its Gateways that Cilium serves. */
export interface Attached {
  readonly route: RouteModel;
  readonly parent: RouteParent;
  readonly gateway: SubjectState;
  /** What Cilium says of the two; undefined: nothing. */
  readonly conditions: readonly ConditionModel[] | undefined;
}

export const NO_ROUTES = "There is no route for a Gateway of Cilium's.";

/** What is read of routes, by kind: those that nearly every Gateway has, … */
export const ROUTE_KINDS = ['httpRoutes', 'grpcRoutes'] as const;
/** … and those that only listeners of a protocol have. */
const MORE_ROUTE_KINDS = { TLS: 'tlsRoutes', TCP: 'tcpRoutes', UDP: 'udpRoutes' } as const;

type RouteKind = (typeof ROUTE_KINDS)[number] | (typeof MORE_ROUTE_KINDS)[keyof typeof MORE_ROUTE_KINDS];

const ALL_ROUTE_KINDS: readonly RouteKind[] = [...ROUTE_KINDS, ...Object.values(MORE_ROUTE_KINDS)];

const RESOURCES: readonly Resource[] = [HTTP_ROUTES, GRPC_ROUTES, TLS_ROUTES, TCP_ROUTES, UDP_ROUTES];

/** Routes of all kinds. */
export function routesOf(kube: Pick<KubeWorld, RouteKind>): readonly RouteModel[] {
  return ALL_ROUTE_KINDS.flatMap((kind) => kube[kind].items).filter(({ meta }) => !meta.deleting);
}

/** Kinds of routes that a listener of Cilium's Gateways asks for. */
export function moreRouteKinds(world: DoctorWorld): readonly RouteKind[] {
  const protocols = new Set(
    gatewaysOf(world).flatMap(({ subject }) => subject.gateway?.listeners.map(({ protocol }) => protocol) ?? []),
  );
  return Object.entries(MORE_ROUTE_KINDS).flatMap(([protocol, kind]) => (protocols.has(protocol) ? [kind] : []));
}

/** Routes with each Gateway of Cilium's that they name. */
export function attachedRoutes(world: DoctorWorld): Attached[] {
  const gateways = gatewaysOf(world);
  return routesOf(world.kube).flatMap((route) =>
    route.parents.flatMap((parent): Attached[] => {
      const gateway = gateways.find(
        ({ subject }) => isGateway(parent) && subject.namespace === parent.namespace && subject.name === parent.name,
      );
      if (gateway === undefined) return [];
      const status = route.statuses.find(
        (one) => one.controllerName === GATEWAY_CONTROLLER && isSame(one.parent, parent),
      );
      return [{ route, parent, gateway, conditions: status?.conditions }];
    }),
  );
}

/** A Gateway of the Gateway API: others (Istio's) have that kind, too. */
export function isGateway({ kind, group }: RouteParent): boolean {
  return kind === 'Gateway' && group === GATEWAYS.group;
}

function isSame(a: RouteParent, b: RouteParent): boolean {
  return (
    a.kind === b.kind &&
    a.namespace === b.namespace &&
    a.name === b.name &&
    a.sectionName === b.sectionName &&
    a.port === b.port
  );
}

/** Routes that Cilium has taken. */
export function acceptedRoutes(world: DoctorWorld): Attached[] {
  return attachedRoutes(world).filter(({ conditions }) => isTrue(conditions, 'Accepted'));
}

export function isTrue(conditions: readonly ConditionModel[] | undefined, type: string): boolean {
  return conditions?.some((one) => one.type === type && one.status === 'True') ?? false;
}

/** Backends of accepted routes that are Services and get traffic, each once. */
export function backendsOf(
  world: DoctorWorld,
): { readonly route: RouteModel; readonly backend: RouteBackend; readonly resolved: boolean }[] {
  const seen = new Set<string>();
  return acceptedRoutes(world).flatMap(({ route, conditions }) =>
    route.backends.flatMap((backend) => {
      const key = `${backend.namespace}/${backend.name}:${backend.port}`;
      if (backend.kind !== 'Service' || backend.weight === 0 || seen.has(key)) return [];
      seen.add(key);
      return [{ route, backend, resolved: isTrue(conditions, 'ResolvedRefs') }];
    }),
  );
}

export function routeTarget({ kind, meta }: RouteModel): Target {
  return targetOf(RESOURCES.find((resource) => resource.kind === kind) ?? HTTP_ROUTES, meta);
}

/** `Service default/echo`, as the object that a finding is about, where it is there. */
export function backendTarget(kube: KubeWorld, { namespace, name }: RouteBackend): Target | undefined {
  const service = kube.services.items.find(({ meta }) => meta.namespace === namespace && meta.name === name);
  return service && targetOf(SERVICES, service.meta);
}
