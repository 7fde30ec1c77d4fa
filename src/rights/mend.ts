import type { Permission } from '../kube/access.ts';

/**
 * The RBAC rules that grant these permissions, one line of YAML each, by where they belong: `ClusterRole`, or
 * `Role in kube-system`. Verbs of the same thing share a rule, and so do things with the same verbs.
 */
export function rulesFor(permissions: readonly Permission[]): ReadonlyMap<string, readonly string[]> {
  const byPlace = Map.groupBy(permissions, ({ namespace }) => (namespace ? `Role in ${namespace}` : 'ClusterRole'));
  return new Map([...byPlace].map(([place, own]) => [place, rulesOf(own)]));
}

/** `ClusterRole: - {…}, Role in kube-system: - {…}`, for messages of several lines. */
export function describeRules(permissions: readonly Permission[], indent: string): string {
  return [...rulesFor(permissions)]
    .map(([place, rules]) => [`${indent}${place}:`, ...rules.map((rule) => `${indent}  ${rule}`)].join('\n'))
    .join('\n');
}

function rulesOf(permissions: readonly Permission[]): readonly string[] {
  const byThing = Map.groupBy(permissions, ({ group, resource, subresource, name = '' }) =>
    JSON.stringify([group, subresource === undefined ? resource : `${resource}/${subresource}`, name]),
  );
  const things = [...byThing.values()].map((own) => ({ own, verbs: [...new Set(own.map(({ verb }) => verb))] }));
  const byRule = Map.groupBy(things, ({ own: [first], verbs }) =>
    JSON.stringify([first?.group, first?.name === undefined, verbs]),
  );
  return [...byRule.values()].map((rule) => {
    const permission = rule.flatMap(({ own }) => own);
    const resources = permission.map((one) => (one.subresource ? `${one.resource}/${one.subresource}` : one.resource));
    const names = permission.flatMap(({ name }) => name ?? []);
    const parts = [
      `apiGroups: [${JSON.stringify(permission[0]?.group ?? '')}]`,
      `resources: [${unique(resources)}]`,
      ...(names.length === 0 ? [] : [`resourceNames: [${unique(names)}]`]),
      `verbs: [${unique(permission.map(({ verb }) => verb))}]`,
    ];
    return `- { ${parts.join(', ')} }`;
  });
}

function unique(texts: readonly string[]): string {
  return [...new Set(texts)].join(', ');
}
