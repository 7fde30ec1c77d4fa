import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { loadAll } from 'js-yaml';
import { migrateReportSchema } from '../../src/cli/migrate-report.schema.ts';
import type { MigrateReport } from '../../src/cli/migrate-report.types.ts';
import { ENVOY_CONFIGS, GATEWAYS, SERVICES } from '../../src/kube/resources.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { isKubeObject } from '../control-plane/objects.ts';
import { listAt, numberAt, objectsAt, stringAt } from '../fake-api/json.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { type Cluster, createCluster, problemsOf } from './cluster.ts';
import { inFastTime } from './in-fast-time.ts';
import { isPlannedWrite } from './requests.ts';
import { nameOf, writesOf } from './write-log.ts';

/** So much faster runs the time of the program. */
const FACTOR = 25;
const OWN_CLASS = new URL('../demo/manifests/own-class.yaml', import.meta.url);

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A cluster in sync, and the real program run on it as a process that can be killed. */
export interface MigrateScene {
  readonly api: FakeApi;
  readonly cluster: Cluster;
  /** Runs the program to its end. */
  run(...args: readonly string[]): Promise<Ended>;
  /** `migrate default/gw-0 --yes -o json`, its report read by the published schema. */
  migrate(...args: readonly string[]): Promise<MigrateReport>;
  /** The same, killed (`kill -9`) at the n-th write that the server carries out, before or after that. */
  killedAt(n: number, side: 'before' | 'after'): Promise<void>;
  /** Starts the controller; the returned function ends it. */
  controller(): () => Promise<void>;
  /** Writes since the cluster was in sync: `patch gateways default/gw-0 200`. */
  writes(): readonly string[];
  /** What clients depend on, and must be after a move as it was before, save the Service's class and identity. */
  outcome(): unknown;
  loadBalancerClass(): unknown;
  stop(): Promise<void>;
}

export async function startMigrateScene(bundle: string): Promise<MigrateScene> {
  const dir = mkdtempSync(join(tmpdir(), 'ccb-migrate-'));
  const api = await startFakeApi();
  const cluster = createCluster(api, { gateways: 2, nodes: 0 });
  for (const object of ownClass()) api.apply(object);
  await cluster.operator.settled();
  const config = join(dir, 'config.yaml');
  writeFileSync(config, 'taints: { enabled: false }\nchecks: { enabled: false }\nlisten: none\n');
  const common = ['--kubeconfig', api.writeKubeconfig(join(dir, 'kubeconfig')), '--config', config];
  const env = { ...process.env, ...inFastTime(FACTOR) };
  const children = new Set<ChildProcess>();

  function start(args: readonly string[]): { child: ChildProcess; ended: Promise<Ended> } {
    const child = spawn(process.execPath, [bundle, ...args, ...common], { env });
    children.add(child);
    const code = new Promise<number | null>((resolve) => child.once('close', resolve));
    const ended = Promise.all([code, text(child.stdout), text(child.stderr)]).then(([exit, stdout, stderr]) => {
      children.delete(child);
      return { code: exit, stdout, stderr };
    });
    return { child, ended };
  }

  const run = (...args: readonly string[]): Promise<Ended> => start(args).ended;
  const first = await run('--once', '--yes', '--allow-static-redirect');
  if (first.code !== 0 || problemsOf(cluster).length > 0) throw new Error(`${first.stdout}\n${first.stderr}`);
  await cluster.operator.settled();
  const before = writesOf(api.requests).length;
  const carriedOut = () => writesOf(api.requests).filter(({ status }) => status === 200);
  const service = () => api.get(SERVICES, { namespace: 'default', name: 'cilium-gateway-gw-0' });

  return {
    api,
    cluster,
    run,
    migrate: async (...args) => {
      const { stdout, stderr } = await run('migrate', 'default/gw-0', '--yes', '-o', 'json', ...args);
      if (stdout === '') throw new Error(stderr);
      return migrateReportSchema.parse(JSON.parse(stdout));
    },
    killedAt: async (n, side) => {
      const { child, ended } = start(['migrate', 'default/gw-0', '--yes']);
      const earlier = carriedOut().length;
      let isDead = false;
      function kill(): void {
        isDead = true;
        child.kill('SIGKILL');
      }
      const remove = api.faults.intercept((request) => {
        if (!isPlannedWrite(request)) return undefined;
        if (!isDead && carriedOut().length - earlier < n - 1) return undefined;
        if (!isDead && side === 'after') {
          // One that meets a conflict is none: it is killed at the next try.
          setImmediate(() => {
            if (request.status === 200) kill();
          });
          return { kind: 'cut', afterBytes: 0, how: 'hang' };
        }
        if (!isDead) kill();
        return { kind: 'drop', how: 'hang' };
      });
      const { stdout, stderr } = await ended;
      remove();
      if (!isDead) throw new Error(`it ended without a ${n}th write:\n${stdout}\n${stderr}`);
    },
    controller: () => {
      const { child, ended } = start([]);
      return async () => {
        child.kill('SIGTERM');
        await ended;
      };
    },
    writes: () => writesOf(api.requests).slice(before).map(nameOf),
    outcome: () => [
      problemsOf(cluster),
      objectsAt(service(), 'spec', 'ports').map((port) => [stringAt(port, 'name'), numberAt(port, 'nodePort')]),
      listAt(service(), 'status', 'loadBalancer', 'ingress'),
      listAt(api.get(GATEWAYS, { namespace: 'default', name: 'gw-0' }), 'status', 'addresses'),
      // Untouched, to the version: entrypoints, copies, and everything of the other Gateway.
      [...api.list(SERVICES), ...api.list(ENVOY_CONFIGS)]
        .filter(({ metadata }) => metadata.name !== 'cilium-gateway-gw-0')
        .map(({ kind, metadata }) => [kind, metadata.name, metadata.resourceVersion]),
    ],
    loadBalancerClass: () => service()?.spec && stringAt(service(), 'spec', 'loadBalancerClass'),
    stop: async () => {
      for (const child of children) child.kill('SIGKILL');
      cluster.stop();
      await api.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The class of the README, without the demo's Gateway. */
function ownClass(): readonly RawObject[] {
  return loadAll(readFileSync(OWN_CLASS, 'utf8'))
    .filter(isKubeObject)
    .filter(({ kind }) => kind !== 'Gateway');
}
