import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { atDeath } from './cleanup.ts';
import type { CommandLine } from './programs.ts';

const TAIL_LINES = 15;

/** A program that runs until it is stopped. */
export interface RunningProgram {
  readonly name: string;
  readonly pid: number;
  readonly logPath: string;
  /** Resolves when the process is gone. Never rejects. */
  readonly exited: Promise<void>;
  running(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL (an API server that is asked politely keeps its port for many seconds), then the wait for its end. */
  kill(): Promise<void>;
  /** The last lines it logged, for an error message. */
  logTail(): string;
}

/**
 * Starts a program whose output goes to `logPath` (appended). It dies with this process, whatever kills that:
 * at an orderly end by `atDeath`, otherwise by the kernel (`setpriv --pdeathsig`).
 * @param prefix a command to run it under, such as `['ip', 'netns', 'exec', 'fabric']`
 */
export async function startProgram(
  name: string,
  command: CommandLine,
  logPath: string,
  prefix: readonly string[],
): Promise<RunningProgram> {
  const [program, ...args] = [...prefix, 'setpriv', '--pdeathsig', 'KILL', command.program, ...command.args];
  const log = openSync(logPath, 'a');
  const child = spawn(program ?? '', args, {
    env: { ...process.env, ...command.env },
    stdio: ['ignore', log, log],
    detached: true, // or Ctrl-C in a terminal would reach it before an orderly stop does
  });
  closeSync(log);
  return running(name, child, await pidOf(child, name), logPath);
}

function running(name: string, child: ChildProcess, pid: number, logPath: string): RunningProgram {
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const signal = (what: NodeJS.Signals): void => {
    if (isRunning()) child.kill(what);
  };
  const forget = atDeath(() => signal('SIGKILL'));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve())).then(forget);
  return {
    name,
    pid,
    logPath,
    exited,
    running: isRunning,
    signal,
    async kill() {
      signal('SIGKILL');
      await exited;
    },
    logTail: () => readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n'),
  };
}

function pidOf(child: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid ?? 0));
    child.once('error', (error) => reject(new Error(`could not start ${name}: ${error.message}`, { cause: error })));
  });
}
