import { expect, test } from 'vitest';
import { agent, entrypoint, gateway, gatewayService, ours } from '../gateway/build.ts';
import { envoyConfig } from '../gateway/envoy.ts';
import { actionOf, findingOf, plan, writes } from '../gateway/planning.ts';

// Rule 11: node-port refuses 1/N of all connections. The targetPort is kept in sync, auto adds the redirect copy, and
// where only node-port is left or was chosen, the share and the mend are said.

const AGENTS = [agent('1.19.5', 'a'), agent('1.19.5', 'b'), agent('1.19.5', 'c')];
const stale = (parts: Parameters<typeof entrypoint>[1] = {}) => [
  gateway(),
  gatewayService(),
  entrypoint('entry', { ports: [[80, 1]], ...parts }),
  ...AGENTS,
];

test('auto keeps the targetPort in sync and adds the redirect copy; nothing is at risk', () => {
  const planned = plan([...stale(), envoyConfig()]);
  expect(planned.actions.map(({ kind }) => kind)).toEqual(['patch-entrypoint', 'write-redirect-copy']);
  expect(planned.findings.map(({ reason }) => reason)).not.toContain('NodePortExposureRefuses');
});

test.each([
  ['was chosen', stale({ annotations: ours({ exposure: 'node-port' }) }), {}],
  ['is what is left', stale(), {}],
  ['is what is left, since nobody follows the routes', [...stale(), envoyConfig()], { copies: 'frozen' } as const],
])(
  'where node-port %s, the share is told as a warning with the mend, and the ports are synced',
  (_, objects, given) => {
    const planned = plan(objects, given);
    expect(actionOf(planned, 'patch-entrypoint').changes).toEqual([
      { field: 'spec.ports[80].targetPort', before: 1, after: 31080 },
    ]);
    const told = findingOf(planned, 'NodePortExposureRefuses');
    expect(told.verdict).toBe('warn');
    expect(told.message).toContain('refuses 1 in 3 connections to Gateway default/web');
    expect(told.fix).not.toBe('');
    expect(writes(planned)).toEqual(['patch-entrypoint Service kube-system/entry']);
  },
);

test('with externalTrafficPolicy Local, and on one node, it is all connections', () => {
  const local = stale({ spec: { externalTrafficPolicy: 'Local' } });
  const single = [gateway(), gatewayService(), entrypoint(), agent('1.19.5', 'a')];
  for (const objects of [local, single]) {
    expect(findingOf(plan(objects), 'NodePortExposureRefuses').message).toContain('refuses all connections');
  }
});

test('members that are Pods, and the host network, lose nothing', () => {
  for (const exposure of ['pod-ip', 'host-network']) {
    const planned = plan(stale({ annotations: ours({ exposure }) }));
    expect(planned.findings.map(({ reason }) => reason)).not.toContain('NodePortExposureRefuses');
  }
});
