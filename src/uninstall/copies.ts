import { MANAGED_LABEL } from '../gateway/annotations.ts';
import { copyName, SUBJECT_ANNOTATION } from '../gateway/redirect-copy.ts';
import type { KubeClient } from '../kube/client.types.ts';
import { readMeta } from '../kube/read.ts';
import { ENVOY_CONFIGS } from '../kube/resources.ts';
import type { Meta } from '../kube/types.ts';
import { targetOf } from '../plan/make.ts';
import type { Action } from '../plan/plan.types.ts';

/**
 * The redirect copies of the cluster: by label, by name, and by the entrypoint that owns them, all three. From one
 * complete list; one that cannot be had proves nothing.
 * @throws KubeError when they cannot be listed, `not-served` where the API server does not know the kind: none exist then
 */
export async function listCopies(client: KubeClient, signal: AbortSignal): Promise<readonly Meta[]> {
  const { items } = await client.listMapped(ENVOY_CONFIGS, readMeta, {
    labelSelector: `${MANAGED_LABEL}=true`,
    signal,
  });
  return items.filter(isRedirectCopy);
}

/** Label, name and owner say that it is ours. Cilium's own CiliumEnvoyConfigs belong to a Gateway or an Ingress. */
function isRedirectCopy({ namespace, name, labels, owners }: Meta): boolean {
  const [owner, ...more] = owners;
  return (
    labels[MANAGED_LABEL] === 'true' &&
    owner?.kind === 'Service' &&
    more.length === 0 &&
    copyName({ namespace, name: owner.name }) === name
  );
}

/** Its deletion, as reports tell it. */
export function deleteCopyAction(copy: Meta): Action {
  const { namespace, name, uid, resourceVersion, annotations } = copy;
  const target = targetOf(ENVOY_CONFIGS, copy);
  return {
    kind: 'delete-redirect-copy',
    key: annotations[SUBJECT_ANNOTATION] ?? `CiliumEnvoyConfig ${namespace}/${name}`,
    target,
    targetVersion: resourceVersion,
    changes: [{ field: 'metadata.name', before: name, after: undefined }],
    reason: 'RedirectCopyDeleted',
    message: `Delete the redirect of Service ${namespace}/${copy.owners[0]?.name ?? ''}: nobody will follow the routes any more.`,
    request: { verb: 'delete', resource: ENVOY_CONFIGS, ref: { namespace, name }, uid, resourceVersion },
    related: [],
  };
}
