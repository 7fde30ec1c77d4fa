import { describe, expect, it } from 'vitest';
import type { KubeClient } from '../../src/kube/client.types.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { readRecentRemovals } from '../../src/taints/recent-removals.ts';
import { createTaintReconciler } from '../../src/taints/reconciler.ts';
import { fakeClock } from '../kube/fake-clock.ts';
import { kubeError, scriptedClient } from '../plan/build.ts';
import { agentPod, cceNode, fakeCluster, taintsConfig } from './fixture.ts';

const signal = new AbortController().signal;

function clientWith(events: readonly RawObject[] | undefined): KubeClient {
  const listMapped: KubeClient['listMapped'] = (_, map, options) =>
    events === undefined
      ? Promise.reject(kubeError('forbidden'))
      : Promise.resolve({
          items: events.filter((event) => options?.fieldSelector === `reason=${String(event.reason)}`).map(map),
          resourceVersion: '1',
        });
  return { ...scriptedClient(() => Promise.resolve({})), listMapped };
}

/** An Event of so many seconds ago. */
function removal(clock: ReturnType<typeof fakeClock>, secondsAgo: number, parts: RawObject = {}): RawObject {
  const eventTime = new Date(clock.now() - secondsAgo * 1000).toISOString();
  return { reason: 'TaintRemoved', reportingComponent: 'cilium-cloud-bridge', eventTime, ...parts };
}

describe('nodes that an earlier process freed', () => {
  it('count for the limit until a minute is over', async () => {
    const clock = fakeClock();
    const events = [
      removal(clock, 20),
      removal(clock, 40, { reason: 'BootstrapTaintRemoved' }),
      removal(clock, 61),
      removal(clock, 5, { reportingComponent: 'somebody' }),
      removal(clock, 5, { eventTime: 'no time' }),
      removal(clock, -30),
    ];
    const recentRemovals = await readRecentRemovals(clientWith(events), clock, signal);
    expect(recentRemovals).toEqual([clock.monotonic() - 40_000, clock.monotonic() - 20_000]);
    const view = fakeCluster(...['a', 'b', 'c'].flatMap((name) => [cceNode(name), agentPod(name)]));
    const config = taintsConfig('maxPercent: 0, maxNodes: 3, confirmAfter: 0s');
    const { look, noteEarlier } = createTaintReconciler({ view, config: () => config, clock });
    noteEarlier({ recentRemovals });
    expect((await look(signal)).actions).toHaveLength(1);
    clock.advance(20_000);
    expect((await look(signal)).actions).toHaveLength(2);
  });

  it('are not known where Events cannot be read', async () => {
    expect(await readRecentRemovals(clientWith(undefined), fakeClock(), signal)).toEqual([]);
  });
});
