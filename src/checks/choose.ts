import { UsageError, type UsageProblem } from '../lib/errors.ts';
import { suggest } from '../lib/suggest.ts';
import type { Check } from './check.types.ts';

/** Which checks are wanted, by id; empty: all, none. */
export interface CheckChoice {
  readonly only: readonly string[];
  readonly skip: readonly string[];
}

/**
 * The wanted checks, in their order.
 * @throws UsageError that names every unknown id and the nearest known one
 */
export function chooseChecks(checks: readonly Check[], { only, skip }: CheckChoice): readonly Check[] {
  const known = new Set(checks.map(({ id }) => id));
  const problems = [...unknownIds('--only', only, known), ...unknownIds('--skip', skip, known)];
  if (problems.length > 0) throw new UsageError('command line', problems);
  const chosen = checks.filter(({ id }) => (only.length === 0 || only.includes(id)) && !skip.includes(id));
  if (chosen.length > 0) return chosen;
  throw new UsageError('command line', [
    { at: '--skip', what: 'leaves no check', fix: 'Name fewer ids with --skip, or other ones with --only.' },
  ]);
}

function unknownIds(at: string, ids: readonly string[], known: ReadonlySet<string>): UsageProblem[] {
  return ids
    .filter((id) => !known.has(id))
    .map((id) => {
      const near = suggest(id, known);
      const fix = near === undefined ? 'docs/doctor.md lists all of them.' : `Did you mean ${near}?`;
      return { at, what: `no such check: ${id}`, fix };
    });
}
