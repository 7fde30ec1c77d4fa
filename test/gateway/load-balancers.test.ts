import { expect, test } from 'vitest';
import { entriesOfLoadBalancer, loadBalancerOf } from '../../src/gateway/load-balancers.ts';
import { trimService } from '../../src/gateway/models/service.ts';
import { loadBalancer } from '../providers/stub-reader.ts';
import { entrypoint } from './build.ts';

const entries = (...args: Parameters<typeof loadBalancer>) =>
  entriesOfLoadBalancer(loadBalancer(...args)).map(({ ip, hostname }) => ip || hostname);

test('public addresses come before private ones, IPv6 last', () => {
  const addresses = { publicIps: ['122.9.70.186'], privateIps: ['192.168.0.133'], ipv6: ['2001:db8::1'], hostname: '' };
  expect(entries('lb-1', { addresses })).toEqual(['122.9.70.186', '192.168.0.133', '2001:db8::1']);
});

test('the name of a domain CLB stands for the public addresses behind it, which move', () => {
  const addresses = { publicIps: ['43.1.2.3'], privateIps: [], ipv6: [], hostname: 'lb-1.clb.example' };
  expect(entries('lb-1', { addresses })).toEqual(['lb-1.clb.example']);
});

test('a load balancer that is being deleted gives none', () => {
  expect(entries('lb-1', { state: 'deleting' })).toEqual([]);
});

test('an empty annotation names no load balancer', () => {
  const service = (annotations: Record<string, string>) => trimService(entrypoint('entry', { annotations }));
  expect(loadBalancerOf(service({ 'kubernetes.io/elb.id': '' }))).toBeUndefined();
  expect(loadBalancerOf(service({ 'kubernetes.io/elb.id': 'e-1' }))).toEqual({ cloud: 'huawei', id: 'e-1' });
});
