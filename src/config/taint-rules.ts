import type { TaintRule } from './config.types.ts';
import { KEY_PATTERN, VALUE_PATTERN } from './names.ts';

/** `key[=value][:Effect]`, the grammar of podcidr-controller's `--remove-taints` and of kubectl taint. */
export const TAINT_RULE = new RegExp(
  `^(?:${KEY_PATTERN})(?:=(?:${VALUE_PATTERN}))?(?::(?:NoSchedule|PreferNoSchedule|NoExecute))?$`,
);

/**
 * Taints that say something true whatever the network plugin is, and that somebody else takes away when it no longer
 * is: no rule may name them.
 */
const NOT_OURS: readonly RegExp[] = [
  /^node\.kubernetes\.io\/(?!route-unreachable$)/,
  /^node-role\.kubernetes\.io\//,
  /^node\.cilium\.io\//,
  /^(?:[a-z0-9-]+\.)*cilium\.io\//,
  /^node\.cloudprovider\.kubernetes\.io\//,
  /^(?:ToBeDeletedBy|DeletionCandidateOf)/,
  /^tke\.cloud\.tencent\.com\/uninitialized$/,
  /^eks\.tke\.cloud\.tencent\.com\//,
];

/** A rule taken apart; undefined when it is none. */
export function parseTaintRule(text: string): TaintRule | undefined {
  if (!TAINT_RULE.test(text)) return undefined;
  const [, key = '', value, effect] = /^([^=:]+)(?:=([^:]*))?(?::(.+))?$/.exec(text) ?? [];
  return { key, value, effect };
}

/** The rule as people write it. */
export function formatTaintRule({ key, value, effect }: TaintRule): string {
  return `${key}${value === undefined ? '' : `=${value}`}${effect === undefined ? '' : `:${effect}`}`;
}

/** The rules that name a taint which is not ours to remove, and what to say about each. */
export function findForbiddenRules(
  rules: readonly string[],
): { readonly index: number; readonly what: string; readonly fix: string }[] {
  return rules.flatMap((rule, index) => {
    const key = parseTaintRule(rule)?.key ?? '';
    if (!NOT_OURS.some((pattern) => pattern.test(key))) return [];
    const fix = 'Remove it from the list: whoever sets this taint takes it away when the node is fit again.';
    return [{ index, what: `${key} says something true of the node, it is never obsolete under Cilium`, fix }];
  });
}
