import { type CiliumPod, isAgent, selectsCilium } from '../cilium/agents.ts';
import type { ExposureChoice, GatewayConfig } from '../config/config.types.ts';
import { SERVICES } from '../kube/resources.ts';
import { finding, targetOf } from '../plan/make.ts';
import type { Action, Finding } from '../plan/plan.types.ts';
import * as annotations from './annotations.ts';
import { malformedAnnotation } from './claims.ts';
import type { ServiceModel } from './models/service.ts';
import type { GatewayObservation } from './observation.ts';
import type { ActionParts, Exposure, SubjectContext, SubjectState } from './plan-subject.types.ts';
import { describePort, type PortPair } from './ports.ts';
import { planRedirect } from './redirect.ts';
import { resourceOf, type Subject } from './subjects.ts';

/** Annotations by which a load balancer's members are Pod addresses (node IP, the Pods being on the host's network). */
const POD_MEMBER_ANNOTATIONS: Readonly<Record<string, string>> = {
  'service.cloud.tencent.com/direct-access': 'true',
  'kubernetes.io/hws-hostNetwork': 'true',
};

/**
 * What was chosen for a subject's entrypoint: by its annotation, else the Gateway's, else the configuration's. `auto` is
 * `host-network` where Envoy listens on the nodes. Undefined, with a finding, when it cannot be understood.
 */
export function chooseExposure(
  subject: Subject,
  entrypoint: ServiceModel | undefined,
  config: GatewayConfig,
  findings: Finding[],
): ExposureChoice | undefined {
  let chosen: ExposureChoice = config.exposure;
  for (const [meta, resource] of [
    [entrypoint?.meta, SERVICES],
    [subject.meta, resourceOf(subject)],
  ] as const) {
    const text = meta?.annotations[annotations.EXPOSURE];
    if (meta === undefined || text === undefined) continue;
    const parsed = annotations.parseExposure(text);
    if (!parsed.ok) {
      findings.push(malformedAnnotation(meta, annotations.EXPOSURE, parsed, resource));
      return undefined;
    }
    chosen = parsed.value;
    break;
  }
  return chosen === 'auto' && subject.hostNetwork === true ? 'host-network' : chosen;
}

export interface ExposureParts {
  readonly subject: Subject;
  readonly service: ServiceModel;
  readonly entrypoint: ServiceModel;
  readonly pairs: readonly PortPair[];
  /** Whether `pairs` is what the user says of the ports. */
  readonly understood: boolean;
  readonly chosen: ExposureChoice;
  readonly context: SubjectContext;
  readonly findings: Finding[];
  readonly parts: ActionParts;
}

export interface ResolvedExposure extends Pick<SubjectState, 'copy' | 'needsEnvoyConfigs'> {
  readonly exposure: Exposure;
  /** The redirect copy's write, if one is due. */
  readonly action: Action | undefined;
}

/** Settles what `auto` and `redirect` come to, and says what share of connections is at risk where node-port is left. */
export function resolveExposure(given: ExposureParts): ResolvedExposure {
  const { subject, service, entrypoint, pairs, understood, chosen, context, findings, parts } = given;
  const { observation, copies } = context;
  const settled = { action: undefined, copy: 'none', needsEnvoyConfigs: false } as const;
  if (chosen === 'host-network' || chosen === 'pod-ip') return { exposure: chosen, ...settled };
  if (chosen === 'node-port') {
    findings.push(nodePortLoss(subject, entrypoint, observation.ciliumPods, pairs, 'chosen'));
    return { exposure: 'node-port', ...settled };
  }
  if (observation.envoyConfigs === undefined) {
    return { exposure: 'redirect', ...settled, copy: 'undecided', needsEnvoyConfigs: true };
  }
  // A port map that cannot be understood takes nothing away: what serves goes on serving.
  if (!understood) return { exposure: 'node-port', ...settled, copy: 'undecided' };
  const redirect = planRedirect(subject, service, entrypoint, pairs, observation.envoyConfigs, copies, parts);
  findings.push(...redirect.findings);
  const open = pairs.filter(({ entrypoint: { protocol, port } }) => protocol !== 'TCP' || !redirect.covered.has(port));
  const fallback = hasPodMembers(entrypoint) ? 'pod-ip' : 'node-port';
  if (open.length > 0 && fallback === 'node-port') {
    findings.push(
      nodePortLoss(subject, entrypoint, observation.ciliumPods, open, copies === 'frozen' ? 'unfollowed' : 'left'),
    );
  }
  const inUse = redirect.copyUid === undefined ? 'none' : { uid: redirect.copyUid };
  return {
    exposure: redirect.covered.size > 0 ? 'redirect' : fallback,
    action: redirect.action,
    copy: inUse,
    needsEnvoyConfigs: false,
  };
}

/** Whether the load balancer sends to Pod addresses, so that no NodePort of the entrypoint is on the way. */
export function hasPodMembers(entrypoint: ServiceModel): boolean {
  return Object.entries(POD_MEMBER_ANNOTATIONS).some(([key, value]) => entrypoint.meta.annotations[key] === value);
}

/** Without a redirect, traffic goes to the Pods that the selector matches: these must be Cilium's. Where none can be seen, nothing is said. */
export function reachesNoEnvoy(
  subject: Subject,
  entrypoint: ServiceModel,
  exposure: Exposure,
  { ciliumPods, ciliumNamespace }: GatewayObservation,
): Finding | undefined {
  const { meta, selector } = entrypoint;
  if (exposure === 'redirect' || ciliumPods.length === 0 || Object.keys(selector).length === 0) return undefined;
  if (meta.namespace === ciliumNamespace && selectsCilium(selector, ciliumPods)) return undefined;
  const chosen = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
  const why =
    meta.namespace === ciliumNamespace
      ? `no Pod of Cilium's has ${chosen.join(',')}`
      : `a selector (${chosen.join(',')}) reaches Pods of its own namespace, and Cilium runs in ${ciliumNamespace}`;
  return finding('entrypoint-selector', 'warn', {
    reason: 'EntrypointReachesNoEnvoy',
    target: targetOf(SERVICES, meta),
    message: `With the exposure ${exposure} the entrypoint of ${subject.key} leads to no Envoy: ${why}.`,
    fix:
      meta.namespace === ciliumNamespace
        ? `Select the agents: kubectl -n ${meta.namespace} set selector service ${meta.name} k8s-app=cilium`
        : `Make the entrypoint in namespace ${ciliumNamespace} with the selector k8s-app: cilium; or let the controller run with the exposure redirect, which needs no selector.`,
    evidence: { selector: chosen.join(',') },
  });
}

/** Rule 11: says what share of all connections the guide's node-port exposure refuses, and the mend. */
function nodePortLoss(
  subject: Subject,
  entrypoint: ServiceModel,
  pods: readonly CiliumPod[],
  pairs: readonly PortPair[],
  why: 'chosen' | 'left' | 'unfollowed',
): Finding {
  const nodes = new Set(pods.filter(isAgent).map((pod) => pod.node)).size;
  const local = entrypoint.externalTrafficPolicy === 'Local';
  const some = nodes === 0 ? '1 in N connections (N = nodes)' : `1 in ${nodes} connections`;
  const share = local || nodes === 1 ? 'all connections' : some;
  const cause = local
    ? 'with externalTrafficPolicy Local each node sends to itself, where nothing listens on the NodePort'
    : 'a node that picks itself as the backend finds nothing listening on the NodePort';
  const { namespace, name } = entrypoint.meta;
  const annotate = `kubectl -n ${namespace} annotate service ${name} --overwrite ${annotations.EXPOSURE}=`;
  const mends = {
    chosen: `Let the program choose: ${annotate}auto`,
    left: `See the other findings for what keeps the redirect away; or, where the load balancer's members are Pods: ${annotate}pod-ip`,
    unfollowed:
      'Run the controller, which sends the entrypoint straight to Envoy and follows every route change; or, for routes that never change: --once --allow-static-redirect',
  };
  return finding('exposure', 'warn', {
    reason: 'NodePortExposureRefuses',
    target: targetOf(SERVICES, entrypoint.meta),
    message: `The exposure node-port refuses ${share} to ${subject.key} (port ${pairs.map((pair) => describePort(pair.entrypoint)).join(', ') || 'none'}): ${cause}.`,
    fix: mends[why],
    evidence: { nodes, externalTrafficPolicy: entrypoint.externalTrafficPolicy },
  });
}
