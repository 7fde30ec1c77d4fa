import { describe, expect, it } from 'vitest';
import { ciliumConfig, entrypoint, gateway, gatewayService, ingress, ingressService, ours } from './build.ts';
import { findingOf, findings, plan, writes } from './planning.ts';

const NATIVE = ciliumConfig({ 'routing-mode': 'native', ipam: 'delegated-plugin' });
const entry = entrypoint('entry', { ports: [[80, 1]], ingress: [{ ip: '43.139.10.20' }] });

describe("in TKE's native mode, where agents refuse Envoy's configuration,", () => {
  it('one finding says so for all Gateways and Ingresses, with the mend, and nothing is written', () => {
    const planned = plan([NATIVE, gateway(), gatewayService(), gateway('api'), ingress(), ingressService(), entry]);
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail GatewayApiNotPossible']]);
    const { message, fix } = findingOf(planned, 'GatewayApiNotPossible');
    expect(message).toContain('Gateway default/api, Gateway default/web, Ingress default/shop');
    expect(fix).toContain('ipam.mode=multi-pool');
  });

  it('a missing Service is not blamed on the operator', () => {
    expect(findings(plan([NATIVE, gateway(), entry]))).toEqual(['fail GatewayApiNotPossible']);
  });

  it('what stands in a status, and a managed entrypoint that is not wanted, stay', () => {
    const published = gatewayService('web', { ingress: [{ ip: '1.1.1.1' }], writtenBy: ['cilium-cloud-bridge'] });
    const orphan = entrypoint('ccb-gone', { serves: null, labels: ours({ managed: 'true' }) });
    expect(writes(plan([NATIVE, gateway(), published, orphan]))).toEqual([]);
  });

  it('a cluster without Gateways is told nothing', () => {
    expect(findings(plan([NATIVE]))).toEqual([]);
  });
});

describe('with any other ipam', () => {
  it.each(['multi-pool', 'cluster-pool', 'kubernetes', ''])('%j Gateways are served', (ipam) => {
    const planned = plan([ciliumConfig({ ipam }), gateway(), gatewayService(), entry]);
    expect(writes(planned)).toContain('publish-address Service default/cilium-gateway-web');
  });
});
