import './lib/small-heap.ts';

import { openFileSource } from './checks/files/file-source.ts';
import { liveSource } from './checks/object-source.ts';
import type { KubeWorld } from './checks/world.types.ts';
import { parseCommandLine } from './cli/args.ts';
import type { CommonOptions, DoctorOptions } from './cli/args.types.ts';
import { migrate, once, preflight, uninstall, uninstallReport } from './cli/commands.ts';
import { runController } from './cli/controller.ts';
import { type DoctorPorts, runDoctor } from './cli/doctor.ts';
import { chooseCloud } from './cli/doctor-cloud.ts';
import { renderDoctorHtml } from './cli/doctor-html.ts';
import type { DoctorReport } from './cli/doctor-report.types.ts';
import { renderDoctor } from './cli/doctor-table.ts';
import { EXIT, type ExitCode } from './cli/exit-codes.ts';
import { explainFailure } from './cli/explain-failure.ts';
import { createTargetPorts } from './cli/external-targets.ts';
import { helpText } from './cli/help.ts';
import { renderJson } from './cli/json.ts';
import { createLogger } from './cli/log.ts';
import { podProbeUi } from './cli/pod-probe-ui.ts';
import { createProgress } from './cli/progress.ts';
import { originOf } from './cli/report-head.ts';
import { connect, openClient } from './cli/session.ts';
import { createStop, type Stop } from './cli/stop-signal.ts';
import { styleOf } from './cli/style.ts';
import { programVersion } from './cli/version.ts';
import type { Config } from './config/config.types.ts';
import { type LiveConfig, openConfig } from './config/live.ts';
import { type ConfigOverrides, type ConfigSources, loadConfig } from './config/load.ts';
import type { KubeClient } from './kube/client.types.ts';
import { abortReason, systemClock } from './lib/clock.ts';
import type { Logger } from './lib/logger.ts';
import { printable } from './lib/printable.ts';
import { redactText } from './lib/redact.ts';
import type { Metrics } from './metrics/metrics.types.ts';

/** Understands the command line, puts the parts together and runs the command. */
async function main(argv: readonly string[]): Promise<ExitCode> {
  let where = 'cilium-cloud-bridge';
  let command = '';
  const { signal: stop, hold } = createStop(process.stderr);
  try {
    const options = parseCommandLine(argv, process.env);
    command = options.command;
    switch (options.command) {
      case 'help':
        process.stdout.write(helpText(programVersion()));
        return EXIT.ok;
      case 'version':
        process.stdout.write(`${programVersion()}\n`);
        return EXIT.ok;
      case 'doctor': {
        const config = loadConfig(sourcesOf(options));
        const logger = createLogger({ level: levelOf(options, config), stream: process.stderr, env: process.env });
        const target = options.from === undefined ? liveTarget(options, logger) : await fileTarget(options.from, stop);
        where = target.where;
        return await doctor(options, target, config, logger, stop, hold);
      }
      case 'uninstall':
      case 'uninstall-report': {
        const config = loadConfig(sourcesOf(options));
        // The chart's hook is a Pod: what it does is in its log.
        const level = options.command === 'uninstall' ? config.logLevel : levelOf(options, config);
        const logger = createLogger({ level, stream: process.stderr, env: process.env });
        const opened = openClient(options, systemClock, logger);
        where = opened.connection.description;
        try {
          return options.command === 'uninstall'
            ? await uninstall(options, opened, config, logger, stop)
            : await uninstallReport(options, opened, config, stop);
        } finally {
          opened.close();
        }
      }
      case 'migrate':
      case 'preflight':
      case 'once': {
        const config = loadConfig(sourcesOf(options));
        const logger = createLogger({ level: levelOf(options, config), stream: process.stderr, env: process.env });
        const cluster = await connect(options, config, systemClock, logger, stop);
        where = cluster.connection.description;
        try {
          if (options.command === 'preflight') return await preflight(cluster, config, logger, stop);
          return options.command === 'once'
            ? await once(options, cluster, config, logger, stop)
            : await migrate(options, cluster, config, logger, stop);
        } finally {
          cluster.close();
        }
      }
      case 'controller': {
        const live = openConfig(sourcesOf(options));
        const config = live.current();
        const level = (): Config['logLevel'] => live.current().logLevel;
        const logger = createLogger({ level, stream: process.stderr, env: process.env });
        const metrics = await openMetrics(live);
        const cluster = await connect(options, config, systemClock, logger, stop, metrics?.onRequest);
        where = cluster.connection.description;
        await runController(cluster, live, systemClock, logger, stop, metrics);
        return EXIT.ok;
      }
    }
  } catch (error) {
    if (stop.aborted) {
      process.stderr.write(
        `${process.stderr.isTTY ? '\n' : ''}${where}: ${abortReason(stop).message}${command === 'doctor' ? '' : ' before anything was written'}.\n`,
      );
      return EXIT.error;
    }
    const message = explainFailure(error, where);
    if (message === undefined) throw error;
    process.stderr.write(`${printable(redactText(message), true)}\n`);
    return EXIT.error;
  }
}

function sourcesOf(options: CommonOptions & Pick<ConfigOverrides, 'listen'>): ConfigSources {
  return { overrides: options, env: process.env, path: options.config };
}

/** A laptop run says everything in its report; only what goes wrong besides is logged, unless somebody asks for more. */
function levelOf(options: CommonOptions, config: Config): Config['logLevel'] {
  const isAsked = options.logLevel !== undefined || (process.env.CCB_LOG_LEVEL ?? '') !== '';
  return isAsked ? config.logLevel : 'error';
}

/** Loaded only where they are served: nothing else needs the library. Undefined: they are not. */
async function openMetrics(live: LiveConfig): Promise<Metrics | undefined> {
  if (live.current().listen === undefined) return undefined;
  const { createMetrics } = await import('./metrics/metrics.ts');
  return createMetrics({ version: programVersion(), config: live.current, clock: systemClock });
}

/** What doctor looks at. */
interface DoctorTarget extends Pick<DoctorPorts, 'source' | 'context' | 'readAt'> {
  /** Absent for files. */
  readonly client?: KubeClient;
  /** For messages. */
  readonly where: string;
  close(): void;
}

function liveTarget(options: DoctorOptions, logger: Logger): DoctorTarget {
  const { client, connection, close } = openClient(options, systemClock, logger);
  return {
    client,
    source: liveSource(client),
    context: originOf(connection).context,
    where: connection.description,
    close,
  };
}

async function fileTarget(path: string, stop: AbortSignal): Promise<DoctorTarget> {
  const source = await openFileSource(path, stop);
  return { source, context: undefined, readAt: source.takenAt, where: path, close: () => undefined };
}

async function doctor(
  options: DoctorOptions,
  target: DoctorTarget,
  config: Config,
  logger: Logger,
  stop: AbortSignal,
  hold: Stop['hold'],
): Promise<ExitCode> {
  const progress = createProgress(process.stderr);
  const done = new AbortController();
  const ended = AbortSignal.any([stop, done.signal]);
  const ports = {
    ...target,
    openCloud: async (kube: KubeWorld) =>
      await chooseCloud(kube, { config: config.cloud, env: process.env, clock: systemClock, logger }, ended),
    clock: systemClock,
    targets: target.client === undefined ? undefined : createTargetPorts(),
    progress: progress.show,
    pods:
      target.client === undefined
        ? undefined
        : podProbeUi({ client: target.client, clock: systemClock, progress, hold }, process.stdin, process.stderr),
  };
  try {
    const report = await runDoctor(options, config, ports, stop);
    progress.clear();
    process.stdout.write(doctorOutput(report, options));
    return report.exitCode;
  } finally {
    progress.clear();
    done.abort(); // ends the connections to the cloud
    target.close();
  }
}

function doctorOutput(report: DoctorReport, { output, verbose }: DoctorOptions): string {
  switch (output) {
    case 'json':
      return renderJson(report);
    case 'html':
      return renderDoctorHtml(report);
    case 'table':
      return renderDoctor(report, styleOf(process.stdout), verbose);
  }
}

/** `… | head` closes the pipe early: that is no error, and there is nobody left to tell. */
function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

ignoreClosedPipes();
process.exitCode = await main(process.argv.slice(2));
// An exec plugin that hangs must not keep the process after its last word.
setTimeout(() => process.exit(), 500).unref();
