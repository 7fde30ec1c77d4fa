import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import * as z from 'zod';
import { type RunningProgram, startProgram } from '../control-plane/process.ts';
import { waitFor } from '../control-plane/wait.ts';

/** The real program as a controller, watched from outside. */
export interface WatchedProgram {
  readonly running: RunningProgram;
  /** Its log so far. */
  log(): ProgramLog;
  sample(): Sample;
  /** Resolves when it leads, for the n-th time in this log. */
  leads(): Promise<void>;
  /** SIGTERM, and the wait for its end. */
  stop(): Promise<void>;
}

/** What the kernel says of the process. */
export interface Sample {
  /** `performance.now()`. */
  readonly at: number;
  readonly residentMiB: number;
  readonly descriptors: number;
  readonly sockets: number;
}

export type LogLine = z.infer<typeof LogLine>;

const LogLine = z.looseObject({
  level: z.string(),
  msg: z.string(),
  time: z.string(),
  check: z.string().optional(),
  reason: z.string().optional(),
  object: z.string().optional(),
  action: z.string().optional(),
  resource: z.string().optional(),
  fix: z.string().optional(),
});

export interface ProgramLog {
  readonly lines: readonly LogLine[];
  /** What is no line of the program's own: a crash, an unhandled rejection, a warning of Node's. */
  readonly foreign: readonly string[];
}

export async function startWatched(bundle: string, args: readonly string[], logPath: string): Promise<WatchedProgram> {
  const command = { program: process.execPath, args: [bundle, ...args] };
  const running = await startProgram('cilium-cloud-bridge', command, logPath, []);
  const log = (): ProgramLog => readLog(readFileSync(logPath, 'utf8'));
  return {
    running,
    log,
    sample: () => sampleOf(running.pid),
    async leads() {
      await waitFor(
        'the controller to lead',
        () => {
          if (!running.running()) throw new Error(`the controller ended: ${running.logTail()}`);
          return log().lines.some(({ msg }) => msg === 'leading');
        },
        { timeoutMs: 60_000, everyMs: 100 },
      );
    },
    async stop() {
      running.signal('SIGCONT');
      running.signal('SIGTERM');
      await running.exited;
    },
  };
}

/** Splits what the process wrote into its own lines and everything else. */
export function readLog(text: string): ProgramLog {
  const lines: LogLine[] = [];
  const foreign: string[] = [];
  const written = text.split('\n');
  written.pop(); // empty, or a line that is still being written
  for (const line of written) {
    const parsed = parseLine(line);
    if (parsed === undefined) foreign.push(line);
    else lines.push(parsed);
  }
  return { lines, foreign };
}

function parseLine(line: string): LogLine | undefined {
  try {
    return LogLine.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function sampleOf(pid: number): Sample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const names = readdirSync(`/proc/${pid}/fd`);
  const targets = names.map((name) => linkTarget(`/proc/${pid}/fd/${name}`)).filter((target) => target !== '');
  return {
    at: performance.now(),
    residentMiB: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024,
    descriptors: targets.length,
    sockets: targets.filter((target) => target.startsWith('socket:')).length,
  };
}

/** Empty for a descriptor that was closed meanwhile. */
function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
