import {
  GATEWAY_CONTROLLER,
  gatewayServiceName,
  INGRESS_LABEL,
  ingressServiceName,
  OWNING_GATEWAY_LABEL,
  SHARED_INGRESS_SERVICE,
} from '../cilium/names.ts';
import type { ExposureChoice } from '../config/config.types.ts';
import { GATEWAYS, INGRESSES, type Resource, SERVICES } from '../kube/resources.ts';
import type { Meta } from '../kube/types.ts';
import { targetOf } from '../plan/make.ts';
import type { Target } from '../plan/plan.types.ts';
import type { GatewayModel, IngressModel } from './models/gateway.ts';
import type { ServiceModel } from './models/service.ts';
import type { GatewayObservation } from './observation.ts';

/** A Gateway or Ingress of Cilium's that an entrypoint can serve. */
export interface Subject {
  readonly kind: 'Gateway' | 'Ingress' | 'SharedIngress';
  /** `Gateway default/web`, `Ingress default/web`, `Ingress shared`: unique, and shown to people. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly meta: Meta;
  /** The object that Events about it are shown on. */
  readonly target: Target;
  readonly gateway: GatewayModel | undefined;
  readonly ingress: IngressModel | undefined;
  /** The Service that Cilium made for it; undefined: not made yet. */
  readonly service: ServiceModel | undefined;
  /** The name by Cilium's rule, for messages while the Service is missing. */
  readonly serviceName: string;
  /** Envoy listens on the nodes themselves; undefined where cilium-config cannot be seen. */
  readonly hostNetwork: boolean | undefined;
}

/** The kind of the object behind a subject. */
export function resourceOf(subject: Subject): Resource {
  switch (subject.kind) {
    case 'Gateway':
      return GATEWAYS;
    case 'Ingress':
      return INGRESSES;
    case 'SharedIngress':
      return SERVICES;
  }
}

export function gatewayKey(namespace: string, name: string): string {
  return `Gateway ${namespace}/${name}`;
}

export function ingressKey(namespace: string, name: string): string {
  return `Ingress ${namespace}/${name}`;
}

export const SHARED_INGRESS_KEY = 'Ingress shared';

/** All Gateways of Cilium's classes, all Ingresses that Cilium made a Service for, and the shared Ingress Service. */
export function listSubjects(observation: GatewayObservation): Subject[] {
  const services = indexServices(observation.services.items);
  const classes = new Set(
    observation.gatewayClasses.items
      .filter((gatewayClass) => gatewayClass.controllerName === GATEWAY_CONTROLLER)
      .map((gatewayClass) => gatewayClass.meta.name),
  );
  const subjects: Subject[] = [];
  for (const gateway of observation.gateways.items) {
    if (classes.has(gateway.className)) subjects.push(gatewaySubject(gateway, services, observation));
  }
  for (const ingress of observation.ingresses.items) {
    const service = ownedService(
      services,
      'Ingress',
      ingress.meta,
      ingressServiceName(ingress.meta.name),
      INGRESS_LABEL,
    );
    if (service !== undefined) subjects.push(ingressSubject(ingress, service, observation));
  }
  const shared = sharedIngress(observation);
  if (shared !== undefined) subjects.push(shared);
  return subjects.sort((a, b) => compareText(a.key, b.key));
}

/** Orders by code unit, the same on every machine and in every locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Services by the uid of the Gateway or Ingress that controls them. */
function indexServices(services: readonly ServiceModel[]): ReadonlyMap<string, readonly ServiceModel[]> {
  const index = new Map<string, ServiceModel[]>();
  for (const service of services) {
    for (const owner of service.meta.owners) {
      if (!owner.controller || owner.uid === '') continue;
      const owned = index.get(owner.uid) ?? [];
      owned.push(service);
      index.set(owner.uid, owned);
    }
  }
  return index;
}

/**
 * The Service that `owner` controls and that Cilium's name rule gives; else the one that carries Cilium's label, should
 * the rule have changed. Others may make Services for a Gateway or Ingress, too: these are never taken for Cilium's.
 */
function ownedService(
  index: ReadonlyMap<string, readonly ServiceModel[]>,
  kind: string,
  owner: Meta,
  expectedName: string,
  label: string,
): ServiceModel | undefined {
  const owned = (index.get(owner.uid) ?? []).filter(
    (service) =>
      service.meta.namespace === owner.namespace &&
      !service.meta.deleting &&
      service.meta.owners.some(
        (reference) =>
          reference.controller &&
          reference.uid === owner.uid &&
          reference.kind === kind &&
          reference.name === owner.name,
      ),
  );
  const labelled = owned.filter((service) => service.meta.labels[label] !== undefined);
  return (
    owned.find((service) => service.meta.name === expectedName) ?? (labelled.length === 1 ? labelled[0] : undefined)
  );
}

function gatewaySubject(
  gateway: GatewayModel,
  services: ReadonlyMap<string, readonly ServiceModel[]>,
  observation: GatewayObservation,
): Subject {
  const serviceName = gatewayServiceName(gateway.meta.name);
  return {
    kind: 'Gateway',
    key: gatewayKey(gateway.meta.namespace, gateway.meta.name),
    namespace: gateway.meta.namespace,
    name: gateway.meta.name,
    meta: gateway.meta,
    target: targetOf(GATEWAYS, gateway.meta),
    gateway,
    ingress: undefined,
    service: ownedService(services, 'Gateway', gateway.meta, serviceName, OWNING_GATEWAY_LABEL),
    serviceName,
    hostNetwork: observation.settings === undefined ? undefined : observation.settings.gatewayHostNetwork === true,
  };
}

function ingressSubject(ingress: IngressModel, service: ServiceModel, observation: GatewayObservation): Subject {
  return {
    kind: 'Ingress',
    key: ingressKey(ingress.meta.namespace, ingress.meta.name),
    namespace: ingress.meta.namespace,
    name: ingress.meta.name,
    meta: ingress.meta,
    target: targetOf(INGRESSES, ingress.meta),
    gateway: undefined,
    ingress,
    service,
    serviceName: service.meta.name,
    hostNetwork: observation.settings === undefined ? undefined : observation.settings.ingressHostNetwork === true,
  };
}

function sharedIngress(observation: GatewayObservation): Subject | undefined {
  const name = observation.settings?.sharedIngressService || SHARED_INGRESS_SERVICE;
  const service = observation.services.items.find(
    (candidate) =>
      candidate.meta.namespace === observation.ciliumNamespace &&
      candidate.meta.name === name &&
      !candidate.meta.deleting &&
      Object.keys(candidate.selector).length === 0,
  );
  if (service === undefined) return undefined;
  return {
    kind: 'SharedIngress',
    key: SHARED_INGRESS_KEY,
    namespace: service.meta.namespace,
    name: service.meta.name,
    meta: service.meta,
    target: targetOf(SERVICES, service.meta),
    gateway: undefined,
    ingress: undefined,
    service,
    serviceName: name,
    hostNetwork: observation.settings === undefined ? undefined : observation.settings.ingressHostNetwork === true,
  };
}

/** Rule 3: a status can be written only on type LoadBalancer. On the host network no status is written at all. */
export function typeFits(service: ServiceModel, chosen: ExposureChoice): boolean {
  return service.type === 'LoadBalancer' || chosen === 'host-network';
}
