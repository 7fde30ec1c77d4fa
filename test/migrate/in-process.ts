import { parseCommandLine } from '../../src/cli/args.ts';
import type { ParsedArgs } from '../../src/cli/args.types.ts';
import { runMigrate } from '../../src/cli/migrate.ts';
import type { MigrateReport } from '../../src/cli/migrate-report.types.ts';
import { runOnce } from '../../src/cli/once.ts';
import type { Report } from '../../src/cli/report.types.ts';
import { originOf } from '../../src/cli/report-head.ts';
import { connect, openClient } from '../../src/cli/session.ts';
import { runUninstall } from '../../src/cli/uninstall.ts';
import { buildUninstallReport, type UninstallReport } from '../../src/cli/uninstall-report.ts';
import type { Config } from '../../src/config/config.types.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Announcer } from '../../src/controller/announcer.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import type { Logger } from '../../src/lib/logger.ts';
import { readLeftovers } from '../../src/uninstall/read.ts';
import { recordLog } from '../kube/recorded-log.ts';

/* The commands that end, in the process of the test: what they return, without what main.ts prints of it. */

export interface Surroundings {
  readonly kubeconfig: string;
  /** Path of the configuration file. */
  readonly config: string;
}

export interface Hooks {
  /** Ctrl-C. */
  readonly signal?: AbortSignal;
  /** The user's answer. Not given: nobody is to be asked. */
  readonly answer?: (shown: Report | MigrateReport) => boolean;
  /** What is told to people who wait. */
  readonly progress?: (text: string) => void;
  readonly log?: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

const SILENT: Announcer = {
  applied: () => undefined,
  refused: () => undefined,
  finding: () => undefined,
  holdOff: () => undefined,
};

/** `migrate` with these words after it. */
export async function runMigrateHere(
  words: readonly string[],
  around: Surroundings,
  hooks: Hooks = {},
): Promise<MigrateReport> {
  const { options, config, ports, signal } = understand('migrate', ['migrate', ...words], around, hooks);
  const cluster = await connect(options, config, ports.clock, ports.logger, signal);
  try {
    return await runMigrate(options, config, { ...ports, cluster }, signal);
  } finally {
    cluster.close();
  }
}

/** `--once` with these words after it. */
export async function runOnceHere(words: readonly string[], around: Surroundings, hooks: Hooks = {}): Promise<Report> {
  const { options, config, ports, signal } = understand('once', ['--once', ...words], around, hooks);
  const cluster = await connect(options, config, ports.clock, ports.logger, signal);
  try {
    return await runOnce(options, config, { ...ports, cluster, history: new Map(), tell: ports.progress }, signal);
  } finally {
    cluster.close();
  }
}

/** `uninstall` with these words after it. */
export async function runUninstallHere(
  words: readonly string[],
  around: Surroundings,
  hooks: Hooks = {},
): Promise<Report> {
  const { options, config, ports, signal } = understand('uninstall', ['uninstall', ...words], around, hooks);
  const cluster = openClient(options, ports.clock, ports.logger);
  try {
    return await runUninstall(options, config, { ...ports, cluster }, signal);
  } finally {
    cluster.close();
  }
}

/** `--uninstall-report`. */
export async function readLeftoversHere(around: Surroundings): Promise<UninstallReport> {
  const { options, config, ports, signal } = understand('uninstall-report', ['--uninstall-report'], around, {});
  const cluster = openClient(options, ports.clock, ports.logger);
  try {
    const leftovers = await readLeftovers(cluster.client, config, signal);
    return buildUninstallReport(leftovers, { ...originOf(cluster.connection), startedAt: ports.clock.now() });
  } finally {
    cluster.close();
  }
}

interface Ports {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly announcer: Announcer;
  readonly progress: (text: string) => void;
  readonly confirm: (shown: Report | MigrateReport) => Promise<boolean>;
}

type Understood<C> = Extract<ParsedArgs, { readonly command: C }>;

function understand<C extends 'migrate' | 'once' | 'uninstall' | 'uninstall-report'>(
  command: C,
  words: readonly string[],
  { kubeconfig, config: path }: Surroundings,
  { signal, answer, progress, log, clock = systemClock }: Hooks,
): { options: Understood<C>; config: Config; ports: Ports; signal: AbortSignal } {
  const options = parseCommandLine([...words, '--kubeconfig', kubeconfig, '--config', path]);
  if (!isCommand(options, command)) throw new Error(`${words.join(' ')} is no ${command}`);
  return {
    options,
    config: loadConfig({ overrides: options, env: {}, path }),
    ports: {
      clock,
      logger: log ?? recordLog(),
      announcer: SILENT,
      progress: progress ?? (() => undefined),
      confirm: (shown) => {
        if (answer === undefined) throw new Error('nobody is to be asked');
        return Promise.resolve(answer(shown));
      },
    },
    signal: signal ?? new AbortController().signal,
  };
}

function isCommand<C extends string>(options: ParsedArgs, command: C): options is Understood<C> {
  return options.command === command;
}
