import type { Link, Section } from '../checks/check.types.ts';
import type { ConnectivityTest } from '../checks/connectivity/test-line.ts';
import type { Verdict } from '../plan/plan.types.ts';
import type { ExitCode } from './exit-codes.ts';
import type { ReportedFinding } from './report.types.ts';
import type { ReportHead } from './report-head.ts';

/** What doctor found: rendered for people, and as JSON by the published `docs/doctor.schema.json`. */
export interface DoctorReport extends ReportHead {
  /** RFC 3339. */
  readonly startedAt: string;
  /** Id of the first failed check that follows from no other; null: nothing fails. */
  readonly brokenLink: string | null;
  /** In the order of the packet's way. */
  readonly checks: readonly ReportedCheck[];
  readonly summary: DoctorSummary;
  /** `cilium connectivity test` as this cluster needs it; null: nobody asked for it. */
  readonly connectivityTest: ConnectivityTest | null;
  readonly exitCode: ExitCode;
}

export interface ReportedCheck {
  readonly id: string;
  readonly section: Section;
  /** The station of the packet's way that it is about. */
  readonly link: Link;
  readonly title: string;
  /** Page that explains it. */
  readonly docs: string;
  /** The worst of its findings. */
  readonly verdict: Verdict;
  /** Id of the failed check that this one may follow from; null: it stands for itself. */
  readonly followsFrom: string | null;
  readonly findings: readonly ReportedFinding[];
}

/** How many checks came to what, and the same in one sentence. */
export interface DoctorSummary {
  readonly fail: number;
  readonly warn: number;
  readonly unknown: number;
  readonly pass: number;
  readonly notApplicable: number;
  readonly text: string;
}
