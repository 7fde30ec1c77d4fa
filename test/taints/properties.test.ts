import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trimAgentPod, trimNode, trimOperatorPod, trimRoutingConfigMap } from '../../src/taints/models.ts';
import { formatTaint, listedTaints } from '../../src/taints/rules.ts';
import { isKubeObject, type KubeObject, valueAt } from '../control-plane/objects.ts';
import { parseJson } from '../fake-api/json.ts';
import { applyJsonPatch } from '../fake-api/json-patch.ts';
import { agentPod, at, cceNode, ciliumConfig, ENI_TAINT, ROUTE_TAINT, taintsConfig, tkeNode } from './fixture.ts';
import { scene } from './scene.ts';

const RUNS = { numRuns: 300 };

const taint = fc.constantFrom(
  ROUTE_TAINT,
  ENI_TAINT,
  { key: 'node.kubernetes.io/route-unreachable', effect: 'NoExecute', timeAdded: at(-5) },
  { key: 'example.com/gpu', value: 'a', effect: 'NoSchedule' },
  { key: 'node.cilium.io/agent-not-ready', effect: 'NoSchedule' },
  { key: 'ToBeDeletedByClusterAutoscaler', value: '1', effect: 'NoSchedule' },
);

interface Drawn {
  readonly node: KubeObject;
  readonly agent: KubeObject | undefined;
  /** Every piece of evidence is there. */
  readonly fit: boolean;
}

/** A node with each piece of evidence present or missing. */
function drawn(name: string): fc.Arbitrary<Drawn> {
  return fc
    .record({
      cloud: fc.constantFrom('cce', 'tke'),
      taints: fc.uniqueArray(taint, { maxLength: 4, selector: ({ key, effect }) => `${key}:${effect}` }),
      ready: fc.constantFrom('True', 'True', 'True', 'False', 'Unknown'),
      settled: fc.boolean(),
      cordoned: fc.constantFrom(false, false, false, true),
      kind: fc.constantFrom('', '', '', 'eklet', 'external'),
      known: fc.constantFrom(true, true, true, false),
      agent: fc.constantFrom('ready', 'ready', 'ready', 'not-ready', 'terminating', 'missing', 'foreign'),
    })
    .map(({ cloud, taints, ready, settled, cordoned, kind, known, agent }) => {
      const make = cloud === 'cce' ? cceNode : tkeNode;
      const own = cloud === 'cce' ? ROUTE_TAINT : ENI_TAINT;
      const node = make(name, {
        taints,
        ready,
        readySince: settled ? at(-600) : at(0),
        unschedulable: cordoned,
        ...(known ? {} : { providerID: 'azure:///x' }),
        ...(kind === '' ? {} : { labels: { 'node.kubernetes.io/instance-type': kind } }),
      });
      const parts = {
        ready: agent !== 'not-ready',
        terminating: agent === 'terminating',
        owner: agent === 'foreign' ? 'StatefulSet' : 'DaemonSet',
      };
      const marked = taints.some(({ key }) => key.startsWith('ToBeDeleted') || key.startsWith('node.cilium.io/'));
      return {
        node,
        agent: agent === 'missing' ? undefined : agentPod(name, parts),
        fit:
          taints.includes(own) &&
          !marked &&
          ready === 'True' &&
          settled &&
          !cordoned &&
          kind === '' &&
          known &&
          agent === 'ready',
      };
    });
}

const clusters = fc
  .integer({ min: 1, max: 12 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => drawn(`n${index}`))));

function objectsOf(nodes: readonly Drawn[]): KubeObject[] {
  return nodes.flatMap(({ node, agent }) => (agent === undefined ? [node] : [node, agent]));
}

async function planOf(objects: readonly KubeObject[], yaml: string) {
  const room = scene(objects, taintsConfig(yaml));
  await room.look();
  room.clock.advance(5_000);
  return { ...(await room.look()), room };
}

describe('for any cluster, the plan', () => {
  it('frees exactly the nodes that have each piece of evidence', async () => {
    await fc.assert(
      fc.asyncProperty(clusters, async (nodes) => {
        const { actions } = await planOf(objectsOf(nodes), 'maxPercent: 100');
        const expected = nodes.filter(({ fit }) => fit).map(({ node }) => node.metadata.name);
        expect(actions.map((action) => action.target.name).toSorted()).toEqual(expected.toSorted());
      }),
      RUNS,
    );
  });

  it('removes listed taints and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(clusters, async (nodes) => {
        const { actions } = await planOf(objectsOf(nodes), 'maxPercent: 100');
        for (const { request, target } of actions) {
          const node = nodes.find((one) => one.node.metadata.name === target.name)?.node;
          if (request.verb !== 'patch' || request.patch.type !== 'json') throw new Error('not a JSON patch');
          const before = parseJson(JSON.stringify({ ...node, metadata: { ...node?.metadata } }));
          const after = applyJsonPatch(before, parseJson(JSON.stringify(request.patch.body)));
          if (!isKubeObject(after) || node === undefined) throw new Error('no object');
          const gone = trimNode(node).taints.filter(
            (one) => !trimNode(after).taints.some((kept) => formatTaint(kept) === formatTaint(one)),
          );
          expect(gone.length).toBeGreaterThan(0);
          expect(listedTaints(gone, undefined)).toHaveLength(gone.length);
          expect(withoutTaints(after)).toEqual(withoutTaints(before));
        }
      }),
      RUNS,
    );
  });

  it('never names more nodes than the limit lets go', async () => {
    await fc.assert(
      fc.asyncProperty(
        clusters,
        fc.integer({ min: 0, max: 99 }),
        fc.integer({ min: 0, max: 5 }),
        async (nodes, percent, most) => {
          const yaml = `maxPercent: ${percent}, maxNodes: ${most}`;
          const { actions, held } = await planOf(objectsOf(nodes), yaml);
          expect(actions.length).toBeLessThanOrEqual(Math.max(Math.floor((nodes.length * percent) / 100), most));
          expect(actions.length + held.length).toBe(nodes.filter(({ fit }) => fit).length);
        },
      ),
      RUNS,
    );
  });

  it('is the same whatever the order in which things were read', async () => {
    await fc.assert(
      fc.asyncProperty(clusters, fc.array(fc.nat(), { minLength: 30, maxLength: 30 }), async (nodes, order) => {
        const weights = objectsOf(nodes).map((object, index) => ({ object, weight: order[index] ?? 0 }));
        const shuffled = weights.toSorted((a, b) => a.weight - b.weight).map(({ object }) => object);
        const [one, other] = await Promise.all([planOf(objectsOf(nodes), ''), planOf(shuffled, '')]);
        const gist = ({ actions, held, findings }: typeof one): unknown => ({
          actions: actions.map(({ target, message }) => [target.name, message]),
          held: held.map(({ action }) => action.target.name),
          findings: findings.map((found) => [found.reason, found.evidence.nodes]).toSorted(),
        });
        expect(gist(one)).toEqual(gist(other));
      }),
      { numRuns: 100 },
    );
  });

  it('is empty after a perfect apply', async () => {
    await fc.assert(
      fc.asyncProperty(clusters, async (nodes) => {
        const { room, actions } = await planOf(objectsOf(nodes), 'maxPercent: 100');
        expect(room.apply(actions)).toHaveLength(actions.length);
        expect((await room.look()).actions).toEqual([]);
      }),
      RUNS,
    );
  });

  it('frees nobody when routing is native, for whatever nodes', async () => {
    await fc.assert(
      fc.asyncProperty(clusters, async (nodes) => {
        const objects = [...objectsOf(nodes), ciliumConfig({ 'routing-mode': 'native' })];
        expect((await planOf(objects, 'maxPercent: 100')).actions).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

/** The object's text with `spec.taints` blanked, keys in order. */
function withoutTaints(object: unknown): unknown {
  return JSON.parse(JSON.stringify(object, (key, value: unknown) => (key === 'taints' ? [] : value)));
}

/** Objects whose parts may be of any shape. */
function garbled(object: KubeObject): fc.Arbitrary<KubeObject> {
  const junk = fc.jsonValue();
  const part = (key: string): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 2, arbitrary: fc.constant(object[key]) }, { weight: 1, arbitrary: junk });
  return fc.record({ spec: part('spec'), status: part('status') }).map((parts) => ({ ...object, ...parts }));
}

describe('objects of any shape', () => {
  it('never break a look, and free nobody without evidence', async () => {
    await fc.assert(
      fc.asyncProperty(garbled(cceNode('n')), garbled(agentPod('n')), async (node, agent) => {
        const { actions } = await planOf([node, agent], 'maxPercent: 100');
        const whole =
          JSON.stringify(node) === JSON.stringify(cceNode('n')) &&
          JSON.stringify(agent) === JSON.stringify(agentPod('n'));
        if (!whole && valueAt(agent, 'spec', 'nodeName') !== 'n') expect(actions).toEqual([]);
        if (valueAt(node, 'status', 'conditions', 1, 'status') !== 'True') expect(actions).toEqual([]);
      }),
      RUNS,
    );
  });

  it('are read without an exception', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('metadata', 'spec', 'status', 'data', 'kind'), fc.jsonValue()),
        (raw) => {
          expect([trimNode(raw), trimAgentPod(raw), trimOperatorPod(raw), trimRoutingConfigMap(raw)]).toHaveLength(4);
        },
      ),
      RUNS,
    );
  });
});
