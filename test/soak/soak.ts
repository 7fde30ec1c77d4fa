import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { reportSchema } from '../../src/cli/report.schema.ts';
import { managedName } from '../../src/gateway/managed.ts';
import { tryCommand } from '../control-plane/command.ts';
import { createRandom } from '../random.ts';
import { changeSomething, unpauseAll } from './changes.ts';
import {
  descriptorVerdict,
  logVerdicts,
  memoryVerdict,
  pendingOf,
  socketVerdict,
  type Verdict,
  writesOf,
  writeVerdict,
} from './checks.ts';
import { SOAK_CONFIG, type SoakCluster, startSoakCluster } from './cluster.ts';
import { differences } from './expected.ts';
import { breakSomething, isOfProgram } from './faults.ts';
import { type LogLine, type Sample, startWatched, type WatchedProgram } from './program.ts';

export interface SoakWishes {
  /** The built program. */
  readonly bundle: string;
  readonly logPath: string;
  readonly runMs: number;
  readonly changes: number;
  /** On average. */
  readonly faultEveryMs: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

const SAMPLE_MS = 1_000;
/** In which caches, the heap and the compiled code grow to their size: a fifth of the run; of a short one up to a half. */
const WARM_UP = 0.2;
const MIN_WARM_UP_MS = 60_000;
const USUAL_BUNCH = 8;
/** After the last fault: a lease that was lost, back-offs, entrypoints that wait for their removal. */
const SYNC_MS = 90_000;
/** Nothing may happen for so long at the end; longer than idle sockets are kept (25 s). */
const QUIET_MS = 32_000;
const PROGRESS_MS = 60_000;

/** Runs the program through changes and faults, and judges it. */
export async function soak(wishes: SoakWishes): Promise<Verdict[]> {
  const { say, logPath, seed } = wishes;
  say(`seed ${seed}: ${wishes.changes} changes in ${(wishes.runMs / 60_000).toFixed(1)} min`);
  const cluster = await startSoakCluster(managedName);
  const configPath = join(cluster.dir, 'config.yaml');
  writeFileSync(configPath, JSON.stringify(SOAK_CONFIG)); // JSON is YAML
  const args = ['--kubeconfig', cluster.kubeconfigPath, '--config', configPath];
  const program = await startWatched(wishes.bundle, [...args, '--listen', 'none'], logPath);
  try {
    await program.leads();
    const { left } = await untilInSync(cluster, program);
    if (left.length > 0) throw new Error(`not in sync before anything happened:\n${left.join('\n')}`);
    say('in sync for the first time; now it begins');
    const lived = await live(wishes, cluster, program);
    return await judge(wishes, lived, cluster, program, args);
  } finally {
    await program.stop();
    await cluster.stop();
  }
}

interface Lived {
  readonly changes: ReadonlyMap<string, number>;
  readonly faults: ReadonlyMap<string, number>;
  readonly samples: readonly Sample[];
}

async function live(wishes: SoakWishes, cluster: SoakCluster, program: WatchedProgram): Promise<Lived> {
  const startedAt = performance.now();
  const endsAt = startedAt + wishes.runMs;
  const samples: Sample[] = [];
  const changes = new Map<string, number>();
  const faults = new Map<string, number>();
  const ticker = setInterval(() => {
    if (program.running.running()) samples.push(program.sample());
  }, SAMPLE_MS);
  const teller = setInterval(() => {
    const minutes = ((performance.now() - startedAt) / 60_000).toFixed(0);
    const memory = samples.at(-1)?.residentMiB.toFixed(0);
    wishes.say(`${minutes} min: ${total(changes)} changes, ${total(faults)} faults, ${memory} MiB`);
  }, PROGRESS_MS);
  try {
    await Promise.all([
      changeAllTheTime(wishes, cluster, program, startedAt, changes),
      breakAllTheTime(wishes, cluster, program, endsAt, faults),
    ]);
  } finally {
    clearInterval(ticker);
    clearInterval(teller);
  }
  cluster.api.faults.clear();
  unpauseAll(cluster);
  const warmUpMs = Math.max(WARM_UP * wishes.runMs, Math.min(MIN_WARM_UP_MS, wishes.runMs / 2));
  const warm = samples.filter(({ at }) => at - startedAt >= warmUpMs);
  return { changes, faults, samples: warm };
}

/** In bunches, each when its time has come. Ends with the last change. */
async function changeAllTheTime(
  { seed, runMs, changes: wanted }: SoakWishes,
  cluster: SoakCluster,
  program: WatchedProgram,
  startedAt: number,
  counts: Map<string, number>,
): Promise<void> {
  const pace = createRandom(seed, 'pace');
  for (let made = 0; made < wanted; made += 1) {
    if (made === 0 || pace.next() < 1 / USUAL_BUNCH) {
      await sleep(Math.max(0, startedAt + (runMs * made) / wanted - performance.now()));
    }
    if (!program.running.running()) throw new Error(`the program ended: ${program.running.logTail()}`);
    // Each has a chance of its own, so that a seed repeats the later ones whatever the program did meanwhile.
    const random = createRandom(seed, `change ${made}`);
    count(
      counts,
      again(() => changeSomething(cluster, random)),
    );
  }
  await sleep(Math.max(0, startedAt + runMs - performance.now()));
}

/** Until there was something to change. */
function again(change: () => string | undefined): string {
  for (;;) {
    const made = change();
    if (made !== undefined) return made;
  }
}

async function breakAllTheTime(
  { seed, faultEveryMs }: SoakWishes,
  cluster: SoakCluster,
  program: WatchedProgram,
  endsAt: number,
  counts: Map<string, number>,
): Promise<void> {
  for (let fault = 0; ; fault += 1) {
    const random = createRandom(seed, `fault ${fault}`);
    const restMs = 2 * faultEveryMs * random.next();
    if (performance.now() + restMs >= endsAt) return;
    await sleep(restMs);
    const name = await breakSomething({ cluster, program, random }, endsAt - performance.now());
    if (name !== undefined) count(counts, name);
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, one) => sum + one, 0);
}

/** Resolves with what is still not in sync when the time is up, and how long it took. */
async function untilInSync(
  { api, operator, subjects }: SoakCluster,
  program: WatchedProgram,
): Promise<{ readonly left: readonly string[]; readonly ms: number }> {
  const startedAt = performance.now();
  for (;;) {
    await operator.settled();
    const left = differences(api, subjects);
    const ms = performance.now() - startedAt;
    if (left.length === 0 || ms > SYNC_MS || !program.running.running()) return { left, ms };
    await sleep(200);
  }
}

async function judge(
  { bundle, say, changes, faultEveryMs }: SoakWishes,
  lived: Lived,
  cluster: SoakCluster,
  program: WatchedProgram,
  args: readonly string[],
): Promise<Verdict[]> {
  const { api } = cluster;
  say(`changes: ${listed(lived.changes)}`);
  say(`faults, one in ${faultEveryMs / 1_000} s and its own length: ${listed(lived.faults)}`);
  const { left, ms } = await untilInSync(cluster, program);
  say(`in sync ${(ms / 1_000).toFixed(1)} s after the last change; now nothing happens for ${QUIET_MS / 1_000} s`);
  await sleep(2_000); // the last answers and Events
  const quietFrom = api.requests.length;
  const linesBefore = program.log().lines.length;
  await sleep(QUIET_MS);
  const quiet = api.requests.slice(quietFrom).filter(isOfProgram);
  const log = program.log();
  const said = log.lines.slice(linesBefore).filter(isTrouble);
  const watches = api.openWatches().filter(({ request }) => isOfProgram(request)).length;
  const last = program.sample();
  const pending = pendingOf(log.lines);
  const dryRun = await tryCommand(process.execPath, [bundle, '--once', '--dry-run', '-o', 'json', ...args]);
  const report = dryRun.stdout === '' ? undefined : reportSchema.parse(JSON.parse(dryRun.stdout));
  const stillLeft = differences(api, cluster.subjects);
  return [
    {
      what: `in sync within ${SYNC_MS / 1_000} s after the last change, and still later, as an independent look at the objects says`,
      good: left.length === 0 && stillLeft.length === 0 && total(lived.changes) === changes,
      seen:
        [...left, ...stillLeft].slice(0, 20).join('\n') ||
        `${total(lived.changes)} changes, ${total(lived.faults)} faults; in sync after ${(ms / 1_000).toFixed(1)} s`,
    },
    {
      what: '--once --dry-run sees nothing to write',
      good: report !== undefined && report.actions.length === 0,
      seen:
        report === undefined
          ? `exit code ${dryRun.code}: ${dryRun.stderr}`
          : report.actions.map(({ message }) => message).join('\n') ||
            `exit code ${dryRun.code}, ${report.inSync.length} subjects in sync, findings: ${reasonsOf(report.findings)}`,
    },
    {
      what: 'nothing is pending: no write, nothing that fails, no read that does not work, at the end',
      good:
        writesOf(quiet).length === 0 && said.length === 0 && pending.reads.length === 0 && program.running.running(),
      seen: [
        `${quiet.length} requests in ${QUIET_MS / 1_000} s, ${writesOf(quiet).length} of them writes besides the Lease`,
        ...said.slice(0, 5).map((line) => JSON.stringify(line)),
        ...pending.reads.map((resource) => `${resource} is not read`),
        `findings that stand: ${reasonsOf(pending.findings)}`,
      ].join('\n'),
    },
    memoryVerdict(lived.samples),
    descriptorVerdict(lived.samples),
    socketVerdict(last, watches),
    ...logVerdicts(log),
    writeVerdict(api.requests, total(lived.changes), total(lived.faults)),
  ];
}

/** Findings are no trouble of the program's: they are about what users left undone. */
function isTrouble({ level, check }: LogLine): boolean {
  return ['warn', 'error', 'fatal'].includes(level) && check === undefined;
}

function reasonsOf(findings: readonly { readonly reason: string }[]): string {
  const counts = new Map<string, number>();
  for (const { reason } of findings) count(counts, reason);
  return listed(counts) || 'none';
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, times]) => `${times} × ${name}`).join(', ');
}
