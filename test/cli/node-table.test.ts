import { expect, it } from 'vitest';
import { createPaint } from '../../src/cli/color.ts';
import { nodeLines } from '../../src/cli/node-table.ts';
import { buildReport } from '../../src/cli/report.ts';
import { agentPod, cceNode } from '../taints/fixture.ts';
import { scene } from '../taints/scene.ts';
import { input } from './report-fixture.ts';

const STYLE = { width: 100, paint: createPaint(false) };

it('gives each tainted node a line with a mark for each condition and what keeps the taint', async () => {
  const room = scene([
    cceNode('192.168.0.10'),
    agentPod('192.168.0.10'),
    cceNode('192.168.0.9', { ready: 'False' }),
    agentPod('192.168.0.9', { ready: false }),
    cceNode('other', { providerID: 'aws:///a/i-1', taints: [] }),
  ]);
  await room.look();
  room.clock.advance(5_000);
  await room.look();
  const { nodes } = buildReport(input({ nodes: room.reconciler.verdicts() }));
  expect(nodeLines(nodes, STYLE)).toEqual([
    'Tainted nodes',
    '  Conditions: 1 observed, 2 cloud, 3 node-kind, 4 network, 5 rule, 6 routing, 7 staying, 8',
    '  node-ready, 9 grace, 10 agent, 11 agent-boot, 12 agent-taint, 13 second-writer, 14 second-look. ✓',
    '  holds, ✗ does not, ? unknown, · does not apply.',
    '  192.168.0.10  cce-vpc-router  ✓✓✓✓✓✓✓✓✓✓✓✓✓✓  obsolete: node.kubernetes.io/route-unreachable:NoSchedule',
    '  192.168.0.9   cce-vpc-router  ✓✓✓✓✓✓✓✗·✗·✓✓·  NodeNotReady: Ready is False',
  ]);
});

it('says nothing where no node is tainted', () => {
  expect(nodeLines([], STYLE)).toEqual([]);
});
