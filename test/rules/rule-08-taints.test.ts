import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../control-plane/objects.ts';
import {
  agentPod,
  at,
  cceNode,
  ciliumConfig,
  ENI_TAINT,
  operatorPod,
  ROUTE_TAINT,
  taintsConfig,
  tkeNode,
} from '../taints/fixture.ts';
import { scene } from '../taints/scene.ts';

/** Rule 8 of the design, clause by clause: where one is not met, and nothing else is wrong, the taint stays. */
describe('rule 8', () => {
  const met = [cceNode('n'), agentPod('n')];

  it('lets a taint go where every clause is met', async () => {
    expect(await scene(met).run(10)).toEqual(['n']);
  });

  it.each<[string, readonly KubeObject[]]>([
    ['only keys of the list', [cceNode('n', { taints: [{ ...ROUTE_TAINT, key: 'example.com/x' }] }), agentPod('n')]],
    [
      'only the effect of the list',
      [cceNode('n', { taints: [{ ...ROUTE_TAINT, effect: 'NoExecute' }] }), agentPod('n')],
    ],
    ['the agent on that node is Ready', [cceNode('n'), agentPod('n', { ready: false }), agentPod('m')]],
    ['the agent is not terminating', [cceNode('n'), agentPod('n', { terminating: true })]],
    [
      "the agent started after the node's last boot",
      [cceNode('n', { readySince: at(-60) }), agentPod('n', { startedAt: at(-4000), readySince: at(-3900) })],
    ],
    [
      'agent-not-ready is absent',
      [
        cceNode('n', { taints: [ROUTE_TAINT, { key: 'node.cilium.io/agent-not-ready', effect: 'NoSchedule' }] }),
        agentPod('n'),
      ],
    ],
    ['the node is Ready', [cceNode('n', { ready: 'Unknown' }), agentPod('n')]],
    [
      'no mark of scale-in',
      [
        cceNode('n', { taints: [ROUTE_TAINT, { key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }] }),
        agentPod('n'),
      ],
    ],
    [
      'no mark of shutdown',
      [
        cceNode('n', {
          taints: [ROUTE_TAINT, { key: 'node.cloudprovider.kubernetes.io/shutdown', effect: 'NoSchedule' }],
        }),
        agentPod('n'),
      ],
    ],
    ['no mark of deletion', [cceNode('n', { metadata: { deletionTimestamp: at(0) } }), agentPod('n')]],
    ['older than the grace period', [cceNode('n', { readySince: at(-15) }), agentPod('n')]],
    ['routing-mode is tunnel', [...met, ciliumConfig({ 'routing-mode': 'native' })]],
    ['never on TKE Native', [tkeNode('n'), agentPod('n'), ciliumConfig({ ipam: 'delegated-plugin' })]],
    ['never on eklet', [tkeNode('n', { labels: { 'node.kubernetes.io/instance-type': 'eklet' } }), agentPod('n')]],
    [
      'never on external nodes',
      [tkeNode('n', { labels: { 'node.kubernetes.io/instance-type': 'external' } }), agentPod('n')],
    ],
  ])('%s', async (_, objects) => {
    expect(await scene(objects).run(10)).toEqual([]);
  });

  it('routes that the user handles make native routing good, but not TKE Native', async () => {
    const handled = taintsConfig('routesHandled: true');
    expect(await scene([...met, ciliumConfig({ 'routing-mode': 'native' })], handled).run(10)).toEqual(['n']);
    const native = [tkeNode('n', { taints: [ENI_TAINT] }), agentPod('n'), ciliumConfig({ ipam: 'delegated-plugin' })];
    expect(await scene(native, handled).run(10)).toEqual([]);
  });

  it('every write tests the taint list that it replaces', async () => {
    const room = scene(met);
    await room.look();
    room.clock.advance(5_000);
    const [action] = (await room.look()).actions;
    const { request } = action ?? {};
    const body = request?.verb === 'patch' && request.patch.type === 'json' ? request.patch.body : [];
    expect(body).toContainEqual({ op: 'test', path: '/spec/taints', value: [ROUTE_TAINT] });
  });

  it('at most the share of nodes in a minute', async () => {
    const nodes = Array.from({ length: 100 }, (_, index) => `n${index}`);
    const room = scene(nodes.flatMap((name) => [cceNode(name), agentPod(name)]));
    expect(await room.run(59)).toHaveLength(20);
  });

  it('the one exception: an operator that cannot be scheduled, in tunnel mode, one node at a time', async () => {
    const stuck = ['a', 'b'].flatMap((name) => [cceNode(name), agentPod(name, { ready: false })]);
    expect(await scene([...stuck, operatorPod('')]).run(10)).toEqual(['a']);
    const native = ciliumConfig({ 'routing-mode': 'native' });
    expect(await scene([...stuck, operatorPod(''), native]).run(60)).toEqual([]);
  });
});
