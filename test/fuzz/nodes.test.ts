import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPaint } from '../../src/cli/color.ts';
import { renderJson } from '../../src/cli/json.ts';
import { buildReport } from '../../src/cli/report.ts';
import { renderTable } from '../../src/cli/table.ts';
import { asArray, asRecord, at } from '../../src/kube/read.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { limit } from '../../src/plan/limit.ts';
import type { Action } from '../../src/plan/plan.types.ts';
import { isKubeObject, type KubeObject } from '../control-plane/objects.ts';
import {
  agentPod,
  cceNode,
  ciliumConfig,
  daemonSet,
  ENI_TAINT,
  operatorPod,
  ROUTE_TAINT,
  taintsConfig,
  tkeNode,
} from '../taints/fixture.ts';
import { scene } from '../taints/scene.ts';
import { runs, spoil, spoiling, UNPRINTABLE } from './values.ts';

const OTHER_TAINT = { key: 'example.com/gpu', value: 'a', effect: 'NoSchedule' };
const OBSOLETE: readonly unknown[] = [
  ROUTE_TAINT.key,
  ENI_TAINT.key,
  'tke.cloud.tencent.com/direct-eni-ip-unavailable',
];

const OBJECTS: readonly KubeObject[] = [
  cceNode('n1', { taints: [OTHER_TAINT, ROUTE_TAINT] }),
  agentPod('n1'),
  cceNode('n2', { taints: [ROUTE_TAINT, OTHER_TAINT] }),
  agentPod('n2'),
  tkeNode('n3', { taints: [ENI_TAINT] }),
  agentPod('n3'),
  ciliumConfig(),
  daemonSet('tke-eni-agent', 0),
];
const STUCK: readonly KubeObject[] = [
  cceNode('n1'),
  agentPod('n1', { ready: false }),
  cceNode('n2'),
  agentPod('n2', { ready: false }),
  operatorPod(''),
];

/** Rule 8, judged from the raw objects: listed taints of a node that is there, and nothing else of it. */
function expectAllowed(action: Action, objects: readonly RawObject[]): void {
  const { request, target } = action;
  const node = objects.find(({ kind, metadata }) => kind === 'Node' && at(metadata, 'name') === target.name);
  expect(node).toBeDefined();
  expect(action.kind).toBe('remove-taints');
  if (request.verb !== 'patch' || request.patch.type !== 'json') throw new Error('not a JSON patch');
  const operations = asArray(request.patch.body).map(asRecord);
  const writes = operations.filter(({ op }) => op !== 'test');
  expect(writes.map(({ op, path }) => [op, path])).toEqual([['replace', '/spec/taints']]);
  const before = asArray(at(node, 'spec', 'taints'));
  expect(operations).toContainEqual({ op: 'test', path: '/spec/taints', value: before });
  expect(operations).toContainEqual({ op: 'test', path: '/metadata/uid', value: at(node, 'metadata', 'uid') });
  const after = asArray(writes[0]?.value);
  const gone = before.filter((taint) => !after.includes(taint));
  expect(gone.length).toBeGreaterThan(0);
  expect(after).toEqual(before.filter((taint) => !gone.includes(taint)));
  for (const taint of gone) expect(OBSOLETE).toContain(at(taint, 'key'));
  expect(
    at(node, 'metadata', 'deletionTimestamp') === undefined ||
      typeof at(node, 'metadata', 'deletionTimestamp') !== 'string',
  ).toBe(true);
}

async function goThrough(objects: readonly RawObject[]): Promise<void> {
  const room = scene(objects.filter(isKubeObject), taintsConfig('maxPercent: 100'));
  await room.look();
  room.clock.advance(6_000);
  const { actions, findings, held } = await room.look();
  for (const action of actions) expectAllowed(action, objects);
  const policy = { readOnly: false, dryRun: false, history: new Map(), now: 0 };
  const limited = limit(actions, policy);
  const report = buildReport({
    version: '0',
    server: 's',
    context: undefined,
    mode: 'once',
    startedAt: 0,
    subjects: [],
    nodes: room.reconciler.verdicts(),
    actions: [...actions, ...held.map(({ action }) => action)],
    declined: [...limited.declined, ...held],
    outcomes: [],
    findings,
  });
  const shown = renderTable(report, { width: 100, paint: createPaint(false) }) + renderJson(report);
  expect(UNPRINTABLE.exec(shown.replaceAll('\n', ''))).toBeNull();
}

describe('nodes, agents and operators of which anything may be wrong', () => {
  it.each([
    ['tainted nodes', OBJECTS],
    ['a cluster whose operator is stuck', STUCK],
  ])('%s: no exception, and only obsolete taints go', async (_, objects) => {
    await fc.assert(
      fc.asyncProperty(fc.array(spoiling, { minLength: 1, maxLength: 6 }), async (changes) => {
        await goThrough(spoil(objects, changes));
      }),
      runs(200),
    );
  });

  it('as they should be, are freed: the test above looks at something', async () => {
    const room = scene(OBJECTS, taintsConfig('maxPercent: 100'));
    expect(await room.run(10)).toEqual(['n1', 'n2', 'n3']);
    const stuck = scene(STUCK, taintsConfig('maxPercent: 100'));
    expect(await stuck.run(10)).toEqual(['n1']);
  });
});
