import { readFieldOwners } from './managed-fields.ts';
import { readMeta } from './read.ts';
import type { RawObject } from './types.ts';

/** Field managers of GitOps tools. */
export const GITOPS_MANAGERS = /argocd|flux|kustomize-controller|helm-controller|fleet|rancher/i;

/** Labels and annotations by which GitOps tools and Helm know what is theirs. */
const MARKS: readonly (readonly [key: string, tool: string])[] = [
  ['argocd.argoproj.io/instance', 'Argo CD'],
  ['argocd.argoproj.io/tracking-id', 'Argo CD'],
  ['kustomize.toolkit.fluxcd.io/name', 'Flux'],
  ['helm.toolkit.fluxcd.io/name', 'Flux'],
  ['objectset.rio.cattle.io/id', 'Fleet'],
  ['meta.helm.sh/release-name', 'Helm'],
];

/**
 * Who keeps this field as a repository or chart has it, and would set it back; undefined: nobody can be seen.
 * @param path such as `f:spec`, `f:gatewayClassName`
 */
export function gitOpsOwner(raw: RawObject, path: readonly string[]): string | undefined {
  const { labels, annotations } = readMeta(raw);
  for (const [key, tool] of MARKS) {
    const mark = labels[key] ?? annotations[key];
    if (mark !== undefined) return `${tool} (${key}: ${mark})`;
  }
  const owner = readFieldOwners(raw)
    .of(path, '')
    .findLast(({ manager }) => GITOPS_MANAGERS.test(manager));
  return owner === undefined ? undefined : `${owner.manager} (its field manager)`;
}
