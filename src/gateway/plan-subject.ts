import type { GatewayConfig } from '../config/config.types.ts';
import { GATEWAYS, SERVICES } from '../kube/resources.ts';
import type { Meta, ObjectRef } from '../kube/types.ts';
import { finding, targetOf } from '../plan/make.ts';
import type { Action, Finding, Target } from '../plan/plan.types.ts';
import { describeEntries } from './addresses.ts';
import * as annotations from './annotations.ts';
import { type Claims, malformedAnnotation } from './claims.ts';
import { decideExposure, type Exposure, nodePortLoss } from './exposure.ts';
import { asksForManaged, createManaged, isManaged, managedName, managedSpec, updateManaged } from './managed.ts';
import type { IngressEntry, ServiceModel } from './models/service.ts';
import type { GatewayObservation } from './observation.ts';
import { findOtherOwner, otherOwnerFinding } from './other-owners.ts';
import { isOurs } from './ours.ts';
import { matchPorts } from './ports.ts';
import { programmedFinding } from './programmed.ts';
import { clearAction, decideIpMode, publishAction, type Wanted, wantedAddresses } from './publish.ts';
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
}

interface StatusPlan {
  readonly wanted: Wanted;
  readonly action: Action | undefined;
  readonly annotateEntrypoint: boolean;
  /** What will stand in the status once the action is done; empty when nothing is published. */
  readonly addresses: readonly IngressEntry[];
  readonly question: SubjectState['ipModeQuestion'];
}

type ActionParts = Pick<Action, 'key' | 'related' | 'pausedBy'>;

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
  const decision = decideExposure(subject, entrypoint, config);
  findings.push(...decision.findings);
  const { exposure } = decision;
  const idle = { subject, entrypoint, exposure, addresses: [], actions: [], findings, ipModeQuestion: undefined };
  if (exposure === undefined) return idle;
  if (!typeFits(service, exposure)) {
    findings.push(wrongType(subject, service));
    return idle;
  }
  if (exposure === 'node-port') findings.push(nodePortLoss(subject, entrypoint, observation.ciliumPods));
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
    const ports = matchPorts(entrypoint, service, subject.key);
    findings.push(...ports.findings);
    const targets = wantedTargets(subject, service, ports.pairs, exposure, findings);
    const pins =
      config.pinNodePorts && exposure !== 'host-network'
        ? pinNodePorts(subject, service, targets, context.takenNodePorts, observation.refusedPins, parts)
        : NO_PINS;
    const loose = targets.filter((target) => !pins.pinned.has(target));
    writes.push(pins.action, patchEntrypoint(subject, entrypoint, loose, annotateType, parts));
  }
  writes.push(status?.action);
  const state = { ...idle, addresses: status?.addresses ?? [], ipModeQuestion: status?.question };
  return finish(state, writes, findings);
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

/** The status of the Gateway Service: what it should be, and the write that brings it there. */
function planStatus(
  subject: Subject,
  service: ServiceModel,
  entrypoint: ServiceModel | undefined,
  context: SubjectContext,
  findings: Finding[],
  parts: ActionParts,
): StatusPlan {
  const keep: StatusPlan = {
    wanted: { kind: 'keep' },
    action: undefined,
    annotateEntrypoint: false,
    addresses: [],
    question: undefined,
  };
  if (service.type !== 'LoadBalancer') {
    if (entrypoint !== undefined) findings.push(wrongType(subject, service));
    return keep;
  }
  // Another subject's traffic arrives at this address: it is not published anew, and not taken back either.
  if (context.losers.has(subject.key)) return keep;
  const wanted = wantedAddresses(subject, entrypoint, context.config, findings);
  switch (wanted.kind) {
    case 'keep':
      return keep;
    case 'clear': {
      const certain = !context.claims.uncertain.has(subject.key);
      const action = certain ? clearAction(subject, service, parts) : undefined;
      return { ...keep, wanted, action };
    }
    case 'publish': {
      const mode = decideIpMode(service, entrypoint, wanted.entries, context.observation);
      if (mode.finding !== undefined) findings.push(mode.finding);
      if (mode.ipMode === undefined) return keep;
      const action = publishAction(subject, service, wanted.entries, mode.ipMode, wanted.source, parts);
      const ip = wanted.entries.find((entry) => entry.ip !== '')?.ip;
      const ref = { namespace: service.meta.namespace, name: service.meta.name };
      return {
        wanted,
        action,
        annotateEntrypoint: mode.annotateEntrypoint,
        addresses: wanted.entries,
        question: mode.question && ip !== undefined ? { ref, ip } : undefined,
      };
    }
  }
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
function typeFits(service: ServiceModel, exposure: Exposure): boolean {
  return service.type === 'LoadBalancer' || exposure === 'host-network';
}

function wrongType(subject: Subject, service: ServiceModel): Finding {
  return finding('gateway-service-type', 'fail', {
    reason: 'GatewayServiceNotLoadBalancer',
    target: targetOf(SERVICES, service.meta),
    message: `The Service of ${subject.key} is of type ${service.type}; Kubernetes keeps a load balancer's address only on type LoadBalancer, so none is written.`,
    fix:
      subject.kind === 'Gateway'
        ? `Set spec.service.type: LoadBalancer in the CiliumGatewayClassConfig; or, with Envoy on the nodes' network, annotate the entrypoint ${annotations.EXPOSURE}=host-network.`
        : 'Remove the annotation ingress.cilium.io/service-type, or set it to LoadBalancer.',
    evidence: { type: service.type },
  });
}

function serviceMissing(subject: Subject): Finding {
  const conditions = subject.gateway?.conditions ?? [];
  const bad = conditions.find((condition) => condition.type === 'Accepted' && condition.status === 'False');
  const why = bad === undefined ? '' : ` Cilium says: ${bad.reason}: ${bad.message}`;
  return finding('gateway-service', 'fail', {
    reason: 'GatewayServiceMissing',
    target: subject.target,
    message: `Cilium has not made the Service ${subject.serviceName} for ${subject.key}.${why}`,
    fix:
      bad === undefined
        ? 'See whether cilium-operator runs and what it says: kubectl -n kube-system get pods -l io.cilium/app=operator; kubectl -n kube-system logs deploy/cilium-operator'
        : 'Correct the Gateway as the message says.',
  });
}
