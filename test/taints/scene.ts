import type { TaintsConfig } from '../../src/config/config.types.ts';
import type { Action, Outcome } from '../../src/plan/plan.types.ts';
import type { TaintPlan } from '../../src/taints/plan.ts';
import { createTaintReconciler, type TaintReconciler } from '../../src/taints/reconciler.ts';
import { isKubeObject, type KubeObject } from '../control-plane/objects.ts';
import { parseJson } from '../fake-api/json.ts';
import { applyJsonPatch } from '../fake-api/json-patch.ts';
import { type FakeClock, fakeClock } from '../kube/fake-clock.ts';
import { type FakeCluster, fakeCluster, taintsConfig } from './fixture.ts';

/** A cluster in memory with the reconciler over it, driven step by step. */
export interface Scene {
  readonly cluster: FakeCluster;
  readonly clock: FakeClock;
  readonly reconciler: TaintReconciler;
  look(): Promise<TaintPlan>;
  /** Lets time pass in small steps, with a look and its writes at each; returns the names of freed nodes. */
  run(seconds: number): Promise<readonly string[]>;
  /** Carries the actions out as the loop does; returns those that were written. */
  apply(actions: readonly Action[]): readonly Action[];
  /** From the next look on. */
  configure(config: TaintsConfig): void;
  /** What blocks each tainted node; `''`: nothing. */
  reasons(): Readonly<Record<string, string>>;
}

export function scene(objects: readonly KubeObject[], given: TaintsConfig = taintsConfig()): Scene {
  let config = given;
  const cluster = fakeCluster(...objects);
  const clock = fakeClock();
  const reconciler = createTaintReconciler({ view: cluster, config: () => config, clock });
  const look = (): Promise<TaintPlan> => reconciler.look(new AbortController().signal);

  function apply(actions: readonly Action[]): readonly Action[] {
    const written: Action[] = [];
    for (const action of actions) {
      if (action.pausedBy !== undefined || !reconciler.admit?.(action)) continue;
      const raw = cluster.raw(action.target.name);
      const { request } = action;
      if (request.verb !== 'patch' || request.patch.type !== 'json') throw new Error('not a JSON patch');
      const settle = (status: Outcome['status'], object: KubeObject | undefined): void =>
        reconciler.noteApplied({
          outcome: { action, status, reason: '', message: '' },
          object,
          error: undefined,
        });
      try {
        const patched = applyJsonPatch(parseJson(JSON.stringify(raw)), parseJson(JSON.stringify(request.patch.body)));
        if (!isKubeObject(patched)) throw new Error('no Kubernetes object');
        settle('applied', patched);
        written.push(action);
      } catch {
        settle('conflict', undefined);
      }
    }
    return written;
  }

  return {
    cluster,
    clock,
    reconciler,
    look,
    apply,
    run: async (seconds) => {
      const freed: string[] = [];
      const end = clock.monotonic() + seconds * 1000;
      for (;;) {
        const plan = await look();
        freed.push(...apply(plan.actions).map((action) => action.target.name));
        const left = end - clock.monotonic();
        if (left <= 0) return freed;
        clock.advance(Math.min(1000, left));
      }
    },
    configure: (next) => {
      config = next;
    },
    reasons: () =>
      Object.fromEntries(
        reconciler.verdicts().map(({ node, blockedBy }) => [node.meta.name, blockedBy?.reason ?? ''] as const),
      ),
  };
}
