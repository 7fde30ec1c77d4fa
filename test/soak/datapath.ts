import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SERVICES } from '../../src/kube/resources.ts';
import type { Gap, ProbeReport } from '../datapath/answer.ts';
import { backend, httpRoute } from '../datapath/backends.ts';
import { type Datapath, startDatapath } from '../datapath/fixture.ts';
import { applyAll, ENTRYPOINT, ENTRYPOINT_NODE_PORT, setUpGateway } from '../datapath/guide.ts';
import { errorsOf, lossesOf } from '../datapath/outage.ts';
import { byCopy, makeEntrypoint, ownershipQuarrels, renewEndpoints, showAgents } from '../datapath/product.ts';
import { everyNode, untilAnswered } from '../datapath/until.ts';
import { logVerdicts, type Verdict } from './checks.ts';
import { type ProgramLog, startWatched, type WatchedProgram } from './program.ts';

/*
 * Connections all the time to real Cilium agents on two nodes, while routes change and the program is restarted and
 * killed. Now and then the cloud changes the address, which costs one write of a Service, and each write of a Service
 * that Envoy serves costs a gap on each node (design rule 6): those gaps are counted apart.
 */

const VERSIONS = 10;
const ROUTE_EVERY_MS = 1_000;
const RESTART_EVERY_MS = 25_000;
const ADDRESS_EVERY_MS = 60_000;
const PROBE_EVERY_MS = 20;
/** From the change of the entrypoint's status until the agents have applied it and the program's write that follows. */
const SERVICE_WRITE_MS = 2_500;
const PROBE_SPARE_MS = 300_000;

interface Window {
  readonly from: number;
  readonly to: number;
}

/** A soak of the redirect. `runMs` begins when everything answers. */
export async function soakDatapath(bundle: string, runMs: number, say: (line: string) => void): Promise<Verdict[]> {
  const datapath = await startDatapath({ say });
  const programs: WatchedProgram[] = [];
  const start = async (): Promise<WatchedProgram> => {
    const logPath = join(datapath.dir, `program-${programs.length}.log`);
    const args = ['--kubeconfig', datapath.controlPlane.kubeconfigPath, '--listen', 'none'];
    const program = await startWatched(bundle, args, logPath);
    programs.push(program);
    await program.leads();
    return program;
  };
  try {
    await setUp(datapath);
    let program = await start();
    const targets = everyNode(datapath, ENTRYPOINT_NODE_PORT, { path: '/api/orders' });
    await untilAnswered(datapath, targets, (answer) => byCopy(answer) && answer.detail === '');
    await renewEndpoints(datapath);
    await sleep(SERVICE_WRITE_MS);
    say('datapath: connections run');
    const probe = await datapath.client.probe({ targets, everyMs: PROBE_EVERY_MS, forMs: runMs + PROBE_SPARE_MS });
    const logs: ProgramLog[] = [];
    const ended = async (signal: NodeJS.Signals): Promise<void> => {
      program.running.signal(signal);
      await program.running.exited;
      logs.push(program.log());
    };
    const turns = await live(datapath, runMs, async (restarts) => {
      await ended(restarts % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
      program = await start();
    });
    await untilAnswered(datapath, targets, ({ cluster }) => cluster.endsWith(`:${versionOf(turns.routes)}:80`));
    const report = await probe.stop();
    await ended('SIGTERM');
    return [
      ...connectionVerdicts(report, turns.serviceWrites, turns.routes, turns.restarts),
      ...logVerdicts({ lines: logs.flatMap(({ lines }) => lines), foreign: logs.flatMap(({ foreign }) => foreign) }),
      ownershipVerdict(datapath),
    ].map((verdict) => ({ ...verdict, what: `datapath: ${verdict.what}` }));
  } finally {
    for (const program of programs) await program.running.kill();
    await datapath.stop();
  }
}

async function setUp(datapath: Datapath): Promise<void> {
  await showAgents(datapath);
  await setUpGateway(datapath);
  for (let i = 0; i < VERSIONS; i += 1) {
    await applyAll(datapath.controlPlane, backend(versionOf(i), [`10.244.1.${100 + i}`]));
  }
  await makeEntrypoint(datapath, { annotations: { 'cilium-cloud-bridge.io/gateway': 'default/ip-gateway' } });
}

function versionOf(turn: number): string {
  return `v${turn % VERSIONS}`;
}

interface Turns {
  readonly routes: number;
  readonly restarts: number;
  readonly serviceWrites: readonly Window[];
}

/** Changes routes while, every now and then, the program ends and another begins, or the address changes. */
async function live(datapath: Datapath, runMs: number, restart: (restarts: number) => Promise<void>): Promise<Turns> {
  const endsAt = performance.now() + runMs;
  const serviceWrites: Window[] = [];
  let routes = 0;
  let restarts = 0;
  let going = true;
  const changing = (async () => {
    while (going) {
      routes += 1;
      await datapath.controlPlane.apply(httpRoute('routes', { '/': 'web', '/api': versionOf(routes) }));
      await sleep(ROUTE_EVERY_MS);
    }
  })();
  let addressAt = performance.now() + ADDRESS_EVERY_MS / 2;
  while (performance.now() < endsAt) {
    await sleep(Math.min(RESTART_EVERY_MS, Math.max(0, endsAt - performance.now())));
    await restart(restarts);
    restarts += 1;
    if (performance.now() < addressAt) continue;
    addressAt = performance.now() + ADDRESS_EVERY_MS;
    serviceWrites.push(await changeAddress(datapath, `198.51.100.${20 + serviceWrites.length}`));
  }
  going = false;
  await changing;
  return { routes, restarts, serviceWrites };
}

async function changeAddress({ controlPlane }: Datapath, ip: string): Promise<Window> {
  const from = Date.now();
  await controlPlane.patchStatus(SERVICES, ENTRYPOINT, { loadBalancer: { ingress: [{ ip }] } }, 'cloud');
  await sleep(SERVICE_WRITE_MS);
  return { from, to: Date.now() };
}

function connectionVerdicts(
  report: ProbeReport,
  windows: readonly Window[],
  routes: number,
  restarts: number,
): Verdict[] {
  const gaps = report.targets.flatMap((target) => target.gaps.map((gap) => ({ target: target.name, gap })));
  const known = gaps.filter(({ gap }) => windows.some(({ from, to }) => gap.from >= from && gap.from <= to));
  const lost = gaps.filter((one) => !known.includes(one));
  const attempts = report.targets.reduce((sum, target) => sum + target.attempts, 0);
  const lengths = known.map(({ gap }) => gap.ms).toSorted((a, b) => a - b);
  const minutes = (report.to - report.from) / 60_000;
  return [
    {
      what: 'no connection lost but for writes of Services',
      good: lost.length === 0 && attempts > 0 && report.targets.every((target) => (target.outcomes.answered ?? 0) > 0),
      seen: [
        `${attempts} connections in ${minutes.toFixed(1)} min, ${routes} route changes, ${restarts} ends of the program (every other by SIGKILL)`,
        `${sumOf(lost.map(({ gap }) => gap))} lost; ${lossesOf(report)} with those below; ${errorsOf(report)} answered with a 5xx`,
        ...lost.slice(0, 10).map(({ target, gap }) => `${target}: ${gap.ms.toFixed(0)} ms, ${gap.error}`),
      ].join('\n'),
    },
    {
      what: `a write of a Service costs a gap of less than ${SERVICE_WRITE_MS} ms on each node, and ends`,
      good: known.every(({ gap }) => !gap.open && gap.ms < SERVICE_WRITE_MS) && windows.length > 0,
      seen:
        `${windows.length} changes of the address (two writes each, on ${report.targets.length} nodes): ` +
        `${lengths.length} gaps, ${sumOf(known.map(({ gap }) => gap))} connections; ${lengths.map((ms) => ms.toFixed(0)).join(', ')} ms`,
    },
  ];
}

function sumOf(gaps: readonly Gap[]): number {
  return gaps.flatMap(({ outcomes }) => Object.values(outcomes)).reduce((sum, count) => sum + count, 0);
}

function ownershipVerdict(datapath: Datapath): Verdict {
  const quarrels = ownershipQuarrels(datapath);
  return {
    what: 'no agent found the address owned twice',
    good: quarrels.length === 0,
    seen: quarrels.length === 0 ? 'none' : quarrels.slice(0, 5).join('\n'),
  };
}
