import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { readMeta, at as valueIn } from '../src/kube/read.ts';
import { CONFIG_MAPS, EVENTS, NODES } from '../src/kube/resources.ts';
import { systemClock } from '../src/lib/clock.ts';
import { type ControlPlane, startControlPlane } from '../test/control-plane/fixture.ts';
import { installCilium, putAgent, putNode, setTaints } from '../test/control-plane/taint-objects.ts';
import { waitFor } from '../test/control-plane/wait.ts';
import { cceNode, ROUTE_TAINT } from '../test/taints/fixture.ts';
import { clientFor } from '../test/taints/harness.ts';
import { describeMachine, requireBundle } from './setting.ts';
import { describe, type Result, ratio, summarise } from './stats.ts';
import { startController } from './world.ts';

/*
 * usage: taints.ts [--nodes 5000] [--rounds 3] [--kubectl 200]
 * Nodes that become eligible all at once, on a real API server: freed by the product, by the same PATCHes sent raw with
 * the same concurrency, and by `kubectl taint nodes` one after the other. Turns alternate on one server.
 */

/** As many as the product's loop writes at a time. */
const CONCURRENCY = 16;
const SETUP_CONCURRENCY = 32;
/** Before each turn, so that the server has done with what the last one left. */
const REST_MS = 5_000;
const CONFIG = { taints: { grace: '0', confirmAfter: '0', maxPercent: 100, removalsPerBoot: 100 } };
const CILIUM_CONFIG = { namespace: 'kube-system', name: 'cilium-config' };

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '5000' },
    rounds: { type: 'string', default: '3' },
    kubectl: { type: 'string', default: '200' },
  },
});
const names = Array.from({ length: Number(values.nodes) }, (_, index) => `node-${String(index).padStart(5, '0')}`);

requireBundle();
process.stdout.write(`${describeMachine()}; min / median / p90 / p99 / max\n`);
const cluster = await startControlPlane({
  operator: false,
  controllerManager: false,
  gatewayCrds: false,
  ciliumCrds: false,
});
try {
  const results = await measure();
  for (const { what, figures, target, reached } of results) {
    process.stdout.write(`\n${what}\n${figures.map((line) => `  ${line}\n`).join('')}`);
    process.stdout.write(`  target ${target}: ${reached ? 'reached' : 'MISSED'}\n`);
  }
  process.exitCode = results.every(({ reached }) => reached) ? 0 : 1;
} finally {
  await cluster.stop();
}

async function measure(): Promise<Result[]> {
  await setUp();
  const count = await countTainted();
  const ours: number[] = [];
  const raw: number[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    raw.push(await freeRaw(count));
    await taintAll();
    ours.push(await freeByProduct(count));
    await taintAll();
    process.stdout.write(
      `  round ${round + 1}: raw ${seconds(raw.at(-1))}, cilium-cloud-bridge ${seconds(ours.at(-1))}\n`,
    );
  }
  const kubectl = await freeByKubectl();
  count.stop();
  const perNode = (ms: number): number => ms / names.length;
  const mine = summarise(ours);
  const factor = kubectl / perNode(mine.median);
  return [
    ratio(
      `${names.length} nodes, from all eligible to all freed`,
      mine,
      summarise(raw),
      ['cilium-cloud-bridge', 'the same PATCHes sent raw'],
      1.2,
    ),
    {
      what: `per node, beside kubectl taint nodes in a loop (${values.kubectl} sampled)`,
      figures: [
        `cilium-cloud-bridge: ${describe(summarise(ours.map(perNode)), 'ms')}`,
        `kubectl: ${kubectl.toFixed(1)} ms`,
        `kubectl takes ${factor.toFixed(1)} times as long`,
      ],
      target: '≥ 5 × faster',
      reached: factor >= 5,
    },
  ];
}

function seconds(ms: number | undefined): string {
  return `${((ms ?? Number.NaN) / 1000).toFixed(1)} s`;
}

async function setUp(): Promise<void> {
  await waitFor(
    'the namespace',
    async () => (await cluster.request('GET', '/api/v1/namespaces/kube-system')).status === 200,
  );
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { namespace: 'kube-system', name: 'default' },
  });
  await installCilium(cluster, { 'routing-mode': 'native' });
  const startedAt = performance.now();
  await inParallel(SETUP_CONCURRENCY, async (name) => {
    await putNode(cluster, cceNode, name);
    await putAgent(cluster, name);
  });
  process.stdout.write(`set up in ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`);
}

async function inParallel(workers: number, each: (name: string) => Promise<void>): Promise<void> {
  const next = names.values();
  await Promise.all(
    Array.from({ length: workers }, async () => {
      for (const name of next) await each(name);
    }),
  );
}

async function taintAll(): Promise<void> {
  await inParallel(SETUP_CONCURRENCY, (name) => setTaints(cluster, name, [ROUTE_TAINT], 'bench'));
}

interface Count {
  /** Resolves with the time at which no node carries the taint. */
  allFreed(): Promise<number>;
  tainted(): number;
  stop(): void;
}

/** Watches nodes, in the same way for each contestant. */
async function countTainted(): Promise<Count> {
  const { client, close } = clientFor(cluster.kubeconfigPath);
  const tainted = new Set<string>();
  let waiting: ((time: number) => void) | undefined;
  const ended = new AbortController();
  const take = (node: unknown): void => {
    const { name } = readMeta(node);
    if (valueIn(node, 'spec', 'taints', 0, 'key') === ROUTE_TAINT.key) tainted.add(name);
    else tainted.delete(name);
    if (tainted.size === 0) waiting?.(performance.now());
  };
  const list = await client.list(NODES);
  for (const node of list.items) take(node);
  const watching = (async () => {
    const options = { serverTimeoutSeconds: 3_600, idleTimeoutMs: 3_600_000, signal: ended.signal };
    for await (const event of client.watch(NODES, { ...options, resourceVersion: list.resourceVersion })) {
      if (event.type !== 'BOOKMARK') take(event.object);
    }
  })().catch((error: unknown) => {
    if (!ended.signal.aborted) process.stderr.write(`the count has ended: ${String(error)}\n`);
  });
  return {
    tainted: () => tainted.size,
    allFreed: () => {
      const done = Promise.withResolvers<number>();
      waiting = done.resolve;
      return done.promise.finally(() => {
        waiting = undefined;
      });
    },
    stop: () => {
      ended.abort(new Error('done'));
      void watching.finally(close);
    },
  };
}

async function allTainted(count: Count): Promise<void> {
  await waitFor('all nodes tainted', () => count.tainted() === names.length, { timeoutMs: 120_000 });
}

async function freeRaw(count: Count): Promise<number> {
  await allTainted(count);
  const args = [new URL('raw-taints.ts', import.meta.url).pathname, cluster.kubeconfigPath, String(CONCURRENCY)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  for await (const _ of createInterface({ input: child.stdout })) break;
  await systemClock.sleep(REST_MS);
  const freed = count.allFreed();
  const startedAt = performance.now();
  child.stdin.end('go\n');
  return (await freed) - startedAt;
}

/** Native routing keeps every node tainted; the moment it is the tunnel, all of them are eligible at once. */
async function freeByProduct(count: Count): Promise<number> {
  await route('native');
  await allTainted(count);
  const controller = startController(cluster, CONFIG);
  const lease = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/cilium-cloud-bridge';
  await waitFor(
    'the controller to lead',
    async () => {
      const { body } = await cluster.request('GET', lease);
      return String(valueIn(body, 'spec', 'holderIdentity') ?? '') !== '';
    },
    { timeoutMs: 120_000, everyMs: 200 },
  );
  await systemClock.sleep(REST_MS);
  const resident = controller.residentMiB();
  const freed = count.allFreed();
  const startedAt = performance.now();
  await route('tunnel');
  const took = (await freed) - startedAt;
  await eventsTold();
  process.stdout.write(
    `  memory of the controller: ${resident.toFixed(0)} MiB before, peak ${controller.peakMiB().toFixed(0)} MiB\n`,
  );
  await controller.stop();
  await route('native');
  return took;
}

/** One Event a node: they are told after the writes, and must not burden the next contestant. */
async function eventsTold(): Promise<void> {
  let before = -1;
  await waitFor(
    'the Events',
    async () => {
      const now = (await cluster.list(EVENTS, 'default')).length;
      const quiet = now === before;
      before = now;
      return quiet;
    },
    { timeoutMs: 300_000, everyMs: 2_000 },
  );
  process.stdout.write(`  ${before} Events so far\n`);
}

async function route(mode: string): Promise<void> {
  await cluster.patch(CONFIG_MAPS, CILIUM_CONFIG, { data: { 'routing-mode': mode } });
}

/** Milliseconds a node. */
async function freeByKubectl(): Promise<number> {
  const sample = names.slice(0, Number(values.kubectl));
  const startedAt = performance.now();
  for (const name of sample) await freeOne(cluster, name);
  return (performance.now() - startedAt) / sample.length;
}

async function freeOne(plane: ControlPlane, name: string): Promise<void> {
  const { code, stderr } = await plane.kubectl('taint', 'nodes', name, `${ROUTE_TAINT.key}-`);
  if (code !== 0) throw new Error(stderr);
}
