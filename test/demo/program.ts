import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { waitFor } from '../control-plane/wait.ts';

/** The real program, as a process of its own. */

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program to its end. */
export async function runProgram(bundle: string, args: readonly string[], color: boolean): Promise<Ended> {
  const child = start(bundle, args, color);
  const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)];
  const code = await exitOf(child);
  return { code, stdout: await stdout, stderr: await stderr };
}

export interface RunningController {
  /** Its log so far: JSON lines. */
  log(): readonly string[];
  waitForLine(what: string, matches: RegExp): Promise<void>;
  /** SIGTERM; resolves with its exit code. */
  stop(): Promise<number>;
}

export function startController(bundle: string, args: readonly string[]): RunningController {
  const child = start(bundle, args, false);
  const exited = exitOf(child);
  const lines: string[] = [];
  if (child.stderr !== null) createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
  return {
    log: () => lines,
    async waitForLine(what, matches) {
      const look = (): boolean => {
        const ended = child.exitCode !== null;
        return ended || lines.some((line) => matches.test(line));
      };
      await waitFor(what, look, { timeoutMs: 20_000 });
      if (!lines.some((line) => matches.test(line))) throw new Error(`the controller ended:\n${lines.join('\n')}`);
    },
    stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

const children = new Set<ChildProcess>();

/** Ends what was started here and still runs: for a demo that ends in the middle. */
export function killPrograms(): void {
  for (const child of children) child.kill('SIGKILL');
}

function start(bundle: string, args: readonly string[], color: boolean): ChildProcess {
  const env = { ...process.env, FORCE_COLOR: color ? '1' : '0' };
  const child = spawn(process.execPath, [bundle, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += chunk.toString();
  return text;
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
