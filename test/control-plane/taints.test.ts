import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DAEMON_SETS, NODES, PODS } from '../../src/kube/resources.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { cceNode, ciliumConfig, daemonSet, ENI_TAINT, operatorPod, ROUTE_TAINT, tkeNode } from '../taints/fixture.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import { type Controller, once, onceReport, settledWritesSince, startController, writesSince } from './product.ts';
import {
  ago,
  installCilium,
  nodeEvents,
  nodesWith,
  putAgent,
  putNode,
  putPod,
  removeNodes,
  setTaints,
  taintKeys,
} from './taint-objects.ts';
import { waitFor } from './wait.ts';

const ROUTE = ROUTE_TAINT.key;
const ENI = ENI_TAINT.key;
const QUICK = { taints: { grace: '2s', confirmAfter: '1s', maxPercent: 100, bootstrapInterval: '2s' } };
const SLOW_MS = { timeoutMs: 40_000 };

describe('taints on a real API server', () => {
  let cluster: ControlPlane;
  let controller: Controller | undefined;

  beforeAll(async () => {
    cluster = await startControlPlane({ operator: false, gatewayCrds: false, ciliumCrds: false });
  });
  afterAll(() => cluster?.stop());
  beforeEach(() => installCilium(cluster));
  afterEach(async () => {
    await controller?.stop();
    controller = undefined;
    await removeNodes(cluster);
  });

  /** A node that nothing speaks against. */
  async function soundNode(name: string, make = cceNode): Promise<void> {
    await putNode(cluster, make, name);
    await putAgent(cluster, name);
  }

  /** Nodes of every kind; the value is what the table says of each. */
  async function mixedCluster(): Promise<Readonly<Record<string, string>>> {
    await soundNode('cce-1');
    await soundNode('tke-1', tkeNode);
    const key = 'example.com/gpu';
    await putNode(cluster, cceNode, 'cce-2', { taints: [{ key, effect: 'NoSchedule' }, ROUTE_TAINT] });
    await putAgent(cluster, 'cce-2');
    await putNode(cluster, cceNode, 'agent-absent');
    await putNode(cluster, cceNode, 'agent-not-ready');
    await putAgent(cluster, 'agent-not-ready', { ready: false });
    await putNode(cluster, cceNode, 'agent-terminating');
    await putAgent(cluster, 'agent-terminating', { terminating: true });
    await putNode(cluster, cceNode, 'agent-stale', { readySince: ago(20) });
    await putAgent(cluster, 'agent-stale');
    await putNode(cluster, cceNode, 'cordoned', { unschedulable: true });
    await putAgent(cluster, 'cordoned');
    await putNode(cluster, tkeNode, 'eklet', { labels: { 'node.kubernetes.io/instance-type': 'eklet' } });
    await putAgent(cluster, 'eklet');
    await putNode(cluster, cceNode, 'node-not-ready', { ready: 'Unknown' });
    await putAgent(cluster, 'node-not-ready');
    const scaleIn = { key: 'ToBeDeletedByClusterAutoscaler', value: '1', effect: 'NoSchedule' };
    await putNode(cluster, cceNode, 'scale-in', { taints: [ROUTE_TAINT, scaleIn] });
    await putAgent(cluster, 'scale-in');
    await putNode(cluster, cceNode, 'elsewhere', { providerID: 'aws:///a/i-1' });
    await putAgent(cluster, 'elsewhere');
    return {
      'agent-absent': 'AgentMissing',
      'agent-not-ready': 'AgentNotReady',
      'agent-stale': 'AgentFromBeforeBoot',
      'agent-terminating': 'AgentTerminating',
      'cce-1': '',
      'cce-2': '',
      cordoned: 'NodeLeaving',
      eklet: 'NodeWithoutCilium',
      elsewhere: 'CloudUnknown',
      'node-not-ready': 'NodeNotReady',
      'scale-in': 'NodeLeaving',
      'tke-1': '',
    };
  }

  test('--once frees exactly the right nodes, and the table says why of each of the others', async () => {
    const expected = await mixedCluster();
    const mark = await cluster.audit.mark();
    const dry = await onceReport(cluster, { config: QUICK, args: ['--dry-run'] });
    expect(await writesSince(cluster, mark)).toEqual([]);
    expect(dry.code).toBe(2);
    expect(Object.fromEntries(dry.report.nodes.map(({ name, reason }) => [name, reason]))).toEqual(expected);
    expect(dry.report.nodes[0]?.conditions).toHaveLength(14);
    const table = await once(cluster, { config: QUICK, args: ['--dry-run'] });
    for (const [name, reason] of Object.entries(expected)) {
      expect(table.stdout).toMatch(new RegExp(`^ +${name} .*${reason === '' ? 'obsolete' : reason}`, 'm'));
    }
    const { report, code } = await onceReport(cluster, { config: QUICK, args: ['--yes'] });
    expect(code).toBe(0);
    expect(report.actions.map(({ target, outcome }) => `${target.name} ${outcome.status}`).toSorted()).toEqual([
      'cce-1 applied',
      'cce-2 applied',
      'tke-1 applied',
    ]);
    expect(await taintKeys(cluster, 'cce-2')).toEqual(['example.com/gpu']);
    expect([...(await nodesWith(cluster, ROUTE)), ...(await nodesWith(cluster, ENI))].toSorted()).toEqual(
      Object.keys(expected).filter((name) => expected[name] !== ''),
    );
    expect(await writesSince(cluster, mark)).toEqual(
      expect.arrayContaining(['patch nodes /cce-1', 'patch nodes /cce-2', 'patch nodes /tke-1']),
    );
    await waitFor('the Event', async () => {
      const events = await nodeEvents(cluster, 'cce-1');
      return events.some((event) =>
        event.startsWith(`TaintRemoved: Remove ${ROUTE}:NoSchedule: Cilium's agent cilium-cce-1`),
      );
    });
  });

  test('--once leaves a node that is coming up alone, and a paused one', async () => {
    await putNode(cluster, cceNode, 'young', { readySince: ago(1) });
    await putAgent(cluster, 'young', { startedAt: ago(1) });
    await putNode(cluster, cceNode, 'paused', { annotations: { 'cilium-cloud-bridge.io/paused': 'true' } });
    await putAgent(cluster, 'paused');
    const { report, code } = await onceReport(cluster, {
      config: { taints: { ...QUICK.taints, grace: '1m' } },
      args: ['--yes'],
    });
    expect(report.nodes.map(({ name, reason }) => `${name} ${reason}`)).toEqual(['paused ', 'young NodeJustReady']);
    expect(report.actions.map(({ target, outcome }) => `${target.name} ${outcome.reason}`)).toEqual(['paused Paused']);
    expect(code).toBe(2);
    expect(await nodesWith(cluster, ROUTE)).toEqual(['paused', 'young']);
  });

  test('five reboots and a newcomer: left alone until Cilium is up, then freed, and no fight', async () => {
    await soundNode('a');
    controller = await startController(cluster, { config: QUICK });
    await waitFor('the first removal', async () => (await nodesWith(cluster, ROUTE)).length === 0, SLOW_MS);
    for (let boot = 2; boot <= 6; boot += 1) {
      await putNode(cluster, cceNode, 'a', { bootID: `boot-${boot}`, readySince: ago(0), heartbeat: ago(0) });
      await systemClock.sleep(4_000);
      expect(await nodesWith(cluster, ROUTE)).toEqual(['a']);
      const agent = { container: `containerd://${boot}`, startedAt: ago(0), readySince: ago(0) };
      await putAgent(cluster, 'a', { ...agent, ready: false });
      await systemClock.sleep(1_500);
      expect(await nodesWith(cluster, ROUTE)).toEqual(['a']);
      await putAgent(cluster, 'a', agent);
      await waitFor(
        `the removal after boot ${boot}`,
        async () => (await nodesWith(cluster, ROUTE)).length === 0,
        SLOW_MS,
      );
    }
    await putNode(cluster, cceNode, 'newcomer', { readySince: ago(0), heartbeat: ago(0) });
    await systemClock.sleep(4_000);
    expect(await nodesWith(cluster, ROUTE)).toEqual(['newcomer']);
    await putAgent(cluster, 'newcomer', { startedAt: ago(0), readySince: ago(0) });
    await waitFor("the newcomer's removal", async () => (await nodesWith(cluster, ROUTE)).length === 0, SLOW_MS);
    expect(controller.log().filter(({ reason }) => reason === 'TaintKeepsComingBack')).toEqual([]);
  }, 120_000);

  test('a writer of other taints on the same nodes loses nothing', async () => {
    const names = ['a', 'b', 'c'];
    for (const name of names) await soundNode(name);
    controller = await startController(cluster, {
      config: { taints: { ...QUICK.taints, confirmAfter: '0', removalsPerBoot: 100 } },
    });
    const own = new Map(names.map((name) => [name, new Set<string>()]));
    for (let round = 0; round < 300; round += 1) {
      const name = names[round % names.length] ?? '';
      const keys = own.get(name) ?? new Set<string>();
      const key = `example.com/${round % 4}`;
      if (!keys.delete(key)) keys.add(key);
      const mine = [...keys].map((each) => ({ key: each, effect: 'NoSchedule' }));
      const now = await taintKeys(cluster, name);
      expect(now.filter((each) => each !== ROUTE).length).toBe(mine.length + (keys.has(key) ? -1 : 1));
      await setTaints(cluster, name, round % 5 === 0 ? [...mine, ROUTE_TAINT] : mine, 'other');
    }
    await waitFor('the last removal', async () => (await nodesWith(cluster, ROUTE)).length === 0, SLOW_MS);
    for (const [name, keys] of own) expect((await taintKeys(cluster, name)).toSorted()).toEqual([...keys].toSorted());
  });

  test('whoever sets the taint each second is named after the configured tries; other nodes are freed', async () => {
    const manager = `writer-${randomBytes(3).toString('hex')}`;
    await soundNode('fought');
    const fight = new AbortController();
    let sets = 0;
    const fighting = (async () => {
      while (!fight.signal.aborted) {
        if ((await nodesWith(cluster, ROUTE)).includes('fought') === false) {
          await setTaints(cluster, 'fought', [ROUTE_TAINT], manager);
          sets += 1;
        }
        await systemClock.sleep(1_000);
      }
    })();
    const mark = await cluster.audit.mark();
    controller = await startController(cluster, { config: { taints: { ...QUICK.taints, removalsPerBoot: 3 } } });
    const line = await controller.waitForLine('the warning', ({ reason }) => reason === 'TaintKeepsComingBack', 60_000);
    expect(line.msg).toContain(`${manager} has set ${ROUTE}:NoSchedule again`);
    await soundNode('bystander');
    await waitFor('the bystander', async () => !(await nodesWith(cluster, ROUTE)).includes('bystander'), SLOW_MS);
    await systemClock.sleep(5_000);
    fight.abort();
    await fighting;
    const tries = (await settledWritesSince(cluster, mark)).filter((write) => write === 'patch nodes /fought');
    expect(tries).toHaveLength(3);
    expect(sets).toBe(3);
    const events = await nodeEvents(cluster, 'fought');
    expect(events).toContainEqual(expect.stringMatching(new RegExp(`^TaintKeepsComingBack: ${manager} has set`)));
    // A restart knows of it by that Event.
    await controller.stop();
    const again = await cluster.audit.mark();
    controller = await startController(cluster, { config: { taints: { ...QUICK.taints, removalsPerBoot: 3 } } });
    await systemClock.sleep(5_000);
    expect(await settledWritesSince(cluster, again)).toEqual([]);
  }, 120_000);

  test.each<[string, string, () => Promise<void>]>([
    [
      'native routing',
      'NativeRouting',
      async () => {
        await cluster.apply(ciliumConfig({ 'routing-mode': 'native' }));
        await soundNode('n');
      },
    ],
    [
      'CCE Turbo (eni)',
      'CceEni',
      async () => {
        await putNode(cluster, cceNode, 'n', { labels: { 'kubernetes.io/eniquota': '16' } });
        await putAgent(cluster, 'n');
      },
    ],
    [
      'a super node (eklet)',
      'NodeWithoutCilium',
      async () => {
        await putNode(cluster, tkeNode, 'n', { labels: { 'node.kubernetes.io/instance-type': 'eklet' } });
        await putAgent(cluster, 'n');
      },
    ],
    [
      'CCE DataPlane V2',
      'CceDataPlaneV2',
      async () => {
        await cluster.apply(daemonSet('yangtse-cilium', 1));
        await soundNode('n');
      },
    ],
    [
      'TKE native mode',
      'TkeNative',
      async () => {
        await cluster.apply(ciliumConfig({ ipam: 'delegated-plugin', 'routing-mode': 'native' }));
        await soundNode('n', tkeNode);
      },
    ],
    [
      "TKE's own Cilium",
      'TkeBuiltInCilium',
      async () => {
        await cluster.remove(DAEMON_SETS, { namespace: 'kube-system', name: 'cilium' });
        await cluster.apply(daemonSet('cilium', 1, 'ccr.ccs.tencentyun.com/tkeimages/cilium:v1.15.0'));
        await soundNode('n', tkeNode);
      },
    ],
  ])('%s: nothing is removed, and the reason is said', async (_, reason, make) => {
    await make();
    const mark = await cluster.audit.mark();
    const { report } = await onceReport(cluster, { config: QUICK, args: ['--yes'] });
    expect(report.nodes.map((node) => node.reason)).toEqual([reason]);
    expect(report.findings.map((finding) => finding.reason)).toContain(reason);
    expect(await writesSince(cluster, mark)).toEqual([]);
  });

  test('an operator that no node takes gets one; when it runs the others follow by the ordinary rule', async () => {
    for (const name of ['a', 'b', 'c']) {
      await putNode(cluster, cceNode, name);
      await putAgent(cluster, name, { ready: false });
    }
    await putPod(cluster, operatorPod(''));
    controller = await startController(cluster, { config: { taints: { ...QUICK.taints, bootstrapInterval: '10s' } } });
    await waitFor('one free node', async () => (await nodesWith(cluster, ROUTE)).length === 2, SLOW_MS);
    expect(await nodesWith(cluster, ROUTE)).toEqual(['b', 'c']);
    // The scheduler's part: the operator goes there and starts, then the agents get ready.
    await cluster.request('POST', '/api/v1/namespaces/kube-system/pods/cilium-operator-6d4f/binding', {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'cilium-operator-6d4f' },
      target: { apiVersion: 'v1', kind: 'Node', name: 'a' },
    });
    await cluster.patchStatus(PODS, { namespace: 'kube-system', name: 'cilium-operator-6d4f' }, { phase: 'Running' });
    await systemClock.sleep(3_000);
    expect(await nodesWith(cluster, ROUTE)).toEqual(['b', 'c']);
    for (const name of ['a', 'b', 'c']) await putAgent(cluster, name, { readySince: ago(0) });
    await waitFor('all of them', async () => (await nodesWith(cluster, ROUTE)).length === 0, SLOW_MS);
    const { writesLogged } = controller;
    await waitFor('a line for each', () => writesLogged().length === 3, SLOW_MS); // a write shows before its line does
    const reasons = writesLogged().map(({ reason, object }) => `${object} ${reason}`);
    expect(reasons.toSorted()).toEqual(['Node a BootstrapTaintRemoved', 'Node b TaintRemoved', 'Node c TaintRemoved']);
  });

  test('in native mode the operator gets nothing, and the Helm values are said', async () => {
    await cluster.apply(ciliumConfig({ 'routing-mode': 'native' }));
    await putNode(cluster, cceNode, 'a');
    await putAgent(cluster, 'a', { ready: false });
    await putPod(cluster, operatorPod(''));
    const { report } = await onceReport(cluster, { config: QUICK, args: ['--yes'] });
    const found = report.findings.find(({ reason }) => reason === 'OperatorPending');
    expect(found?.verdict).toBe('fail');
    expect(found?.fix).toContain(`{"key":"${ROUTE}","operator":"Exists"}`);
    expect(await nodesWith(cluster, ROUTE)).toEqual(['a']);
    expect(await cluster.get(NODES, { namespace: '', name: 'a' })).toBeDefined();
  });
});
