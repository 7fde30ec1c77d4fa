import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, inject, onTestFinished, vi } from 'vitest';
import { runController } from '../../src/cli/controller.ts';
import { connect } from '../../src/cli/session.ts';
import { openConfig } from '../../src/config/live.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import type { Fault, WatchMessage } from '../fake-api/faults.ts';
import { type Json, stringAt } from '../fake-api/json.ts';
import type { RecordedRequest } from '../fake-api/requests.ts';
import { type Certificate, type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { type RecordedLog, recordLog } from '../kube/recorded-log.ts';
import { createFates, createRandom, type Random } from '../random.ts';
import { type Cluster, createCluster, problemsOf } from './cluster.ts';
import { type FastClock, hurry } from './fast-time.ts';
import { sameRequest } from './requests.ts';
import { isOurs, nameOf, unplanned, writesOf } from './write-log.ts';

/** Real time until everything must be in sync: machines are slow when many tests run at once. */
const PATIENCE_MS = 40_000;
const LOOK_MS = 10;
const USUAL = 'taints: { maxPercent: 100 }\nlisten: 127.0.0.1:0';
/** Real time that a program which does not end is waited for after its test. */
const STOP_MS = 5_000;

export interface SceneWishes {
  readonly gateways?: number;
  readonly nodes?: number;
  /** How much faster time runs. Default 20. */
  readonly speed?: number;
  /** Configuration besides the usual, YAML. */
  readonly config?: string;
  readonly tls?: Certificate;
  /** Token in the kubeconfig. */
  readonly token?: string;
  /** False: another holds the Lease, and nothing comes in sync. */
  readonly leads?: boolean;
  /** Between bookmarks, in fast time. */
  readonly bookmarkIntervalMs?: number;
}

/** The real controller, with its real time limits, on a fake API server that can be made to fail. */
export interface Scene {
  readonly api: FakeApi;
  readonly cluster: Cluster;
  readonly clock: FastClock;
  /** For what the script does, one thing after another. */
  readonly random: Random;
  /** For what comes in no fixed order: the chance of the n-th thing of this name. */
  chance(what: string): Random;
  /** What happens to requests from now on; the n-th of the same requests has the same chance in each run of a seed. */
  intercept(fault: (request: RecordedRequest, random: Random) => Fault | undefined): void;
  /** What happens to events of watches from now on, with the same kind of chance. */
  interceptEvents(hook: (event: WatchMessage, watch: RecordedRequest, random: Random) => readonly WatchMessage[]): void;
  readonly log: RecordedLog;
  readonly kubeconfig: string;
  /** Writes another configuration file, besides the usual. */
  configure(yaml: string): void;
  /** Some changes in the cluster, a moment apart. */
  change(times: number): Promise<void>;
  /** Waits until everything is as it should be. */
  inSync(): Promise<void>;
  /** Lets so much of the fast time pass. */
  pass(ms: number): Promise<void>;
  /** What the program serves at `/healthz`, `/readyz`, `/metrics`. */
  page(path: string): Promise<{ readonly status: number; readonly text: string }>;
  /** Requests of the program so far. */
  calls(): number;
  /**
   * The end of each script: everything is in sync, nobody has anything to write any more, nothing was written that no
   * plan holds, and the program asked at most so often: `base` plus `aMinute` for each minute (of the fast time).
   */
  endsWell(bound: { readonly base: number; readonly aMinute: number }): Promise<void>;
  /** Aborts the program and waits for its end. */
  stop(): Promise<void>;
}

/** Starts a cluster with the program in it, and waits until it is in sync for the first time. */
export async function startScene(wishes: SceneWishes = {}): Promise<Scene> {
  const seed = inject('faultSeed');
  const test = expect.getState().currentTestName ?? '';
  const random = createRandom(seed, test);
  const chance = createFates(seed, test);
  // The program's own jitter.
  const { next } = createRandom(seed, `${test}: Math.random`);
  const dice = vi.spyOn(Math, 'random').mockImplementation(next);
  const clock = hurry(wishes.speed ?? 20);
  const dir = mkdtempSync(join(tmpdir(), 'ccb-faults-'));
  const api = await startFakeApi({
    bookmarkIntervalMs: wishes.bookmarkIntervalMs ?? 60_000,
    ...(wishes.tls === undefined ? {} : { tls: wishes.tls }),
  });
  if (wishes.token !== undefined) api.access.addToken(wishes.token);
  const cluster = createCluster(api, { gateways: wishes.gateways ?? 6, nodes: wishes.nodes ?? 4 });
  await cluster.operator.settled();
  if (wishes.leads === false) api.apply(leaseOf('another', 3_600));
  const kubeconfig = api.writeKubeconfig(
    join(dir, 'kubeconfig'),
    wishes.token === undefined ? {} : { token: wishes.token },
  );
  const log = recordLog();
  const configFile = join(dir, 'config.yaml');
  writeFileSync(configFile, `${USUAL}\n${wishes.config ?? ''}`);
  const live = openConfig({ overrides: {}, env: {}, path: configFile });
  const config = live.current();
  const stopping = new AbortController();
  const options = { kubeconfig, context: undefined, config: undefined, logLevel: undefined, adopt: undefined };
  const metrics = createMetrics({ version: 'test', config: live.current, clock });
  const connected = await patiently(() => connect(options, config, clock, log, stopping.signal, metrics.onRequest));
  const running = runController(connected, live, clock, log, stopping.signal, metrics);
  let failure: unknown;
  running.catch((error: unknown) => {
    failure = error;
  });

  async function stop(): Promise<void> {
    stopping.abort(new Error('the test is over'));
    await running;
  }

  onTestFinished(async () => {
    api.faults.clear();
    stopping.abort(new Error('the test is over'));
    await Promise.race([running.catch(() => undefined), pause(STOP_MS)]);
    cluster.stop();
    await api.stop();
    vi.unstubAllGlobals();
    dice.mockRestore();
    rmSync(dir, { recursive: true, force: true });
  });

  let intercepts = 0;
  let callsFrom = 0;
  let callsSince = clock.monotonic();

  const scene: Scene = {
    api,
    cluster,
    clock,
    random,
    chance,
    intercept: (fault) => {
      intercepts += 1;
      const script = intercepts;
      api.faults.intercept((request) => fault(request, chance(`${script}: ${sameRequest(request)}`)));
    },
    interceptEvents: (hook) => {
      intercepts += 1;
      const script = intercepts;
      api.faults.watchHook = (event, watch) =>
        hook(event, watch, chance(`${script}: ${sameRequest(watch)}: ${event.type} ${nameIn(event.object)}`));
    },
    log,
    kubeconfig,
    configure: (yaml) => writeFileSync(configFile, `${USUAL}\n${yaml}`),
    change: async (times) => {
      for (let index = 0; index < times; index += 1) {
        cluster.changeAnything(random);
        await pause(random.below(15));
      }
    },
    inSync: async () => {
      const endsAt = performance.now() + PATIENCE_MS;
      for (;;) {
        if (failure !== undefined) throw new Error('the program ended', { cause: failure });
        const problems = problemsOf(cluster);
        if (problems.length === 0) return;
        if (performance.now() > endsAt) {
          throw new Error(`not in sync:\n${problems.join('\n')}\n${lastWords(scene)}`);
        }
        await pause(LOOK_MS);
      }
    },
    pass: async (ms) => {
      await pause(ms / clock.factor);
    },
    page: async (path) => {
      const address = await vi.waitFor(() => {
        const line = log.lines.find(({ message }) => message.startsWith('serving /healthz'));
        if (line === undefined) throw new Error('nothing is served');
        return String(line.fields.address);
      }, PATIENCE_MS);
      const answer = await fetch(`http://${address}${path}`);
      return { status: answer.status, text: await answer.text() };
    },
    calls: () => api.requests.filter(isOurs).length - callsFrom,
    endsWell: async ({ base, aMinute }) => {
      await scene.inSync();
      const calls = scene.calls();
      const minutes = (clock.monotonic() - callsSince) / 60_000;
      const writes = writesOf(api.requests).length;
      await scene.pass(Math.max(8_000, 200 * clock.factor)); // longer than any back-off that is left from a conflict
      // One that rests on what was so a moment ago may still be refused.
      const more = writesOf(api.requests)
        .slice(writes)
        .filter(({ changed }) => changed)
        .map(nameOf);
      expect(more, 'written although everything was in sync').toEqual([]);
      expect(problemsOf(cluster)).toEqual([]);
      expect(unplanned(cluster)).toEqual([]);
      expect(calls, `calls in ${minutes.toFixed(1)} min`).toBeLessThanOrEqual(base + aMinute * minutes);
    },
    stop,
  };
  if (wishes.leads !== false) await scene.inSync();
  callsFrom = api.requests.filter(isOurs).length;
  callsSince = clock.monotonic();
  return scene;
}

/** The program gives up at its start when ten seconds bring no answer: a part of a real one, on a machine that is busy. */
async function patiently<T>(start: () => Promise<T>): Promise<T> {
  const endsAt = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await start();
    } catch (error) {
      if (performance.now() > endsAt) throw error;
    }
  }
}

function nameIn(object: Json): string {
  return `${stringAt(object, 'metadata', 'namespace')}/${stringAt(object, 'metadata', 'name')}`;
}

function leaseOf(holderIdentity: string, leaseDurationSeconds: number): RawObject {
  const now = new Date().toISOString().replace('Z', '000Z');
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: 'kube-system', name: 'cilium-cloud-bridge' },
    spec: { holderIdentity, leaseDurationSeconds, acquireTime: now, renewTime: now, leaseTransitions: 0 },
  };
}

function lastWords({ log, api }: Scene): string {
  const lines = log.lines.slice(-15).map(({ level, message, fields }) => `${level} ${message} ${describe(fields)}`);
  return [...lines, ...api.requests.slice(-15).map(nameOf)].join('\n');
}

function describe(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? value.message : value)).slice(0, 300);
}
