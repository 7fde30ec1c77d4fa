import { describePermission, reviewAccess } from '../kube/access.ts';
import type { KubeClient } from '../kube/client.types.ts';
import type { KubeError } from '../kube/errors.ts';
import { type UsageError, type UsageProblem, usageError } from '../lib/errors.ts';
import { describeRules, rulesFor } from './mend.ts';
import { type Need, PARTS, type Part } from './needed.ts';

/** What the account may not do, and what could not be asked. */
export interface RightsReport {
  readonly asked: number;
  readonly missing: readonly Need[];
  readonly unknown: UnknownRights | undefined;
}

/** Questions that got no answer, with the first reason. */
export interface UnknownRights {
  readonly count: number;
  readonly error: KubeError;
  /** What to do. */
  readonly fix: string;
  /** They are refused: asking again is of no use. */
  readonly isRefused: boolean;
}

/** After so long no further question is asked: with those under way a start is held back for 8 s at most. */
const TIMEOUT_MS = 5_000;
/** One of them. */
const QUESTION_MS = 3_000;

/**
 * Asks for each right whether the account has it.
 * @throws the signal's reason; nothing else
 */
export async function askRights(
  client: KubeClient,
  needs: readonly Need[],
  signal: AbortSignal,
): Promise<RightsReport> {
  const byPermission = new Map(needs.map((need) => [need.permission, need]));
  const { denied, unknown } = await reviewAccess(client, [...byPermission.keys()], {
    signal,
    timeoutMs: QUESTION_MS,
    until: AbortSignal.timeout(TIMEOUT_MS),
  });
  return {
    asked: needs.length,
    missing: denied.flatMap(({ permission }) => byPermission.get(permission) ?? []),
    unknown: unknownOf(unknown.map(({ error }) => error)),
  };
}

function unknownOf(errors: readonly KubeError[]): UnknownRights | undefined {
  const [first] = errors;
  if (first === undefined) return undefined;
  const refused = errors.find(({ category }) => category === 'forbidden');
  return {
    count: errors.length,
    error: refused ?? first,
    fix: refused === undefined ? TRY_AGAIN : BASIC_USER,
    isRefused: refused !== undefined,
  };
}

const TRY_AGAIN = 'Asked again in a minute.';
/** https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles */
const BASIC_USER =
  'This cluster took from its accounts what each has by default: bind ClusterRole system:basic-user to this one (it may ask for its own rights, and nothing else), or see that it has the rights of the Helm chart.';

/** One problem a part, with the rules that mend it. */
export function rightsProblems(missing: readonly Need[]): readonly UsageProblem[] {
  return [...Map.groupBy(missing, ({ part }) => part)].map(([part, needs]) => {
    const permissions = needs.map(({ permission }) => permission);
    return {
      at: PARTS[part].title,
      what: `this account may not ${describeNeeds(needs)}`,
      fix: `${PARTS[part].loss} Grant it, in RBAC:\n${describeRules(permissions, '    ')}`,
    };
  });
}

/**
 * What nothing works without is missing: the error that says so, and all the rest with it, in one line as logs like
 * it. Undefined: it is not.
 */
export function refusal({ missing }: RightsReport, where: string): UsageError | undefined {
  if (!missing.some(({ part }) => part === REQUIRED)) return undefined;
  const parts = [...Map.groupBy(missing, ({ part }) => part)].map(
    ([part, needs]) => `${describeNeeds(needs)} (${PARTS[part].title})`,
  );
  const rules = [...rulesFor(missing.map(({ permission }) => permission))].map(
    ([place, own]) => `${place}: ${own.join(' ')}`,
  );
  return usageError(
    where,
    `this account may not: ${parts.join('; ')}`,
    `Install the RBAC of the Helm chart, or grant, as --preflight shows it, too, ${rules.join('; ')}`,
  );
}

/** `list nodes; patch services/status`. */
export function describeNeeds(needs: readonly Need[]): string {
  return needs.map(({ permission }) => describePermission(permission)).join('; ');
}

const REQUIRED: Part = 'publishing';
