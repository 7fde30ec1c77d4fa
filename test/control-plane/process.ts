import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { atDeath } from './cleanup.ts';
import type { CommandLine } from './programs.ts';

const TAIL_LINES = 15;
/** How a program written in Go says that it crashed: the runtime, a panic, or klog's Fatal. */
const CRASH = /^(?:fatal error: |panic: |SIG[A-Z]+: |F\d{4} )/m;
const CRASH_LINES = 40;

/** A program that runs until it is stopped. */
export interface RunningProgram {
  readonly name: string;
  readonly pid: number;
  readonly logPath: string;
  /** Resolves when the process is gone, with how it ended: `exit code 2`, or `signal SIGKILL`. Never rejects. */
  readonly exited: Promise<string>;
  running(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL (an API server that is asked politely keeps its port for many seconds), then the wait for its end. */
  kill(): Promise<void>;
  /** The last lines it logged, for an error message; of a program in Go that crashed, the lines that say why. */
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
  const from = fstatSync(log).size;
  const child = spawn(program ?? '', args, {
    env: { ...process.env, ...command.env },
    stdio: ['ignore', log, log],
    detached: true, // or Ctrl-C in a terminal would reach it before an orderly stop does
  });
  closeSync(log);
  return running(name, child, await pidOf(child, name), logPath, from);
}

function running(name: string, child: ChildProcess, pid: number, logPath: string, from: number): RunningProgram {
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const signal = (what: NodeJS.Signals): void => {
    if (isRunning()) child.kill(what);
  };
  const forget = atDeath(() => signal('SIGKILL'));
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, by) => {
      forget();
      resolve(by === null ? `exit code ${code}` : `signal ${by}`);
    });
  });
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
    logTail() {
      const text = readFileSync(logPath).subarray(from).toString('utf8').trimEnd();
      const crash = text.search(CRASH);
      const lines = (crash < 0 ? text : text.slice(crash)).split('\n');
      return (crash < 0 ? lines.slice(-TAIL_LINES) : lines.slice(0, CRASH_LINES)).join('\n');
    },
  };
}

function pidOf(child: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid ?? 0));
    child.once('error', (error) => reject(new Error(`could not start ${name}: ${error.message}`, { cause: error })));
  });
}
