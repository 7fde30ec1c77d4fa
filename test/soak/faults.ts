import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fake-api/faults.ts';
import { isWrite, type RecordedRequest } from '../fake-api/requests.ts';
import type { OpenWatch } from '../fake-api/watches.ts';
import type { Random } from '../random.ts';
import type { SoakCluster } from './cluster.ts';
import type { WatchedProgram } from './program.ts';

/** A frozen watch is silent for so long, at most, before the program opens a new one: 2 min and a fifth, rounded up. */
const HALF_OPEN_MS = 150_000;

interface Scene {
  readonly cluster: SoakCluster;
  readonly program: WatchedProgram;
  readonly random: Random;
}

interface Kind {
  readonly name: string;
  readonly weight: number;
  /** Left out when the run ends in less: it takes the program so long to notice. Default 0. */
  readonly needsMs?: number;
  /** Resolves when it is over. */
  run(scene: Scene): Promise<void>;
}

const KINDS: readonly [Kind, ...Kind[]] = [
  { name: 'watches closed', weight: 4, run: async ({ cluster }) => cluster.api.closeWatches() },
  { name: 'watches reset', weight: 4, run: async (scene) => resetWatches(scene) },
  { name: 'watch cut in a line', weight: 3, run: cutInALine },
  { name: 'watches half-open', weight: 2, needsMs: HALF_OPEN_MS, run: freezeWatches },
  { name: '410 Gone', weight: 4, run: expire },
  { name: '429 with Retry-After', weight: 4, run: throttle },
  { name: '500 and 503', weight: 4, run: (scene) => stormOf(scene, [500, 503, 504, 502]) },
  { name: '409 on each write', weight: 4, run: conflict },
  { name: 'slow answers', weight: 4, run: slowDown },
  { name: 'answers cut short', weight: 3, run: cutAnswers },
  { name: 'requests reset or never answered', weight: 3, run: dropRequests },
  { name: 'events told twice', weight: 2, run: tellTwice },
  { name: 'API server restarted', weight: 4, run: restart },
  { name: 'token rotated', weight: 3, run: async ({ cluster }) => cluster.rotateToken() },
  { name: 'program paused', weight: 3, run: pauseProgram },
];

/**
 * Lets one random fault happen.
 * @param leftMs until the last fault must be over
 * @returns what it was, when it is over; undefined where there was no time for it
 */
export async function breakSomething(scene: Scene, leftMs: number): Promise<string | undefined> {
  const kind = scene.random.weighted(KINDS);
  if ((kind.needsMs ?? 0) > leftMs) return undefined;
  await kind.run(scene);
  return kind.name;
}

export function isOfProgram(request: RecordedRequest): boolean {
  return request.userAgent.startsWith('cilium-cloud-bridge/');
}

function watchesOf({ cluster }: Scene): OpenWatch[] {
  return cluster.api.openWatches().filter(({ request }) => isOfProgram(request));
}

function resetWatches(scene: Scene): void {
  for (const watch of watchesOf(scene)) watch.reset();
}

async function freezeWatches(scene: Scene): Promise<void> {
  for (const watch of watchesOf(scene)) {
    if (scene.random.next() < 0.3) watch.freeze();
  }
}

/** Each new watch ends after so many bytes, for a moment. */
async function cutInALine(scene: Scene): Promise<void> {
  const afterBytes = 20 + scene.random.below(2_000);
  const end = meet(
    scene,
    ({ verb }) => verb === 'watch',
    () => ({ kind: 'cut', afterBytes, how: 'reset' }),
  );
  resetWatches(scene);
  await sleep(500 + scene.random.below(1_500));
  end();
}

async function expire(scene: Scene): Promise<void> {
  scene.cluster.api.compact();
  resetWatches(scene);
}

async function throttle(scene: Scene): Promise<void> {
  const headers = { 'retry-after': String(1 + scene.random.below(2)) };
  const times = 1 + scene.random.below(12);
  scene.cluster.api.faults.failNext(
    isOfProgram,
    { kind: 'answer', status: 429, reason: 'TooManyRequests', headers },
    times,
  );
}

async function stormOf(scene: Scene, statuses: readonly [number, ...number[]]): Promise<void> {
  resetWatches(scene);
  let count = 0;
  const end = meet(scene, isOfProgram, () => {
    count += 1;
    return count % 3 === 0 ? undefined : { kind: 'answer', status: statuses[count % statuses.length] ?? 500 };
  });
  await sleep(500 + scene.random.below(4_000));
  end();
}

async function conflict(scene: Scene): Promise<void> {
  const fault: Fault = { kind: 'answer', status: 409, reason: 'Conflict', message: 'the object has been modified' };
  const end = meet(scene, isWrite, () => fault);
  await sleep(300 + scene.random.below(2_700));
  end();
}

async function slowDown(scene: Scene): Promise<void> {
  const ms = 100 + scene.random.below(2_900);
  const end = meet(scene, isOfProgram, () => ({ kind: 'delay', ms }));
  await sleep(1_000 + scene.random.below(3_000));
  end();
}

async function cutAnswers(scene: Scene): Promise<void> {
  const how = scene.random.pick(['truncate', 'close', 'reset'] as const);
  const afterBytes = scene.random.below(3_000);
  scene.cluster.api.compact(); // so that lists follow
  resetWatches(scene);
  const end = meet(
    scene,
    ({ verb }) => verb !== 'watch',
    () => ({ kind: 'cut', afterBytes, how }),
  );
  await sleep(300 + scene.random.below(1_700));
  end();
}

async function dropRequests(scene: Scene): Promise<void> {
  const how = scene.random.pick(['reset', 'hang'] as const);
  scene.cluster.api.faults.failNext(isOfProgram, { kind: 'drop', how }, 1 + scene.random.below(8));
}

async function tellTwice({ cluster, random }: Scene): Promise<void> {
  cluster.api.faults.watchHook = (event) => [event, event];
  await sleep(1_000 + random.below(4_000));
  cluster.api.faults.watchHook = undefined;
}

async function restart({ cluster, random }: Scene): Promise<void> {
  await cluster.api.pause();
  await sleep(random.next() < 0.1 ? 12_000 : 200 + random.below(3_000));
  await cluster.api.listen();
}

/** Now and then for longer than its Lease lasts. */
async function pauseProgram({ program, random }: Scene): Promise<void> {
  program.running.signal('SIGSTOP');
  await sleep(random.next() < 0.15 ? 17_000 : 300 + random.below(5_000));
  program.running.signal('SIGCONT');
}

function meet(
  { cluster }: Scene,
  matches: (request: RecordedRequest) => boolean,
  fault: () => Fault | undefined,
): () => void {
  return cluster.api.faults.intercept((request) => (isOfProgram(request) && matches(request) ? fault() : undefined));
}
