import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../control-plane/objects.ts';
import { agentPod, cceNode, ciliumConfig, operatorPod, ROUTE_TAINT, taintsConfig, tkeNode } from './fixture.ts';
import { type Scene, scene } from './scene.ts';

/** No agent is Ready, since no operator runs. */
function stuck(...names: readonly string[]): KubeObject[] {
  return [...names.flatMap((name) => [cceNode(name), agentPod(name, { ready: false })]), operatorPod('')];
}

async function mendOf({ look }: Scene): Promise<{ verdict: string; message: string; fix: string } | undefined> {
  return (await look()).findings.find((one) => one.reason === 'OperatorPending');
}

describe('an operator that no node takes', () => {
  it('gets one node, then the next, until it is scheduled; the others follow by the ordinary rule', async () => {
    const room = scene(stuck('a', 'b', 'c'));
    expect(await room.run(4)).toEqual([]);
    expect(await room.run(6)).toEqual(['a']);
    expect((await mendOf(room))?.verdict).toBe('warn');
    expect(await room.run(15)).toEqual(['b']);
    room.cluster.put(operatorPod('b'));
    expect(await room.run(60)).toEqual([]);
    room.cluster.put(agentPod('b'), agentPod('c'));
    expect(await room.run(10)).toEqual(['c']);
    expect(await mendOf(room)).toBeUndefined();
  });

  it('gets a node that waits for its network, and none without an agent', async () => {
    const waiting = { ready: 'False', readyMessage: 'container runtime network not ready: cni plugin not initialized' };
    const room = scene([
      cceNode('a'),
      cceNode('b', waiting),
      agentPod('b', { ready: false }),
      cceNode('c'),
      agentPod('c', { ready: false, running: false }),
      operatorPod(''),
    ]);
    expect(await room.run(30)).toEqual(['b']);
  });

  it.each([
    ['with native routing', [...stuck('a'), ciliumConfig({ 'routing-mode': 'native' })], '', 'routing-mode is native'],
    ['when switched off', stuck('a'), 'bootstrap: false', 'taints.bootstrap is switched off'],
    [
      'on a node that goes',
      [cceNode('a', { unschedulable: true }), agentPod('a', { ready: false }), operatorPod('')],
      '',
      'it is cordoned',
    ],
    ['without an agent', [cceNode('a'), operatorPod('')], '', 'no tainted node runs an agent of Cilium'],
  ])('gets nothing %s, and the Helm values are said', async (_, objects, yaml, why) => {
    const room = scene(objects, taintsConfig(yaml));
    expect(await room.run(60)).toEqual([]);
    const mend = await mendOf(room);
    expect(mend?.verdict).toBe('fail');
    expect(mend?.message).toContain(why);
    expect(mend?.fix).toBe(
      "Let the operator tolerate it, in Cilium's Helm values: --set-json 'operator.tolerations=" +
        '[{"key":"node-role.kubernetes.io/control-plane","operator":"Exists"},' +
        '{"key":"node.kubernetes.io/not-ready","operator":"Exists"},' +
        '{"key":"node.cloudprovider.kubernetes.io/uninitialized","operator":"Exists"},' +
        '{"key":"node.cilium.io/agent-not-ready","operator":"Exists"},' +
        `{"key":"node.kubernetes.io/route-unreachable","operator":"Exists"}]'.`,
    );
  });

  it.each([
    [
      'one operator runs',
      [...stuck('a'), { ...operatorPod('b'), metadata: { ...operatorPod('b').metadata, name: 'second' } }],
    ],
    [
      'a taint that only advises is all that the scheduler could mean',
      [
        cceNode('a', { taints: [{ ...ROUTE_TAINT, effect: 'PreferNoSchedule' }] }),
        agentPod('a', { ready: false }),
        operatorPod('', '0/2 nodes are available: 2 node(s) had untolerated taint(s).'),
      ],
    ],
    [
      'the scheduler names another reason',
      [...stuck('a'), operatorPod('', '0/1 nodes are available: 1 Insufficient cpu.')],
    ],
  ])('is no deadlock when %s', async (_, objects) => {
    const room = scene(objects);
    expect(await room.run(60)).toEqual([]);
    expect(await mendOf(room)).toBeUndefined();
  });

  it.each([
    ['names no taint (Kubernetes 1.35 and later)', '0/1 nodes are available: 1 node(s) had untolerated taint(s).'],
    [
      'names the first taint of each node',
      '0/1 nodes are available: 1 node(s) had untolerated taint {tke.cloud.tencent.com/eni-ip-unavailable: }.',
    ],
  ])('gets its node when the scheduler %s, and the Helm values name every taint', async (_, message) => {
    const taints = ['tke.cloud.tencent.com/eni-ip-unavailable', 'tke.cloud.tencent.com/direct-eni-ip-unavailable'];
    const room = scene([
      tkeNode('a', { taints: taints.map((key) => ({ key, effect: 'NoSchedule' })) }),
      agentPod('a', { ready: false }),
      operatorPod('', message),
    ]);
    const fix = (await mendOf(room))?.fix ?? '';
    for (const key of taints) expect(fix).toContain(`{"key":"${key}","operator":"Exists"}`);
    expect(await room.run(10)).toEqual(['a']);
  });

  it('is left to the ordinary rule where a node can be freed by it', async () => {
    const room = scene([...stuck('a'), cceNode('b'), agentPod('b')]);
    expect(await room.run(6)).toEqual(['b']);
  });

  it.each([
    ['whose agent is not Ready', false],
    ['that could be freed by the ordinary rule', true],
  ])('gets the next node where the first is a paused one %s', async (_, ready) => {
    const paused = { 'cilium-cloud-bridge.io/paused': 'true' };
    const room = scene([...stuck('a', 'b'), cceNode('a', { annotations: paused }), agentPod('a', { ready })]);
    expect(await room.run(30)).toEqual(['b']);
  });

  it('gets nothing where only a paused node could be freed, and that is said', async () => {
    const paused = { 'cilium-cloud-bridge.io/paused': 'true' };
    const room = scene([...stuck('a'), cceNode('a', { annotations: paused })]);
    expect(await room.run(30)).toEqual([]);
    const mend = await mendOf(room);
    expect(mend?.verdict).toBe('fail');
    expect(mend?.message).toContain('node a is paused');
  });

  it('does not get a node that keeps another taint which it does not tolerate', async () => {
    const room = scene([
      cceNode('a', { taints: [ROUTE_TAINT, { key: 'example.com/gpu', effect: 'NoSchedule' }] }),
      agentPod('a', { ready: false }),
      cceNode('b'),
      agentPod('b', { ready: false }),
      operatorPod(''),
    ]);
    expect(await room.run(10)).toEqual(['b']);
  });
});
