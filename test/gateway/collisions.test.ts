import { describe, expect, it } from 'vitest';
import { entrypoint, gateway, gatewayService, OURS } from './build.ts';
import { findingOf, findings, plan, writes } from './planning.ts';

const address = { ingress: [{ ip: '122.9.70.186' }] };

describe('several Gateways on one load balancer', () => {
  const onLb = (id: string) => ({ annotations: { 'kubernetes.io/elb.id': id }, ...address });
  const second = (port: number, created = '2026-01-02T00:00:00Z') => [
    gateway('api', { ports: [port], created }),
    gatewayService('api', { ports: [[port, 31999]] }),
  ];

  it('on different ports are both served', () => {
    const planned = plan([
      gateway(),
      gatewayService(),
      ...second(8080),
      entrypoint('a', onLb('elb-1')),
      entrypoint('b', { serves: 'default/api', ports: [[8080, 31999]], ...onLb('elb-1') }),
    ]);
    expect(writes(planned)).toEqual([
      'publish-address Service default/cilium-gateway-api',
      'publish-address Service default/cilium-gateway-web',
    ]);
    expect(findings(planned)).toEqual([]);
  });

  it('on the same port: the older keeps it, the younger is told and not published', () => {
    const planned = plan([
      gateway(),
      gatewayService(),
      ...second(80),
      entrypoint('a', onLb('elb-1')),
      entrypoint('b', { serves: 'default/api', ports: [[80, 31999]], ...onLb('elb-1') }),
    ]);
    expect(writes(planned)).toEqual(['publish-address Service default/cilium-gateway-web']);
    expect(findings(planned)).toEqual(['fail LoadBalancerPortTaken']);
    expect(findingOf(planned, 'LoadBalancerPortTaken').message).toContain(
      'Port 80/TCP of load balancer elb-1 is wanted for Gateway default/api and for Gateway default/web',
    );
  });

  it('with some ports of its own left, the younger is published', () => {
    const planned = plan([
      gateway(),
      gatewayService(),
      gateway('api', { created: '2026-01-02T00:00:00Z' }),
      gatewayService('api', {
        ports: [
          [80, 31998],
          [8080, 31999],
        ],
      }),
      entrypoint('a', onLb('elb-1')),
      entrypoint('b', {
        serves: 'default/api',
        ports: [
          [80, 31998],
          [8080, 31999],
        ],
        ...onLb('elb-1'),
      }),
    ]);
    expect(writes(planned)).toHaveLength(2);
    expect(findings(planned)).toEqual(['fail LoadBalancerPortTaken']);
  });

  it('of the same second: the first by name keeps it', () => {
    const planned = plan([
      gateway(),
      gatewayService(),
      ...second(80, '2026-01-01T00:00:00Z'),
      entrypoint('a', onLb('elb-1')),
      entrypoint('b', { serves: 'default/api', ports: [[80, 31999]], ...onLb('elb-1') }),
    ]);
    expect(writes(planned)).toEqual(['publish-address Service default/cilium-gateway-api']);
  });

  it('asked for by one name and reported by another is the same load balancer on TKE', () => {
    const planned = plan([
      gateway(),
      gatewayService(),
      ...second(80),
      entrypoint('a', { annotations: { 'service.kubernetes.io/tke-existed-lbid': 'lb-1' }, ...address }),
      entrypoint('b', {
        serves: 'default/api',
        ports: [[80, 31999]],
        annotations: { 'service.kubernetes.io/loadbalance-id': 'lb-1' },
        ...address,
      }),
    ]);
    expect(findings(planned)).toEqual(['fail LoadBalancerPortTaken']);
  });

  it('the loser keeps an address that was published before', () => {
    const status = {
      ports: [[80, 31999]] as const,
      ingress: [{ ip: '122.9.70.186', ipMode: 'Proxy' }],
      writtenBy: [OURS],
    };
    const planned = plan([
      gateway('web', { programmedWith: ['122.9.70.186'] }),
      gatewayService('web', { ingress: [{ ip: '122.9.70.186', ipMode: 'Proxy' }], writtenBy: [OURS] }),
      gateway('api', { created: '2026-01-02T00:00:00Z' }),
      gatewayService('api', status),
      entrypoint('a', onLb('elb-1')),
      entrypoint('b', {
        serves: 'default/api',
        ports: [[80, 31999]],
        annotations: { 'kubernetes.io/elb.id': 'elb-1' },
      }),
    ]);
    expect(writes(planned)).toEqual([]);
  });
});
