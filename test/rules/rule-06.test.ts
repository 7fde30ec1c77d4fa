import fc from 'fast-check';
import { expect, test } from 'vitest';
import { managedName } from '../../src/gateway/managed.ts';
import { describeTarget } from '../../src/plan/make.ts';
import { stagesOf } from '../../src/plan/stages.ts';
import { situation } from '../gateway/arbitrary.ts';
import { entrypoint, gateway, gatewayService, OURS, ours } from '../gateway/build.ts';
import { envoyConfig } from '../gateway/envoy.ts';
import { actionOf, plan, writes } from '../gateway/planning.ts';

// Rule 6: every write to a Service that Envoy serves costs connections. One write a change, no write that changes
// nothing; targetPort, redirect copy, status in this order; teardown reversed.

const address = { ingress: [{ ip: '122.9.70.186' }] };

test('in sync: no write at all', () => {
  const status = { ingress: [{ ip: '122.9.70.186', ipMode: 'Proxy' }], writtenBy: [OURS] };
  expect(writes(plan([gateway(), gatewayService('web', status), entrypoint('entry', address)]))).toEqual([]);
});

test('an API server that fills in ipMode: VIP is in sync with what has none', () => {
  const status = { ingress: [{ ip: '122.9.70.186', ipMode: 'VIP' }], writtenBy: [OURS] };
  const entry = entrypoint('entry', { ...address, annotations: { 'service.cilium.io/type': 'NodePort' } });
  expect(writes(plan([gateway(), gatewayService('web', status), entry], { memory: { ipModeStored: 'no' } }))).toEqual(
    [],
  );
});

test('several ports and the annotation are one write', () => {
  const service = gatewayService('web', {
    ports: [
      [80, 31080],
      [443, 31443],
    ],
  });
  const entry = entrypoint('entry', {
    ports: [
      [80, 1],
      [443, 2],
    ],
    ...address,
  });
  const planned = plan([gateway(), service, entry], { memory: { ipModeStored: 'no' } });
  expect(writes(planned)).toEqual([
    'patch-entrypoint Service kube-system/entry',
    'publish-address Service default/cilium-gateway-web',
  ]);
  expect(actionOf(planned, 'patch-entrypoint').changes).toHaveLength(3);
});

test('targetPort and redirect copy, which do not rest on one another, come before the status', () => {
  const planned = plan([
    gateway(),
    gatewayService(),
    entrypoint('entry', { ports: [[80, 1]], ...address }),
    envoyConfig(),
  ]);
  expect(planned.actions.map(({ kind }) => kind)).toEqual([
    'patch-entrypoint',
    'write-redirect-copy',
    'publish-address',
  ]);
  expect(stagesOf(planned.actions).map((stage) => stage.length)).toEqual([2, 1]);
  expect(new Set(planned.actions.map(({ key }) => key)).size).toBe(1);
});

test('teardown is reversed: the address goes before the entrypoint', () => {
  const status = { ingress: [{ ip: '122.9.70.186', ipMode: 'Proxy' }], writtenBy: [OURS] };
  const name = managedName('default', 'web');
  const left = entrypoint(name, { labels: ours({ managed: 'true' }), ...address });
  const memory = { unwantedForMs: new Map([[`uid-Service-kube-system-${name}`, 99_999_999]]) };
  const config = { managed: { enabled: true, allowedNamespaces: ['*'] } };
  const planned = plan([gateway(), gatewayService('web', status), left], { memory, config });
  expect(planned.actions.map(({ kind }) => kind)).toEqual(['clear-address', 'delete-entrypoint']);
  expect(new Set(planned.actions.map(({ key }) => key)).size).toBe(1);
});

test('no object is written twice in one plan, but for a pinned NodePort before its address', () => {
  fc.assert(
    fc.property(situation, ({ objects, given }) => {
      const written = plan(objects, given)
        .actions.filter(({ kind }) => kind !== 'pin-node-port')
        .map(({ target }) => describeTarget(target));
      expect(new Set(written).size).toBe(written.length);
    }),
    { numRuns: 200 },
  );
});
