import type { TaintsConfig } from '../config/config.types.ts';
import { PODS } from '../kube/resources.ts';
import { finding, targetOf } from '../plan/make.ts';
import type { Finding } from '../plan/plan.types.ts';
import type { NodeVerdict } from './evaluate.ts';
import type { ConditionId } from './judgement.ts';
import type { OperatorPod, Taint, Toleration } from './models.ts';

/**
 * Cilium's operator cannot be scheduled because of a taint that only a running operator would let us remove
 * (cilium.md §6, the deadlock trap).
 */
export interface Deadlock {
  /** The Pod that waits; the first by name of several. */
  readonly pod: OperatorPod;
  /** Keys of the listed taints that keep it away. */
  readonly keys: readonly string[];
}

/**
 * Recognises the deadlock: no operator Pod is on any node, one that waits was refused for a listed taint which it does
 * not tolerate.
 * @param taints listed taints of all nodes
 */
export function findDeadlock(operators: readonly OperatorPod[], taints: readonly Taint[]): Deadlock | undefined {
  const alive = operators.filter((pod) => !pod.meta.deleting && pod.phase !== 'Failed' && pod.phase !== 'Succeeded');
  if (alive.some((pod) => pod.node !== '')) return undefined;
  const waiting = alive
    .filter((pod) => pod.unschedulable !== '')
    .toSorted((a, b) => a.meta.name.localeCompare(b.meta.name));
  for (const pod of waiting) {
    // The scheduler names one taint of each node; those behind it keep the operator away just as well.
    if (blamedKeys(pod, taints).length > 0) return { pod, keys: refusedKeys(pod, taints) };
  }
  return undefined;
}

/** What the scheduler says from Kubernetes 1.35 on, instead of `untolerated taint {key: value}`. */
const UNNAMED_TAINTS = /untolerated taint(?! ?\{)/;

/** Keys of taints for which the scheduler refused this Pod; where it names none, of all that it does not tolerate. */
export function blamedKeys(
  pod: Pick<OperatorPod, 'unschedulable' | 'tolerations'>,
  taints: readonly Taint[],
): readonly string[] {
  const refused = refusedKeys(pod, taints);
  return UNNAMED_TAINTS.test(pod.unschedulable) ? refused : refused.filter((key) => pod.unschedulable.includes(key));
}

/** Keys of the taints that keep this Pod away, in order. */
function refusedKeys({ tolerations }: Pick<OperatorPod, 'tolerations'>, taints: readonly Taint[]): readonly string[] {
  const refused = taints.filter((taint) => taint.effect !== 'PreferNoSchedule' && !tolerates(tolerations, taint));
  return [...new Set(refused.map(({ key }) => key))].toSorted();
}

/** As the scheduler sees it (k8s.io/component-helpers/scheduling/corev1). */
function tolerates(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some(
    ({ key, operator, value, effect }) =>
      (effect === '' || effect === taint.effect) &&
      (key === '' ? operator === 'Exists' : key === taint.key) &&
      (operator === 'Exists' || value === taint.value),
  );
}

/** What cannot hold before the operator runs. All other conditions hold for the bootstrap, too. */
const WAIVED: ReadonlySet<ConditionId> = new Set(['agent', 'agent-boot', 'agent-taint', 'second-look', 'grace']);

/** Whether the taints may be lifted from this node for the operator's sake: it runs an agent, and nothing else is wrong. */
export function isBootstrapCandidate(verdict: NodeVerdict, { pod, keys }: Deadlock): boolean {
  const rest = verdict.judged.filter((one) => {
    if (one.verdict === 'pass' || one.reason === 'NodeAwaitsNetwork') return false;
    // A node that became Ready a moment ago is left alone even now.
    return !WAIVED.has(one.condition) || one.reason === 'NodeJustReady';
  });
  return (
    rest.length === 0 &&
    verdict.removable.some((taint) => keys.includes(taint.key)) &&
    verdict.node.taints.every((taint) => verdict.removable.includes(taint) || passable(taint, pod)) &&
    verdict.agents.some((agent) => agent.ofDaemonSet && agent.running && !agent.meta.deleting)
  );
}

/** Whether the operator could go to a node that keeps this taint. */
function passable(taint: Taint, pod: OperatorPod): boolean {
  return taint.effect === 'PreferNoSchedule' || tolerates(pod.tolerations, taint);
}

export interface BootstrapState {
  readonly deadlock: Deadlock;
  /** A node is being freed, or the scheduler has its time. */
  readonly helping: boolean;
  readonly config: Pick<TaintsConfig, 'bootstrap'>;
  /** Why no node can be freed, from the first node that was looked at; empty when one can. */
  readonly obstacle: string;
}

/** Says what is the matter and gives the Helm values that mend it for good. */
export function deadlockFinding({ deadlock, helping, config, obstacle }: BootstrapState): Finding {
  const { pod, keys } = deadlock;
  const why = !config.bootstrap
    ? 'taints.bootstrap is switched off'
    : obstacle === ''
      ? 'no tainted node runs an agent of Cilium'
      : obstacle;
  return finding('cilium-operator', helping ? 'warn' : 'fail', {
    reason: 'OperatorPending',
    target: targetOf(PODS, pod.meta),
    message:
      `Cilium's operator cannot be scheduled because nodes carry ${keys.join(', ')}, and without it no agent becomes Ready: ` +
      (helping ? 'one node after the other is freed until it runs.' : `nothing is removed, since ${why}.`),
    fix: helmMend(pod, keys),
    evidence: { scheduler: pod.unschedulable },
  });
}

/** The exact values: a list in Helm replaces the chart's, so what the Pod tolerates already is in it. */
export function helmMend({ tolerations }: Pick<OperatorPod, 'tolerations'>, keys: readonly string[]): string {
  const own = tolerations
    // Added to every Pod by the API server.
    .filter((one) => one.tolerationSeconds === undefined)
    .map(({ key, operator, value, effect }) => ({
      ...(key === '' ? {} : { key }),
      operator,
      ...(value === '' ? {} : { value }),
      ...(effect === '' ? {} : { effect }),
    }));
  const all = [...own, ...keys.map((key) => ({ key, operator: 'Exists' }))];
  return `Let the operator tolerate it, in Cilium's Helm values: --set-json 'operator.tolerations=${JSON.stringify(all)}'.`;
}
