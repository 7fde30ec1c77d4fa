import type { ExposureChoice, GatewayConfig } from '../config/config.types.ts';
import { GATEWAYS, SERVICES } from '../kube/resources.ts';
import type { Meta, ObjectRef } from '../kube/types.ts';
import { finding, targetOf } from '../plan/make.ts';
import type { Action, Finding, Target } from '../plan/plan.types.ts';
import { describeEntries } from './addresses.ts';
import * as annotations from './annotations.ts';
import { type Claims, malformedAnnotation } from './claims.ts';
import { chooseExposure, type Exposure, resolveExposure } from './exposure.ts';
import { asksForManaged, createManaged, isManaged, managedName, managedSpec, updateManaged } from './managed.ts';
import type { IngressEntry, ServiceModel } from './models/service.ts';
import type { GatewayObservation } from './observation.ts';
import { findOtherOwner, otherOwnerFinding } from './other-owners.ts';
import { isOurs } from './ours.ts';
import { planStatus } from './plan-status.ts';
import { matchPorts } from './ports.ts';
import { programmedFinding } from './programmed.ts';
import { serviceMissing, wrongType } from './subject-findings.ts';
import type { Subject } from './subjects.ts';
import { patchEntrypoint, pinNodePorts, wantedTargets } from './target-ports.ts';

export interface SubjectContext {
  readonly observation: GatewayObservation;
  readonly config: GatewayConfig;
  readonly claims: Claims;
  /** Subjects whose every port of the load balancer belongs to an older one. */
  readonly losers: ReadonlySet<string>;
  readonly takenNodePorts: ReadonlySet<number>;
  /** Uids of managed entrypoints that this plan deletes: their subjects lose the address first. */
  readonly removing: ReadonlySet<string>;
  /** Somebody follows the Gateways' routes after this pass: redirect copies may be written. */
  readonly follow: boolean;
}

/** One subject after planning: what is to be written, what was found, and how it stands. */
export interface SubjectState {
  readonly subject: Subject;
  readonly entrypoint: ServiceModel | undefined;
  readonly exposure: Exposure | undefined;
  /** What `status.addresses` should show; empty where nothing is published. */
  readonly addresses: readonly IngressEntry[];
  readonly actions: readonly Action[];
  readonly findings: readonly Finding[];
  readonly ipModeQuestion: { readonly ref: ObjectRef; readonly ip: string } | undefined;
  /** Uid of the redirect copy in use; `undecided`: whatever stands there stays. */
  readonly copy: { readonly uid: string } | 'none' | 'undecided';
  /** The plan rests on CiliumEnvoyConfigs, which were not read. */
  readonly needsEnvoyConfigs: boolean;
}

export type ActionParts = Pick<Action, 'key' | 'related' | 'pausedBy'>;

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
  if (entrypoint === undefined && wantsManaged) {
    return { ...idle, ...planManagedToCome(subject, service, context, findings, parts) };
  }
  if (entrypoint === undefined) {
    const status = planStatus(subject, service, undefined, context, findings, parts);
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
    chosen,
    context,
    findings,
    parts,
  });
  const { exposure } = exposed;
  const status =
    exposure === 'host-network' ? undefined : planStatus(subject, service, entrypoint, context, findings, parts);
  const annotateType = status?.annotateEntrypoint ?? false;
  const writes: (Action | undefined)[] = [];
  if (wantsManaged && isManaged(entrypoint, observation)) {
    const spec = managedSpec(subject, service, targetPortRule(exposure), observation, config, findings);
    if (spec !== undefined) {
      writes.push(updateManaged(subject, entrypoint, spec, annotateType, findings, parts));
    }
  } else {
    findings.push(...ports.findings);
    const targets = wantedTargets(subject, service, ports.pairs, exposure, findings);
    const pins =
      config.pinNodePorts && exposure !== 'host-network'
        ? pinNodePorts(subject, service, targets, context.takenNodePorts, observation.refusedPins, parts)
        : NO_PINS;
    const loose = targets.filter((target) => !pins.pinned.has(target));
    writes.push(pins.action, patchEntrypoint(subject, entrypoint, loose, annotateType, parts));
  }
  writes.push(exposed.action, status?.action);
  const { copy, needsEnvoyConfigs } = exposed;
  const addresses = status?.addresses ?? [];
  return finish(
    { ...state, exposure, copy, needsEnvoyConfigs, addresses, ipModeQuestion: status?.question },
    writes,
    findings,
  );
}

const NO_PINS: ReturnType<typeof pinNodePorts> = { action: undefined, pinned: new Set() };

function finish(state: SubjectState, writes: readonly (Action | undefined)[], findings: Finding[]): SubjectState {
  const actions = writes.filter((action) => action !== undefined);
  const programmed = programmedFinding(state.subject, state.exposure, state.addresses, actions.length > 0);
  if (programmed !== undefined) findings.push(programmed);
  return { ...state, actions };
}

function targetPortRule(exposure: Exposure): (port: number, nodePort: number) => number {
  return (port, nodePort) => (exposure === 'host-network' ? port : nodePort);
}

/** A Gateway that asks for an entrypoint of ours and has none yet. */
function planManagedToCome(
  subject: Subject,
  service: ServiceModel,
  context: SubjectContext,
  findings: Finding[],
  parts: ActionParts,
): Pick<SubjectState, 'actions'> {
  const { observation, config } = context;
  const exposure: Exposure = subject.hostNetwork === true ? 'host-network' : 'node-port';
  const spec = managedSpec(subject, service, targetPortRule(exposure), observation, config, findings);
  if (spec === undefined) return { actions: [] };
  const waiting = exposure !== 'host-network' && service.ports.some((port) => port.nodePort === 0);
  if (waiting || service.ports.length === 0) {
    // A load balancer made before its members exist loses its backend group for good (huawei.md §1.2).
    wantedTargets(
      subject,
      service,
      service.ports.map((port, index) => ({ index, entrypoint: port, gateway: port })),
      exposure,
      findings,
    );
    return { actions: [] };
  }
  const name = managedName(subject.namespace, subject.name);
  const squatter = observation.services.items.find(
    ({ meta }) => meta.namespace === spec.namespace && meta.name === name,
  );
  if (squatter !== undefined) {
    findings.push(
      finding('managed-entrypoint', 'fail', {
        reason: 'ManagedNameTaken',
        target: targetOf(SERVICES, squatter.meta),
        message: `${subject.key} asks for a managed entrypoint, but a Service of its name exists that does not serve it; it is left alone.`,
        fix: `Rename or remove that Service, or annotate it as an entrypoint of your own: ${annotations.GATEWAY}=${subject.namespace}/${subject.name}`,
      }),
    );
    return { actions: [] };
  }
  return { actions: [createManaged(subject, spec, parts)] };
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

/** Rule of design §6: `paused` on the Gateway or the entrypoint. What cannot be understood pauses, to be safe. */
function pausedBy(
  subject: Subject,
  entrypoint: ServiceModel | undefined,
  findings: Finding[],
): { readonly pausedBy?: Target } {
  const objects: [Meta, typeof SERVICES][] = [[subject.meta, subject.kind === 'Gateway' ? GATEWAYS : SERVICES]];
  if (entrypoint !== undefined) objects.push([entrypoint.meta, SERVICES]);
  for (const [meta, resource] of objects) {
    const text = meta.annotations[annotations.PAUSED];
    if (text === undefined) continue;
    const parsed = annotations.parseFlag(text);
    if (!parsed.ok) findings.push(malformedAnnotation(meta, annotations.PAUSED, parsed, resource));
    if (!parsed.ok || parsed.value) {
      return { pausedBy: meta === subject.meta ? subject.target : targetOf(SERVICES, meta) };
    }
  }
  return {};
}

/** Rule 3: a status can be written only on type LoadBalancer. On the host network no status is written at all. */
function typeFits(service: ServiceModel, chosen: ExposureChoice): boolean {
  return service.type === 'LoadBalancer' || chosen === 'host-network';
}
