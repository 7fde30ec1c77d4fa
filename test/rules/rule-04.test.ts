import fc from 'fast-check';
import { expect, test } from 'vitest';
import { situation } from '../gateway/arbitrary.ts';
import { entrypoint, gateway, gatewayService, ours } from '../gateway/build.ts';
import { actionOf, bodyOf, findings, plan, writes } from '../gateway/planning.ts';

// Rule 4: on the Gateway Service write nothing but the status and, where pinning is on, nodePorts; and never put
// Cilium's label on an object of ours.

const address = { ingress: [{ ip: '122.9.70.186' }] };

test('a publication carries the status, and of the metadata only its precondition', () => {
  const { request } = actionOf(plan([gateway(), gatewayService(), entrypoint('entry', address)]), 'publish-address');
  expect(request).toMatchObject({ subresource: 'status' });
  expect(bodyOf(request)).toEqual({
    metadata: { uid: 'uid-Service-default-cilium-gateway-web', resourceVersion: '7' },
    status: { loadBalancer: { ingress: [{ ip: '122.9.70.186', ipMode: 'Proxy' }] } },
  });
});

test('nodePorts are written only where pinning is on', () => {
  const objects = [gateway(), gatewayService('web', { ports: [[80, 31999]] }), entrypoint()];
  expect(writes(plan(objects))).toEqual(['patch-entrypoint Service kube-system/entry']);
  const pinned = actionOf(plan(objects, { config: { pinNodePorts: true } }), 'pin-node-port');
  expect(pinned.changes.map(({ field }) => field)).toEqual(['spec.ports[80].nodePort']);
});

test('a Gateway Service that is annotated as an entrypoint is not written to as one', () => {
  const service = gatewayService('web', {
    annotations: ours({ gateway: 'default/web' }),
    ports: [{ port: 80, nodePort: 31080, targetPort: 80 }],
    ...address,
  });
  const planned = plan([gateway(), service]);
  expect([writes(planned), findings(planned)]).toEqual([
    [],
    ['fail GatewayServiceIsNoEntrypoint', 'warn AddressOfUnknownOrigin'],
  ]);
});

test("no write carries Cilium's label, an owner reference or a finalizer", () => {
  fc.assert(
    fc.property(situation, ({ objects, given }) => {
      for (const { request } of plan(objects, given).actions) {
        expect(JSON.stringify(bodyOf(request))).not.toMatch(/owning-gateway|ownerReferences|finalizers/);
      }
    }),
    { numRuns: 200 },
  );
});
