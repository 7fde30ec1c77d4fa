import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ALERTS_FILE } from '../../../scripts/docs/alerts.ts';
import { freePort } from '../../control-plane/port.ts';
import { type RunningProgram, startProgram } from '../../control-plane/process.ts';
import { waitFor } from '../../control-plane/wait.ts';
import { startFakeApi } from '../../fake-api/server.ts';
import { SECRET_ID, SECRET_KEY, startFakeTencent } from '../../fake-clouds/tencent.ts';
import { REGION } from '../../fake-clouds/tencent-world.ts';
import { createCluster, problemsOf } from '../../faults/cluster.ts';
import { EVENTS, RUN_SECONDS, type Stage } from './events.ts';
import { type PrometheusServer, type Range, startPrometheus } from './server.ts';

/** So often both processes are scraped; panels ask for rates over four times that, as Grafana does. */
const SCRAPE_SECONDS = 2;
export const RATE_INTERVAL = `${4 * SCRAPE_SECONDS}s`;
const GATEWAYS = 12;
const NODES = 10;

/** What Prometheus has of a run. */
export interface Recording {
  readonly prometheus: PrometheusServer;
  readonly range: Range;
  /** What was done to the cluster, at which Unix time. */
  readonly marks: readonly Mark[];
  stop(): Promise<void>;
}

export interface Mark {
  readonly at: number;
  readonly what: string;
}

/**
 * Records some minutes of two real processes of the program, leader and standby, on a fake API server and beside a fake
 * cloud, while everything happens to them that the dashboard tells of.
 */
export async function record(bundle: string, say: (line: string) => void): Promise<Recording> {
  const dir = mkdtempSync(join(tmpdir(), 'ccb-panels-'));
  const api = await startFakeApi();
  const cloud = await startFakeTencent();
  cloud.latencyMs = 40;
  const cluster = createCluster(api, { gateways: GATEWAYS, nodes: NODES });
  await cluster.operator.settled();
  const config = join(dir, 'config.yaml');
  writeFileSync(config, JSON.stringify(configFor(cloud.endpoints.overrides)));
  const kubeconfig = api.writeKubeconfig(join(dir, 'kubeconfig'));
  const ports = [await freePort(), await freePort()];
  const programs = new Map<number, RunningProgram>();

  async function start(port: number): Promise<void> {
    const flags = ['--kubeconfig', kubeconfig, '--config', config, '--listen', `127.0.0.1:${port}`];
    const env = { TENCENTCLOUD_SECRET_ID: SECRET_ID, TENCENTCLOUD_SECRET_KEY: SECRET_KEY };
    const command = { program: process.execPath, args: [bundle, ...flags], env };
    programs.set(port, await startProgram('cilium-cloud-bridge', command, join(dir, `program-${port}.log`), []));
  }

  async function leads(port: number): Promise<boolean> {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return /^leader_election_master_status\{.*\} 1$/m.test(text);
  }

  for (const port of ports) await start(port);
  const targets = ports.map((port) => `127.0.0.1:${port}`);
  const rulesFile = resolve(ALERTS_FILE);
  const prometheus = await startPrometheus({ dir, targets, scrapeSeconds: SCRAPE_SECONDS, rulesFile });

  async function stop(): Promise<void> {
    await Promise.all([...programs.values()].map((program) => program.kill()));
    await prometheus.stop();
    cluster.stop();
    await api.stop();
    await cloud.close();
    rmSync(dir, { recursive: true, force: true });
  }

  const stage: Stage = {
    api,
    cloud,
    cluster,
    async killLeader() {
      for (const port of ports) {
        if (!(await leads(port))) continue;
        await programs.get(port)?.kill();
        return () => start(port);
      }
      throw new Error('nobody leads');
    },
  };

  try {
    await waitFor('everything to be in sync', () => problemsOf(cluster).length === 0, { timeoutMs: 60_000 });
    const from = Date.now() / 1_000;
    const marks = await play(stage, say);
    await waitFor('everything to be in sync again', () => problemsOf(cluster).length === 0, { timeoutMs: 90_000 });
    const to = Date.now() / 1_000;
    return { prometheus, range: { from, to, step: SCRAPE_SECONDS }, marks, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configFor(endpoints: Readonly<Record<string, string>>): object {
  return {
    taints: { maxPercent: 100, grace: '1s', confirmAfter: '1s' },
    holdOff: { duration: '60s' },
    lease: { duration: '10s', renewDeadline: '6s', retryPeriod: '2s' },
    checks: { interval: '60s' },
    cloud: { provider: 'tencent', region: REGION, vpcId: 'vpc-main0001', endpoints },
  };
}

/** Each event at its time, and its end at that. */
async function play(stage: Stage, say: (line: string) => void): Promise<readonly Mark[]> {
  const startedAt = performance.now();
  const until = async (second: number): Promise<void> => {
    await pause(Math.max(0, second * 1_000 - (performance.now() - startedAt)));
  };
  const marks: Mark[] = [];
  const mark = (second: number, what: string): void => {
    say(`${String(second).padStart(4)} s  ${what}`);
    marks.push({ at: Date.now() / 1_000, what });
  };
  const ends: Promise<void>[] = [];
  for (const { at, lasts, what, run } of EVENTS) {
    await until(at);
    mark(at, what);
    const undo = await run(stage);
    if (lasts === undefined || undo === undefined) continue;
    const end = async (): Promise<void> => {
      await until(at + lasts);
      mark(at + lasts, `end: ${what}`);
      await undo();
    };
    ends.push(end());
  }
  await Promise.all(ends);
  await until(RUN_SECONDS);
  return marks;
}
