import { expect, test } from 'vitest';
import { managedName } from '../../src/gateway/managed.ts';
import { entrypoint, gateway, gatewayService, ours } from '../gateway/build.ts';
import { actionOf, findings, plan, publishedBy, writes } from '../gateway/planning.ts';

// Rule 13: nobody may take over what isn't theirs. An entrypoint counts only in Cilium's namespace, the Gateway's, or
// configured ones; the oldest wins. Managed entrypoints need consent, with namespaces, annotation keys and LB ids.

const ingress = [{ ip: '122.9.70.186' }];
const asking = (annotations: Readonly<Record<string, string>> = {}) => [
  gateway('web', { annotations: ours({ entrypoint: 'managed', ...annotations }) }),
  gatewayService(),
];
const CREATE = [`create-entrypoint Service kube-system/${managedName('default', 'web')}`];

test('an entrypoint of a foreign namespace counts only where the configuration names it', () => {
  const objects = [gateway(), gatewayService(), entrypoint('entry', { namespace: 'evil', ingress })];
  const refused = plan(objects);
  expect([writes(refused), findings(refused)]).toEqual([
    [],
    ['fail EntrypointNamespaceNotAllowed', 'fail NoEntrypoint'],
  ]);
  expect(writes(plan(objects, { config: { entrypointNamespaces: ['evil'] } }))).toHaveLength(1);
});

test('neither a list nor auto gets round that', () => {
  const objects = [gateway(), gatewayService(), entrypoint('entry', { serves: null, namespace: 'evil', ingress })];
  expect(writes(plan(objects, { config: { adopt: 'auto' } }))).toEqual([]);
  expect(writes(plan(objects, { config: { adopt: ['evil/entry=default/web'] } }))).toEqual([]);
});

test('the oldest of several wins, and a refused one counts for nothing', () => {
  const planned = plan([
    gateway(),
    gatewayService(),
    entrypoint('younger', { ingress: [{ ip: '1.1.1.1' }], created: '2026-01-03T00:00:00Z' }),
    entrypoint('older', { ingress, created: '2026-01-02T00:00:00Z' }),
    entrypoint('oldest', { namespace: 'evil', ingress: [{ ip: '6.6.6.6' }], created: '2026-01-01T00:00:00Z' }),
  ]);
  expect(publishedBy(actionOf(planned, 'publish-address'))).toEqual([{ ip: '122.9.70.186', ipMode: 'Proxy' }]);
});

test('without consent no entrypoint is made', () => {
  expect([writes(plan(asking())), findings(plan(asking()))]).toEqual([[], ['fail ManagedNotEnabled']]);
});

test.each([
  ['a namespace', {}, { allowedNamespaces: ['edge'] }, { allowedNamespaces: ['default'] }],
  [
    'an annotation key',
    { 'entrypoint-annotations': '{"kubernetes.io/elb.class":"union"}' },
    { allowedNamespaces: ['*'] },
    { allowedNamespaces: ['*'], allowedAnnotations: ['kubernetes.io/elb.class'] },
  ],
  [
    'a load balancer',
    { 'entrypoint-annotations': '{"kubernetes.io/elb.id":"elb-1"}' },
    { allowedNamespaces: ['*'], allowedAnnotations: ['kubernetes.io/*'], allowedLoadBalancerIds: ['elb-2'] },
    { allowedNamespaces: ['*'], allowedAnnotations: ['kubernetes.io/*'], allowedLoadBalancerIds: ['elb-1'] },
  ],
  [
    'nodePorts',
    { 'entrypoint-node-ports': '80=30080' },
    { allowedNamespaces: ['*'] },
    { allowedNamespaces: ['*'], allowNodePorts: true },
  ],
])('%s needs to be allowed', (_, annotations, refusing, allowing) => {
  const refused = plan(asking(annotations), { config: { managed: { enabled: true, ...refusing } } });
  expect([writes(refused), findings(refused).length]).toEqual([[], 1]);
  expect(writes(plan(asking(annotations), { config: { managed: { enabled: true, ...allowing } } }))).toEqual(CREATE);
});
