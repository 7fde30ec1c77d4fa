import type { ServiceModel } from '../../gateway/models/service.ts';
import type { SubjectState } from '../../gateway/plan-subject.types.ts';
import { matchPorts, type PortPair } from '../../gateway/ports.ts';
import type { Finding } from '../../plan/plan.types.ts';
import { unanswered } from '../asked.ts';
import type { Say } from '../check.types.ts';
import { loadBalancerIdOf } from '../cloud-questions.ts';
import type { Asked, DoctorWorld, LoadBalancerWorld } from '../world.types.ts';
import { subjectsOf } from './gateway-plan.ts';

/** A Gateway or Ingress with the entrypoint that serves it. */
export interface Served extends SubjectState {
  readonly entrypoint: ServiceModel;
}

export const NO_ENTRYPOINT = 'There is no entrypoint.';

/** Gateways and Ingresses that an entrypoint serves. */
export function servedOf(world: DoctorWorld): Served[] {
  return subjectsOf(world).flatMap((state) => {
    const { entrypoint, subject } = state;
    return entrypoint === undefined || subject.meta.deleting ? [] : [{ ...state, entrypoint }];
  });
}

/** The entrypoint's ports that belong to a port of the Gateway Service. */
export function pairsOf({ subject, entrypoint }: Served): readonly PortPair[] {
  return subject.service === undefined ? [] : matchPorts(entrypoint, subject.service, subject.key).pairs;
}

/** An entrypoint and what the cloud said of its load balancer. */
export interface Balanced extends Served {
  readonly id: string;
  readonly asked: LoadBalancerWorld;
}

/** Entrypoints whose load balancer is named. */
export function balancedOf(world: DoctorWorld): Balanced[] {
  const { cloud } = world;
  const why = cloud.cluster.state === 'not-asked' ? cloud.cluster.why : 'nothing was asked about this load balancer';
  const nothing = { state: 'not-asked', why } as const;
  return servedOf(world).flatMap((served) => {
    const id = loadBalancerIdOf(served.entrypoint);
    if (id === undefined) return [];
    const asked = cloud.loadBalancers.get(id);
    return [{ ...served, id, asked: asked ?? { loadBalancer: nothing, listeners: nothing, targets: nothing } }];
  });
}

/** The cloud says that there is no such load balancer. */
export function isGone({ asked: { loadBalancer } }: Pick<Balanced, 'asked'>): boolean {
  return loadBalancer.state === 'failed' && loadBalancer.category === 'not-found';
}

/**
 * Looks at each entrypoint's load balancer that is there; one that is gone is told by lb-exists alone.
 * @param look at least one finding where something is wrong, none where all is well
 */
export function eachBalancer<R extends string>(
  world: DoctorWorld,
  say: Say<R>,
  passed: string,
  look: (one: Balanced) => readonly Finding[],
): readonly Finding[] {
  const balanced = balancedOf(world);
  if (balanced.length === 0) {
    return [
      say.notApplicable(servedOf(world).length === 0 ? NO_ENTRYPOINT : 'No entrypoint names a load balancer yet.'),
    ];
  }
  const there = balanced.filter((one) => !isGone(one));
  if (there.length === 0) return [say.notApplicable('The load balancer is gone (lb-exists).')];
  const findings = there.flatMap(look);
  if (findings.length > 0) return findings;
  return [say.pass(passed, { evidence: { loadBalancers: [...new Set(there.map(({ id }) => id))] } })];
}

/** Carries on with an answer; where it is missing, says so. */
export function withAnswer<T>(
  check: string,
  asked: Asked<T>,
  look: (value: T) => readonly Finding[],
): readonly Finding[] {
  return asked.state === 'answered' ? look(asked.value) : [unanswered(check, asked)];
}
