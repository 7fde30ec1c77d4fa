import type { GatewayPlan } from '../gateway/plan.ts';
import type { GatewayReconciler } from '../gateway/reconciler.ts';
import type { Clock } from '../lib/clock.ts';
import type { Declined } from '../plan/plan.types.ts';
import type { Reconciler } from '../plan/reconciler.types.ts';
import { cameBackFinding } from '../taints/findings.ts';
import type { TaintReconciler } from '../taints/reconciler.ts';

/** The plan of both features, as one pass carries it out and reports it. */
export interface OncePlan extends GatewayPlan {
  /** Nodes that have to wait for a later run. */
  readonly held: readonly Declined[];
}

/** Time on top of the second look's, so that the clock has surely reached it. */
const MARGIN_MS = 20;

/**
 * Gateways and taints as one pass needs them: one plan, and both looks at the nodes.
 * @param taints undefined: switched off
 */
export function combineReconcilers(
  gateways: GatewayReconciler,
  taints: TaintReconciler | undefined,
  clock: Clock,
): Reconciler<OncePlan> {
  /** Nodes that this run has freed: a taint that comes back is told, and not fought. */
  const freed = new Set<string>();
  let looks = 0;

  return {
    look: async (signal) => {
      const plan = await gateways.look(signal);
      if (taints === undefined) return { ...plan, held: [] };
      looks += 1;
      let nodes = await taints.look(signal);
      const waitMs = looks === 1 ? taints.secondLookInMs() : undefined;
      if (waitMs !== undefined) {
        await clock.sleep(waitMs + MARGIN_MS, signal);
        nodes = await taints.look(signal);
      }
      const back = taints.verdicts().filter((verdict) => freed.has(verdict.node.meta.uid));
      return {
        ...plan,
        actions: [...plan.actions, ...nodes.actions.filter((action) => !freed.has(action.target.uid))],
        findings: [...plan.findings, ...nodes.findings, ...back.map(cameBackFinding)],
        held: nodes.held.filter(({ action }) => !freed.has(action.target.uid)),
      };
    },
    admit: (action) => action.kind !== 'remove-taints' || taints?.admit?.(action) !== false,
    noteApplied: (applied) => {
      const { action, status } = applied.outcome;
      if (action.kind !== 'remove-taints') {
        gateways.noteApplied(applied);
        return;
      }
      taints?.noteApplied(applied);
      if (status === 'applied') freed.add(action.target.uid);
    },
    writerOf: (action) => (action.kind === 'remove-taints' ? taints : gateways)?.writerOf(action) ?? '',
    explainDeclined: (declined) => {
      const isNode = ({ action }: Declined): boolean => action.kind === 'remove-taints';
      return [
        ...gateways.explainDeclined(declined.filter((one) => !isNode(one))),
        ...(taints?.explainDeclined(declined.filter(isNode)) ?? []),
      ];
    },
  };
}
