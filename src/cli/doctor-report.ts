import type { CheckOutcome, Diagnosis } from '../checks/check.types.ts';
import type { ConnectivityTest } from '../checks/connectivity/test-line.ts';
import { docPageOf } from '../checks/doc-pages.ts';
import type { Verdict } from '../plan/plan.types.ts';
import type { CloudName } from '../providers/provider.types.ts';
import type { DoctorReport, DoctorSummary } from './doctor-report.types.ts';
import { EXIT } from './exit-codes.ts';
import { reportFinding } from './report.ts';
import { buildHead, type ReportOrigin } from './report-head.ts';

export interface DoctorReportInput extends ReportOrigin {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly diagnosis: Diagnosis;
  /** Whose pages are linked where each cloud has its own; undefined: not known. */
  readonly cloud?: CloudName | undefined;
  readonly connectivityTest?: ConnectivityTest;
}

/** Puts doctor's report together. Pure; secrets are redacted. */
export function buildDoctorReport({ diagnosis, ...input }: DoctorReportInput): DoctorReport {
  const { outcomes, brokenLink } = diagnosis;
  const summary = summarise(outcomes, brokenLink);
  return {
    ...buildHead(input),
    startedAt: new Date(input.startedAt).toISOString(),
    brokenLink: brokenLink ?? null,
    checks: outcomes.map(({ check, findings, verdict, followsFrom }) => ({
      id: check.id,
      section: check.section,
      link: check.link,
      title: check.title,
      docs: docPageOf(check.docs, input.cloud),
      verdict,
      followsFrom: followsFrom ?? null,
      findings: findings.map(reportFinding),
    })),
    summary,
    connectivityTest: input.connectivityTest ?? null,
    exitCode: summary.fail > 0 ? EXIT.pending : EXIT.ok,
  };
}

function summarise(outcomes: readonly CheckOutcome[], brokenLink: string | undefined): DoctorSummary {
  const count = (wanted: Verdict): number => outcomes.filter(({ verdict }) => verdict === wanted).length;
  const counts = {
    fail: count('fail'),
    warn: count('warn'),
    unknown: count('unknown'),
    pass: count('pass'),
    notApplicable: count('not-applicable'),
  };
  const parts = [
    countOf(counts.fail, 'check fails', 'checks fail'),
    countOf(counts.warn, 'warns', 'warn'),
    countOf(counts.unknown, 'is unknown', 'are unknown'),
    countOf(counts.pass, 'passes', 'pass'),
    countOf(counts.notApplicable, 'does not apply', 'do not apply'),
  ].filter((part) => part !== '');
  const first = brokenLink === undefined ? '' : ` The first broken link is ${brokenLink}.`;
  return { ...counts, text: `${parts.join(', ')}.${first}` };
}

function countOf(count: number, one: string, many: string): string {
  return count === 0 ? '' : `${count} ${count === 1 ? one : many}`;
}
