import { expect, test } from 'vitest';
import { entrypoint, gateway, gatewayService, OURS, ours } from '../gateway/build.ts';
import { findings, plan, writes } from '../gateway/planning.ts';

// Rule 3: a Service's status can be written only when its type is LoadBalancer. Other types: a finding, no write.

test.each([['ClusterIP'], ['NodePort'], ['ExternalName']])('type %s: a finding and no write', (type) => {
  const entry = entrypoint('entry', { ports: [[80, 1]], ingress: [{ ip: '1.1.1.1' }] });
  const planned = plan([gateway(), gatewayService('web', { type }), entry]);
  expect([writes(planned), findings(planned)]).toEqual([[], ['fail GatewayServiceNotLoadBalancer']]);
});

test('type %s: nothing is taken back either', () => {
  const service = gatewayService('web', { type: 'NodePort', ingress: [{ ip: '1.1.1.1' }], writtenBy: [OURS] });
  expect(writes(plan([gateway(), service]))).toEqual([]);
});

test('on the host network only the entrypoint is written', () => {
  const entry = entrypoint('entry', { annotations: ours({ exposure: 'host-network' }), ingress: [{ ip: '1.1.1.1' }] });
  expect(writes(plan([gateway(), gatewayService('web', { type: 'ClusterIP' }), entry]))).toEqual([
    'patch-entrypoint Service kube-system/entry',
  ]);
});
