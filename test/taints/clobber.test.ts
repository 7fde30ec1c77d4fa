import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { NODES } from '../../src/kube/resources.ts';
import { applyAction } from '../../src/plan/apply.ts';
import { valueAt } from '../control-plane/objects.ts';
import { ensureObject, parseJson } from '../fake-api/json.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { recordLog } from '../kube/recorded-log.ts';
import { agentPod, cceNode, ciliumConfig, daemonSet, ROUTE_TAINT, taintsConfig } from './fixture.ts';
import { clientFor, portsFor, watchTaints } from './harness.ts';

const ROUNDS = 10_000;
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

let api: FakeApi;
let dir: string;

beforeEach(async () => {
  api = await startFakeApi();
  dir = mkdtempSync(join(tmpdir(), 'ccb-taints-'));
});

afterEach(async () => {
  await api.stop();
  rmSync(dir, { recursive: true, force: true });
});

interface Taint {
  readonly key: string;
  readonly effect: string;
}

it(`loses nothing of another writer on the same nodes in ${ROUNDS} rounds`, { timeout: 180_000 }, async () => {
  api.apply(ciliumConfig());
  const set = api.apply(daemonSet('cilium', NAMES.length));
  for (const name of NAMES) {
    api.apply(cceNode(name));
    api.apply(agentPod(name, { ownerUid: String(set.metadata.uid) }));
  }
  const { client, close } = clientFor(api.writeKubeconfig(join(dir, 'config')));
  // The other writer adds our taint again and again, which is not what this test is about.
  const config = { ...taintsConfig('grace: "0", confirmAfter: "0", maxPercent: 100'), removalsPerBoot: Infinity };
  const taints = await watchTaints(client, config, recordLog());
  const ended = new AbortController();
  let removed = 0;
  let conflicts = 0;

  /** What the other writer has set on each node and not taken away. */
  const theirs = new Map(NAMES.map((name) => [name, new Map<string, Taint>()]));
  let losses = 0;
  let rounds = 0;

  /** The other writer adds or removes a taint of its own; every second time it sets ours again. */
  function write(name: string): void {
    const own = theirs.get(name) ?? new Map<string, Taint>();
    api.update(NODES, { namespace: '', name }, (node) => {
      const present = taintsIn(node);
      losses += Number(!sameKeys(present, own));
      const key = `example.com/${String((rounds * 7) % 5)}`;
      if (own.has(key)) own.delete(key);
      else own.set(key, { key, effect: 'NoSchedule' });
      const next = [...own.values(), ...(rounds % 2 === 0 ? [ROUTE_TAINT] : present.filter(isRoute))];
      ensureObject(node, 'spec').taints = parseJson(JSON.stringify(next));
    });
    rounds += 1;
  }

  let sent = 0;
  async function remove(): Promise<void> {
    while (!ended.signal.aborted) {
      const plan = await taints.reconciler.look(ended.signal);
      const admitted = plan.actions.filter((action) => taints.reconciler.admit?.(action));
      await Promise.all(
        admitted.map(async (action) => {
          sent += 1;
          // Between what we know and what we send, as only a busy writer hits it.
          if (sent % 3 === 0 && rounds < ROUNDS) write(action.target.name);
          const applied = await applyAction(action, portsFor(client), ended.signal);
          taints.reconciler.noteApplied(applied);
          removed += Number(applied.outcome.status === 'applied');
          conflicts += Number(applied.outcome.status === 'conflict');
        }),
      );
      await nextTurn();
    }
  }
  const removing = remove().catch((error: unknown) => {
    if (!ended.signal.aborted) throw error;
  });
  while (rounds < ROUNDS) {
    write(NAMES[rounds % NAMES.length] ?? '');
    if (rounds % 8 === 0) await pause(1);
    else await nextTurn();
  }
  await pause(500);
  for (const [name, own] of theirs) {
    const present = taintsIn(api.get(NODES, { namespace: '', name }));
    losses += Number(!sameKeys(present, own));
    expect(present.some(isRoute)).toBe(false);
  }
  ended.abort(new Error('done'));
  await removing;
  await taints.stop();
  close();
  console.log(`${rounds} rounds, ${removed} removals, ${conflicts} conflicts, ${losses} losses`);
  expect(losses).toBe(0);
  expect(conflicts).toBeGreaterThanOrEqual(500);
  expect(removed).toBeGreaterThanOrEqual(500);
});

function isRoute({ key }: Taint): boolean {
  return key === ROUTE_TAINT.key;
}

function taintsIn(node: unknown): readonly Taint[] {
  const taints = valueAt(node, 'spec', 'taints');
  return Array.isArray(taints)
    ? taints.map((taint) => ({ key: String(valueAt(taint, 'key')), effect: String(valueAt(taint, 'effect')) }))
    : [];
}

/** Whether the node's taints, without ours, are exactly those that the other writer believes to be there. */
function sameKeys(present: readonly Taint[], own: ReadonlyMap<string, Taint>): boolean {
  const others = present.filter((taint) => !isRoute(taint));
  return others.length === own.size && others.every(({ key }) => own.has(key));
}
