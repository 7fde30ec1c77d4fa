import { NODES } from '../kube/resources.ts';
import { finding, targetOf } from '../plan/make.ts';
import type { Declined, Finding, Verdict } from '../plan/plan.types.ts';
import type { NodeVerdict } from './evaluate.ts';
import type { ClusterState } from './judgement.ts';
import { formatTaint } from './rules.ts';

/** Names that a finding about many nodes gives as examples. */
const EXAMPLES = 3;

/** Reasons that need somebody to do something; all others pass by themselves or are as they should be. */
const NEEDS_SOMEBODY: Readonly<Record<string, { readonly verdict: Verdict; readonly fix: string }>> = {
  CloudUnknown: {
    verdict: 'unknown',
    fix: 'Name the taints to remove in taints.rules, or leave them where they tell the truth.',
  },
  NetworkUnknown: { verdict: 'unknown', fix: 'Set taints.network to the network of this cluster.' },
  RoutingUnknown: {
    verdict: 'unknown',
    fix: 'Let this account read ConfigMap cilium-config, or set taints.routesHandled: true.',
  },
  NativeRouting: {
    verdict: 'warn',
    fix: "Use Cilium's tunnel (Helm routingMode=tunnel), or set taints.routesHandled: true when the VPC has a route to every node's Pods.",
  },
};

/** What could not be read: nothing is removed meanwhile. */
export function unreadFindings(unread: ClusterState['unread']): Finding[] {
  return unread.map(({ kind, why }) =>
    finding('observation', 'unknown', {
      reason: 'NotReadable',
      target: undefined,
      message: `${kind} could not be read, so no taint is removed: ${why}.`,
    }),
  );
}

/** One finding for each reason why nodes keep their taints: how many, and some of them. */
export function blockedFindings(blocked: ReadonlyMap<string, ReadonlyMap<string, NodeVerdict>>): Finding[] {
  return [...blocked].flatMap(([reason, nodes]) => {
    if (reason === 'TaintKeepsComingBack') return [...nodes.values()].map(fightFinding);
    const [example] = nodes.values();
    if (example === undefined) return [];
    const names = [...nodes.keys()].slice(0, EXAMPLES);
    const more = nodes.size > names.length ? ` and ${nodes.size - names.length} more` : '';
    const { verdict, fix } = NEEDS_SOMEBODY[reason] ?? { verdict: 'not-applicable' as const, fix: '' };
    return [
      finding('node-taints', verdict, {
        reason,
        target: undefined,
        message: `${nodes.size} ${nodes.size === 1 ? 'node keeps its' : 'nodes keep their'} taint (${names.join(', ')}${more}): ${example.blockedBy?.message ?? ''}.`,
        fix,
        evidence: { nodes: nodes.size, examples: names },
      }),
    ];
  });
}

function fightFinding(verdict: NodeVerdict): Finding {
  const { node, blockedBy } = verdict;
  const writer = node.taintWriter;
  return finding('second-writer', 'fail', {
    reason: 'TaintKeepsComingBack',
    target: targetOf(NODES, node.meta),
    message: `${blockedBy?.message ?? ''}; it is left alone until the node boots anew (boot ${node.bootId || 'unknown'}).`,
    fix: `Find out why ${writer?.manager ?? 'the other writer'} sets it: when it tells the truth, mend that; else take the taint from that writer's configuration, or from taints.rules here.`,
    evidence: { manager: writer?.manager ?? '', at: writer?.time ?? '', boot: node.bootId },
  });
}

/** A node that this run has freed carries the taint again. */
export function cameBackFinding(verdict: NodeVerdict): Finding {
  const { node, listed } = verdict;
  const manager = node.taintWriter?.manager ?? '';
  const taints = listed.map(formatTaint).join(', ');
  return finding('second-writer', 'fail', {
    reason: 'TaintCameBack',
    target: targetOf(NODES, node.meta),
    message: `${manager === '' ? 'Somebody' : manager} has set ${taints} again right after it was removed.`,
    fix: 'Find out why that writer sets it: when it tells the truth, mend that; else run the controller, which waits, tries again and stops.',
    evidence: { manager },
  });
}

/** What was planned and not written: told once for each reason, whatever the number of nodes. */
export function declinedFindings(declined: readonly Declined[]): Finding[] {
  const byReason = Map.groupBy(declined, (one) => one.reason);
  return [...byReason].flatMap(([reason, group]) => {
    const [first] = group;
    if (first === undefined || reason === 'CapReached') return [];
    const names = group.slice(0, EXAMPLES).map((one) => one.action.target.name);
    const more = group.length > names.length ? ` and ${group.length - names.length} more` : '';
    return [
      finding('pending-write', 'warn', {
        reason,
        target: group.length === 1 ? first.action.target : undefined,
        message: `${group.length === 1 ? 'Node' : 'Nodes'} ${names.join(', ')}${more} could be freed: ${first.message}`,
        evidence: { nodes: group.length, intended: first.action.message },
      }),
    ];
  });
}
