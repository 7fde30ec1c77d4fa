import { OWNING_GATEWAY_LABEL } from '../cilium/names.ts';
import type { GatewayConfig, NamespacedName } from '../config/config.types.ts';
import { SERVICES } from '../kube/resources.ts';
import type { Meta } from '../kube/types.ts';
import { describeTarget, finding, targetOf } from '../plan/make.ts';
import type { Finding } from '../plan/plan.types.ts';
import * as annotations from './annotations.ts';
import type { ServiceModel } from './models/service.ts';
import type { GatewayObservation } from './observation.ts';
import { compareText, gatewayKey, ingressKey, SHARED_INGRESS_KEY, type Subject } from './subjects.ts';

/** Which entrypoint serves which subject, and what was wrong with other claims. */
export interface Claims {
  /** Subject key → the entrypoint that serves it. */
  readonly bound: Map<string, ServiceModel>;
  /** Subjects that an entrypoint names but may or can not serve now: their state is not certain, nothing is taken back. */
  readonly uncertain: Set<string>;
  /** Services that name a subject, by annotation or list, valid or not: no candidates for adoption. */
  readonly claimants: Set<string>;
  /** Services that name a subject, but it cannot be understood which. */
  readonly unclear: ServiceModel[];
  readonly findings: Finding[];
}

interface Claim {
  readonly service: ServiceModel;
  readonly subjectKey: string;
  /** Of the subject; empty for the shared Ingress. */
  readonly namespace: string;
  /** Named by the configuration or a flag, not by an annotation. */
  readonly listed?: boolean;
}

/** Collects the entrypoints that say by annotation, or of which the configuration says, whom they serve. */
export function collectClaims(
  observation: GatewayObservation,
  config: GatewayConfig,
  subjects: ReadonlyMap<string, Subject>,
): Claims {
  const claims: Claims = { bound: new Map(), uncertain: new Set(), claimants: new Set(), unclear: [], findings: [] };
  const bySubject = new Map<string, Claim[]>();
  const gatewayServices = new Set([...subjects.values()].map((subject) => subject.service));
  for (const claim of [...annotatedClaims(observation, claims), ...listedClaims(observation, config, claims)]) {
    claims.claimants.add(claim.service.meta.uid);
    if (gatewayServices.has(claim.service) || claim.service.meta.labels[OWNING_GATEWAY_LABEL] !== undefined) {
      claims.findings.push(gatewayServiceClaims(claim));
      continue;
    }
    if (!isAllowed(claim, observation, config, claims)) continue;
    if (!canBeServed(claim, config)) {
      claims.findings.push(wrongEntrypointType(claim));
      continue;
    }
    if (!subjects.has(claim.subjectKey)) {
      reportMissingSubject(claim, observation, claims);
      continue;
    }
    const others = bySubject.get(claim.subjectKey) ?? [];
    others.push(claim);
    bySubject.set(claim.subjectKey, others);
  }
  for (const [key, rivals] of bySubject) chooseOldest(key, rivals, claims);
  for (const subject of subjects.values()) {
    if (claims.unclear.some((service) => givesAddressesOf(service, subject))) claims.uncertain.add(subject.key);
  }
  claims.findings.sort((a, b) => compareText(nameOf(a), nameOf(b)));
  return claims;
}

/** Whether all that stands in the subject's status comes from this Service's load balancer. */
function givesAddressesOf(service: ServiceModel, { service: published }: Subject): boolean {
  if (published === undefined || published === service || published.ingress.length === 0) return false;
  return published.ingress.every((entry) =>
    service.ingress.some((other) => other.ip === entry.ip && other.hostname === entry.hostname),
  );
}

/** For an order that does not depend on the order in which Services were read. */
function nameOf({ target }: Finding): string {
  return target === undefined ? '' : describeTarget(target);
}

/** Rule 4: an entrypoint is written to, a Gateway Service is not; a Gateway's author can annotate the latter. */
function gatewayServiceClaims({ service, subjectKey }: Claim): Finding {
  return finding('entrypoint-annotation', 'fail', {
    reason: 'GatewayServiceIsNoEntrypoint',
    target: targetOf(SERVICES, service.meta),
    message: `This Service was made by Cilium for a Gateway or Ingress, so it cannot be the entrypoint of ${subjectKey}.`,
    fix: `Annotate the Service that your cloud serves instead; remove the annotation here, and from the Gateway's spec.infrastructure.annotations: kubectl -n ${service.meta.namespace} annotate service ${service.meta.name} ${annotationFor(subjectKey)}-`,
  });
}

function annotationFor(subjectKey: string): string {
  return subjectKey.startsWith('Gateway ') ? annotations.GATEWAY : annotations.INGRESS;
}

function annotatedClaims(observation: GatewayObservation, claims: Claims): Claim[] {
  const found: Claim[] = [];
  for (const service of observation.services.items) {
    if (service.meta.deleting) continue;
    const gateway = service.meta.annotations[annotations.GATEWAY];
    const ingress = service.meta.annotations[annotations.INGRESS];
    if (gateway === undefined && ingress === undefined) continue;
    claims.claimants.add(service.meta.uid);
    if (gateway !== undefined && ingress !== undefined) {
      claims.unclear.push(service);
      claims.findings.push(
        finding('entrypoint-annotation', 'fail', {
          reason: 'AnnotationsContradict',
          target: targetOf(SERVICES, service.meta),
          message: `The entrypoint has both ${annotations.GATEWAY} and ${annotations.INGRESS}; it can serve only one of them, so neither counts.`,
          fix: `Remove one: kubectl -n ${service.meta.namespace} annotate service ${service.meta.name} ${annotations.INGRESS}-`,
        }),
      );
      continue;
    }
    const claim =
      gateway !== undefined ? gatewayClaim(service, gateway, claims) : ingressClaim(service, ingress ?? '', claims);
    if (claim === undefined) continue;
    found.push(claim);
  }
  return found;
}

function gatewayClaim(service: ServiceModel, value: string, claims: Claims): Claim | undefined {
  const parsed = annotations.parseNamespacedName(value);
  if (!parsed.ok) {
    claims.unclear.push(service);
    claims.findings.push(malformedAnnotation(service.meta, annotations.GATEWAY, parsed));
    return undefined;
  }
  return claimOf(service, gatewayKey(parsed.value.namespace, parsed.value.name), parsed.value);
}

function ingressClaim(service: ServiceModel, value: string, claims: Claims): Claim | undefined {
  if (value.trim() === 'shared') return { service, subjectKey: SHARED_INGRESS_KEY, namespace: '' };
  const parsed = annotations.parseNamespacedName(value);
  if (!parsed.ok) {
    claims.unclear.push(service);
    claims.findings.push(malformedAnnotation(service.meta, annotations.INGRESS, parsed));
    return undefined;
  }
  return claimOf(service, ingressKey(parsed.value.namespace, parsed.value.name), parsed.value);
}

function claimOf(service: ServiceModel, subjectKey: string, name: NamespacedName): Claim {
  return { service, subjectKey, namespace: name.namespace };
}

/** A malformed annotation is a finding of its object, never an exception (design.md §6). */
export function malformedAnnotation(
  meta: Meta,
  key: string,
  parsed: { readonly problem: string; readonly example: string },
  resource = SERVICES,
): Finding {
  const namespaceFlag = meta.namespace === '' ? '' : `-n ${meta.namespace} `;
  return finding('annotation', 'fail', {
    reason: 'AnnotationMalformed',
    target: targetOf(resource, meta),
    message: `The annotation ${key} cannot be understood: ${parsed.problem}.`,
    fix: `Correct it: kubectl ${namespaceFlag}annotate ${resource.kind.toLowerCase()} ${meta.name} --overwrite '${key}=${parsed.example}'`,
    evidence: { annotation: key },
  });
}

function listedClaims(observation: GatewayObservation, config: GatewayConfig, claims: Claims): Claim[] {
  if (config.adopt.mode !== 'list') return [];
  const found: Claim[] = [];
  for (const { entrypoint, gateway } of config.adopt.pairs) {
    const service = observation.services.items.find(
      ({ meta }) => meta.namespace === entrypoint.namespace && meta.name === entrypoint.name && !meta.deleting,
    );
    if (service === undefined) {
      claims.uncertain.add(gatewayKey(gateway.namespace, gateway.name));
      claims.findings.push(
        finding('entrypoint-found', 'fail', {
          reason: 'AdoptedEntrypointNotFound',
          target: undefined,
          message: `The entrypoint ${entrypoint.namespace}/${entrypoint.name}, to be adopted for Gateway ${gateway.namespace}/${gateway.name}, does not exist.`,
          fix: `Create the Service, or correct --adopt (gateway.adopt in the configuration).`,
        }),
      );
      continue;
    }
    // An entrypoint that says itself whom it serves is believed before the list.
    if (claims.claimants.has(service.meta.uid)) continue;
    found.push({ ...claimOf(service, gatewayKey(gateway.namespace, gateway.name), gateway), listed: true });
  }
  return found;
}

/** Rule 13: an entrypoint counts only in Cilium's namespace, the subject's own, or those named in the configuration. */
function isAllowedNamespace(
  namespace: string,
  subjectNamespace: string,
  observation: GatewayObservation,
  config: GatewayConfig,
): boolean {
  return (
    namespace === observation.ciliumNamespace ||
    namespace === subjectNamespace ||
    config.entrypointNamespaces.includes(namespace)
  );
}

/** A load balancer that is set up outside of Kubernetes may use a NodePort; its address is in the configuration then. */
function canBeServed({ service, subjectKey }: Claim, config: GatewayConfig): boolean {
  if (service.type === 'LoadBalancer') return true;
  const given = Object.entries(config.addresses).some(
    ([name, addresses]) => subjectKey === `Gateway ${name}` && addresses.length > 0,
  );
  return service.type === 'NodePort' && given;
}

function wrongEntrypointType({ service, subjectKey }: Claim): Finding {
  const { namespace, name } = service.meta;
  return finding('entrypoint-type', 'fail', {
    reason: 'EntrypointNotLoadBalancer',
    target: targetOf(SERVICES, service.meta),
    message: `The entrypoint of ${subjectKey} is of type ${service.type}: clouds give a load balancer to type LoadBalancer only, so it cannot serve.`,
    fix: `Change it: kubectl -n ${namespace} patch service ${name} -p '{"spec":{"type":"LoadBalancer"}}'   (with the annotations that name its load balancer)`,
    evidence: { type: service.type },
  });
}

function isAllowed(claim: Claim, observation: GatewayObservation, config: GatewayConfig, claims: Claims): boolean {
  const { meta } = claim.service;
  if (isAllowedNamespace(meta.namespace, claim.namespace, observation, config)) return true;
  claims.findings.push(
    finding('entrypoint-namespace', 'fail', {
      reason: 'EntrypointNamespaceNotAllowed',
      target: targetOf(SERVICES, meta),
      message: `The entrypoint claims ${claim.subjectKey}, but a Service in namespace ${meta.namespace} may not: only ${allowedNamespaces(claim, observation, config)} may.`,
      fix: `Move the Service to one of these namespaces, or add "${meta.namespace}" to gateway.entrypointNamespaces in the configuration.`,
    }),
  );
  return false;
}

function allowedNamespaces(claim: Claim, observation: GatewayObservation, config: GatewayConfig): string {
  const names = new Set([observation.ciliumNamespace, claim.namespace, ...config.entrypointNamespaces]);
  names.delete('');
  return [...names].join(', ');
}

function reportMissingSubject(claim: Claim, observation: GatewayObservation, claims: Claims): void {
  const kinds = claim.subjectKey.startsWith('Gateway ')
    ? [observation.gateways, observation.gatewayClasses]
    : claim.subjectKey === SHARED_INGRESS_KEY
      ? []
      : [observation.ingresses];
  const target = targetOf(SERVICES, claim.service.meta);
  const unread = kinds.find((kind) => !kind.complete);
  if (unread !== undefined) {
    claims.findings.push(
      finding('entrypoint-subject', 'unknown', {
        reason: 'SubjectUnknown',
        target,
        message: `The entrypoint names ${claim.subjectKey}, which cannot be looked up: ${unread.why}.`,
      }),
    );
    return;
  }
  claims.findings.push(
    finding('entrypoint-subject', 'fail', {
      reason: 'SubjectNotFound',
      target,
      message: claim.listed
        ? `The entrypoint is to be adopted for ${claim.subjectKey}, but Cilium serves nothing of that name.`
        : `The entrypoint names ${claim.subjectKey}, but Cilium serves nothing of that name.`,
      fix: claim.listed
        ? "Create it with a class of Cilium's, or correct --adopt (gateway.adopt in the configuration)."
        : claim.subjectKey === SHARED_INGRESS_KEY
          ? `Switch Cilium's Ingress on (Helm: ingressController.enabled=true), or remove the annotation ${annotations.INGRESS}.`
          : `Create it with a class of Cilium's, or correct the annotation: kubectl -n ${claim.service.meta.namespace} annotate service ${claim.service.meta.name} --overwrite ${annotationFor(claim.subjectKey)}=<namespace>/<name>`,
    }),
  );
}

/** Several entrypoints for one subject: the oldest serves, deterministically; each other one is a finding. */
function chooseOldest(key: string, rivals: readonly Claim[], claims: Claims): void {
  const [first, ...rest] = [...rivals].sort((a, b) => compareAge(a.service.meta, b.service.meta));
  if (first === undefined) return;
  claims.bound.set(key, first.service);
  const winner = describeTarget(targetOf(SERVICES, first.service.meta));
  for (const { service } of rest) {
    if (service.meta.uid === first.service.meta.uid) continue;
    claims.findings.push(
      finding('entrypoint-unique', 'fail', {
        reason: 'EntrypointNotOldest',
        target: targetOf(SERVICES, service.meta),
        message: `${key} has more than one entrypoint; the oldest, ${winner}, serves it, and this one is left alone.`,
        fix: `Remove the annotation from the one that should not serve: kubectl -n ${service.meta.namespace} annotate service ${service.meta.name} ${annotationFor(key)}-`,
        evidence: { serving: winner },
      }),
    );
  }
}

/** Oldest first; the same second is decided by namespace and name. */
export function compareAge(a: Meta, b: Meta): number {
  return (
    compareText(a.creationTimestamp, b.creationTimestamp) ||
    compareText(a.namespace, b.namespace) ||
    compareText(a.name, b.name)
  );
}
