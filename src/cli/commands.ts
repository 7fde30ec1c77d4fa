import type { Config } from '../config/config.types.ts';
import { createEventAnnouncer } from '../controller/announcer.ts';
import { readHoldOffs } from '../controller/hold-offs.ts';
import type { KubeClient } from '../kube/client.types.ts';
import { createEventRecorder, type EventRecorder } from '../kube/events.ts';
import { systemClock } from '../lib/clock.ts';
import { usageError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { printable } from '../lib/printable.ts';
import { redactText } from '../lib/redact.ts';
import { ONCE_MANAGER } from '../plan/ours.ts';
import { readLeftovers } from '../uninstall/read.ts';
import type { MigrateOptions, OnceOptions, UninstallOptions, UninstallReportOptions } from './args.types.ts';
import { confirm, confirmChanges } from './confirm.ts';
import type { ExitCode } from './exit-codes.ts';
import { renderJson } from './json.ts';
import { runMigrate } from './migrate.ts';
import { renderMigration, renderMigrationPlan } from './migrate-table.ts';
import { runOnce } from './once.ts';
import { preflightCode, renderPreflight, runPreflight } from './preflight.ts';
import { createProgress } from './progress.ts';
import type { Report } from './report.types.ts';
import { originOf } from './report-head.ts';
import type { ConnectedCluster, OpenClient } from './session.ts';
import { styleOf } from './style.ts';
import { renderPlan, renderTable } from './table.ts';
import { runUninstall } from './uninstall.ts';
import { buildUninstallReport, renderUninstallReport } from './uninstall-report.ts';

/* The commands that end, as a person at a terminal meets them: questions on stderr, the report on stdout. */

/** One pass: what is planned is shown before the question, and the report at the end. */
export async function once(
  options: OnceOptions,
  cluster: ConnectedCluster,
  config: Config,
  logger: Logger,
  stop: AbortSignal,
): Promise<ExitCode> {
  const { client } = cluster;
  const recorder = recorderOf(client, 'once', logger);
  const style = styleOf(process.stdout);
  const report = await runOnce(
    options,
    config,
    {
      cluster,
      clock: systemClock,
      logger,
      announcer: createEventAnnouncer(recorder),
      history: await readHoldOffs(client, systemClock, stop),
      tell: (line) => process.stderr.write(`${line}\n`),
      confirm: async (plan, count) => {
        process.stderr.write(renderPlan(plan, style));
        return await confirmChanges(count, { input: process.stdin, output: process.stderr }, stop);
      },
    },
    stop,
  );
  await recorder.flush(AbortSignal.timeout(3_000)).catch(() => undefined);
  recorder.close();
  process.stdout.write(options.output === 'json' ? renderJson(report) : renderTable(report, style));
  return report.exitCode;
}

/** Asks for what the controller would need, and prints it. */
export async function preflight(
  cluster: ConnectedCluster,
  config: Config,
  logger: Logger,
  stop: AbortSignal,
): Promise<ExitCode> {
  const found = await runPreflight(cluster, config, { clock: systemClock, logger, env: process.env }, stop);
  process.stdout.write(printable(redactText(renderPreflight(found)), true));
  return preflightCode(found);
}

/** Moves a Gateway: its steps are shown before the question, what is being done on stderr, and the report at the end. */
export async function migrate(
  options: MigrateOptions,
  cluster: ConnectedCluster,
  config: Config,
  logger: Logger,
  stop: AbortSignal,
): Promise<ExitCode> {
  const { client } = cluster;
  const recorder = recorderOf(client, 'migrate', logger);
  const style = styleOf(process.stdout);
  const progress = createProgress(process.stderr);
  try {
    const report = await runMigrate(
      options,
      config,
      {
        cluster,
        clock: systemClock,
        logger,
        announcer: createEventAnnouncer(recorder),
        progress: progress.show,
        confirm: async (plan) => {
          process.stderr.write(renderMigrationPlan(plan, style));
          const refusal = usageError(
            'command line',
            `${options.gateway.namespace}/${options.gateway.name} is to be moved, but there is no terminal to ask on, so nothing was written`,
            'Add --yes to move it without asking, or --dry-run to only look.',
          );
          return await confirm('Move it?', refusal, { input: process.stdin, output: process.stderr }, stop);
        },
      },
      stop,
    );
    await recorder.flush(AbortSignal.timeout(3_000)).catch(() => undefined);
    progress.clear();
    process.stdout.write(options.output === 'json' ? renderJson(report) : renderMigration(report, style));
    return report.exitCode;
  } finally {
    progress.clear();
    recorder.close();
  }
}

/** Removes redirect copies: they are shown before the question, and the report at the end. */
export async function uninstall(
  options: UninstallOptions,
  cluster: OpenClient,
  config: Config,
  logger: Logger,
  stop: AbortSignal,
): Promise<ExitCode> {
  const style = styleOf(process.stdout);
  const terminal = { input: process.stdin, output: process.stderr };
  const ports = {
    cluster,
    clock: systemClock,
    logger,
    confirm: async (plan: Report, count: number): Promise<boolean> => {
      if (count > 0) process.stderr.write(renderPlan(plan, style));
      return await confirmChanges(count, terminal, stop);
    },
  };
  const report = await runUninstall(options, config, ports, stop);
  process.stdout.write(options.output === 'json' ? renderJson(report) : renderTable(report, style));
  return report.exitCode;
}

/** Prints what stays behind. */
export async function uninstallReport(
  { output }: UninstallReportOptions,
  { client, connection }: OpenClient,
  config: Config,
  stop: AbortSignal,
): Promise<ExitCode> {
  const startedAt = systemClock.now();
  const leftovers = await readLeftovers(client, config, stop);
  const report = buildUninstallReport(leftovers, { ...originOf(connection), startedAt });
  process.stdout.write(output === 'json' ? renderJson(report) : renderUninstallReport(report, styleOf(process.stdout)));
  return report.exitCode;
}

function recorderOf(client: KubeClient, instance: string, logger: Logger): EventRecorder {
  const source = { component: 'cilium-cloud-bridge', instance };
  return createEventRecorder({ client, source, fieldManager: ONCE_MANAGER, clock: systemClock, logger });
}
