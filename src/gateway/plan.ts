import type { GatewayConfig } from '../config/config.types.ts';
import type { ObjectRef } from '../kube/types.ts';
import { finding } from '../plan/make.ts';
import type { Finding, Plan } from '../plan/plan.types.ts';
import { adoptEntrypoints } from './adopt.ts';
import { collectClaims } from './claims.ts';
import { findCollisions } from './collisions.ts';
import type { LoadBalancerRef } from './load-balancers.ts';
import type { GatewayObservation } from './observation.ts';
import { planOrphans } from './orphans.ts';
import { planSubject } from './plan-subject.ts';
import type { SubjectContext, SubjectState } from './plan-subject.types.ts';
import type { CopyPolicy } from './redirect.ts';
import { planRemovals } from './removal.ts';
import { nothingServed } from './subject-findings.ts';
import { listSubjects, type Subject } from './subjects.ts';
import { takenNodePorts } from './target-ports.ts';

/** The plan for all Gateways and Ingresses, and what the runner needs besides. */
export interface GatewayPlan extends Plan {
  readonly subjects: readonly SubjectState[];
  /** A Service on which to ask, before the first write, whether the API server stores `ipMode`; undefined: no need. */
  readonly ipModeQuestion: { readonly ref: ObjectRef; readonly ip: string } | undefined;
  /** Uids of managed entrypoints that nobody wants now. */
  readonly unwanted: ReadonlySet<string>;
  /** The plan rests on CiliumEnvoyConfigs, which were not read so far. */
  readonly needsEnvoyConfigs: boolean;
  /** Load balancers whose addresses the plan takes from the cloud. */
  readonly loadBalancers: readonly LoadBalancerRef[];
}

/**
 * Plans every write that brings Gateways and their entrypoints in sync. Pure: the same observation gives the same
 * plan, and the plan after a perfect apply has no actions.
 */
export function planGateways(observation: GatewayObservation, config: GatewayConfig, copies: CopyPolicy): GatewayPlan {
  if (!observation.services.complete) return unreadable(observation);
  const findings: Finding[] = [...unreadKinds(observation)];
  const subjects = listSubjects(observation);
  const impossible = nothingServed(subjects, observation);
  if (impossible !== undefined) return withoutWrites([...findings, impossible]);
  const byKey = new Map(subjects.map((subject) => [subject.key, subject]));
  const claims = collectClaims(observation, config, byKey);
  adoptEntrypoints(observation, config, subjects, claims);
  const collisions = findCollisions(boundPairs(subjects, claims.bound));
  findings.push(...claims.findings, ...collisions.findings);
  const removals = planRemovals(observation, config);
  const context: SubjectContext = {
    observation,
    config,
    claims,
    losers: collisions.losers,
    takenNodePorts: takenNodePorts(observation.services.items),
    removing: new Set(removals.actions.map((action) => action.target.uid)),
    copies,
  };
  const states = subjects.map((subject) => planSubject(subject, context));
  findings.push(...removals.findings, ...states.flatMap((state) => state.findings));
  const orphans = planOrphans(observation, config, states, claims, copies);
  return {
    actions: [...orphans, ...states.flatMap((state) => state.actions), ...removals.actions],
    findings,
    nextLookMs: removals.nextLookMs,
    subjects: states,
    ipModeQuestion: states.find((state) => state.ipModeQuestion !== undefined)?.ipModeQuestion,
    unwanted: removals.unwanted,
    needsEnvoyConfigs: states.some((state) => state.needsEnvoyConfigs),
    loadBalancers: states.flatMap(({ loadBalancer }) => (loadBalancer === undefined ? [] : [loadBalancer])),
  };
}

function boundPairs(
  subjects: readonly Subject[],
  bound: ReadonlyMap<string, Parameters<typeof findCollisions>[0][number]['entrypoint']>,
): Parameters<typeof findCollisions>[0] {
  return subjects.flatMap((subject) => {
    const entrypoint = bound.get(subject.key);
    return entrypoint === undefined ? [] : [{ subject, entrypoint }];
  });
}

function unreadKinds(observation: GatewayObservation): Finding[] {
  const kinds = [
    ['GatewayClasses', observation.gatewayClasses],
    ['Gateways', observation.gateways],
    ['Ingresses', observation.ingresses],
    ['CiliumLoadBalancerIPPools', observation.pools],
  ] as const;
  const hidden = observation.hidden.map(({ kind, why }) =>
    finding('observation', 'unknown', {
      reason: 'NotReadable',
      target: undefined,
      message: `${kind} could not be read, so namespace ${observation.ciliumNamespace}, no host network and an ipMode that is honoured are assumed: ${why}.`,
    }),
  );
  const unread = kinds
    .filter(([, seen]) => seen.served && !seen.complete)
    .map(([kind, seen]) =>
      finding('observation', 'unknown', {
        reason: 'NotReadable',
        target: undefined,
        message: `${kind} could not be read: ${seen.why}.`,
      }),
    );
  return [...unread, ...hidden];
}

function unreadable(observation: GatewayObservation): GatewayPlan {
  return withoutWrites([
    finding('observation', 'unknown', {
      reason: 'NotReadable',
      target: undefined,
      message: `Services could not be read: ${observation.services.why}.`,
    }),
  ]);
}

/** Whatever stands in the cluster stays. */
function withoutWrites(findings: readonly Finding[]): GatewayPlan {
  return {
    actions: [],
    findings,
    nextLookMs: undefined,
    subjects: [],
    ipModeQuestion: undefined,
    unwanted: new Set(),
    needsEnvoyConfigs: false,
    loadBalancers: [],
  };
}
