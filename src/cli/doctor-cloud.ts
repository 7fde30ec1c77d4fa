import type { CloudChoice } from '../checks/diagnose.ts';
import type { KubeWorld } from '../checks/world.types.ts';
import { type OpenCloudOptions, openCloud } from '../providers/open.ts';
import { cloudNameOf } from './cloud.ts';

/** The cloud that the configuration or the cluster's own objects name, ready to be asked; or why it is not. */
export async function chooseCloud(
  kube: KubeWorld,
  options: Omit<OpenCloudOptions, 'hints' | 'tryCredentials'>,
  signal: AbortSignal,
): Promise<CloudChoice> {
  const nodes = kube.nodes.items.map((node) => ({ cloud: cloudNameOf(node), labels: node.meta.labels }));
  const hints = { nodes, tkeConfig: kube.tkeConfig.items[0]?.data ?? {} };
  const access = openCloud({ ...options, hints, tryCredentials: false }, signal);
  if (access.cloud === undefined) return { why: access.why };
  const why = access.missingCredentials();
  return why === undefined ? await access.reader() : { why };
}
