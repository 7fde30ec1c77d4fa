import { selectsCilium } from '../cilium/agents.ts';
import type { GatewayConfig } from '../config/config.types.ts';
import { SERVICES } from '../kube/resources.ts';
import { describeTarget, finding, targetOf } from '../plan/make.ts';
import { isOurs } from '../plan/ours.ts';
import { sameEntries, selectAddresses } from './addresses.ts';
import * as annotations from './annotations.ts';
import { type Claims, compareAge } from './claims.ts';
import type { ServiceModel } from './models/service.ts';
import type { GatewayObservation } from './observation.ts';
import { matchPorts } from './ports.ts';
import type { Subject } from './subjects.ts';

/**
 * Looks for entrypoints that carry no annotation, as the guides' objects do (design §6). With `adopt: auto` the one
 * Service that fits one Gateway is taken; otherwise, and where it is ambiguous, nothing is, and a finding gives the
 * annotate command for each candidate. Mutates `claims`.
 */
export function adoptEntrypoints(
  observation: GatewayObservation,
  config: GatewayConfig,
  subjects: readonly Subject[],
  claims: Claims,
): void {
  const open = subjects.filter(
    (subject) =>
      subject.kind === 'Gateway' &&
      subject.service !== undefined &&
      !claims.bound.has(subject.key) &&
      !claims.uncertain.has(subject.key) &&
      subject.meta.annotations[annotations.ENTRYPOINT] === undefined,
  );
  const services = observation.services.items
    .filter((service) => isCandidate(service, observation, claims))
    .sort((a, b) => compareAge(a.meta, b.meta));
  const bySubject = new Map<Subject, ServiceModel[]>();
  const byService = new Map<ServiceModel, Subject[]>();
  for (const subject of open) {
    for (const service of services) {
      if (!fits(service, subject)) continue;
      bySubject.set(subject, [...(bySubject.get(subject) ?? []), service]);
      byService.set(service, [...(byService.get(service) ?? []), subject]);
    }
  }
  const taken = new Set<ServiceModel>();
  if (config.adopt.mode === 'auto') {
    for (const [subject, candidates] of bySubject) {
      // What we serve already is not given up because a second candidate turned up.
      const established = candidates.filter((service) => isEstablished(subject, service));
      const leading = established.filter((service) => leadsTo(subject, service));
      const [only, other] = established.length > 1 ? leading : established;
      if (only === undefined || other !== undefined || taken.has(only)) continue;
      taken.add(only);
      claims.bound.set(subject.key, only);
    }
  }
  for (const [subject, all] of bySubject) {
    if (claims.bound.has(subject.key)) continue;
    const candidates = all.filter((service) => !taken.has(service));
    const [only] = candidates;
    if (only === undefined) continue;
    const rivals = (byService.get(only) ?? []).filter((other) => !claims.bound.has(other.key));
    const unique = candidates.length === 1 && rivals.length === 1;
    if (config.adopt.mode === 'auto' && unique) {
      claims.bound.set(subject.key, only);
      continue;
    }
    claims.uncertain.add(subject.key);
    claims.findings.push(candidateFinding(subject, candidates, rivals, config.adopt.mode === 'auto'));
  }
}

function isCandidate(service: ServiceModel, observation: GatewayObservation, claims: Claims): boolean {
  return (
    service.type === 'LoadBalancer' &&
    // A selector reaches Pods of its own namespace only.
    service.meta.namespace === observation.ciliumNamespace &&
    !service.meta.deleting &&
    !claims.claimants.has(service.meta.uid) &&
    selectsCilium(service.selector, observation.ciliumPods)
  );
}

function fits(service: ServiceModel, subject: Subject): boolean {
  if (subject.service === undefined) return false;
  const { pairs, understood } = matchPorts(service, subject.service, subject.key);
  // With an annotation that cannot be read it stays a candidate, so that the annotation is told of.
  return pairs.length > 0 || !understood;
}

/** Our own status on the Gateway Service gives this entrypoint's addresses. */
function isEstablished(subject: Subject, service: ServiceModel): boolean {
  const gateway = subject.service;
  if (gateway === undefined || gateway.ingress.length === 0 || !isOurs(gateway.ingressOwners)) return false;
  return (['all', 'public', 'private'] as const).some((choice) =>
    sameEntries(selectAddresses(service.ingress, choice).entries, gateway.ingress, false),
  );
}

/** A port of this entrypoint leads to the Gateway already: tells apart two entrypoints of one load balancer. */
function leadsTo(subject: Subject, service: ServiceModel): boolean {
  if (subject.service === undefined) return false;
  const { pairs } = matchPorts(service, subject.service, subject.key);
  return pairs.some((pair) => pair.gateway.nodePort !== 0 && pair.gateway.nodePort === pair.entrypoint.targetPort);
}

function candidateFinding(
  subject: Subject,
  candidates: readonly ServiceModel[],
  rivals: readonly Subject[],
  auto: boolean,
): ReturnType<typeof finding> {
  const names = candidates.map((service) => describeTarget(targetOf(SERVICES, service.meta)));
  const commands = candidates.map(
    ({ meta }) =>
      `kubectl -n ${meta.namespace} annotate service ${meta.name} ${annotations.GATEWAY}=${subject.namespace}/${subject.name}`,
  );
  const others = rivals.filter((rival) => rival.key !== subject.key).map((rival) => rival.key);
  const why = auto
    ? candidates.length > 1
      ? `${names.join(' and ')} could each be its entrypoint`
      : `${names.join('')} could be its entrypoint, and that of ${others.join(', ')} too`
    : `${names.join(' and ')} could be its entrypoint but ${names.length === 1 ? 'does' : 'do'} not say so`;
  return finding('entrypoint', 'fail', {
    reason: auto ? 'AdoptionAmbiguous' : 'EntrypointNotAnnotated',
    target: subject.target,
    message: `${subject.key} is not served: ${why}.`,
    fix:
      auto || candidates.length > 1
        ? `Choose one: ${commands.join('   or   ')}`
        : `Say so: ${commands.join('')}   (or run with --adopt auto)`,
    evidence: { candidates: names },
  });
}
