import { expect, test } from 'vitest';
import { managedName } from '../../src/gateway/managed.ts';
import { entrypoint, gateway, gatewayService, ours } from '../gateway/build.ts';
import { actionOf, bodyOf, plan, writes } from '../gateway/planning.ts';

// Rule 5: on an adopted entrypoint nothing but targetPort (JSON patch with test) and that one annotation; never delete
// what a user made.

const CLOUD = {
  'kubernetes.io/elb.id': 'elb-1',
  'kubernetes.io/elb.class': 'performance',
  'service.kubernetes.io/tke-existed-lbid': 'lb-1',
  'service.kubernetes.io/qcloud-loadbalancer-internal-subnetid': 'subnet-1',
};

test('one JSON patch with a test before each value, of targetPort and that annotation', () => {
  const entry = entrypoint('entry', {
    annotations: CLOUD,
    ports: [
      [80, 1],
      [443, 2],
    ],
    ingress: [{ ip: '1.1.1.1' }],
  });
  const service = gatewayService('web', {
    ports: [
      [80, 31080],
      [443, 31443],
    ],
  });
  const { request } = actionOf(
    plan([gateway(), service, entry], { memory: { ipModeStored: 'no' } }),
    'patch-entrypoint',
  );
  expect(request).toMatchObject({ verb: 'patch', patch: { type: 'json' } });
  expect(request).not.toHaveProperty('subresource');
  expect(bodyOf(request)).toEqual([
    { op: 'test', path: '/metadata/uid', value: 'uid-Service-kube-system-entry' },
    { op: 'test', path: '/spec/ports/0/port', value: 80 },
    { op: 'test', path: '/spec/ports/0/targetPort', value: 1 },
    { op: 'replace', path: '/spec/ports/0/targetPort', value: 31080 },
    { op: 'test', path: '/spec/ports/1/port', value: 443 },
    { op: 'test', path: '/spec/ports/1/targetPort', value: 2 },
    { op: 'replace', path: '/spec/ports/1/targetPort', value: 31443 },
    { op: 'add', path: '/metadata/annotations/service.cilium.io~1type', value: 'NodePort' },
  ]);
});

test("a Gateway's wishes for a managed entrypoint are not applied to one that a user made", () => {
  const asking = gateway('web', {
    annotations: ours({ entrypoint: 'managed', 'entrypoint-annotations': '{"kubernetes.io/elb.id":"elb-2"}' }),
  });
  const managed = {
    enabled: true,
    allowedNamespaces: ['*'],
    allowedAnnotations: ['*'],
    allowedLoadBalancerIds: ['elb-2'],
    annotations: { 'example.com/x': 'y' },
  };
  const mine = entrypoint('mine', { annotations: CLOUD, selector: { app: 'mine' } });
  expect(writes(plan([asking, gatewayService(), mine], { config: { managed } }))).toEqual([]);
});

test('what a user made is never deleted, whatever it is labelled', () => {
  const uids = ['a', 'b', 'c'];
  const memory = { unwantedForMs: new Map(uids.map((uid) => [uid, 99_999_999])) };
  const config = { managed: { enabled: true, allowedNamespaces: ['*'], maxRemovalsPerPass: 9 } };
  const users = [
    entrypoint(managedName('default', 'web'), { uid: 'a' }),
    entrypoint('mine', { uid: 'b', labels: ours({ managed: 'true' }) }),
    entrypoint(managedName('default', 'web'), { uid: 'c', namespace: 'default', labels: ours({ managed: 'true' }) }),
  ];
  expect(writes(plan(users, { config, memory }))).toEqual([]);
});
