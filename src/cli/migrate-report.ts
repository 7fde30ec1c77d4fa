import type { Config } from '../config/config.types.ts';
import { gatewayKey } from '../gateway/subjects.ts';
import { classManifest } from '../migrate/manifest.ts';
import { stepsOf } from '../migrate/steps.ts';
import type { Finding, Outcome } from '../plan/plan.types.ts';
import type { MigrateOptions } from './args.types.ts';
import type { MigrateReport } from './migrate-report.types.ts';
import type { Moved } from './migrate-run.ts';
import { buildReport } from './report.ts';
import { buildHead, originOf } from './report-head.ts';
import type { ConnectedCluster } from './session.ts';

/** What became of a run. */
export interface Run {
  readonly outcomes: readonly Outcome[];
  readonly extra: readonly Finding[];
  /** The controller that stood by; empty: none. */
  readonly former: string;
  readonly stopped: boolean;
  readonly notConfirmed: boolean;
}

/** Puts the report of a move together. Pure. */
export function reportMove(
  options: MigrateOptions,
  config: Config,
  { connection }: ConnectedCluster,
  startedAt: number,
  first: Moved,
  now: Moved,
  run: Run,
): MigrateReport {
  const { stage, to, refusals, preview } = now.plan;
  const done = run.outcomes.map(({ action }) => action);
  const rest = preview.filter((action) => !done.some((one) => one.kind === action.kind));
  const actions = [...done, ...(stage === undefined ? [] : rest)];
  const declined = rest.map((action) => ({ action, reason: 'NotConfirmed', message: 'You did not agree.' }));
  const key = gatewayKey(options.gateway.namespace, options.gateway.name);
  // What else is to be said of the Gateway would hide why it was not moved.
  const own =
    stage === undefined
      ? []
      : (now.state?.findings ?? []).filter(({ verdict }) => stage === 'done' || verdict !== 'fail');
  const origin = originOf(connection);
  const report = buildReport({
    ...origin,
    mode: options.dryRun ? 'dry-run' : 'once',
    startedAt,
    subjects: [key],
    actions,
    declined: run.notConfirmed ? declined : [],
    outcomes: run.outcomes,
    findings: [...refusals, ...run.extra, ...own],
    stopped: run.stopped,
  });
  const missing = options.toClass === undefined && refusals.some(({ reason }) => reason === 'GatewayClassMissing');
  return {
    ...buildHead(origin),
    mode: options.dryRun ? 'dry-run' : 'migrate',
    startedAt: report.startedAt,
    gateway: options.gateway,
    fromClass: first.reads.gateway.className,
    toClass: to?.name ?? null,
    steps:
      stage === undefined || to === undefined ? [] : stepsOf(stage, first.reads.gateway.className, to, first.state),
    controller: run.former === '' ? null : run.former,
    actions: report.actions,
    findings: report.findings,
    manifest: missing ? classManifest(config) : null,
    summary: summaryOf(key, now, options, run),
    exitCode: report.exitCode,
  };
}

function summaryOf(key: string, { plan }: Moved, { dryRun }: MigrateOptions, run: Run): string {
  const to = plan.to?.name ?? '';
  if (plan.stage === undefined) return `${key} was not moved.`;
  if (plan.stage === 'done')
    return run.outcomes.length === 0
      ? `${key} is on ${to} already, and Programmed.`
      : `${key} is on ${to} now, and Programmed.`;
  if (dryRun) return 'Dry run: nothing was written.';
  if (run.notConfirmed) return 'Nothing was written.';
  return run.stopped ? 'Stopped early: run it again.' : `${key} is on its way to ${to}: run it again.`;
}
