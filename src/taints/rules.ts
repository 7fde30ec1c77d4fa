import type { NetworkMode, TaintRule } from '../config/config.types.ts';
import type { Taint } from './models.ts';

function noSchedule(key: string): TaintRule {
  return { key, value: undefined, effect: 'NoSchedule' };
}

/** CCE: its own network plugin has not reported a route. Under Cilium it never will (huawei.md §2.3). */
const CCE_RULES = [noSchedule('node.kubernetes.io/route-unreachable')];
/** TKE: VPC-CNI has no ENI address for Pods yet. Once it is switched off, it never will (tencent.md §1.6). */
const TKE_RULES = [
  noSchedule('tke.cloud.tencent.com/eni-ip-unavailable'),
  noSchedule('tke.cloud.tencent.com/direct-eni-ip-unavailable'),
];

/**
 * The taints that are obsolete under Cilium in a network of that kind. Where the network is not Cilium's to serve
 * they are named too, so that such a node is listed and told why it is left alone.
 */
export const DEFAULT_RULES = {
  'cce-vpc-router': CCE_RULES,
  'cce-overlay': CCE_RULES,
  'cce-eni': CCE_RULES,
  'cce-dataplane-v2': CCE_RULES,
  'tke-overlay': TKE_RULES,
  'tke-native': TKE_RULES,
  'tke-built-in': TKE_RULES,
} as const satisfies Record<NetworkMode, readonly TaintRule[]>;

const ALL_DEFAULTS: readonly TaintRule[] = [...CCE_RULES, ...TKE_RULES];

/** Whether the rule means this taint. */
export function matches(rule: TaintRule, taint: Taint): boolean {
  return (
    rule.key === taint.key &&
    (rule.value === undefined || rule.value === taint.value) &&
    (rule.effect === undefined || rule.effect === taint.effect)
  );
}

/** The taint as kubectl prints it. */
export function formatTaint({ key, value, effect }: Taint): string {
  return `${key}${value === '' ? '' : `=${value}`}:${effect}`;
}

/** What makes a taint the same after it was removed and set again: a node has one of each key and effect. */
export function taintId({ key, effect }: Taint): string {
  return `${key}:${effect}`;
}

/** The node's taints that a rule means: the configuration's rules, or all defaults. */
export function listedTaints(
  taints: readonly Taint[],
  rules: readonly TaintRule[] | undefined,
): { readonly taint: Taint; readonly index: number }[] {
  if (taints.length === 0) return [];
  const wanted = rules ?? ALL_DEFAULTS;
  return taints.flatMap((taint, index) => (wanted.some((rule) => matches(rule, taint)) ? [{ taint, index }] : []));
}
