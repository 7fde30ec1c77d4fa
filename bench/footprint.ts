import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { systemClock } from '../src/lib/clock.ts';
import { type RunningProgram, startProgram } from '../test/control-plane/process.ts';
import { waitFor } from '../test/control-plane/wait.ts';
import { startWatched, type WatchedProgram } from '../test/soak/program.ts';
import { cpuSeconds, memoryMiB } from './process-status.ts';
import { BUNDLE, describeMachine, requireBundle } from './setting.ts';
import { summarise } from './stats.ts';

/*
 * usage: footprint.ts [--gateways 500] [--nodes 1000] [--minutes 8]
 * What the program takes as the container starts it: twice, first with everything to be written, then with nothing. The
 * kubelet's and Prometheus' requests are made, too. Doctor's checks look after 2 and 3 minutes, then every 10: the mean of
 * the processor's time has them, the median minute has not.
 * At the same time a bare Node process renews a Lease and answers the same requests. On a virtual machine that idles, each
 * time a process wakes costs it some ten milliseconds, whatever it does then: a limit in percent of a core is only one
 * where that process keeps well within it.
 */

const LIMIT_MIB = 110;
const LIMIT_CPU_PERCENT = 1;
/** Where the bare process takes more than half of the limit, the program may take so many times as much. */
const LIMIT_TIMES_BARE = 2;
const MINUTE_MS = 60_000;
/** How often the kubelet asks with the chart's probes, and Prometheus by default. */
const PROBES: Readonly<Record<string, number>> = { '/healthz': 10_000, '/readyz': 5_000, '/metrics': 30_000 };

const { values } = parseArgs({
  options: {
    gateways: { type: 'string', default: '500' },
    nodes: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '8' },
  },
});

requireBundle();
process.stdout.write(
  `${describeMachine()}\n` + `${values.gateways} Gateways, ${values.nodes} nodes; resident memory in MiB\n\n`,
);
const dir = mkdtempSync(join(tmpdir(), 'ccb-footprint-'));
const kubeconfig = join(dir, 'kubeconfig');
const config = join(dir, 'config.yaml');
writeFileSync(config, 'listen: 127.0.0.1:0\n');
Object.assign(process.env, imageEnvironment());
const cluster = fork(fileURLToPath(new URL('footprint-cluster.ts', import.meta.url)), [
  kubeconfig,
  values.gateways,
  values.nodes,
]);
const ended = new AbortController();
cluster.once('exit', (code) => ended.abort(new Error(`the cluster ended with ${code}`)));
try {
  await answer(z.object({ ready: z.literal(true) }));
  const rows = [await measure('first start', 1), await measure('restart', Number(values.minutes))];
  const worst = Math.max(...rows.flatMap(({ resident }) => resident));
  const idle = summarise(rows.at(-1)?.cpu ?? []).median;
  const bare = summarise(rows.at(-1)?.bare ?? []).median;
  const limit = Math.max(LIMIT_CPU_PERCENT, LIMIT_TIMES_BARE * bare);
  const reached = worst <= LIMIT_MIB && idle < limit;
  const beside =
    limit > LIMIT_CPU_PERCENT ? ` (here ${LIMIT_TIMES_BARE} × the bare Node process, ${limit.toFixed(1)} %)` : '';
  process.stdout.write(
    `\nidle, the median minute: ${idle.toFixed(2)} % of a core, ${(idle / bare).toFixed(1)} × a bare Node process that only renews a Lease\n` +
      `target once it has started: ≤ ${LIMIT_MIB} MiB, < ${LIMIT_CPU_PERCENT} % of a core${beside}: ${reached ? 'reached' : 'MISSED'}\n`,
  );
  process.exitCode = reached ? 0 : 1;
} finally {
  if (cluster.connected) cluster.disconnect();
  rmSync(dir, { recursive: true, force: true });
}

interface Row {
  /** After each minute. The peak, that of the start, is told and not judged. */
  readonly resident: readonly number[];
  /** Percent of a core, in each minute. */
  readonly cpu: readonly number[];
  /** The same of the bare process. */
  readonly bare: readonly number[];
}

async function measure(what: string, minutes: number): Promise<Row> {
  const startedAt = performance.now();
  const program = await startWatched(
    BUNDLE,
    ['--kubeconfig', kubeconfig, '--config', config],
    join(dir, `${what}.log`),
  );
  const probes = new AbortController();
  let bare: RunningProgram | undefined;
  try {
    await program.leads();
    await waitFor(
      'everything in sync',
      async () => {
        if (!program.running.running()) throw new Error(program.running.logTail());
        return (await problems()) === 0;
      },
      { timeoutMs: 5 * MINUTE_MS, everyMs: 500 },
    );
    const seconds = (performance.now() - startedAt) / 1000;
    probeAsKubelet(await addressOf(program), probes.signal);
    const started = await startBare(what);
    bare = started.program;
    probeAsKubelet(started.address, probes.signal);
    const pids = [program.running.pid, bare.pid] as const;
    const resident: number[] = [];
    const cpu: number[][] = [[], []];
    for (let minute = 0; minute < minutes; minute += 1) {
      const before = pids.map(cpuSeconds);
      await systemClock.sleep(MINUTE_MS);
      for (const [index, pid] of pids.entries()) {
        cpu[index]?.push(((cpuSeconds(pid) - (before[index] ?? 0)) / MINUTE_MS) * 100_000);
      }
      resident.push(program.sample().residentMiB);
    }
    const [ours = [], beside = []] = cpu;
    const peak = memoryMiB(program.running.pid, 'VmHWM');
    const after = resident.map((value, index) => `after ${index + 1} min ${value.toFixed(0)}`).join(', ');
    process.stdout.write(
      `${what}: in sync after ${seconds.toFixed(1)} s; peak ${peak.toFixed(1)}, ${after}; ` +
        `processor ${percents(ours)} % a minute, the bare process ${percents(beside)} %\n`,
    );
    return { resident, cpu: ours, bare: beside };
  } finally {
    probes.abort(new Error('measured'));
    await bare?.kill();
    await program.stop();
  }
}

/** A Node process that does nothing but idle, as a leader does; with the address of its page. */
async function startBare(what: string): Promise<{ readonly program: RunningProgram; readonly address: string }> {
  const args = [fileURLToPath(new URL('bare-lease.ts', import.meta.url)), kubeconfig, 'kube-system', leaseName(what)];
  const log = join(dir, `bare-${what}.log`);
  const program = await startProgram('bare-lease', { program: process.execPath, args }, log, []);
  const address = await waitFor('the bare process', () => {
    if (!program.running()) throw new Error(program.logTail());
    return /^127\.0\.0\.1:\d+$/m.exec(readFileSync(log, 'utf8'))?.[0];
  });
  return { program, address };
}

function leaseName(what: string): string {
  return `bare-${what.replaceAll(' ', '-')}`;
}

function percents(values: readonly number[]): string {
  return values.map((value) => value.toFixed(1)).join(', ');
}

/** What the image sets, from the Dockerfile. */
function imageEnvironment(): Record<string, string> {
  const text = readFileSync(new URL('../deploy/Dockerfile', import.meta.url), 'utf8');
  const words = /^ENV (.*)$/m.exec(text)?.[1]?.split(' ') ?? [];
  return Object.fromEntries(words.map((word) => [word.split('=')[0] ?? '', word.split('=')[1] ?? '']));
}

async function problems(): Promise<number> {
  cluster.send('problems');
  return (await answer(z.object({ problems: z.number() }))).problems;
}

async function answer<T>(shape: z.ZodType<T>): Promise<T> {
  const messages: unknown[] = await once(cluster, 'message', { signal: ended.signal });
  return shape.parse(messages[0]);
}

async function addressOf(program: WatchedProgram): Promise<string> {
  return await waitFor('the address of its pages', () => {
    const line = program.log().lines.find(({ msg }) => msg.startsWith('serving /healthz'));
    return line?.address === undefined ? undefined : String(line.address);
  });
}

function probeAsKubelet(address: string, signal: AbortSignal): void {
  for (const [path, everyMs] of Object.entries(PROBES)) {
    const ask = async (): Promise<void> => {
      const response = await fetch(`http://${address}${path}`, { signal });
      await response.text();
    };
    const timer = setInterval(() => {
      ask().catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }, everyMs);
    signal.addEventListener('abort', () => clearInterval(timer));
  }
}
