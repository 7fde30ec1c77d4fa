import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ENVOY_CONFIGS, NODES, SERVICES } from '../../src/kube/resources.ts';
import { listAt, objectAt, objectsAt } from '../fake-api/json.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { type Cluster, createCluster, problemsOf, type Wishes } from './cluster.ts';
import { inFastTime } from './in-fast-time.ts';
import { isOrdinary, isPlannedWrite } from './requests.ts';
import { nameOf, unplanned, writesOf } from './write-log.ts';

/** So much faster runs the time of the program: the lease of a dead one is free after 0.6 s. */
const FACTOR = 25;
const PATIENCE_MS = 120_000;

/** On which side of a write the process dies: the server has not carried it out, or has and could not say so. */
export type Side = 'before' | 'after';

/** A cluster, and the real program as a process of its own that can be killed at any moment. */
export interface KillScene {
  readonly api: FakeApi;
  readonly cluster: Cluster;
  /** Starts the program; one that ends by itself (an answer took too long, say) is started again, as a kubelet does. */
  start(): void;
  /** `kill -9`; resolves when the process is gone. */
  kill(): Promise<void>;
  /** The program dies at its n-th write from now (1: the next). Resolves when it is dead. */
  killedAtWrite(n: number, side: Side): Promise<void>;
  /** Waits until everything is as it should be, and a moment longer: then nothing more may be written. */
  settled(): Promise<void>;
  /** Writes that no plan holds. */
  unplanned(): readonly string[];
  /** How many writes there were. */
  writes(): number;
  /** How many of them changed something. */
  carriedOut(): number;
  /** How many requests there were, without those for the Lease, which time alone decides. */
  calls(): number;
  /** Time since the scene began, as the program's clock has it. */
  minutes(): number;
  /** What the program is responsible for, without what differs from run to run. */
  outcome(): unknown;
  stop(): Promise<void>;
}

export async function startKillScene(bundle: string, wishes: Wishes): Promise<KillScene> {
  const startedAt = performance.now();
  const dir = mkdtempSync(join(tmpdir(), 'ccb-kills-'));
  const api = await startFakeApi();
  const cluster = createCluster(api, wishes);
  await cluster.operator.settled();
  const config = join(dir, 'config.yaml');
  writeFileSync(config, 'taints: { maxPercent: 100, confirmAfter: 1s }\nlisten: none\n');
  const args = [bundle, '--kubeconfig', api.writeKubeconfig(join(dir, 'kubeconfig')), '--config', config];
  const env = { ...process.env, ...inFastTime(FACTOR) };
  let child: ChildProcess | undefined;
  let gone = Promise.resolve();
  let lastWords = '';

  function start(): void {
    const mine = spawn(process.execPath, [...args], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = mine;
    lastWords = '';
    mine.stderr?.on('data', (chunk: Buffer) => {
      lastWords = `${lastWords}${chunk.toString()}`.slice(-3_000);
    });
    gone = new Promise((resolve) => {
      mine.once('close', () => {
        if (child === mine) start();
        resolve();
      });
    });
  }

  async function kill(): Promise<void> {
    const mine = child;
    child = undefined;
    mine?.kill('SIGKILL');
    await gone;
  }

  async function inSync(): Promise<void> {
    const endsAt = performance.now() + PATIENCE_MS;
    for (;;) {
      const problems = problemsOf(cluster);
      if (problems.length === 0) return;
      if (performance.now() > endsAt) throw new Error(`not in sync:\n${problems.join('\n')}\n${lastWords}`);
      await pause(10);
    }
  }

  return {
    api,
    cluster,
    start,
    kill,
    killedAtWrite: (n, side) =>
      new Promise((resolve, reject) => {
        let left = n;
        const timer = globalThis.setTimeout(
          () => reject(new Error(`no ${n}th write:\n${writesOf(api.requests).map(nameOf).join('\n')}\n${lastWords}`)),
          PATIENCE_MS,
        );
        const remove = api.faults.intercept((request) => {
          if (!isPlannedWrite(request)) return undefined;
          left -= 1;
          if (left > 0) return undefined;
          if (left === 0) {
            kill().then(() => {
              remove();
              clearTimeout(timer);
              resolve();
            }, reject);
            if (side === 'after') return { kind: 'cut', afterBytes: 0, how: 'hang' };
          }
          // Dead, as far as the server is concerned: what the process still sends is not heard.
          return { kind: 'drop', how: 'hang' };
        });
      }),
    settled: async () => {
      await inSync();
      const writes = writesOf(api.requests).length;
      await pause(100);
      const more = writesOf(api.requests)
        .slice(writes)
        .filter(({ changed }) => changed)
        .map(nameOf);
      if (more.length > 0) throw new Error(`written although everything was in sync: ${more.join(', ')}`);
    },
    unplanned: () => unplanned(cluster),
    writes: () => writesOf(api.requests).length,
    carriedOut: () => writesOf(api.requests).filter(({ changed }) => changed).length,
    calls: () => api.requests.filter(isOrdinary).length,
    minutes: () => ((performance.now() - startedAt) / 60_000) * FACTOR,
    outcome: () => outcomeOf(api),
    stop: async () => {
      await kill();
      cluster.stop();
      await api.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function outcomeOf(api: FakeApi): unknown {
  return [
    api.list(SERVICES).map((service) => ({
      name: service.metadata.name,
      annotations: objectAt(service, 'metadata', 'annotations'),
      ports: listAt(service, 'spec', 'ports'),
      status: objectAt(service, 'status'),
    })),
    api.list(ENVOY_CONFIGS).map(({ metadata, spec }) => ({
      name: metadata.name,
      labels: metadata.labels,
      annotations: metadata.annotations,
      owners: objectsAt(metadata, 'ownerReferences').map(({ kind, name }) => [kind, name]),
      spec,
    })),
    api.list(NODES).map((node) => [node.metadata.name, listAt(node, 'spec', 'taints')]),
  ];
}
