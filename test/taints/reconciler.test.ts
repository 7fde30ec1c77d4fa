import { describe, expect, it } from 'vitest';
import { valueAt } from '../control-plane/objects.ts';
import { agentPod, at, cceNode, type NodeParts, ROUTE_TAINT, taintsConfig } from './fixture.ts';
import { type Scene, scene } from './scene.ts';

const OTHER = { key: 'example.com/gpu', value: 'a100', effect: 'NoSchedule', timeAdded: '2025-01-01T00:00:00Z' };

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `n${String(index).padStart(4, '0')}`);
}

function manyNodes(count: number, parts: NodeParts = {}): ReturnType<typeof cceNode>[] {
  return names(count).flatMap((name) => [cceNode(name, parts), agentPod(name)]);
}

function taintsOf({ cluster }: Scene, node: string): unknown {
  return valueAt(cluster.raw(node), 'spec', 'taints');
}

describe('freeing a node', () => {
  it('takes two looks five seconds apart', async () => {
    const { run } = scene(manyNodes(1));
    expect(await run(4)).toEqual([]);
    expect(await run(2)).toEqual(['n0000']);
  });

  it('begins anew when a condition failed in between', async () => {
    const { cluster, run } = scene(manyNodes(1));
    await run(4);
    cluster.put(agentPod('n0000', { ready: false }));
    await run(1);
    cluster.put(agentPod('n0000'));
    expect(await run(4)).toEqual([]);
    expect(await run(2)).toEqual(['n0000']);
  });

  it('keeps every other taint exactly as it is', async () => {
    const room = scene([
      cceNode('n', { taints: [OTHER, ROUTE_TAINT, { key: 'b', effect: 'NoExecute' }] }),
      agentPod('n'),
    ]);
    await room.run(10);
    expect(taintsOf(room, 'n')).toEqual([OTHER, { key: 'b', effect: 'NoExecute' }]);
  });

  it('is not tried again on what turned out to be outdated, but on the next state', async () => {
    const room = scene(manyNodes(1));
    const { cluster, look, apply, clock } = room;
    await look();
    clock.advance(5_000);
    const { actions } = await look();
    expect(actions).toHaveLength(1);
    // The server knows more than we: another taint came, and the watch has not told yet.
    const seen = cluster.node('n0000');
    cluster.put(cceNode('n0000', { taints: [ROUTE_TAINT, OTHER] }));
    cluster.takeChanged();
    expect(apply(actions)).toEqual([]);
    expect(seen?.taints).toHaveLength(1);
    await room.run(1);
    expect(taintsOf(room, 'n0000')).toEqual([OTHER]);
  });

  it('is tried again ten seconds after a conflict that no newer state follows', async () => {
    const { look, clock, reconciler } = scene(manyNodes(1));
    await look();
    clock.advance(5_000);
    const [action = expect.unreachable()] = (await look()).actions;
    expect(reconciler.admit?.(action)).toBe(true);
    const outcome = { action, status: 'conflict', reason: 'conflict', message: '' } as const;
    reconciler.noteApplied({ outcome, object: undefined, error: undefined });
    clock.advance(9_999);
    expect(await look()).toMatchObject({ actions: [], nextLookMs: 1 });
    clock.advance(1);
    expect((await look()).actions).toHaveLength(1);
  });

  it('is called off when anything of the node or its agent changed since the look', async () => {
    const { cluster, look, apply, clock, reconciler } = scene(manyNodes(1));
    await look();
    clock.advance(5_000);
    const { actions } = await look();
    cluster.put(agentPod('n0000', { ready: false }));
    expect(actions.map((action) => reconciler.admit?.(action))).toEqual([false]);
    expect(apply(actions)).toEqual([]);
  });

  it('has the node, its boot and its readiness among its preconditions', async () => {
    const { look, clock } = scene(manyNodes(1));
    await look();
    clock.advance(5_000);
    const { actions } = await look();
    expect(actions[0]?.request).toMatchObject({
      verb: 'patch',
      patch: {
        type: 'json',
        body: [
          { op: 'test', path: '/metadata/uid', value: 'uid-n0000' },
          { op: 'test', path: '/status/nodeInfo/bootID', value: 'boot-1-n0000' },
          { op: 'test', path: '/status/conditions/1/type', value: 'Ready' },
          { op: 'test', path: '/status/conditions/1/status', value: 'True' },
          { op: 'test', path: '/spec/taints', value: [ROUTE_TAINT] },
          { op: 'replace', path: '/spec/taints', value: [] },
        ],
      },
    });
    expect(actions[0]?.message).toBe(
      "Remove node.kubernetes.io/route-unreachable:NoSchedule: Cilium's agent cilium-n0000 is Ready since " +
        '2025-12-31T22:59:10Z (started 2025-12-31T22:58:20Z), the node since 2025-12-31T23:00:00Z (boot boot-1-n0000).',
    );
  });

  it('waits while the node is paused', async () => {
    const { look, run } = scene(manyNodes(1, { annotations: { 'cilium-cloud-bridge.io/paused': 'true' } }));
    expect(await run(10)).toEqual([]);
    const [action] = (await look()).actions;
    expect(action?.pausedBy?.name).toBe('n0000');
  });
});

describe('the limit', () => {
  it.each([
    ['20 % of 200 nodes', 200, '', [40, 80]],
    ['10 nodes where that is more than the share', 20, '', [10, 20]],
    ['none at all when switched to nothing', 20, 'maxPercent: 0, maxNodes: 0', [0, 0]],
    ['all when lifted', 200, 'maxPercent: 100', [200, 200]],
  ])('lets go %s in a minute', async (_, count, yaml, [first, second]) => {
    const { run } = scene(manyNodes(count), taintsConfig(yaml));
    const freed = [...(await run(60))];
    expect(freed).toHaveLength(first ?? 0);
    freed.push(...(await run(10)));
    expect(freed).toHaveLength(second ?? 0);
    expect(new Set(freed).size).toBe(freed.length);
  });

  it('counts writes under way, and those whose answer was lost', async () => {
    const { look, clock, reconciler } = scene(manyNodes(40), taintsConfig('maxPercent: 0, maxNodes: 10'));
    await look();
    clock.advance(5_000);
    const { actions, held } = await look();
    expect(actions).toHaveLength(10);
    expect(held).toHaveLength(30);
    expect(actions.filter((action) => reconciler.admit?.(action))).toHaveLength(10);
    const [lost, refused] = actions;
    if (lost === undefined || refused === undefined) throw new Error('no actions');
    for (const [action, status] of [
      [lost, 'failed'],
      [refused, 'refused'],
    ] as const) {
      reconciler.noteApplied({
        outcome: { action, status, reason: '', message: '' },
        object: undefined,
        error: undefined,
      });
    }
    const next = (await look()).actions;
    expect(next).toHaveLength(1);
  });
});

describe('a reboot', () => {
  /** The node comes back: new boot, tainted, the agent's old status first, then a new agent. */
  function reboot({ cluster, clock }: Scene, boot: number): (ready: boolean) => void {
    const now = (clock.now() - Date.parse('2026-01-01T00:00:00Z')) / 1000;
    const parts = { bootID: `boot-${boot}`, readySince: at(now), heartbeat: at(now) };
    cluster.put(cceNode('n', parts));
    return (ready) => {
      cluster.put(
        agentPod('n', {
          container: `containerd://boot-${boot}`,
          startedAt: at(now + 3),
          readySince: at(now + 20),
          ready,
        }),
      );
    };
  }

  it('leads to a free node again, five times in a row, and is no fight', async () => {
    const room = scene([cceNode('n'), agentPod('n')]);
    expect(await room.run(10)).toEqual(['n']);
    for (let boot = 2; boot <= 6; boot += 1) {
      const agentReports = reboot(room, boot);
      expect(await room.run(60)).toEqual([]);
      expect(room.reasons()).toEqual({ n: 'AgentFromBeforeBoot' });
      agentReports(false);
      expect(await room.run(20)).toEqual([]);
      expect(room.reasons()).toEqual({ n: 'AgentNotReady' });
      agentReports(true);
      expect(await room.run(10)).toEqual(['n']);
    }
  });

  it('is recognised even where the new agent is seen before the new boot', async () => {
    const room = scene([cceNode('n'), agentPod('n')]);
    await room.run(10);
    const now = (room.clock.now() - Date.parse('2026-01-01T00:00:00Z')) / 1000;
    const late = agentPod('n', { container: 'containerd://2', startedAt: at(now + 2), readySince: at(now + 4) });
    room.cluster.put(late);
    await room.run(1);
    room.cluster.put(cceNode('n', { bootID: 'boot-2', readySince: at(now), heartbeat: at(now + 1) }));
    expect(await room.run(40)).toEqual(['n']);
  });

  it('forgets an older node of the same name', async () => {
    const room = scene([cceNode('n'), agentPod('n')]);
    await room.run(10);
    room.cluster.removeNode('n');
    room.cluster.removePod('cilium-n');
    await room.run(1);
    room.cluster.put(cceNode('n', { metadata: { uid: 'uid-2' }, readySince: at(0) }));
    expect(await room.run(40)).toEqual([]);
    room.cluster.put(agentPod('n', { container: 'containerd://2' }));
    expect(await room.run(10)).toEqual(['n']);
  });
});

describe('whoever sets the taint again', () => {
  function addAgain({ cluster }: Scene, node: string, manager: string, parts: NodeParts = {}): void {
    const managedFields = [
      {
        manager,
        operation: 'Update',
        apiVersion: 'v1',
        time: at(0),
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:spec': { 'f:taints': {} } },
      },
    ];
    cluster.put(cceNode(node, { ...parts, metadata: { managedFields } }));
  }

  it('wins after the configured number of tries, is named, and others are freed all the same', async () => {
    const room = scene([...manyNodes(2)], taintsConfig('removalsPerBoot: 4'));
    const freed: string[] = [];
    for (let second = 0; second < 120; second += 1) {
      freed.push(...(await room.run(1)));
      if (
        Array.isArray(taintsOf(room, 'n0000')) &&
        valueAt(room.cluster.raw('n0000'), 'spec', 'taints', 0) === undefined
      ) {
        addAgain(room, 'n0000', 'route-controller-x7');
      }
    }
    expect(freed.filter((name) => name === 'n0000')).toHaveLength(4);
    expect(freed.filter((name) => name === 'n0001')).toHaveLength(1);
    const { findings } = await room.look();
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'second-writer',
        verdict: 'fail',
        reason: 'TaintKeepsComingBack',
        message:
          'route-controller-x7 has set node.kubernetes.io/route-unreachable:NoSchedule again after each of 4 removals in this boot; ' +
          'it is left alone until the node boots anew (boot boot-1-n0000).',
        evidence: { manager: 'route-controller-x7', at: at(0), boot: 'boot-1-n0000' },
      }),
    );
  });

  it('is counted though the watch tells of a removal before its answer comes', async () => {
    const { cluster, look, clock, reconciler } = scene(
      [cceNode('n'), agentPod('n')],
      taintsConfig('removalsPerBoot: 2'),
    );
    let tries = 0;
    for (let round = 0; round < 5; round += 1) {
      await look();
      clock.advance(5_000);
      const [action] = (await look()).actions;
      if (action === undefined) continue;
      tries += 1;
      expect(reconciler.admit?.(action)).toBe(true);
      cluster.put(cceNode('n', { taints: [] }));
      await look();
      const outcome = { action, status: 'applied', reason: '', message: '' } as const;
      reconciler.noteApplied({ outcome, object: undefined, error: undefined });
      cluster.put(cceNode('n'));
    }
    expect(tries).toBe(2);
  });

  it('is tried anew after a reboot', async () => {
    const room = scene([cceNode('n'), agentPod('n')], taintsConfig('removalsPerBoot: 1'));
    expect(await room.run(10)).toEqual(['n']);
    addAgain(room, 'n', 'x');
    expect(await room.run(60)).toEqual([]);
    const now = (room.clock.now() - Date.parse('2026-01-01T00:00:00Z')) / 1000;
    addAgain(room, 'n', 'x', { bootID: 'boot-2', readySince: at(now), heartbeat: at(now) });
    await room.run(2);
    room.cluster.put(agentPod('n', { container: 'containerd://2', startedAt: at(now + 3) }));
    expect(await room.run(60)).toEqual(['n']);
  });

  it('is no fight when hours lie in between', async () => {
    const room = scene([cceNode('n'), agentPod('n')], taintsConfig('removalsPerBoot: 2'));
    for (let round = 0; round < 4; round += 1) {
      expect(await room.run(10)).toEqual(['n']);
      room.clock.advance(2 * 3_600_000);
      addAgain(room, 'n', 'x');
    }
  });
});

describe('the work', () => {
  it('of one change is the judgement of one node', async () => {
    const { cluster, look, run, reconciler } = scene(manyNodes(5_000, { ready: 'False' }));
    await look();
    expect(reconciler.judgements()).toBe(5_000);
    await run(10);
    expect(reconciler.judgements()).toBe(5_000);
    cluster.put(cceNode('n0042'));
    await look();
    expect(reconciler.judgements()).toBe(5_001);
    cluster.put(agentPod('n0042', { readySince: at(-1) }));
    await look();
    expect(reconciler.judgements()).toBe(5_002);
  });

  it('is planned for the moment when something falls due', async () => {
    const { look } = scene([cceNode('n', { readySince: at(-10) }), agentPod('n', { startedAt: at(-5) })]);
    expect((await look()).nextLookMs).toBe(20_000);
  });
});

describe('a configuration that changes', () => {
  it('that switches taints off is obeyed at once, even by what was planned before', async () => {
    const room = scene(manyNodes(3));
    await room.look();
    room.clock.advance(5_000);
    const { actions } = await room.look();
    expect(actions).toHaveLength(3);
    room.configure(taintsConfig('enabled: false'));
    expect(room.apply(actions)).toEqual([]);
    expect(await room.run(60)).toEqual([]);
    expect((await room.look()).findings).toEqual([]);
    room.configure(taintsConfig());
    expect(await room.run(60)).toEqual(names(3));
  });

  it('that takes a rule back leaves the taint, though nothing else changes', async () => {
    const room = scene(manyNodes(1));
    await room.run(4);
    room.configure(taintsConfig('rules: [example.com/other]'));
    expect(await room.run(60)).toEqual([]);
    expect(taintsOf(room, 'n0000')).toEqual([ROUTE_TAINT]);
  });

  it('that adds a rule has every node judged by it, with a second look', async () => {
    const room = scene(manyNodes(2, { taints: [OTHER] }));
    expect(await room.run(60)).toEqual([]);
    room.configure(taintsConfig('rules: [example.com/gpu]'));
    expect(await room.run(4)).toEqual([]);
    expect(await room.run(2)).toEqual(names(2));
  });

  it('that lowers the cap holds for the nodes of this minute', async () => {
    const room = scene(manyNodes(6), taintsConfig('maxPercent: 0, maxNodes: 6, confirmAfter: 0s'));
    const { actions } = await room.look();
    expect(actions).toHaveLength(6);
    room.configure(taintsConfig('maxPercent: 0, maxNodes: 2, confirmAfter: 0s'));
    expect(room.apply(actions)).toHaveLength(2);
    expect(await room.run(50)).toEqual([]);
    expect(await room.run(11)).toHaveLength(2);
  });
});
