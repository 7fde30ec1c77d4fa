import { type CiliumPod, isAgent } from '../cilium/agents.ts';
import type { ExposureChoice, GatewayConfig } from '../config/config.types.ts';
import { GATEWAYS, SERVICES } from '../kube/resources.ts';
import { finding, targetOf } from '../plan/make.ts';
import type { Finding } from '../plan/plan.types.ts';
import * as annotations from './annotations.ts';
import { malformedAnnotation } from './claims.ts';
import type { ServiceModel } from './models/service.ts';
import type { Subject } from './subjects.ts';

/** How traffic reaches Envoy through one entrypoint. */
export type Exposure = 'redirect' | 'node-port' | 'pod-ip' | 'host-network';

/** Annotations by which a load balancer's members are Pod addresses (node IP, the Pods being on the host's network). */
const POD_MEMBER_ANNOTATIONS: Readonly<Record<string, string>> = {
  'service.cloud.tencent.com/direct-access': 'true',
  'kubernetes.io/hws-hostNetwork': 'true',
};

export interface ExposureDecision {
  /** Undefined: the choice cannot be understood, nothing is written. */
  readonly exposure: Exposure | undefined;
  readonly chosen: ExposureChoice;
  readonly findings: readonly Finding[];
}

/** Decides the exposure of a subject's entrypoint: its annotation, else the Gateway's, else the configuration's. */
export function decideExposure(subject: Subject, entrypoint: ServiceModel, config: GatewayConfig): ExposureDecision {
  let chosen: ExposureChoice = config.exposure;
  for (const [meta, resource] of [
    [entrypoint.meta, SERVICES],
    [subject.meta, GATEWAYS],
  ] as const) {
    const text = meta.annotations[annotations.EXPOSURE];
    if (text === undefined) continue;
    const parsed = annotations.parseExposure(text);
    if (!parsed.ok) {
      const finding = malformedAnnotation(meta, annotations.EXPOSURE, parsed, resource);
      return { exposure: undefined, chosen, findings: [finding] };
    }
    chosen = parsed.value;
    break;
  }
  return { exposure: chosen === 'auto' ? automatic(subject, entrypoint) : chosen, chosen, findings: [] };
}

function automatic(subject: Subject, entrypoint: ServiceModel): Exposure {
  if (subject.hostNetwork === true) return 'host-network';
  return hasPodMembers(entrypoint) ? 'pod-ip' : 'node-port';
}

/** Whether the load balancer sends to Pod addresses, so that no NodePort of the entrypoint is on the way. */
export function hasPodMembers(entrypoint: ServiceModel): boolean {
  return Object.entries(POD_MEMBER_ANNOTATIONS).some(([key, value]) => entrypoint.meta.annotations[key] === value);
}

/** Rule 11: says what share of all connections the guide's node-port exposure refuses, and the mend. */
export function nodePortLoss(subject: Subject, entrypoint: ServiceModel, pods: readonly CiliumPod[]): Finding {
  const nodes = new Set(pods.filter(isAgent).map((pod) => pod.node)).size;
  const local = entrypoint.externalTrafficPolicy === 'Local';
  const share =
    local || nodes === 1
      ? 'all connections'
      : nodes === 0
        ? '1 in N connections (N = nodes)'
        : `1 in ${nodes} connections`;
  const why = local
    ? 'with externalTrafficPolicy Local each node sends to itself, where nothing listens on the NodePort'
    : 'a node that picks itself as the backend finds nothing listening on the NodePort';
  return finding('exposure', 'warn', {
    reason: 'NodePortExposureRefuses',
    target: targetOf(SERVICES, entrypoint.meta),
    message: `The exposure node-port refuses ${share} to ${subject.key}: ${why}.`,
    fix:
      `Let the load balancer send to Pod addresses (TKE: annotation service.cloud.tencent.com/direct-access: "true"; then ` +
      `kubectl -n ${entrypoint.meta.namespace} annotate service ${entrypoint.meta.name} --overwrite ${annotations.EXPOSURE}=pod-ip), ` +
      `or run Envoy on the nodes' network (Helm: gatewayAPI.hostNetwork.enabled=true).`,
    evidence: { nodes, externalTrafficPolicy: entrypoint.externalTrafficPolicy },
  });
}
