import { describe, expect, it } from 'vitest';
import { unread } from '../../src/gateway/observation.ts';
import { isServed } from '../../src/gateway/programmed.ts';
import { agent, entrypoint, gateway, gatewayService, OURS, ours, pool } from './build.ts';
import { findingOf, findings, type Given, plan, publishedBy, writes } from './planning.ts';

const ingress = [{ ip: '122.9.70.186' }];
const STATIC: Given = { follow: false };

describe('an entrypoint that clouds do not serve', () => {
  it.each(['ClusterIP', 'NodePort', 'ExternalName'])('is told of, and nothing is written: type %s', (type) => {
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { type, ports: [[80, 1]] })]);
    expect(writes(planned)).toEqual([]);
    expect(findings(planned)).toContain('fail EntrypointNotLoadBalancer');
    const told = findingOf(planned, 'EntrypointNotLoadBalancer');
    expect(told.message).toContain(`is of type ${type}`);
    expect(told.fix).toContain('kubectl -n kube-system patch service entry -p');
  });

  it('does not keep a younger one from serving', () => {
    const planned = plan([
      gateway(),
      gatewayService(),
      entrypoint('old', { type: 'ClusterIP', created: '2025-01-01T00:00:00Z' }),
      entrypoint('entry', { ingress }),
    ]);
    expect(writes(planned)).toEqual(['publish-address Service default/cilium-gateway-web']);
  });

  it('loses its address when it was changed to such a type', () => {
    const status = { ingress: [{ ip: '122.9.70.186', ipMode: 'Proxy' }], writtenBy: [OURS] };
    const planned = plan([gateway(), gatewayService('web', status), entrypoint('entry', { type: 'ClusterIP' })]);
    expect(writes(planned)).toEqual(['clear-address Service default/cilium-gateway-web']);
  });

  it('serves with type NodePort where the configuration gives the address of its load balancer', () => {
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { type: 'NodePort', ports: [[80, 1]] })], {
      config: { addresses: { 'default/web': ['1.2.3.4'] } },
    });
    expect(writes(planned)).toEqual([
      'patch-entrypoint Service kube-system/entry',
      'publish-address Service default/cilium-gateway-web',
    ]);
  });
});

describe('an entrypoint that leads to no Envoy', () => {
  it("is told of: its selector matches none of Cilium's Pods", () => {
    const entry = entrypoint('entry', { ingress, selector: { app: 'nginx' } });
    const told = findingOf(plan([gateway(), gatewayService(), entry, agent()], STATIC), 'EntrypointReachesNoEnvoy');
    expect([told.verdict, told.message, told.fix]).toEqual([
      'warn',
      "With the exposure node-port the entrypoint of Gateway default/web leads to no Envoy: no Pod of Cilium's has app=nginx.",
      'Select the agents: kubectl -n kube-system set selector service entry k8s-app=cilium',
    ]);
  });

  it('is told of: a selector reaches its own namespace only', () => {
    const entry = entrypoint('entry', { ingress, namespace: 'default' });
    const told = findingOf(plan([gateway(), gatewayService(), entry, agent()], STATIC), 'EntrypointReachesNoEnvoy');
    expect(told.message).toContain('Cilium runs in kube-system');
  });

  it('nothing is said where no Pod can be seen', () => {
    const entry = entrypoint('entry', { ingress, selector: { app: 'nginx' } });
    expect(
      findings(plan([gateway(), gatewayService(), entry], { ...STATIC, reads: { ciliumPods: unread('forbidden') } })),
    ).not.toContain('warn EntrypointReachesNoEnvoy');
  });
});

describe('an entrypoint whose address comes from a pool of LB-IPAM', () => {
  const own = gatewayService('web', { spec: { loadBalancerClass: 'cilium-cloud-bridge.io/entrypoint' } });
  const fromPool = { ingress: [{ ip: '10.9.0.1' }], writtenBy: ['cilium-operator-generic'] };

  it('is told of, and that address is not published', () => {
    const planned = plan([gateway(), own, entrypoint('entry', fromPool), pool('blue')]);
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail EntrypointOwnedByLbIpam']]);
    expect(findingOf(planned, 'EntrypointOwnedByLbIpam').message).toContain('10.9.0.1, comes from');
  });

  it('is served where the cloud wrote the address, pools or not', () => {
    const byCloud = entrypoint('entry', { ...fromPool, writtenBy: ['cloud-controller-manager'] });
    expect(writes(plan([gateway(), own, byCloud, pool('blue')]))).toEqual([
      'publish-address Service default/cilium-gateway-web',
    ]);
  });
});

describe('an entry with an IP and a host name', () => {
  it('is named with both', () => {
    const entry = entrypoint('entry', { ingress: [{ ip: '1.2.3.4', hostname: 'lb.example.com' }] });
    const [action] = plan([gateway(), gatewayService(), entry]).actions;
    expect(action?.message).toContain('Publish 1.2.3.4 (lb.example.com) for Gateway default/web');
    expect(action === undefined ? undefined : publishedBy(action)).toMatchObject([
      { ip: '1.2.3.4', hostname: 'lb.example.com' },
    ]);
  });
});

describe('what may be called in sync', () => {
  const served = (objects: Parameters<typeof plan>[0], given?: Given): boolean[] =>
    plan(objects, given).subjects.map(isServed);

  it('a Gateway whose entrypoint has an address', () => {
    expect(
      served([
        gateway('web', { programmedWith: ['122.9.70.186'] }),
        gatewayService('web', {
          ingress: [{ ip: '122.9.70.186', ipMode: 'Proxy' }],
          writtenBy: [OURS],
        }),
        entrypoint('entry', { ingress }),
      ]),
    ).toEqual([true]);
  });

  it('none whose entrypoint has no address', () => {
    expect(served([gateway(), gatewayService(), entrypoint()])).toEqual([false]);
  });

  it('none whose named entrypoint is missing', () => {
    expect(served([gateway(), gatewayService()], { config: { adopt: ['kube-system/missing=default/web'] } })).toEqual([
      false,
    ]);
  });

  it('none whose annotation cannot be understood', () => {
    const entry = entrypoint('entry', { ingress, annotations: ours({ exposure: 'NodePort' }) });
    expect(served([gateway(), gatewayService(), entry])).toEqual([false]);
  });
});
