import type { JsonPatchOperation } from '../kube/client.types.ts';
import { NODES } from '../kube/resources.ts';
import { targetOf } from '../plan/make.ts';
import type { Action, Target } from '../plan/plan.types.ts';
import type { NodeVerdict } from './evaluate.ts';
import type { NodeModel, Taint } from './models.ts';
import { readyAgent } from './node-conditions.ts';
import { formatTaint } from './rules.ts';

/** On a Node: looked at, never written. The same annotation as on a Gateway. */
const PAUSED = 'cilium-cloud-bridge.io/paused';

/** Reason of an ordinary removal, and of one that lets Cilium's operator be scheduled. */
export const TAINT_REMOVED = 'TaintRemoved';
export const BOOTSTRAP_TAINT_REMOVED = 'BootstrapTaintRemoved';

/** Actions of one node have one key. */
function nodeKey(name: string): string {
  return `Node ${name}`;
}

/** The write that takes the removable taints from a node whose conditions all hold. */
export function removalAction(verdict: NodeVerdict): Action {
  const agent = readyAgent(verdict.agents);
  const { node, removable } = verdict;
  return makeAction(
    node,
    removable,
    TAINT_REMOVED,
    `Remove ${removable.map(formatTaint).join(', ')}: Cilium's agent ${agent?.meta.name ?? ''} is Ready since ` +
      `${agent?.readySince || 'an unknown time'} (started ${agent?.startedAt || 'at an unknown time'}), ` +
      `the node since ${node.ready.since || 'an unknown time'} (boot ${node.bootId || 'unknown'}).`,
  );
}

/** The write that frees one node so that Cilium's operator can be scheduled there. */
export function bootstrapAction(verdict: NodeVerdict, operator: string): Action {
  const { node, removable } = verdict;
  return makeAction(
    node,
    removable,
    BOOTSTRAP_TAINT_REMOVED,
    `Remove ${removable.map(formatTaint).join(', ')} from this one node: Pod ${operator} of Cilium's operator cannot be ` +
      'scheduled because of it, and without the operator no agent becomes Ready.',
  );
}

function makeAction(node: NodeModel, removable: readonly Taint[], reason: string, message: string): Action {
  const target: Target = targetOf(NODES, node.meta);
  const kept = node.taints.map((taint) => !removable.includes(taint));
  return {
    kind: 'remove-taints',
    key: nodeKey(node.meta.name),
    target,
    targetVersion: node.meta.resourceVersion,
    changes: [
      {
        field: 'spec.taints',
        before: node.taints.map(formatTaint),
        after: node.taints.filter((_, index) => kept[index]).map(formatTaint),
      },
    ],
    reason,
    message,
    request: {
      verb: 'patch',
      resource: NODES,
      ref: { namespace: '', name: node.meta.name },
      patch: {
        type: 'json',
        body: [
          ...preconditions(node),
          { op: 'test', path: '/spec/taints', value: node.rawTaints },
          { op: 'replace', path: '/spec/taints', value: node.rawTaints.filter((_, index) => kept[index]) },
        ],
      },
    },
    related: [target],
    ...(node.meta.annotations[PAUSED] === 'true' ? { pausedBy: target } : {}),
  };
}

/** What the API server checks in the tick of the write: the same node, the same boot, still Ready or not. */
function preconditions({ meta, bootId, ready }: NodeModel): JsonPatchOperation[] {
  const condition = `/status/conditions/${ready.index}`;
  return [
    { op: 'test', path: '/metadata/uid', value: meta.uid },
    ...(bootId === '' ? [] : [{ op: 'test', path: '/status/nodeInfo/bootID', value: bootId } as const]),
    ...(ready.index < 0
      ? []
      : ([
          { op: 'test', path: `${condition}/type`, value: 'Ready' },
          { op: 'test', path: `${condition}/status`, value: ready.status },
        ] as const)),
  ];
}
