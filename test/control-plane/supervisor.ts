import { join } from 'node:path';
import { type RunningProgram, startProgram } from './process.ts';
import type { CommandLine } from './programs.ts';
import { logLength, logSays, untilReady } from './readiness.ts';

/** How one program is started, and how it shows that it works. */
export interface Recipe {
  command(): CommandLine;
  /** Asked until it holds. `logged`: whether this start's log has the pattern. */
  ready(logged: (pattern: RegExp) => boolean): Promise<boolean> | boolean;
  /** What must be put right before it is started once more. */
  beforeRestart?(): Promise<void>;
}

/** Starts, signals and ends the programs of one control plane; each name has at most one process. */
export interface Supervisor<Name extends string> {
  /** Resolves when the program is ready. */
  start(name: Name): Promise<void>;
  /** SIGKILL, then the same command again; resolves when it is ready. */
  restart(name: Name): Promise<void>;
  signal(name: Name, signal: NodeJS.Signals): void;
  pids(): readonly number[];
  /** SIGKILL to all, and the wait for their end. */
  stopAll(): Promise<void>;
}

/**
 * A program that ends by itself is started again, as a kubelet does with its static Pods, and a line on standard output
 * tells of it (scripts/flaky-reporter.ts has the form). Who sends signals sees to the programs himself.
 */
export function createSupervisor<Name extends string>(
  dir: string,
  recipes: Readonly<Record<Name, Recipe>>,
  prefix: readonly string[],
): Supervisor<Name> {
  const programs = new Map<Name, RunningProgram>();
  /** Somebody sent a signal, or stops all. */
  let disturbed = false;
  const recoveries = new Set<Promise<void>>();

  async function start(name: Name): Promise<void> {
    const recipe = recipes[name];
    const log = logPath(dir, name);
    const from = logLength(log);
    const program = await startProgram(name, recipe.command(), log, prefix);
    programs.set(name, program);
    await untilReady(program, () => recipe.ready((pattern) => logSays(log, pattern, from)));
    void program.exited.then((how) => {
      const recovery = recover(name, program, how).finally(() => recoveries.delete(recovery));
      recoveries.add(recovery);
    });
  }

  async function recover(name: Name, program: RunningProgram, how: string): Promise<void> {
    if (disturbed) return;
    console.log(`flaky: ${name} ended by itself (${how}) and is started again:\n${program.logTail()}`);
    try {
      await recipes[name].beforeRestart?.();
      if (!disturbed) await start(name);
    } catch (error) {
      console.log(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** From now on nothing is started by itself any more, and what was has ended. */
  async function recovered(): Promise<void> {
    disturbed = true;
    await Promise.all(recoveries);
  }

  return {
    start,
    async restart(name) {
      await recovered();
      await programs.get(name)?.kill();
      await recipes[name].beforeRestart?.();
      await start(name);
    },
    signal(name, signal) {
      const program = programs.get(name);
      if (program === undefined) throw new Error(`${name} was not started in this control plane`);
      disturbed = true;
      program.signal(signal);
    },
    pids: () => [...programs.values()].filter((program) => program.running()).map((program) => program.pid),
    async stopAll() {
      await recovered();
      await Promise.all([...programs.values()].map((program) => program.kill()));
    },
  };
}

/** Where a program's output goes. */
export function logPath(dir: string, name: string): string {
  return join(dir, `${name}.log`);
}
