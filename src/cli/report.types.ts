import type { Action, Finding, Json, Outcome } from '../plan/plan.types.ts';
import type { ExitCode } from './exit-codes.ts';
import type { ReportHead } from './report-head.ts';

/** What one pass saw and did: rendered for people, and as JSON by the published `docs/report.schema.json`. */
export interface Report extends ReportHead {
  readonly mode: 'dry-run' | 'once';
  /** RFC 3339. */
  readonly startedAt: string;
  /** Subjects with neither a write nor a `fail` finding: `Gateway default/web`. */
  readonly inSync: readonly string[];
  readonly actions: readonly ReportedAction[];
  /** Every node that carries a taint which may be obsolete, and what each condition says of it. */
  readonly nodes: readonly ReportedNode[];
  readonly findings: readonly ReportedFinding[];
  readonly summary: Summary;
  readonly exitCode: ExitCode;
}

export interface ReportedTarget {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
}

export interface ReportedChange {
  readonly field: string;
  /** Absent: the field was not there before. */
  readonly before?: Json;
  /** Absent: the field is not there afterwards. */
  readonly after?: Json;
}

export interface ReportedAction {
  /** What the write is for: `Gateway default/web`. */
  readonly subject: string;
  readonly kind: Action['kind'];
  readonly target: ReportedTarget;
  readonly changes: readonly ReportedChange[];
  readonly reason: string;
  readonly message: string;
  readonly outcome: ReportedOutcome;
}

/** `pending`: not written yet, as in a dry run; the others as in the plan's `Outcome`. */
export interface ReportedOutcome {
  readonly status: Outcome['status'] | 'pending';
  /** Why it was not written; empty when applied. */
  readonly reason: string;
  readonly message: string;
}

export interface ReportedNode {
  readonly name: string;
  /** `cce`, `tke`, `unknown`. */
  readonly cloud: string;
  /** `cce-vpc-router`, `tke-overlay`, …, `unknown`. */
  readonly network: string;
  /** As kubectl prints them. */
  readonly taints: readonly string[];
  /** Whether every condition holds. */
  readonly removable: boolean;
  /** The first condition's reason that does not hold; empty when all do. */
  readonly reason: string;
  /** In the order in which they are evaluated. */
  readonly conditions: readonly {
    readonly condition: string;
    readonly verdict: 'pass' | 'fail' | 'unknown' | 'not-applicable';
    readonly reason: string;
    readonly message: string;
  }[];
}

export interface ReportedFinding {
  readonly check: string;
  readonly verdict: Finding['verdict'];
  readonly reason: string;
  /** Null when it concerns the whole cluster. */
  readonly target: ReportedTarget | null;
  readonly message: string;
  readonly fix: string;
  readonly evidence: { readonly [key: string]: Json };
}

/** Counts, and the same in one sentence. */
export interface Summary {
  readonly inSync: number;
  readonly applied: number;
  readonly pending: number;
  readonly declined: number;
  /** Conflicts, refused and failed writes. */
  readonly failed: number;
  readonly failFindings: number;
  readonly warnFindings: number;
  readonly unknownFindings: number;
  readonly text: string;
}
