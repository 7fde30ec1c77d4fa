import type { Finding } from '../plan/plan.types.ts';

export interface FindingChanges {
  /** Findings that have stood for the settling time and were not told yet. */
  readonly appeared: readonly Finding[];
  /** Findings that were told and are no more. */
  readonly resolved: readonly Finding[];
  /** Milliseconds until one that stands now will have settled; undefined: none waits. */
  readonly nextMs: number | undefined;
}

/**
 * Tells a finding once when it appears, once for each other category that it changes to (`evidence.category`: a cloud that
 * was away and now refuses takes another mend), and once when it is gone; what passes by within the settling time is not told.
 */
export interface FindingMonitor {
  /** @param now monotonic clock, milliseconds */
  update(findings: readonly Finding[], now: number): FindingChanges;
}

interface Standing {
  readonly finding: Finding;
  /** Since when it is of this category. */
  readonly since: number;
  /** The categories under which it was told. */
  readonly told: ReadonlySet<string>;
}

/**
 * @param settleMs how long a finding must stand before it is told: a Gateway that Cilium is just programming is no news
 * @param atOnce reasons that are told without waiting
 */
export function createFindingMonitor(settleMs: number, atOnce: ReadonlySet<string>): FindingMonitor {
  let standing = new Map<string, Standing>();
  return {
    update: (findings, now) => {
      const next = new Map<string, Standing>();
      const appeared: Finding[] = [];
      let nextMs: number | undefined;
      for (const finding of findings) {
        if (finding.verdict === 'pass' || finding.verdict === 'not-applicable') continue;
        const id = findingId(finding);
        const category = categoryOf(finding);
        const previous = standing.get(id);
        const since = previous !== undefined && categoryOf(previous.finding) === category ? previous.since : now;
        const told = new Set(previous?.told);
        const left = since + (atOnce.has(finding.reason) ? 0 : settleMs) - now;
        if (!told.has(category) && left <= 0) {
          told.add(category);
          appeared.push(finding);
        }
        if (!told.has(category)) nextMs = Math.min(nextMs ?? left, left);
        next.set(id, { finding, since, told });
      }
      const resolved = [...standing]
        .filter(([id, { told }]) => told.size > 0 && !next.has(id))
        .map(([, { finding }]) => finding);
      standing = next;
      return { appeared, resolved, nextMs };
    },
  };
}

/** The same fact about the same object; changing figures in the evidence are not another fact. */
function findingId({ check, reason, target, verdict }: Finding): string {
  return [check, reason, verdict, target?.kind, target?.namespace, target?.name, target?.uid].join(' ');
}

/** Empty where the finding knows none. */
function categoryOf({ evidence }: Finding): string {
  return typeof evidence.category === 'string' ? evidence.category : '';
}
