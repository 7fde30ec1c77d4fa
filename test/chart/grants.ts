import type { AuditEvent } from '../control-plane/audit.ts';
import { type KubeObject, valueAt } from '../control-plane/objects.ts';

/** One thing that one rule of a Role or ClusterRole allows. */
export interface Grant {
  /** Empty: in all namespaces, or cluster-scoped. */
  readonly namespace: string;
  readonly group: string;
  /** With its subresource: `services/status`. */
  readonly resource: string;
  /** Undefined: any. */
  readonly name: string | undefined;
  readonly verb: string;
}

/** Everything that a Role or ClusterRole allows, one by one; nothing for other objects. */
export function grantsOf({ kind, metadata, rules }: KubeObject): readonly Grant[] {
  if ((kind !== 'Role' && kind !== 'ClusterRole') || !Array.isArray(rules)) return [];
  const namespace = metadata.namespace ?? '';
  return rules.flatMap((rule) => {
    const names = textsAt(rule, 'resourceNames');
    return textsAt(rule, 'apiGroups').flatMap((group) =>
      textsAt(rule, 'resources').flatMap((resource) =>
        textsAt(rule, 'verbs').flatMap((verb) =>
          (names.length === 0 ? [undefined] : names).map((name) => ({ namespace, group, resource, name, verb })),
        ),
      ),
    );
  });
}

/** Whether this request is one that the grant allows. */
export function uses({ verb, objectRef }: AuditEvent, grant: Grant): boolean {
  const resource = [objectRef?.resource, objectRef?.subresource].filter((part) => part !== undefined).join('/');
  return (
    verb === grant.verb &&
    (objectRef?.apiGroup ?? '') === grant.group &&
    resource === grant.resource &&
    (grant.namespace === '' || objectRef?.namespace === grant.namespace) &&
    (grant.name === undefined || objectRef?.name === grant.name)
  );
}

/** `watch configmaps cilium-config in kube-system`. */
export function describeGrant({ namespace, group, resource, name, verb }: Grant): string {
  const kind = group === '' ? resource : `${resource}.${group}`;
  return `${verb} ${kind}${name === undefined ? '' : ` ${name}`}${namespace === '' ? '' : ` in ${namespace}`}`;
}

function textsAt(rule: unknown, key: string): readonly string[] {
  const value = valueAt(rule, key);
  return Array.isArray(value) ? value.map(String) : [];
}
