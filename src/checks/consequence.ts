import type { Finding, Target } from '../plan/plan.types.ts';
import type { Check } from './check.types.ts';
import { subjectsOf } from './facts/gateway-plan.ts';
import { attachedRoutes } from './facts/routes.ts';
import type { DoctorWorld } from './world.types.ts';

/** Findings of failed checks, by the check's id. */
export type Failures = ReadonlyMap<string, readonly Finding[]>;

/**
 * The failed check that everything which a check finds wrong may follow from; undefined: some of it stands for itself. A
 * finding follows from one that is about the same Gateway, or about the whole cluster: that the load balancer of one
 * Gateway is gone says nothing about the listener of another.
 */
export function causeOf(
  { causes }: Pick<Check, 'causes'>,
  wrong: readonly Finding[],
  failures: Failures,
  world: DoctorWorld,
): string | undefined {
  const failed = causes.filter((id) => failures.has(id));
  if (failed.length === 0) return undefined;
  const explains = (id: string, found: Finding): boolean =>
    failures.get(id)?.some((failure) => areRelated(failure, found, world)) === true;
  if (!wrong.every((found) => failed.some((id) => explains(id, found)))) return undefined;
  return failed.find((id) => wrong.some((found) => explains(id, found)));
}

function areRelated(a: Finding, b: Finding, world: DoctorWorld): boolean {
  const [ofA, ofB] = [scopeOf(a.target, world), scopeOf(b.target, world)];
  return ofA === undefined || ofB === undefined || [...ofA].some((key) => ofB.has(key));
}

type Scopes = ReadonlyMap<string, ReadonlySet<string>>;

const known = new WeakMap<DoctorWorld, Scopes>();

/** Gateways and Ingresses that an object is there for; undefined: it may matter to all of them. */
function scopeOf(target: Target | undefined, world: DoctorWorld): ReadonlySet<string> | undefined {
  if (target === undefined) return undefined;
  const scopes = known.get(world) ?? readScopes(world);
  known.set(world, scopes);
  return scopes.get(target.uid);
}

function readScopes(world: DoctorWorld): Scopes {
  const scopes = new Map<string, Set<string>>();
  const add = (uid: string | undefined, key: string): void => {
    if (uid === undefined || uid === '') return;
    scopes.set(uid, (scopes.get(uid) ?? new Set()).add(key));
  };
  for (const { subject, entrypoint } of subjectsOf(world)) {
    for (const meta of [subject.meta, subject.service?.meta, entrypoint?.meta]) add(meta?.uid, subject.key);
  }
  for (const { meta } of world.kube.envoyConfigs.items) {
    for (const owner of meta.owners) for (const key of scopes.get(owner.uid) ?? []) add(meta.uid, key);
  }
  for (const { route, gateway } of attachedRoutes(world)) add(route.meta.uid, gateway.subject.key);
  return scopes;
}
