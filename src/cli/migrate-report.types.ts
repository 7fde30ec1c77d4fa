import type { MigrationStep } from '../migrate/steps.ts';
import type { ExitCode } from './exit-codes.ts';
import type { ReportedAction, ReportedFinding } from './report.types.ts';
import type { ReportHead } from './report-head.ts';

/** What `migrate -o json` prints. */
export interface MigrateReport extends ReportHead {
  readonly mode: 'dry-run' | 'migrate';
  readonly startedAt: string;
  readonly gateway: { readonly namespace: string; readonly name: string };
  /** The class that the Gateway named at the beginning. */
  readonly fromClass: string;
  /** Null: there is none to move to. */
  readonly toClass: string | null;
  /** In their order; empty: refused. */
  readonly steps: readonly MigrationStep[];
  /** The controller that stood by meanwhile; null: none led. */
  readonly controller: string | null;
  readonly actions: readonly ReportedAction[];
  readonly findings: readonly ReportedFinding[];
  /** Makes the class that is missing; null: none is. */
  readonly manifest: string | null;
  readonly summary: string;
  readonly exitCode: ExitCode;
}
