import { expect, test } from 'vitest';
import type { LoadBalancerSeen } from '../../src/gateway/load-balancers.ts';
import { unread } from '../../src/gateway/observation.ts';
import { entrypoint, gateway, gatewayService, ONCE, OURS } from '../gateway/build.ts';
import { actionOf, findingOf, findings, plan, publishedBy, writes } from '../gateway/planning.ts';

// Rule 1: publish only addresses that were read; take back only ours, when every source was read and none gives one.

const read = [{ ip: '122.9.70.186' }];
const published = (writtenBy: readonly string[]) => ({ ingress: [{ ip: '10.0.0.10', ipMode: 'Proxy' }], writtenBy });
const CLEAR = ['clear-address Service default/cilium-gateway-web'];

test('what is published is what the entrypoint shows, not what stands in the Gateway Service', () => {
  const planned = plan([
    gateway(),
    gatewayService('web', published(['kubectl'])),
    entrypoint('entry', { ingress: read }),
  ]);
  expect(publishedBy(actionOf(planned, 'publish-address'))).toEqual([{ ip: '122.9.70.186', ipMode: 'Proxy' }]);
});

test('without a source nothing is published', () => {
  expect(writes(plan([gateway(), gatewayService(), entrypoint()]))).toEqual([]);
  expect(writes(plan([gateway(), gatewayService()]))).toEqual([]);
  const byHand = gatewayService('web', { ingress: [{ ip: '10.0.0.10' }], writtenBy: ['kubectl'] });
  expect(writes(plan([gateway(), byHand]))).toEqual([]);
  expect(writes(plan([gateway(), byHand, entrypoint()]))).toEqual([]);
});

test("the user's configuration is a source where the entrypoint gives none", () => {
  const config = { addresses: { 'default/web': ['192.168.0.133'] } };
  expect(
    publishedBy(actionOf(plan([gateway(), gatewayService(), entrypoint()], { config }), 'publish-address')),
  ).toEqual([{ ip: '192.168.0.133', ipMode: 'Proxy' }]);
});

test('a hostname is written as hostname', () => {
  const entry = entrypoint('entry', { ingress: [{ hostname: 'lb.example.com' }] });
  expect(publishedBy(actionOf(plan([gateway(), gatewayService(), entry]), 'publish-address'))).toEqual([
    { hostname: 'lb.example.com' },
  ]);
});

test('of 17 addresses the first 16 are published, with a warning', () => {
  const ingress = Array.from({ length: 17 }, (_, index) => ({ ip: `1.1.1.${index}` }));
  const planned = plan([gateway(), gatewayService(), entrypoint('entry', { ingress })]);
  expect(publishedBy(actionOf(planned, 'publish-address'))).toHaveLength(16);
  expect(findings(planned)).toEqual(['warn TooManyAddresses']);
});

test('what the controller or an earlier --once wrote is taken back', () => {
  for (const manager of [OURS, ONCE]) {
    expect(writes(plan([gateway(), gatewayService('web', published([manager])), entrypoint()]))).toEqual(CLEAR);
  }
});

test('what somebody else wrote, alone or with us, is never taken back', () => {
  for (const writtenBy of [['kubectl'], [], [OURS, 'kubectl']]) {
    expect(writes(plan([gateway(), gatewayService('web', published(writtenBy)), entrypoint()]))).toEqual([]);
  }
});

test('what somebody else wrote is replaced only as an action that says so', () => {
  const planned = plan([
    gateway(),
    gatewayService('web', published(['kubectl'])),
    entrypoint('entry', { ingress: read }),
  ]);
  const { reason, message, changes } = actionOf(planned, 'publish-address');
  expect(reason).toBe('ForeignAddressReplaced');
  expect(message).toContain('it replaces 10.0.0.10, written by kubectl');
  expect(changes[0]?.before).toEqual([{ ip: '10.0.0.10', ipMode: 'Proxy' }]);
});

test('nothing is taken back while a source cannot be read or understood', () => {
  const service = gatewayService('web', { ingress: [{ ...read[0], ipMode: 'Proxy' }], writtenBy: [OURS] });
  expect(writes(plan([gateway(), service], { reads: { services: unread('reset') } }))).toEqual([]);
  expect(writes(plan([gateway(), service], { reads: { gateways: unread('reset') } }))).toEqual([]);
  expect(writes(plan([gateway(), service, entrypoint('entry', { serves: 'web', ingress: read })]))).toEqual([]);
  expect(writes(plan([gateway(), service], { config: { adopt: ['kube-system/gone=default/web'] } }))).toEqual([]);
});

const ELB = 'b5a2c1d0-0000-4000-8000-00000000e1b1';
const withId = (more: Parameters<typeof entrypoint>[1] = {}) =>
  entrypoint('entry', { annotations: { 'kubernetes.io/elb.id': ELB }, ...more });
const SOURCE = `load balancer ${ELB} of Huawei Cloud`;
const entry = (ip: string) => ({ ip, hostname: '', ipMode: '' });
const cloud = (seen?: LoadBalancerSeen) => ({
  memory: { loadBalancers: new Map(seen === undefined ? [] : [[ELB, seen]]) },
});
const givesEip: LoadBalancerSeen = {
  state: 'read',
  entries: [entry('122.9.70.186'), entry('192.168.0.133')],
  source: SOURCE,
};
const absent: LoadBalancerSeen = { state: 'absent', why: 'elb:get: there is no such load balancer' };
const unreadCloud: LoadBalancerSeen = { state: 'unread', why: 'elb:get: denied', category: 'denied' };

test('an entrypoint that shows no address gets it from the cloud, EIP then VIP, and the action says so', () => {
  const planned = plan([gateway(), gatewayService(), withId()], cloud(givesEip));
  const action = actionOf(planned, 'publish-address');
  expect(publishedBy(action)).toEqual([
    { ip: '122.9.70.186', ipMode: 'Proxy' },
    { ip: '192.168.0.133', ipMode: 'Proxy' },
  ]);
  expect(action.message).toBe(
    `Publish 122.9.70.186, 192.168.0.133 for Gateway default/web, read from ${SOURCE}, as Service kube-system/entry shows no address.`,
  );
  expect(findings(planned)).toEqual([]);
});

test('the choice of public or private addresses holds for what the cloud gives, too', () => {
  for (const [choice, ip] of [
    ['public', '122.9.70.186'],
    ['private', '192.168.0.133'],
  ] as const) {
    const planned = plan([gateway(), gatewayService(), withId()], { config: { publish: choice }, ...cloud(givesEip) });
    expect(publishedBy(actionOf(planned, 'publish-address'))).toEqual([{ ip, ipMode: 'Proxy' }]);
  }
});

test("the cloud is asked only where the entrypoint's own status is empty, and its status goes first", () => {
  const shown = plan([gateway(), gatewayService(), withId({ ingress: [{ ip: '1.2.3.4' }] })], cloud(givesEip));
  expect(publishedBy(actionOf(shown, 'publish-address'))).toEqual([{ ip: '1.2.3.4', ipMode: 'Proxy' }]);
  expect(shown.loadBalancers).toEqual([]);
  expect(plan([gateway(), gatewayService(), entrypoint()], cloud()).loadBalancers).toEqual([]);
  expect(plan([gateway(), gatewayService(), withId()], cloud()).loadBalancers).toEqual([{ cloud: 'huawei', id: ELB }]);
});

test.each([
  ['service.kubernetes.io/loadbalance-id', 'lb-12ab'],
  ['service.kubernetes.io/tke-existed-lbid', 'lb-34cd'],
])("Tencent's %s names a load balancer, too", (key, id) => {
  const tke = entrypoint('entry', { annotations: { [key]: id } });
  const seen: LoadBalancerSeen = {
    state: 'read',
    entries: [{ ip: '', hostname: 'lb-12ab.clb.example', ipMode: '' }],
    source: `load balancer ${id} of Tencent Cloud`,
  };
  const planned = plan([gateway(), gatewayService(), tke], { memory: { loadBalancers: new Map([[id, seen]]) } });
  expect(planned.loadBalancers).toEqual([{ cloud: 'tencent', id }]);
  expect(publishedBy(actionOf(planned, 'publish-address'))).toEqual([{ hostname: 'lb-12ab.clb.example' }]);
});

test("the cloud goes before the user's configuration, which stands in where the cloud gives none or cannot be read", () => {
  const config = { addresses: { 'default/web': ['10.9.9.9'] } };
  const published = (seen: LoadBalancerSeen) =>
    publishedBy(actionOf(plan([gateway(), gatewayService(), withId()], { config, ...cloud(seen) }), 'publish-address'));
  expect(published(givesEip)).toHaveLength(2);
  for (const seen of [absent, unreadCloud, { ...givesEip, entries: [] }]) {
    expect(published(seen)).toEqual([{ ip: '10.9.9.9', ipMode: 'Proxy' }]);
  }
  // While the answer is on its way nothing is published that it might replace at once.
  const asking: LoadBalancerSeen = { state: 'asking', why: 'no answer yet' };
  const waiting = plan([gateway(), gatewayService(), withId()], { config, ...cloud(asking) });
  expect(writes(waiting)).toEqual([]);
  expect(findings(waiting)).toEqual(['unknown EntrypointAddressAwaited']);
});

test('an address whose status was cleared stays while the cloud gives it, and while the cloud is asked or unread', () => {
  const ours = gatewayService('web', {
    ingress: givesEip.entries.map(({ ip }) => ({ ip, ipMode: 'Proxy' })),
    writtenBy: [OURS],
  });
  expect(writes(plan([gateway(), ours, withId()], cloud(givesEip)))).toEqual([]);
  expect(writes(plan([gateway(), ours, withId()], cloud()))).toEqual([]);
  const unreadPlan = plan([gateway(), ours, withId()], cloud(unreadCloud));
  expect(writes(unreadPlan)).toEqual([]);
  expect(findings(unreadPlan)).toEqual(['unknown CloudAddressUnknown']);
  expect(findingOf(unreadPlan, 'CloudAddressUnknown').message).toContain('could not be read (elb:get: denied)');
  expect(findingOf(unreadPlan, 'CloudAddressUnknown').evidence).toEqual({ category: 'denied' });
  // With nothing published it is a failure: no traffic arrives.
  expect(findings(plan([gateway(), gatewayService(), withId()], cloud(unreadCloud)))).toEqual([
    'fail CloudAddressUnknown',
  ]);
});

test('it is taken back when the cloud was read and gives none, and where no cloud is there to be asked', () => {
  const ours = gatewayService('web', published([OURS]));
  for (const seen of [absent, { ...givesEip, entries: [] }, { state: 'not-asked', why: 'no credentials' } as const]) {
    const planned = plan([gateway(), ours, withId()], cloud(seen));
    expect(writes(planned)).toEqual(CLEAR);
    expect(findings(planned)).toEqual(['fail EntrypointHasNoAddress']);
  }
  expect(writes(plan([gateway(), ours, withId()]))).toEqual(CLEAR);
  expect(findingOf(plan([gateway(), ours, withId()], cloud(absent)), 'EntrypointHasNoAddress').message).toContain(
    "and the cloud's API gives none (elb:get: there is no such load balancer)",
  );
});
