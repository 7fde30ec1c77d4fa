import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/*
 * A datapath leaves traces outside its process: network namespaces, cgroups, folders. They are written down before
 * they are made, in a file of the machine's (it doesn't outlive a boot, and neither do they), so that whoever comes next
 * can remove what a killed run left behind.
 */

const RECORDS = '/run/cilium-cloud-bridge/datapath';
const KILL_TIMEOUT_MS = 10_000;

const TracesRecord = z.object({
  owner: z.object({ pid: z.number(), startedAt: z.string() }),
  namespaces: z.array(z.string()),
  cgroups: z.array(z.string()),
  dirs: z.array(z.string()),
});
export type Traces = Omit<z.infer<typeof TracesRecord>, 'owner'>;

/** Writes down what this process is about to make, or has made since. */
export function recordTraces(id: string, traces: Traces): void {
  mkdirSync(RECORDS, { recursive: true });
  const owner = { pid: process.pid, startedAt: startOf(process.pid) ?? '' };
  writeFileSync(join(RECORDS, `${id}.json`), JSON.stringify({ owner, ...traces }));
}

/**
 * Kills what runs in the namespaces, removes them, the cgroups, the folders (unless `keepDirs`) and the record.
 * Synchronous, so that it also works while a process dies. Safe to repeat.
 */
export function removeTraces(id: string, traces: Traces, keepDirs = false): void {
  killAll(traces);
  for (const namespace of traces.namespaces) {
    if (existsSync(`/run/netns/${namespace}`)) run('ip', ['netns', 'delete', namespace]);
  }
  for (const cgroup of traces.cgroups) {
    if (existsSync(cgroup)) retried(() => rmdirSync(cgroup));
  }
  if (!keepDirs) for (const dir of traces.dirs) rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  rmSync(join(RECORDS, `${id}.json`), { force: true });
}

/** Removes what runs left behind whose process is gone. Returns a line for each. */
export function removeLeftovers(): readonly string[] {
  if (!existsSync(RECORDS)) return [];
  const removed: string[] = [];
  for (const file of readdirSync(RECORDS).filter((name) => name.endsWith('.json'))) {
    const traces = readRecord(join(RECORDS, file));
    if (traces === undefined || startOf(traces.owner.pid) === traces.owner.startedAt) continue;
    const id = file.replace(/\.json$/, '');
    removeTraces(id, traces);
    removed.push(`removed what process ${traces.owner.pid} left behind (${id})`);
  }
  return removed;
}

function readRecord(path: string): z.infer<typeof TracesRecord> | undefined {
  try {
    return TracesRecord.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined; // being written, or just removed by another process
  }
}

/** Only processes inside namespaces and cgroups of ours: nobody else's can be in there. */
function killAll({ namespaces, cgroups }: Traces): void {
  const endsAt = performance.now() + KILL_TIMEOUT_MS;
  for (;;) {
    const pids = [
      ...namespaces
        .filter((namespace) => existsSync(`/run/netns/${namespace}`))
        .flatMap((namespace) => words(run('ip', ['netns', 'pids', namespace]))),
      ...cgroups
        .filter((cgroup) => existsSync(cgroup))
        .flatMap((cgroup) => words(readFileSync(join(cgroup, 'cgroup.procs'), 'utf8'))),
    ];
    if (pids.length === 0) return;
    if (performance.now() > endsAt) throw new Error(`processes ${pids.join(', ')} don't end, even by SIGKILL`);
    for (const pid of new Set(pids)) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // it ended by itself
      }
    }
    pause();
  }
}

function retried(work: () => void): void {
  const endsAt = performance.now() + KILL_TIMEOUT_MS;
  for (;;) {
    try {
      work();
      return;
    } catch (error) {
      if (performance.now() > endsAt) throw error;
      pause();
    }
  }
}

function run(program: string, args: readonly string[]): string {
  return spawnSync(program, args, { encoding: 'utf8' }).stdout;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
}

/** When a process started, in clock ticks since the boot: with it, a process id means one process for good. */
function startOf(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return fields[19];
  } catch {
    return undefined;
  }
}
