import type { NodeModel } from './models.ts';

/** Taints by which autoscalers and cloud controllers say that a node is about to go, or gone. */
const LEAVING_TAINTS: readonly RegExp[] = [
  /^ToBeDeletedBy/,
  /^DeletionCandidateOf/,
  /^node\.cloudprovider\.kubernetes\.io\/shutdown$/,
  /^node\.kubernetes\.io\/out-of-service$/,
  /^karpenter\.sh\/(?:disrupted|disruption)$/,
];

/** Why the node is on its way out: a sentence's end, such as `it is being deleted`; undefined when it stays. */
export function leavingMark({ meta, taints, cordoned }: NodeModel): string | undefined {
  if (meta.deleting) return 'the Node object is being deleted';
  const mark = taints.find(({ key }) => LEAVING_TAINTS.some((pattern) => pattern.test(key)));
  if (mark !== undefined) return `it carries the taint ${mark.key}`;
  // CCE sets route-unreachable itself while it scales a node in, and cordons it (huawei.md §2.3).
  return cordoned ? 'it is cordoned' : undefined;
}
