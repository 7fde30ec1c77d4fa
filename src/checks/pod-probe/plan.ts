import { isAgent } from '../../cilium/agents.ts';
import type { PodProbeChoice, PodProbePlan, PublicTarget } from '../../pod-probe/pod-probe.types.ts';
import { cloudOfCluster, ordinaryNodes } from '../facts/network.ts';
import type { KubeWorld } from '../world.types.ts';

/** Small, with a shell and curl. */
const IMAGE = 'cilium/alpine-curl:v1.10.0';
/** Where nodes get it without a way out: TKE's mirror of quay.io, reached inside the VPC. */
const REGISTRIES = { tke: 'quay.tencentcloudcr.com', cce: 'quay.io', unknown: 'quay.io' } as const;

/** The image that is used where the user names none, or `agent`. */
function imageOf(choice: Pick<PodProbeChoice, 'image'>, kube: KubeWorld): string {
  if (choice.image !== undefined && choice.image !== 'agent') return choice.image;
  const agent = kube.pods.items.find(isAgent)?.containers.find(({ name }) => name === 'cilium-agent')?.image;
  if (choice.image === 'agent' && agent !== undefined) return agent;
  return `${REGISTRIES[cloudOfCluster(kube)]}/${IMAGE}`;
}

/** What would be created. Of more nodes than may be, every so manyth by name. Pure. */
export function planPodProbe(choice: PodProbeChoice, kube: KubeWorld, targets: readonly PublicTarget[]): PodProbePlan {
  const all = ordinaryNodes(kube)
    .map(({ meta, internalIps }) => ({ name: meta.name, ip: internalIps.find((ip) => ip.includes('.')) ?? '' }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const step = Math.max(1, all.length / choice.nodes);
  const nodes = Array.from(
    { length: Math.min(all.length, choice.nodes) },
    (_, index) => all.slice(Math.floor(index * step))[0],
  ).filter((one) => one !== undefined);
  return {
    namespace: choice.namespace,
    image: imageOf(choice, kube),
    nodes,
    leftOut: all.length - nodes.length,
    names: choice.names,
    targets,
  };
}

/** What is going to happen, for the question before it does. */
export function describePlan({ namespace, image, nodes, leftOut, names, targets }: PodProbePlan): string {
  const where = nodes.map(({ name }) => name).join(', ');
  const more = leftOut === 0 ? '' : ` (${leftOut} more nodes get none: --probe-nodes)`;
  return [
    `${nodes.length === 1 ? 'One Pod' : `${nodes.length} Pods`} in namespace ${namespace} with image ${image}, one on each of: ${where}${more}.`,
    `Each resolves ${names.join(', ')} and a name of the cluster, connects to ${targets.map(({ ip }) => ip).join(', ') || 'no address'} by HTTPS, pings the nodes, and is removed again.`,
  ].join('\n');
}
