import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../control-plane/objects.ts';
import {
  agentPod,
  at,
  cceNode,
  ciliumConfig,
  daemonSet,
  ENI_TAINT,
  type NodeParts,
  ROUTE_TAINT,
  taintsConfig,
  tkeNode,
} from './fixture.ts';
import { scene } from './scene.ts';

/** The reason that keeps the taint on node `n` after two looks; empty when it goes. */
async function reasonOf(objects: readonly KubeObject[], yaml = ''): Promise<string | undefined> {
  const { look, clock, reasons } = scene(objects, taintsConfig(yaml));
  await look();
  clock.advance(6_000);
  await look();
  return reasons().n;
}

function cce(parts: NodeParts = {}): KubeObject[] {
  return [cceNode('n', parts), agentPod('n')];
}

function tke(parts: NodeParts = {}): KubeObject[] {
  return [tkeNode('n', parts), agentPod('n')];
}

describe('a tainted node', () => {
  it.each<[string, readonly KubeObject[], string]>([
    ['of CCE with a Ready agent is freed', cce(), ''],
    ['of TKE with a Ready agent is freed', tke(), ''],
    ['of TKE, a native one, is freed', tke({ providerID: 'tencentcloud://kn-12ab34cd' }), ''],
    [
      'of TKE that its label tells is freed',
      tke({ providerID: '', cloudLabels: { 'node.tke.cloud.tencent.com/machineset': 'np-1' } }),
      '',
    ],
    ['of another cloud is left alone', cce({ providerID: 'aws:///eu-west-1a/i-0123' }), 'CloudUnknown'],
    ['without a mark of its cloud is left alone', cce({ cloudLabels: {} }), 'CloudUnknown'],
    [
      'with marks of both clouds is left alone',
      cce({ labels: { 'cloud.tencent.com/node-instance-id': 'ins-1' } }),
      'CloudUnknown',
    ],
    [
      'that is a super node is left alone',
      tke({ labels: { 'node.kubernetes.io/instance-type': 'eklet' } }),
      'NodeWithoutCilium',
    ],
    [
      'that only its taint tells to be a super node is left alone',
      tke({ taints: [ENI_TAINT, { key: 'eks.tke.cloud.tencent.com/eklet', effect: 'NoSchedule' }] }),
      'NodeWithoutCilium',
    ],
    [
      'that is registered from outside is left alone',
      tke({ labels: { 'node.kubernetes.io/instance-type': 'external' } }),
      'NodeWithoutCilium',
    ],
    ['that is a virtual kubelet is left alone', cce({ labels: { type: 'virtual-kubelet' } }), 'NodeWithoutCilium'],
    ['of CCE Turbo is left alone', cce({ labels: { 'kubernetes.io/eniquota': '16' } }), 'CceEni'],
    ['of CCE in an unknown network is left alone', cce({ podCIDR: '' }), 'NetworkUnknown'],
    ['of CCE DataPlane V2 is left alone', [...cce(), daemonSet('yangtse-cilium', 3)], 'CceDataPlaneV2'],
    [
      "of TKE's own Cilium is left alone",
      [...tke(), daemonSet('cilium', 3, 'ccr.ccs.tencentyun.com/tkeimages/cilium:v1.15.0')],
      'TkeBuiltInCilium',
    ],
    ['of TKE in native mode is left alone', [...tke(), ciliumConfig({ ipam: 'delegated-plugin' })], 'TkeNative'],
    [
      'of TKE with native routing beside VPC-CNI is left alone',
      [...tke(), ciliumConfig({ 'routing-mode': 'native' }), daemonSet('tke-eni-agent', 3)],
      'TkeNative',
    ],
    ['of TKE with VPC-CNI parked is freed', [...tke(), daemonSet('tke-eni-agent', 0)], ''],
    ["of TKE with CCE's taint is left alone", tke({ taints: [ROUTE_TAINT] }), 'NoRule'],
    ['with native routing is left alone', [...cce(), ciliumConfig({ 'routing-mode': 'native' })], 'NativeRouting'],
    ['with routing by the old key is left alone', [...cce(), ciliumConfig({ tunnel: 'disabled' })], 'NativeRouting'],
    ["with Cilium's default routing is freed", [...cce(), ciliumConfig({})], ''],
    [
      'that the autoscaler takes away is left alone',
      cce({ taints: [ROUTE_TAINT, { key: 'ToBeDeletedByClusterAutoscaler', value: '17', effect: 'NoSchedule' }] }),
      'NodeLeaving',
    ],
    [
      'that the autoscaler may take away is left alone',
      cce({ taints: [{ key: 'DeletionCandidateOfClusterAutoscaler', effect: 'PreferNoSchedule' }, ROUTE_TAINT] }),
      'NodeLeaving',
    ],
    [
      'that is shut down is left alone',
      cce({ taints: [ROUTE_TAINT, { key: 'node.cloudprovider.kubernetes.io/shutdown', effect: 'NoSchedule' }] }),
      'NodeLeaving',
    ],
    [
      'that is out of service is left alone',
      cce({ taints: [ROUTE_TAINT, { key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] }),
      'NodeLeaving',
    ],
    ['that is being deleted is left alone', cce({ metadata: { deletionTimestamp: at(0) } }), 'NodeLeaving'],
    ['that is cordoned is left alone', cce({ unschedulable: true }), 'NodeLeaving'],
    ['that is not Ready is left alone', cce({ ready: 'False' }), 'NodeNotReady'],
    ['that is not heard of is left alone', cce({ ready: 'Unknown' }), 'NodeNotReady'],
    ['that became Ready a moment ago is left alone', cce({ readySince: at(-10) }), 'NodeJustReady'],
    ['without an agent is left alone', [cceNode('n')], 'AgentMissing'],
    ['with an agent on another node is left alone', [cceNode('n'), agentPod('m')], 'AgentMissing'],
    [
      'with a Pod that is no agent is left alone',
      [cceNode('n'), agentPod('n', { owner: 'ReplicaSet' })],
      'AgentMissing',
    ],
    ['with an agent that is not Ready is left alone', [cceNode('n'), agentPod('n', { ready: false })], 'AgentNotReady'],
    ['with an agent that ends is left alone', [cceNode('n'), agentPod('n', { terminating: true })], 'AgentTerminating'],
    [
      'with one agent that ends and one that is Ready is freed',
      [cceNode('n'), agentPod('n', { terminating: true }), agentPod('n', { name: 'cilium-new' })],
      '',
    ],
    [
      'whose agent may be a memory from before a reboot is left alone',
      [cceNode('n', { readySince: at(-60) }), agentPod('n', { startedAt: at(-9000), readySince: at(-9000) })],
      'AgentFromBeforeBoot',
    ],
    [
      'whose agent started after it became Ready is freed',
      [cceNode('n', { readySince: at(-60) }), agentPod('n', { startedAt: at(-50) })],
      '',
    ],
    [
      'that Cilium marks is left alone',
      cce({ taints: [ROUTE_TAINT, { key: 'node.cilium.io/agent-not-ready', effect: 'NoSchedule' }] }),
      'AgentNotReadyTaint',
    ],
    [
      'that Cilium marks by a key of its own is left alone',
      [
        ...cce({ taints: [ROUTE_TAINT, { key: 'example.com/wait', effect: 'NoSchedule' }] }),
        ciliumConfig({ 'agent-not-ready-taint-key': 'example.com/wait' }),
      ],
      'AgentNotReadyTaint',
    ],
  ])('%s', async (_, objects, reason) => {
    expect(await reasonOf(objects)).toBe(reason);
  });

  it('without uid, which no write could name exactly, is left alone', async () => {
    expect(await reasonOf(cce({ metadata: { uid: {} } }))).toBeUndefined();
  });

  it('with native routing is freed when the user takes care of routes', async () => {
    expect(await reasonOf([...cce(), ciliumConfig({ 'routing-mode': 'native' })], 'routesHandled: true')).toBe('');
  });

  it('of TKE in native mode stays tainted whoever takes care of routes', async () => {
    expect(await reasonOf([...tke(), ciliumConfig({ ipam: 'delegated-plugin' })], 'routesHandled: true')).toBe(
      'TkeNative',
    );
  });

  it('of CCE without podCIDR is freed when the user says that it is overlay_l2', async () => {
    expect(await reasonOf(cce({ podCIDR: '' }), 'network: cce-overlay')).toBe('');
  });

  it('of an unknown cloud is freed when the user names its taint', async () => {
    const objects = cce({ cloudLabels: {}, taints: [{ key: 'example.com/no-route', effect: 'NoSchedule' }] });
    expect(await reasonOf(objects, 'rules: [example.com/no-route]')).toBe('');
  });

  it('keeps its taint while nodes cannot be read, and until two looks after that', async () => {
    const { cluster, look, run, reasons } = scene(cce());
    await look();
    cluster.setUnread('connection refused');
    expect(await run(10)).toEqual([]);
    expect(reasons()).toEqual({ n: 'NotReadable' });
    cluster.setUnread(undefined);
    expect(await run(4)).toEqual([]);
    expect(await run(2)).toEqual(['n']);
  });

  it('whose agents could not be read at first is not freed for one that may be from before a reboot', async () => {
    const { cluster, look, clock, run, reasons } = scene([cceNode('n', { readySince: at(-60) })]);
    cluster.setUnread('connection refused');
    await look();
    clock.advance(1_000);
    cluster.put(agentPod('n', { startedAt: at(-9000), readySince: at(-9000) }));
    cluster.setUnread(undefined);
    expect(await run(10)).toEqual([]);
    expect(reasons()).toEqual({ n: 'AgentFromBeforeBoot' });
    cluster.put(agentPod('n', { startedAt: at(-20), container: 'containerd://new' }));
    expect(await run(10)).toEqual(['n']);
  });

  it('that became Ready before our eyes has its grace period, however late its clock is', async () => {
    const { cluster, look, run } = scene([
      cceNode('n', { ready: 'False', readySince: at(-5000) }),
      agentPod('n', { startedAt: at(-500) }),
    ]);
    await look();
    cluster.put(cceNode('n', { readySince: at(-600) }));
    expect(await run(29)).toEqual([]);
    expect(await run(10)).toEqual(['n']);
  });

  it('is told of with the verdict of every condition, in order', async () => {
    const { look, reconciler } = scene([cceNode('n', { ready: 'False' }), agentPod('n', { ready: false })]);
    await look();
    const judged = reconciler.verdicts()[0]?.judged ?? [];
    expect(judged.map(({ condition, verdict }) => `${condition} ${verdict}`)).toEqual([
      'observed pass',
      'cloud pass',
      'node-kind pass',
      'network pass',
      'rule pass',
      'routing pass',
      'staying pass',
      'node-ready fail',
      'grace not-applicable',
      'agent fail',
      'agent-boot not-applicable',
      'agent-taint pass',
      'second-writer pass',
      'second-look not-applicable',
    ]);
  });
});
