import { SERVICES } from '../kube/resources.ts';
import { describeTarget, finding, targetOf } from '../plan/make.ts';
import type { Finding } from '../plan/plan.types.ts';
import { compareAge } from './claims.ts';
import { loadBalancerOf } from './load-balancers.ts';
import type { ServiceModel } from './models/service.ts';
import { describePort } from './ports.ts';
import type { Subject } from './subjects.ts';

export interface Collisions {
  readonly findings: readonly Finding[];
  /** Subjects of which no port is left: another Gateway's traffic arrives at their address. */
  readonly losers: ReadonlySet<string>;
}

/** Several subjects on one load balancer must not share a port: the oldest subject keeps it, the others are told. */
export function findCollisions(
  bound: readonly { readonly subject: Subject; readonly entrypoint: ServiceModel }[],
): Collisions {
  const holders = new Map<string, { subject: Subject; entrypoint: ServiceModel }>();
  const lost = new Map<string, string[]>();
  const findings: Finding[] = [];
  const byAge = [...bound].sort((a, b) => compareAge(a.subject.meta, b.subject.meta));
  for (const { subject, entrypoint } of byAge) {
    const id = loadBalancerOf(entrypoint)?.id;
    if (id === undefined) continue;
    for (const port of entrypoint.ports) {
      const key = `${id} ${describePort(port)}`;
      const holder = holders.get(key);
      if (holder === undefined) {
        holders.set(key, { subject, entrypoint });
        continue;
      }
      lost.set(subject.key, [...(lost.get(subject.key) ?? []), key]);
      findings.push(
        finding('load-balancer-port', 'fail', {
          reason: 'LoadBalancerPortTaken',
          target: targetOf(SERVICES, entrypoint.meta),
          message: `Port ${describePort(port)} of load balancer ${id} is wanted for ${subject.key} and for ${holder.subject.key}; the older, ${holder.subject.key} (${describeTarget(targetOf(SERVICES, holder.entrypoint.meta))}), has it.`,
          fix: `Give ${subject.key} another port or another load balancer.`,
          evidence: { loadBalancer: id, holder: holder.subject.key },
        }),
      );
    }
  }
  const losers = new Set(
    byAge
      .filter(({ subject, entrypoint }) => lost.get(subject.key)?.length === entrypoint.ports.length)
      .map(({ subject }) => subject.key),
  );
  return { findings, losers };
}
