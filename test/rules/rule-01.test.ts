import { expect, test } from 'vitest';
import { unread } from '../../src/gateway/observation.ts';
import { entrypoint, gateway, gatewayService, ONCE, OURS } from '../gateway/build.ts';
import { actionOf, findings, plan, publishedBy, writes } from '../gateway/planning.ts';

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
