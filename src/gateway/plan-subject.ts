import { type Resource, SERVICES } from '../kube/resources.ts';
import type { Meta } from '../kube/types.ts';
import { finding, targetOf } from '../plan/make.ts';
import { isOurs } from '../plan/ours.ts';
import type { Action, Finding, Target } from '../plan/plan.types.ts';
import { describeEntries } from './addresses.ts';
import * as annotations from './annotations.ts';
import { chooseExposure, reachesNoEnvoy, resolveExposure } from './exposure.ts';
import { asksForManaged, isManaged, managedSpec } from './managed.ts';
import { planManagedToCome } from './managed-to-come.ts';
import { updateManaged } from './managed-writes.ts';
import type { ServiceModel } from './models/service.ts';
import { findOtherOwner, otherOwnerFinding } from './other-owners.ts';
import { isPaused } from './paused.ts';
import { planStatus } from './plan-status.ts';
import type { ActionParts, SubjectContext, SubjectState } from './plan-subject.types.ts';
import { matchPorts } from './ports.ts';
import { programmedFinding } from './programmed.ts';
import { unansweredLoadBalancer } from './publish.ts';
import { serviceMissing, wrongType } from './subject-findings.ts';
import { resourceOf, type Subject, typeFits } from './subjects.ts';
import { patchEntrypoint, pinNodePorts, wantedTargets } from './target-ports.ts';

/** Plans one Gateway or Ingress. Order: entrypoint, then status; teardown the other way round (rule 6). */
export function planSubject(subject: Subject, context: SubjectContext): SubjectState {
  const { observation, config, claims } = context;
  const findings: Finding[] = [];
  const wantsManaged = asksForManaged(subject, findings);
  const bound = claims.bound.get(subject.key);
  const entrypoint = bound !== undefined && context.removing.has(bound.meta.uid) ? undefined : bound;
  const idle: SubjectState = {
    subject,
    entrypoint,
    exposure: undefined,
    addresses: [],
    actions: [],
    findings,
    ipModeQuestion: undefined,
    copy: entrypoint === undefined ? 'none' : 'undecided',
    needsEnvoyConfigs: false,
    loadBalancer: undefined,
  };
  const service = subject.service;
  if (subject.meta.deleting) return idle;
  if (service === undefined) {
    // An Ingress or Gateway that nobody claims is not our business until its Service appears.
    if (entrypoint !== undefined || subject.kind === 'Gateway') findings.push(serviceMissing(subject));
    return idle;
  }
  const owner = findOtherOwner(subject, observation, config);
  if (owner !== undefined) {
    if (entrypoint !== undefined || wantsManaged) findings.push(otherOwnerFinding(subject, owner));
    return idle;
  }
  const parts: ActionParts = {
    key: subject.key,
    related: relatedTargets(subject, entrypoint),
    ...pausedBy(subject, entrypoint, findings),
  };
  if (entrypoint === undefined) {
    const status = planStatus(subject, service, undefined, context, findings, parts);
    if (wantsManaged) {
      const create = planManagedToCome(subject, service, context, findings, parts);
      // An address that is left of an earlier entrypoint goes first; one of the configuration waits for the entrypoint.
      const writes = [status.wanted.kind === 'clear' ? status.action : undefined, create];
      return finish(idle, writes, findings);
    }
    if (status.wanted.kind === 'clear') findings.push(...withoutEntrypoint(subject, service, context));
    return finish({ ...idle, addresses: status.addresses, ipModeQuestion: status.question }, [status.action], findings);
  }
  return planBound(subject, service, entrypoint, wantsManaged, context, findings, parts);
}

function planBound(
  subject: Subject,
  service: ServiceModel,
  entrypoint: ServiceModel,
  wantsManaged: boolean,
  context: SubjectContext,
  findings: Finding[],
  parts: ActionParts,
): SubjectState {
  const { observation, config } = context;
  const state = {
    subject,
    entrypoint,
    exposure: undefined,
    addresses: [],
    actions: [],
    findings,
    ipModeQuestion: undefined,
    loadBalancer: undefined,
  };
  const chosen = chooseExposure(subject, entrypoint, config, findings);
  const undecided: SubjectState = { ...state, copy: 'undecided', needsEnvoyConfigs: false };
  if (chosen === undefined) return undecided;
  if (!typeFits(service, chosen)) {
    findings.push(wrongType(subject, service));
    return undecided;
  }
  const ports = matchPorts(entrypoint, service, subject.key);
  const exposed = resolveExposure({
    subject,
    service,
    entrypoint,
    pairs: ports.pairs,
    understood: ports.understood,
    chosen,
    context,
    findings,
    parts,
  });
  const { exposure } = exposed;
  const lost = reachesNoEnvoy(subject, entrypoint, exposure, observation);
  if (lost !== undefined) findings.push(lost);
  // A wish that is refused leaves the entrypoint as it is, but its ports still follow the Gateway.
  const spec =
    wantsManaged && isManaged(entrypoint, observation)
      ? managedSpec(subject, service, entrypoint, observation, config, findings)
      : undefined;
  if (spec === undefined) findings.push(...ports.findings);
  const targets = wantedTargets(subject, service, spec?.pairs ?? ports.pairs, exposure, findings);
  const leads = targets.length > 0 || exposure === 'redirect';
  const wish =
    exposure === 'host-network' ? undefined : planStatus(subject, service, entrypoint, context, findings, parts);
  // An address at which nothing would answer is not published anew.
  const status = wish?.wanted.kind === 'publish' && !leads ? undefined : wish;
  const annotateType = status?.annotateEntrypoint ?? false;
  const pins =
    config.pinNodePorts && exposure !== 'host-network'
      ? pinNodePorts(subject, service, targets, context.takenNodePorts, observation.refusedPins, parts)
      : { action: undefined, targets };
  const entry =
    spec === undefined
      ? patchEntrypoint(subject, entrypoint, pins.targets, annotateType, parts)
      : updateManaged(subject, entrypoint, spec, pins.targets, annotateType, findings, parts);
  const writes = [pins.action, entry, exposed.action, status?.action];
  const { copy, needsEnvoyConfigs } = exposed;
  const addresses = status?.addresses ?? [];
  const loadBalancer = wish === undefined ? undefined : unansweredLoadBalancer(entrypoint);
  return finish(
    { ...state, exposure, copy, needsEnvoyConfigs, addresses, ipModeQuestion: status?.question, loadBalancer },
    writes,
    findings,
  );
}

function finish(state: SubjectState, writes: readonly (Action | undefined)[], findings: Finding[]): SubjectState {
  const actions = writes.filter((action) => action !== undefined);
  const programmed = programmedFinding(state.subject, state.exposure, state.addresses, actions.length > 0);
  if (programmed !== undefined) findings.push(programmed);
  return { ...state, actions };
}

/** Findings for a subject that no entrypoint serves. An Ingress need not be served by us at all. */
function withoutEntrypoint(subject: Subject, service: ServiceModel, context: SubjectContext): Finding[] {
  if (subject.kind !== 'Gateway' || context.claims.uncertain.has(subject.key)) return [];
  if (service.type !== 'LoadBalancer') return [];
  const served = service.ingress.length > 0 && !isOurs(service.ingressOwners);
  const evidence = { address: describeEntries(service.ingress) };
  if (served) {
    return [
      finding('entrypoint', 'warn', {
        reason: 'AddressOfUnknownOrigin',
        target: targetOf(SERVICES, service.meta),
        message: `${subject.key} has the address ${evidence.address}, which this program did not write, and no entrypoint: nothing shows that traffic to it arrives.`,
        fix: `If a load balancer serves it, name its Service: kubectl annotate service <entrypoint> ${annotations.GATEWAY}=${subject.namespace}/${subject.name}`,
        evidence,
      }),
    ];
  }
  return [
    finding('entrypoint', 'fail', {
      reason: 'NoEntrypoint',
      target: subject.target,
      message: `${subject.key} has no entrypoint: no LoadBalancer Service says that it serves it, and none looks like it.`,
      fix:
        `Create a LoadBalancer Service with selector k8s-app: cilium and the listener's ports in namespace ${context.observation.ciliumNamespace}, annotated ` +
        `${annotations.GATEWAY}: ${subject.namespace}/${subject.name}; or annotate the Gateway ${annotations.ENTRYPOINT}: managed.`,
    }),
  ];
}

function relatedTargets(subject: Subject, entrypoint: ServiceModel | undefined): Target[] {
  return entrypoint === undefined ? [subject.target] : [subject.target, targetOf(SERVICES, entrypoint.meta)];
}

/** Which of the Gateway and the entrypoint is paused. */
function pausedBy(
  subject: Subject,
  entrypoint: ServiceModel | undefined,
  findings: Finding[],
): { readonly pausedBy?: Target } {
  const objects: [Meta, Resource][] = [[subject.meta, resourceOf(subject)]];
  if (entrypoint !== undefined) objects.push([entrypoint.meta, SERVICES]);
  for (const [meta, resource] of objects) {
    if (isPaused(meta, resource, findings)) {
      return { pausedBy: meta === subject.meta ? subject.target : targetOf(SERVICES, meta) };
    }
  }
  return {};
}
