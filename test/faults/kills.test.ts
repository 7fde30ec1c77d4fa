import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ENVOY_CONFIGS, GATEWAY_CLASSES, GATEWAYS, SERVICES } from '../../src/kube/resources.ts';
import type { Fault } from '../fake-api/faults.ts';
import { createRandom } from '../random.ts';
import { type KillScene, type Side, startKillScene } from './kill-scene.ts';
import { isListOf } from './requests.ts';

/**
 * The process dies without a word (`kill -9`), at each write and at any moment, and another one takes over. CI has a
 * share; `npm run faults -- --kills` sets FAULT_KILLS=all: 56 write points, both sides, and 200 random kills.
 */

const ALL = process.env.FAULT_KILLS === 'all';
const WISHES = ALL ? { gateways: 16, nodes: 8 } : { gateways: 4, nodes: 2 };
const RANDOM_KILLS = ALL ? 200 : 12;
/** Worlds at the same time; each has a process. */
const SIDE_BY_SIDE = 3;
const SLOW_MS = 1_200_000;

/** Real time in which a program that has taken the Lease writes what it wants: 25 s of its own. */
const FIRST_LOOK_MS = 1_000;

const bundle = inject('bundle');
const seed = inject('faultSeed');

describe('killed at a write', () => {
  /** Of a run that nobody disturbs. */
  let undisturbed: { readonly writes: number; readonly calls: number; readonly outcome: unknown };

  beforeAll(async () => {
    const scene = await startKillScene(bundle, WISHES);
    try {
      scene.start();
      await scene.settled();
      expect(scene.unplanned()).toEqual([]);
      undisturbed = { writes: scene.writes(), calls: scene.calls(), outcome: scene.outcome() };
    } finally {
      await scene.stop();
    }
  }, SLOW_MS);

  it('at every write point, before and after the server has carried it out', { timeout: SLOW_MS }, async () => {
    const { gateways, nodes } = WISHES;
    // Each Gateway: targetPort, copy, address; and the nodes.
    expect(undisturbed.writes).toBe(3 * gateways + nodes);
    const points = Array.from({ length: undisturbed.writes }, (_, index) =>
      (['before', 'after'] as const).map((side) => ({ n: index + 1, side })),
    ).flat();
    await sideBySide(points, async ({ n, side }) => {
      await surviving(`killed ${side} write ${n}`, async (scene) => {
        scene.start();
        await scene.killedAtWrite(n, side);
        scene.start();
        await scene.settled();
        expect(scene.outcome()).toEqual(undisturbed.outcome);
        // Each thing was written once, whoever of the two wrote it.
        expect(scene.carriedOut()).toBe(undisturbed.writes);
        expectFewCalls(scene, 2);
      });
    });
  });

  it('again and again, each time at its first write', { timeout: SLOW_MS }, async () => {
    await surviving('killed at each first write', async (scene) => {
      let rounds = 0;
      for (let round = 0; round < undisturbed.writes; round += ALL ? 1 : 3) {
        rounds += 1;
        scene.start();
        const sides: readonly Side[] = ['after', 'before'];
        await scene.killedAtWrite(1, sides[round % 2] ?? 'after');
        if (scene.writes() >= 2 * undisturbed.writes) break;
      }
      scene.start();
      await scene.settled();
      expect(scene.outcome()).toEqual(undisturbed.outcome);
      expect(scene.carriedOut()).toBe(undisturbed.writes);
      expectFewCalls(scene, rounds + 1);
    });
  });

  /** As many as so many runs need, and what the looks in between do. */
  function expectFewCalls(scene: KillScene, runs: number): void {
    expect(scene.calls()).toBeLessThanOrEqual(runs * 1.5 * undisturbed.calls + 200 * scene.minutes());
  }
});

describe('killed, and the first lists of its successor lie', () => {
  const lies: readonly [what: string, fault: Fault][] = [
    ['are empty', { kind: 'list', transform: () => [] }],
    [
      'lack what the schemas promise',
      { kind: 'list', transform: (items) => items.map((one) => ({ ...one, spec: {} })) },
    ],
  ];
  it.each(lies)('they %s: nothing is taken away', { timeout: SLOW_MS }, async (_, fault) => {
    await sideBySide([GATEWAYS, GATEWAY_CLASSES, SERVICES, ENVOY_CONFIGS], async (resource) => {
      await surviving(`first list of ${resource.plural}`, async (scene) => {
        scene.start();
        await scene.settled();
        await scene.kill();
        const [outcome, writes, renewals] = [scene.outcome(), scene.writes(), renewalsOf(scene)];
        const lists = new Set<string>();
        scene.api.faults.intercept((request) => {
          // Only the first: the next one, ten seconds later, is true.
          if (!isListOf(resource)(request) || lists.has(request.path)) return undefined;
          lists.add(request.path);
          return fault;
        });
        scene.start();
        await expect.poll(() => renewalsOf(scene), { timeout: 20_000 }).toBeGreaterThan(renewals);
        expect(lists.size).toBe(1);
        await pause(FIRST_LOOK_MS);
        expect(scene.writes()).toBe(writes);
        expect(scene.outcome()).toEqual(outcome);
        scene.cluster.touchAll();
        await scene.settled();
      });
    });
  });

  function renewalsOf({ api }: KillScene): number {
    return api.requests.filter(
      ({ resource, verb, status }) => resource === 'leases' && verb === 'patch' && status === 200,
    ).length;
  }
});

describe('killed at any moment, while everything goes on changing', () => {
  let scene: KillScene;

  beforeAll(async () => {
    scene = await startKillScene(bundle, WISHES);
  });
  afterAll(() => scene.stop());

  it(`${RANDOM_KILLS} times`, { timeout: SLOW_MS }, async () => {
    const random = createRandom(seed, 'kills at any moment');
    const changes: string[] = [];
    for (let kill = 0; kill < RANDOM_KILLS; kill += 1) {
      scene.start();
      for (let part = 0; part < 3; part += 1) {
        await pause(random.below(500));
        changes.push(scene.cluster.changeAnything(random));
      }
      await scene.kill();
    }
    scene.start();
    const told = `after ${changes.slice(-20).join('; ')}`;
    await expect(scene.settled(), told).resolves.toBeUndefined();
    expect(scene.unplanned(), told).toEqual([]);
  });
});

/** Runs `test` in a world of its own, and asserts that nothing unplanned was written there. */
async function surviving(what: string, test: (scene: KillScene) => Promise<void>): Promise<void> {
  const scene = await startKillScene(bundle, WISHES);
  try {
    await test(scene);
    expect(scene.unplanned()).toEqual([]);
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    await scene.stop();
  }
}

async function sideBySide<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  await Promise.all(
    Array.from({ length: SIDE_BY_SIDE }, async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
    }),
  );
}
