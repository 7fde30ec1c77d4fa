import { GATEWAY_CONTROLLER } from '../../cilium/names.ts';
import type { SubjectState } from '../../gateway/plan-subject.types.ts';
import { GRPC_ROUTES, HTTP_ROUTES, SERVICES } from '../../kube/resources.ts';
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

export const NO_ROUTES = "There is no HTTPRoute or GRPCRoute for a Gateway of Cilium's.";

/** Routes of all kinds that doctor reads. */
export function routesOf({ httpRoutes, grpcRoutes }: KubeWorld): readonly RouteModel[] {
  return [...httpRoutes.items, ...grpcRoutes.items].filter(({ meta }) => !meta.deleting);
}

/** Routes with each Gateway of Cilium's that they name. */
export function attachedRoutes(world: DoctorWorld): Attached[] {
  const gateways = gatewaysOf(world);
  return routesOf(world.kube).flatMap((route) =>
    route.parents.flatMap((parent): Attached[] => {
      const gateway = gateways.find(
        ({ subject }) =>
          parent.kind === 'Gateway' && subject.namespace === parent.namespace && subject.name === parent.name,
      );
      if (gateway === undefined) return [];
      const status = route.statuses.find(
        (one) => one.controllerName === GATEWAY_CONTROLLER && isSame(one.parent, parent),
      );
      return [{ route, parent, gateway, conditions: status?.conditions }];
    }),
  );
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
  return targetOf(kind === 'GRPCRoute' ? GRPC_ROUTES : HTTP_ROUTES, meta);
}

/** `Service default/echo`, as the object that a finding is about, where it is there. */
export function backendTarget(kube: KubeWorld, { namespace, name }: RouteBackend): Target | undefined {
  const service = kube.services.items.find(({ meta }) => meta.namespace === namespace && meta.name === name);
  return service && targetOf(SERVICES, service.meta);
}
