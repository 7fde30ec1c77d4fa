import { describe, expect, it } from 'vitest';
import { entrypoint, gateway, gatewayClass, gatewayService, OURS, ours } from './build.ts';
import { actionOf, findingOf, findings, plan, publishedBy, writes } from './planning.ts';

const EIP = '122.9.70.186';

describe('whose claim counts', () => {
  const ingress = [{ ip: EIP }];

  it.each([
    ["Cilium's namespace", 'kube-system', {}],
    ["the Gateway's own", 'default', {}],
    ['one that the configuration names', 'edge', { entrypointNamespaces: ['edge'] }],
  ])('%s may claim a Gateway', (_, namespace, config) => {
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { namespace, ingress })], { config });
    expect(writes(planned)).toEqual(['publish-address Service default/cilium-gateway-web']);
  });

  it('another namespace may not', () => {
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { namespace: 'evil', ingress })]);
    expect(writes(planned)).toEqual([]);
    expect(findings(planned)).toEqual(['fail EntrypointNamespaceNotAllowed', 'fail NoEntrypoint']);
    const told = findingOf(planned, 'EntrypointNamespaceNotAllowed');
    expect(told.message).toContain('only kube-system, default may');
    expect(told.fix).toContain('gateway.entrypointNamespaces');
  });

  it('the oldest of two serves; the other is told', () => {
    const planned = plan([
      gateway(),
      gatewayService(),
      entrypoint('younger', { ingress: [{ ip: '1.1.1.1' }], created: '2026-01-02T00:00:00Z' }),
      entrypoint('older', { ingress, created: '2026-01-01T00:00:00Z' }),
    ]);
    expect(publishedBy(actionOf(planned, 'publish-address'))).toEqual([{ ip: EIP, ipMode: 'Proxy' }]);
    expect(findings(planned)).toEqual(['fail EntrypointNotOldest']);
    expect(findingOf(planned, 'EntrypointNotOldest').target?.name).toBe('younger');
  });

  it('of two of the same second the first by name serves', () => {
    const planned = plan([
      gateway(),
      gatewayService(),
      entrypoint('b', { ingress: [{ ip: '1.1.1.1' }] }),
      entrypoint('a', { ingress }),
    ]);
    expect(publishedBy(actionOf(planned, 'publish-address'))).toEqual([{ ip: EIP, ipMode: 'Proxy' }]);
  });

  it('naming a Gateway that is not there is told', () => {
    const planned = plan([entrypoint('entry', { serves: 'default/nobody', ingress })]);
    expect(writes(planned)).toEqual([]);
    expect(findings(planned)).toEqual(['fail SubjectNotFound']);
    expect(findingOf(planned, 'SubjectNotFound').fix).toContain('cilium-cloud-bridge.io/gateway=<namespace>/<name>');
  });

  it("a Gateway of another controller's class is not served", () => {
    const planned = plan([
      gatewayClass(),
      gatewayClass('istio', 'istio.io/gateway-controller'),
      gateway('web', { className: 'istio' }),
      gatewayService(),
      entrypoint('entry', { ingress }),
    ]);
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail SubjectNotFound']]);
  });

  it.each([
    ['gateway', 'web'],
    ['gateway', ''],
    ['gateway', 'Default/Web'],
    ['ingress', 'everything'],
  ])('a malformed %s annotation %j is a finding', (key, value) => {
    const planned = plan([
      gateway(),
      gatewayService(),
      entrypoint('entry', { serves: null, annotations: ours({ [key]: value }), ingress }),
    ]);
    expect(writes(planned)).toEqual([]);
    expect(findings(planned)).toContain('fail AnnotationMalformed');
  });

  it('gateway and ingress at once is a contradiction', () => {
    const planned = plan([
      gateway(),
      gatewayService(),
      entrypoint('entry', { annotations: ours({ ingress: 'shared' }), ingress }),
    ]);
    expect(writes(planned)).toEqual([]);
    expect(findings(planned)).toContain('fail AnnotationsContradict');
  });

  it.each([
    ['mistyped', { serves: 'defaultweb' }],
    ['contradictory', { annotations: ours({ ingress: 'default/shop' }) }],
  ])('a %s annotation takes no address back', (_, wrong) => {
    const planned = plan([
      gateway(),
      gatewayService('web', { ingress: [{ ip: EIP, ipMode: 'Proxy' }], writtenBy: [OURS] }),
      entrypoint('entry', { ...wrong, ingress }),
    ]);
    expect(writes(planned)).toEqual([]);
  });

  it("Cilium's own Service is no entrypoint, even when its author annotates it", () => {
    const planned = plan([
      gateway(),
      gatewayService('web', { annotations: ours({ gateway: 'default/web' }), ingress }),
      gateway('other'),
      gatewayService('other', { annotations: ours({ gateway: 'default/web' }), ingress, ports: [[80, 31081]] }),
    ]);
    expect(writes(planned)).toEqual([]);
    expect(findings(planned).filter((one) => one === 'fail GatewayServiceIsNoEntrypoint')).toHaveLength(2);
  });

  it('unread GatewayClasses or Gateways make it unknown, not wrong', () => {
    const broken = { items: [], complete: false, served: true, why: 'forbidden' };
    for (const reads of [{ gatewayClasses: broken }, { gateways: broken }]) {
      const planned = plan([gateway(), gatewayService(), entrypoint('entry', { ingress })], { reads });
      expect(writes(planned)).toEqual([]);
      expect(findings(planned)).toEqual(['unknown NotReadable', 'unknown SubjectUnknown']);
    }
  });
});
