import { describe, expect, it } from 'vitest';
import {
  ciliumConfig,
  entrypoint,
  gateway,
  gatewayService,
  ingress,
  ingressService,
  OURS,
  ours,
  sharedIngressService,
} from './build.ts';
import { actionOf, findingOf, findings, plan, publishedBy, writes } from './planning.ts';

const address = { ingress: [{ ip: '122.9.70.186' }] };

/** An entrypoint that names an Ingress: `default/shop`, `shared`. */
function entryFor(value: string, parts: Parameters<typeof entrypoint>[1] = {}): ReturnType<typeof entrypoint> {
  return entrypoint('entry', {
    serves: null,
    annotations: ours({ ingress: value }),
    ports: [[80, 1]],
    ...address,
    ...parts,
  });
}

describe('a dedicated Ingress', () => {
  it('is served by the entrypoint that names it', () => {
    const planned = plan([ingress(), ingressService(), entryFor('default/shop')]);
    expect(writes(planned)).toEqual([
      'patch-entrypoint Service kube-system/entry',
      'publish-address Service default/cilium-ingress-shop',
    ]);
    expect(actionOf(planned, 'patch-entrypoint').changes).toEqual([
      { field: 'spec.ports[80].targetPort', before: 1, after: 31180 },
    ]);
    expect(publishedBy(actionOf(planned, 'publish-address'))).toEqual([{ ip: '122.9.70.186', ipMode: 'Proxy' }]);
    expect(actionOf(planned, 'publish-address').related.map(({ kind }) => kind)).toEqual(['Ingress', 'Service']);
  });

  it('in sync is told to be programmed once its status shows the address', () => {
    const service = ingressService('shop', {
      ports: [[80, 1]],
      ingress: [{ ip: '122.9.70.186', ipMode: 'Proxy' }],
      writtenBy: [OURS],
    });
    const entry = entryFor('default/shop');
    expect(findings(plan([ingress('shop', ['122.9.70.186']), service, entry]))).toEqual(['pass Programmed']);
    expect(plan([ingress('shop', []), service, entry]).findings.map(({ reason }) => reason)).toContain(
      'GatewayNotProgrammed',
    );
  });

  it('that nobody names is none of our business', () => {
    const planned = plan([ingress(), ingressService(), ingress('other'), ingressService('other')]);
    expect([writes(planned), findings(planned)]).toEqual([[], []]);
  });

  it('whose entrypoint is gone loses what we wrote', () => {
    const service = ingressService('shop', { ingress: [{ ip: '1.1.1.1', ipMode: 'Proxy' }], writtenBy: [OURS] });
    expect(writes(plan([ingress(), service]))).toEqual(['clear-address Service default/cilium-ingress-shop']);
  });

  it('does not get the addresses of a Gateway of the same name', () => {
    const config = { addresses: { 'default/shop': ['1.2.3.4'] } };
    expect(writes(plan([ingress(), ingressService()], { config }))).toEqual([]);
    expect(
      writes(
        plan([ingress(), ingressService(), entryFor('default/shop', { ports: [[80, 31180]], ingress: [] })], {
          config,
        }),
      ),
    ).toEqual([]);
  });

  it('that another controller serves by a Service of its own is not taken for one of Cilium', () => {
    const planned = plan([ingress(), ingressService('shop', { name: 'ts-shop-xyz' }), entryFor('default/shop')]);
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail SubjectNotFound']]);
    expect(findingOf(planned, 'SubjectNotFound').fix).toContain('cilium-cloud-bridge.io/ingress=<namespace>/<name>');
  });

  it('of two entrypoints the mend removes the right annotation', () => {
    const older = entrypoint('older', {
      serves: null,
      annotations: ours({ ingress: 'default/shop' }),
      created: '2025-01-01T00:00:00Z',
    });
    const planned = plan([ingress(), ingressService(), entryFor('default/shop'), older]);
    expect(findingOf(planned, 'EntrypointNotOldest').fix).toMatch(/cilium-cloud-bridge\.io\/ingress-$/);
  });

  it('paused by a word that is no flag: the finding is about the Ingress', () => {
    const planned = plan([
      ingress('shop', [], { annotations: ours({ paused: 'maybe' }) }),
      ingressService(),
      entryFor('default/shop'),
    ]);
    expect(findingOf(planned, 'AnnotationMalformed').fix).toContain('kubectl -n default annotate ingress shop');
    expect(planned.actions.every((action) => action.pausedBy?.kind === 'Ingress')).toBe(true);
  });

  it('has its Service on the host network by a setting of its own', () => {
    const settings = ciliumConfig({ 'ingress-hostnetwork-enabled': 'true' });
    const planned = plan([
      settings,
      ingress(),
      ingressService('shop', { type: 'ClusterIP' }),
      entryFor('default/shop'),
    ]);
    expect(actionOf(planned, 'patch-entrypoint').changes).toMatchObject([{ after: 80 }]);
  });

  it('whose Service has another type says how to change that', () => {
    const planned = plan([ingress(), ingressService('shop', { type: 'NodePort' }), entryFor('default/shop')]);
    expect(findingOf(planned, 'GatewayServiceNotLoadBalancer').fix).toContain('ingress.cilium.io/service-type');
  });
});

describe('the shared Ingress', () => {
  it('is served by the entrypoint that says "shared"', () => {
    const planned = plan([sharedIngressService(), entryFor('shared')]);
    expect(writes(planned)).toEqual([
      'patch-entrypoint Service kube-system/entry',
      'publish-address Service kube-system/cilium-ingress',
    ]);
  });

  it('goes by the name in cilium-config, and an empty one is the default', () => {
    const { metadata, ...rest } = sharedIngressService();
    const renamed = { ...rest, metadata: { ...(metadata as object), name: 'my-ingress' } };
    const named = ciliumConfig({ 'ingress-shared-lb-service-name': 'my-ingress' });
    expect(writes(plan([named, renamed, entryFor('shared')]))).toContain(
      'publish-address Service kube-system/my-ingress',
    );
    const empty = ciliumConfig({ 'ingress-shared-lb-service-name': '' });
    expect(writes(plan([empty, sharedIngressService(), entryFor('shared')]))).toHaveLength(2);
  });

  it('is not an entrypoint of that name, which has a selector', () => {
    const planned = plan([sharedIngressService({ spec: { selector: { app: 'x' } } }), entryFor('shared')]);
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail SubjectNotFound']]);
    expect(findingOf(planned, 'SubjectNotFound').fix).toContain('ingressController.enabled=true');
  });

  it("may be claimed from Cilium's namespace and from configured ones only", () => {
    expect(findings(plan([sharedIngressService(), entryFor('shared', { namespace: 'default' })]))).toEqual([
      'fail EntrypointNamespaceNotAllowed',
    ]);
    const config = { entrypointNamespaces: ['edge'] };
    expect(writes(plan([sharedIngressService(), entryFor('shared', { namespace: 'edge' })], { config }))).toHaveLength(
      2,
    );
  });
});

describe('an Ingress and a Gateway of one name', () => {
  it('are two things', () => {
    const planned = plan([
      gateway('shop'),
      gatewayService('shop'),
      ingress(),
      ingressService(),
      entrypoint('g', { serves: 'default/shop', ...address }),
      entryFor('default/shop', { ports: [[80, 31180]] }),
    ]);
    expect(writes(planned)).toEqual([
      'publish-address Service default/cilium-gateway-shop',
      'publish-address Service default/cilium-ingress-shop',
    ]);
  });
});
