import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { z } from 'zod';
import { reportSchema } from '../../src/cli/report.schema.ts';
import type { Report } from '../../src/cli/report.types.ts';
import type { AuditEvent, AuditMark } from './audit.ts';
import { type CommandResult, tryCommand } from './command.ts';
import type { ControlPlane } from './fixture.ts';
import { type RunningProgram, startProgram } from './process.ts';
import { waitFor } from './wait.ts';

/** The real program against a control plane, as a child process: the bundle that users run. */

export interface ProductOptions {
  /** Default: the admin's. */
  readonly kubeconfig?: string;
  /** Content of the configuration file. */
  readonly config?: object;
  readonly args?: readonly string[];
  /** Besides this process's own. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface OnceResult extends CommandResult {
  readonly seconds: number;
}

export interface OnceReport extends OnceResult {
  readonly report: Report;
}

/** `--once` with these arguments, to its end. */
export async function once(cluster: ControlPlane, options: ProductOptions = {}): Promise<OnceResult> {
  const startedAt = performance.now();
  const result = await tryCommand(process.execPath, [inject('bundle'), '--once', ...argumentsOf(cluster, options)]);
  return { ...result, seconds: (performance.now() - startedAt) / 1000 };
}

/** `--once -o json`, its report read by the published schema. */
export async function onceReport(cluster: ControlPlane, options: ProductOptions = {}): Promise<OnceReport> {
  const result = await once(cluster, { ...options, args: ['-o', 'json', ...(options.args ?? [])] });
  if (result.stdout === '') throw new Error(`no report; stderr: ${result.stderr}`);
  return { ...result, report: reportSchema.parse(JSON.parse(result.stdout)) };
}

/** One line of the program's log. */
export type LogLine = z.infer<typeof LogLineSchema>;

const LogLineSchema = z.looseObject({
  level: z.string(),
  msg: z.string(),
  reason: z.string().optional(),
  object: z.string().optional(),
  action: z.string().optional(),
});

/** The program running as the controller. */
export interface Controller {
  log(): readonly LogLine[];
  /** Lines that tell of a write. */
  writesLogged(): readonly LogLine[];
  waitForLine(what: string, matches: (line: LogLine) => boolean, timeoutMs?: number): Promise<LogLine>;
  /** SIGTERM, and the wait for its end. */
  stop(): Promise<void>;
  readonly program: RunningProgram;
}

/** Starts the controller; resolves when it leads. */
export async function startController(cluster: ControlPlane, options: ProductOptions = {}): Promise<Controller> {
  const controller = await launchController(cluster, options);
  await controller.waitForLine('the controller to lead', (line) => /leading|leader/i.test(line.msg));
  return controller;
}

/** Starts the controller, which may stand by. */
export async function launchController(cluster: ControlPlane, options: ProductOptions = {}): Promise<Controller> {
  const logPath = join(mkdtempSync(join(cluster.dir, 'controller-')), 'log');
  const { args: given = [] } = options;
  // Tests run side by side: no two may want the same port.
  const quiet = given.includes('--listen') ? [] : ['--listen', 'none'];
  const args = [inject('bundle'), ...argumentsOf(cluster, { ...options, args: [...quiet, ...given] })];
  const command = { program: process.execPath, args, ...(options.env === undefined ? {} : { env: options.env }) };
  const program = await startProgram('cilium-cloud-bridge', command, logPath, []);
  const log = (): LogLine[] =>
    readFileSync(logPath, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => LogLineSchema.parse(JSON.parse(line)));
  return {
    program,
    log,
    writesLogged: () => log().filter((line) => line.level === 'info' && line.action !== undefined),
    waitForLine: (what, matches, timeoutMs = 20_000) =>
      waitFor(
        `${what}; the log: ${program.logTail()}`,
        () => {
          if (!program.running()) throw new Error(`the controller ended: ${program.logTail()}`);
          return log().find(matches);
        },
        { timeoutMs },
      ),
    async stop() {
      program.signal('SIGTERM');
      await program.exited;
    },
  };
}

function argumentsOf(cluster: ControlPlane, { kubeconfig, config, args = [] }: ProductOptions): string[] {
  const file = config === undefined ? [] : ['--config', configFile(cluster, config)];
  return ['--kubeconfig', kubeconfig ?? cluster.kubeconfigPath, ...file, ...args];
}

function configFile(cluster: ControlPlane, config: object): string {
  const path = join(mkdtempSync(join(cluster.dir, 'config-')), 'config.yaml');
  writeFileSync(path, JSON.stringify(config)); // JSON is YAML
  return path;
}

const READS: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

/** What the program asked for since the mark, by its user agent. */
export async function requestsOfProduct(cluster: ControlPlane, mark: AuditMark): Promise<readonly AuditEvent[]> {
  return (await cluster.audit.since(mark)).filter(({ userAgent }) => userAgent.startsWith('cilium-cloud-bridge/'));
}

/**
 * The program's writes since the mark, as `patch services/status default/web`: all but dry runs, access reviews, its
 * Lease and Events. One that was refused ends in its status code.
 */
export async function writesSince(cluster: ControlPlane, mark: AuditMark): Promise<readonly string[]> {
  const requests = await requestsOfProduct(cluster, mark);
  return requests.filter(isWrite).map(({ verb, objectRef, responseStatus }) => {
    const code = responseStatus?.code ?? 0;
    const kind = [objectRef?.resource, objectRef?.subresource].filter((part) => part !== undefined).join('/');
    const failed = code >= 300 ? ` ${code}` : '';
    return `${verb} ${kind} ${objectRef?.namespace ?? ''}/${objectRef?.name ?? ''}${failed}`;
  });
}

/** Of a controller that runs: a moment later, so that the last write's answer, and one too many, are in the log. */
export async function settledWritesSince(cluster: ControlPlane, mark: AuditMark): Promise<readonly string[]> {
  await new Promise((resolve) => setTimeout(resolve, 300));
  return writesSince(cluster, mark);
}

/** A write of the program's that is its purpose: no dry run, access review, Lease or Event. */
export function isWrite({ verb, requestURI, objectRef }: AuditEvent): boolean {
  if (READS.has(verb) || /[?&]dryRun=All/.test(requestURI)) return false;
  return !['selfsubjectaccessreviews', 'leases', 'events'].includes(objectRef?.resource ?? '');
}
