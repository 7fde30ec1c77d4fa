import type { Resource } from '../kube/resources.ts';
import type { Meta } from '../kube/types.ts';
import type { Finding, Json, Target, Verdict } from './plan.types.ts';

/** `v1`, `gateway.networking.k8s.io/v1`. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

export function targetOf(resource: Resource, meta: Meta): Target {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    namespace: meta.namespace,
    name: meta.name,
    uid: meta.uid,
  };
}

/** `Service kube-system/gateway-entrypoint`, as messages name an object. */
export function describeTarget(target: Pick<Target, 'kind' | 'namespace' | 'name'>): string {
  return target.namespace === ''
    ? `${target.kind} ${target.name}`
    : `${target.kind} ${target.namespace}/${target.name}`;
}

export interface FindingParts {
  readonly reason: string;
  readonly target: Target | undefined;
  readonly message: string;
  readonly fix?: string;
  readonly evidence?: { readonly [key: string]: Json };
}

/** A finding with the optional parts filled in. */
export function finding(check: string, verdict: Verdict, parts: FindingParts): Finding {
  return {
    check,
    verdict,
    reason: parts.reason,
    target: parts.target,
    message: parts.message,
    fix: parts.fix ?? '',
    evidence: parts.evidence ?? {},
  };
}
