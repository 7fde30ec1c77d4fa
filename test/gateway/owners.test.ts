import { describe, expect, it } from 'vitest';
import { ciliumConfig, entrypoint, gateway, gatewayService, ours, pool } from './build.ts';
import { findingOf, findings, plan, writes } from './planning.ts';

const OWN_CLASS = { spec: { loadBalancerClass: 'cilium-cloud-bridge.io/entrypoint' } };
const entry = entrypoint('entry', { ports: [[80, 1]], ingress: [{ ip: '122.9.70.186' }] });
const BOTH = ['patch-entrypoint Service kube-system/entry', 'publish-address Service default/cilium-gateway-web'];
const METALLB = { annotations: { 'metallb.io/ip-allocated-from-pool': 'first' } };

describe('a Gateway Service that another controller serves is not written to, nor its entrypoint', () => {
  it.each([
    ["Cilium's LB-IPAM, from the first pool on", [pool('blue'), pool('amber')], {}, 'OwnedByLbIpam'],
    ['Cilium Node IPAM', [ciliumConfig({ 'default-lb-service-ipam': 'nodeipam' })], {}, 'OwnedByNodeIpam'],
    ['MetalLB', [], METALLB, 'OwnedByMetalLb'],
    [
      'the BGP control plane',
      [],
      { spec: { loadBalancerClass: 'io.cilium/bgp-control-plane' } },
      'ForeignLoadBalancerClass',
    ],
    ["another's class", [], { spec: { loadBalancerClass: 'example.com/lb' } }, 'ForeignLoadBalancerClass'],
  ])('%s', (_, extra, parts, reason) => {
    const planned = plan([gateway(), gatewayService('web', parts), entry, ...extra]);
    expect([writes(planned), findings(planned)]).toEqual([[], [`fail ${reason}`]]);
    expect(findingOf(planned, reason).fix).toContain('loadBalancerClass: cilium-cloud-bridge.io/entrypoint');
  });

  it('the pools are named', () => {
    expect(
      findingOf(plan([gateway(), gatewayService(), entry, pool('blue'), pool('amber')]), 'OwnedByLbIpam').message,
    ).toContain('(amber, blue)');
  });

  it('neither is a managed entrypoint made', () => {
    const asking = gateway('web', { annotations: ours({ entrypoint: 'managed' }) });
    const config = { managed: { enabled: true, allowedNamespaces: ['*'] } };
    const planned = plan([asking, gatewayService(), pool()], { config });
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail OwnedByLbIpam']]);
  });

  it('that nobody claims is no news', () => {
    const planned = plan([gateway(), gatewayService(), pool()]);
    expect([writes(planned), findings(planned)]).toEqual([[], []]);
  });
});

describe('nobody else serves', () => {
  it.each([
    ['a class of ours, pools or not', [pool()], OWN_CLASS],
    ['a class of ours under MetalLB', [], { ...OWN_CLASS, ...METALLB }],
    ['LB-IPAM switched off', [pool(), ciliumConfig({ 'enable-lb-ipam': 'false' })], {}],
    ['LB-IPAM for its own classes only', [pool(), ciliumConfig({ 'default-lb-service-ipam': 'none' })], {}],
    ['no pool', [ciliumConfig({ 'enable-lb-ipam': 'true' })], {}],
  ])('%s', (_, extra, parts) => {
    const planned = plan([gateway(), gatewayService('web', parts), entry, ...extra]);
    expect([writes(planned), findings(planned)]).toEqual([BOTH, []]);
  });

  it('a Gateway on the host network, whose Service is no LoadBalancer', () => {
    const settings = ciliumConfig({ 'gateway-api-hostnetwork-enabled': 'true' });
    const planned = plan([settings, gateway(), gatewayService('web', { type: 'ClusterIP' }), entry, pool()]);
    expect([writes(planned), findings(planned)]).toEqual([['patch-entrypoint Service kube-system/entry'], []]);
  });

  it('a class of ours that the configuration names otherwise', () => {
    const config = { loadBalancerClass: 'example.com/ours' };
    const ours = gatewayService('web', { spec: { loadBalancerClass: 'example.com/ours' } });
    expect(writes(plan([gateway(), ours, entry], { config }))).toEqual(BOTH);
    expect(findings(plan([gateway(), gatewayService('web', OWN_CLASS), entry], { config }))).toEqual([
      'fail ForeignLoadBalancerClass',
    ]);
  });
});
