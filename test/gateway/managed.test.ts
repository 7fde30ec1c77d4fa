import { describe, expect, it } from 'vitest';
import { managedName } from '../../src/gateway/managed.ts';
import { ciliumConfig, entrypoint, gateway, gatewayService, ingress, ingressService, OURS, ours } from './build.ts';
import { actionOf, bodyOf, findingOf, findings, plan, writes } from './planning.ts';

const NAME = managedName('default', 'web');
const CREATE = `create-entrypoint Service kube-system/${NAME}`;
const CONSENT = { enabled: true, allowedNamespaces: ['default'] };
const ALLOWING = {
  managed: {
    ...CONSENT,
    allowedAnnotations: ['kubernetes.io/elb.*'],
    allowedLoadBalancerIds: ['elb-1'],
    annotations: { 'kubernetes.io/elb.class': 'union' },
  },
};

function asking(more: Readonly<Record<string, string>> = {}): ReturnType<typeof gateway> {
  return gateway('web', { annotations: ours({ entrypoint: 'managed', ...more }) });
}

/** The managed entrypoint as it stands once it was made. */
function made(parts: Parameters<typeof entrypoint>[1] = {}): ReturnType<typeof entrypoint> {
  return entrypoint(NAME, { ...parts, labels: ours({ managed: 'true' }) });
}

describe('a Gateway that asks for a managed entrypoint', () => {
  it('gets it as the Gateway and the configuration say', () => {
    const asked = {
      'entrypoint-annotations': '{"kubernetes.io/elb.id":"elb-1","kubernetes.io/elb.class":"performance"}',
    };
    const planned = plan(
      [
        asking(asked),
        gatewayService('web', {
          ports: [
            [80, 31080],
            [443, 31443],
          ],
        }),
      ],
      { config: ALLOWING },
    );
    expect([writes(planned), findings(planned)]).toEqual([[CREATE], []]);
    expect(bodyOf(actionOf(planned, 'create-entrypoint').request)).toEqual({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: NAME,
        namespace: 'kube-system',
        labels: {
          'app.kubernetes.io/managed-by': 'cilium-cloud-bridge',
          'cilium-cloud-bridge.io/managed': 'true',
          'cilium-cloud-bridge.io/gateway-namespace': 'default',
          'cilium-cloud-bridge.io/gateway-uid': 'uid-Gateway-default-web',
        },
        annotations: {
          'kubernetes.io/elb.class': 'performance',
          'kubernetes.io/elb.id': 'elb-1',
          'cilium-cloud-bridge.io/gateway': 'default/web',
        },
      },
      spec: {
        type: 'LoadBalancer',
        selector: { 'k8s-app': 'cilium' },
        ports: [
          { name: 'port-80', port: 80, protocol: 'TCP', targetPort: 31080 },
          { name: 'port-443', port: 443, protocol: 'TCP', targetPort: 31443 },
        ],
      },
    });
  });

  it("is never given Cilium's own label, which the operator selects Gateway Services by", () => {
    const planned = plan([asking(), gatewayService()], { config: ALLOWING });
    expect(JSON.stringify(bodyOf(actionOf(planned, 'create-entrypoint').request))).not.toContain('owning-gateway');
  });

  it.each([
    ['the configuration allows none', { managed: { enabled: false } }, 'ManagedNotEnabled'],
    ['its namespace may not', { managed: { ...CONSENT, allowedNamespaces: ['edge'] } }, 'ManagedNamespaceNotAllowed'],
  ])('is refused where %s', (_, config, reason) => {
    const planned = plan([asking(), gatewayService()], { config });
    expect([writes(planned), findings(planned)]).toEqual([[], [`fail ${reason}`]]);
  });

  it('may ask from any namespace where the configuration says "*"', () => {
    const planned = plan([asking(), gatewayService()], {
      config: { managed: { ...CONSENT, allowedNamespaces: ['*'] } },
    });
    expect(writes(planned)).toEqual([CREATE]);
  });

  it.each([
    ['a key that nobody allowed', '{"service.kubernetes.io/qcloud":"x"}', 'ManagedAnnotationNotAllowed'],
    ['a key of ours', '{"cilium-cloud-bridge.io/gateway":"default/other"}', 'ManagedAnnotationNotAllowed'],
    ["Cilium's type annotation", '{"service.cilium.io/type":"ClusterIP"}', 'ManagedAnnotationNotAllowed'],
    ["another's ELB", '{"kubernetes.io/elb.id":"elb-2"}', 'ManagedLoadBalancerNotAllowed'],
    ["another's CLB", '{"service.kubernetes.io/tke-existed-lbid":"lb-2"}', 'ManagedLoadBalancerNotAllowed'],
    ['no JSON', 'kubernetes.io/elb.id=elb-1', 'AnnotationMalformed'],
    ['a list', '["elb-1"]', 'AnnotationMalformed'],
    ['null', 'null', 'AnnotationMalformed'],
    ['a number for a value', '{"kubernetes.io/elb.id":1}', 'AnnotationMalformed'],
  ])('is refused when it asks for %s', (_, text, reason) => {
    const everything = { managed: { ...ALLOWING.managed, allowedAnnotations: ['*'] } };
    const config = reason === 'ManagedAnnotationNotAllowed' && text.includes('qcloud') ? ALLOWING : everything;
    const planned = plan([asking({ 'entrypoint-annotations': text }), gatewayService()], { config });
    expect([writes(planned), findings(planned)]).toEqual([[], [`fail ${reason}`]]);
  });

  it.each([
    ['manage', {}],
    ['', {}],
    ['true', {}],
  ])('is not understood when it says %j', (text) => {
    const planned = plan([asking({ entrypoint: text }), gatewayService()], { config: ALLOWING });
    expect(writes(planned)).toEqual([]);
    expect(findings(planned)).toContain('fail AnnotationMalformed');
  });

  it.each([
    ['exposure', 'fastest'],
    ['entrypoint-node-ports', '80:30080'],
  ])('with a malformed %s gets nothing made', (key, value) => {
    const config = { managed: { ...CONSENT, allowNodePorts: true } };
    const planned = plan([asking({ [key]: value }), gatewayService()], { config });
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail AnnotationMalformed']]);
  });

  it('gets fixed nodePorts only where the configuration allows them', () => {
    const objects = [asking({ 'entrypoint-node-ports': '80=30080' }), gatewayService()];
    const refused = plan(objects, { config: ALLOWING });
    expect([writes(refused), findings(refused)]).toEqual([[], ['fail ManagedNodePortNotAllowed']]);
    const allowed = plan(objects, { config: { managed: { ...CONSENT, allowNodePorts: true } } });
    expect(bodyOf(actionOf(allowed, 'create-entrypoint').request)).toMatchObject({
      spec: { ports: [{ port: 80, nodePort: 30080, targetPort: 31080 }] },
    });
  });

  it('waits for every NodePort, since a load balancer without members loses its backends', () => {
    const service = gatewayService('web', { ports: [[80, 31080], { port: 443 }] });
    const planned = plan([asking(), service], { config: ALLOWING });
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail NodePortMissing']]);
    expect(findingOf(planned, 'NodePortMissing').message).toContain('443/TCP');
  });

  it('waits for the Gateway Service', () => {
    expect(findings(plan([asking()], { config: ALLOWING }))).toEqual(['fail GatewayServiceMissing']);
  });

  it.each([['NodePort'], ['ClusterIP']])(
    'is not made for a Gateway Service of type %s, which cannot show an address',
    (type) => {
      const planned = plan([asking(), gatewayService('web', { type })], { config: ALLOWING });
      expect([writes(planned), findings(planned)]).toEqual([[], ['fail GatewayServiceNotLoadBalancer']]);
    },
  );

  it.each([
    ['by cilium-config', { 'gateway-api-hostnetwork-enabled': 'true' }, {}],
    ['by its annotation', {}, { exposure: 'host-network' }],
  ])('leads to the listener ports on the host network, %s', (_, settings, more) => {
    const service = gatewayService('web', { type: 'ClusterIP', ports: [{ port: 80 }] });
    const planned = plan([ciliumConfig(settings), asking(more), service], { config: ALLOWING });
    expect(bodyOf(actionOf(planned, 'create-entrypoint').request)).toMatchObject({
      spec: { ports: [{ port: 80, targetPort: 80 }] },
    });
  });

  it('finds its name taken by a Service that is not ours: left alone', () => {
    const planned = plan([asking(), gatewayService(), entrypoint(NAME, { serves: null, selector: { app: 'x' } })], {
      config: ALLOWING,
    });
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail ManagedNameTaken']]);
  });

  it('waits while the former one is being deleted', () => {
    const planned = plan([asking(), gatewayService(), made({ deleting: true })], { config: ALLOWING });
    expect([writes(planned), findings(planned)]).toEqual([[], ['warn ManagedEntrypointTerminating']]);
  });

  it('takes the address of a deleted entrypoint back, and has a new one made', () => {
    const service = gatewayService('web', { ingress: [{ ip: '1.1.1.1', ipMode: 'Proxy' }], writtenBy: [OURS] });
    const planned = plan([asking(), service], { config: ALLOWING });
    expect(writes(planned)).toEqual(['clear-address Service default/cilium-gateway-web', CREATE]);
  });

  it('is served by the entrypoint that a user made, if there is one', () => {
    const planned = plan([asking(), gatewayService(), entrypoint('mine', { ports: [[80, 1]] })], { config: ALLOWING });
    expect(writes(planned)).toEqual(['patch-entrypoint Service kube-system/mine']);
  });

  it('cannot be an Ingress', () => {
    const annotations = ours({ entrypoint: 'managed' });
    const planned = plan([ingress('web', [], { annotations }), ingressService('web')], { config: ALLOWING });
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail ManagedOnlyForGateways']]);
  });
});

describe('a managed entrypoint', () => {
  const address = { ingress: [{ ip: '122.9.70.186' }] };
  const settled = { ...address, annotations: { 'kubernetes.io/elb.class': 'union' } };
  const PATCH = `patch-entrypoint Service kube-system/${NAME}`;
  const PUBLISH = 'publish-address Service default/cilium-gateway-web';

  it('has its address published like any other', () => {
    expect(writes(plan([asking(), gatewayService(), made(settled)], { config: ALLOWING }))).toEqual([PUBLISH]);
  });

  it('gets a new listener, keeping the nodePorts that it has', () => {
    const service = gatewayService('web', {
      ports: [
        [80, 31999],
        [443, 31443],
      ],
    });
    const ports = [{ port: 80, targetPort: 31080, nodePort: 30080 }];
    const planned = plan([asking(), service, made({ ...settled, ports })], { config: ALLOWING });
    expect(writes(planned)).toEqual([PATCH, PUBLISH]);
    expect(bodyOf(actionOf(planned, 'patch-entrypoint').request)).toEqual({
      metadata: { uid: `uid-Service-kube-system-${NAME}`, resourceVersion: '7' },
      spec: {
        ports: [
          { name: 'port-80', port: 80, protocol: 'TCP', targetPort: 31999, nodePort: 30080 },
          { name: 'port-443', port: 443, protocol: 'TCP', targetPort: 31443 },
        ],
      },
    });
  });

  it('whose new listener has no NodePort yet keeps what it has, and never leads to port 0', () => {
    const service = gatewayService('web', { ports: [[80, 31080], { port: 443 }] });
    const planned = plan([asking(), service, made(settled)], { config: ALLOWING });
    expect(writes(planned)).toEqual([PUBLISH]);
    expect(findings(planned)).toEqual(['fail NodePortMissing']);
  });

  it('is not emptied when its Gateway Service has no ports', () => {
    const planned = plan([asking(), gatewayService('web', { ports: [] }), made(settled)], { config: ALLOWING });
    expect(writes(planned)).toEqual([]);
  });

  it('loses the port of a listener that is gone', () => {
    const ports = [
      { port: 80, targetPort: 31080, nodePort: 30080 },
      { port: 443, targetPort: 31443, nodePort: 30443 },
    ];
    const planned = plan([asking(), gatewayService(), made({ ...settled, ports })], { config: ALLOWING });
    expect(actionOf(planned, 'patch-entrypoint').changes).toMatchObject([
      { field: 'spec.ports', after: [{ port: 80, nodePort: 30080 }] },
    ]);
  });

  it('gets its selector and annotations back, and keeps what others added', () => {
    const annotations = { 'kubernetes.io/elb.class': 'union', 'example.com/added': 'x' };
    const planned = plan(
      [asking(), gatewayService(), made({ annotations, selector: { app: 'evil', 'k8s-app': 'cilium' } })],
      {
        config: {
          managed: {
            ...ALLOWING.managed,
            annotations: { 'kubernetes.io/elb.class': 'union', 'example.com/wanted': 'y' },
          },
        },
      },
    );
    expect(bodyOf(actionOf(planned, 'patch-entrypoint').request)).toMatchObject({
      metadata: { annotations: { 'example.com/wanted': 'y' } },
      spec: { selector: { app: null } },
    });
  });

  it('keeps its elb annotations, which CCE freezes, with a finding', () => {
    const planned = plan(
      [asking(), gatewayService(), made({ annotations: { 'kubernetes.io/elb.class': 'performance' } })],
      { config: ALLOWING },
    );
    expect(writes(planned)).toEqual([]);
    expect(findings(planned)).toEqual(['fail ElbAnnotationFrozen', 'fail EntrypointHasNoAddress']);
  });

  it('follows the NodePort even when the wish for it is refused', () => {
    const refused = { managed: { ...ALLOWING.managed, enabled: false } };
    const planned = plan([asking(), gatewayService('web', { ports: [[80, 31999]] }), made(settled)], {
      config: refused,
    });
    expect(writes(planned)).toEqual([PATCH, PUBLISH]);
    expect(bodyOf(actionOf(planned, 'patch-entrypoint').request)).toContainEqual({
      op: 'replace',
      path: '/spec/ports/0/targetPort',
      value: 31999,
    });
  });

  it('is annotated by rule 2 before the address is published, refused wish or not', () => {
    for (const config of [ALLOWING, { managed: { ...ALLOWING.managed, enabled: false } }]) {
      const planned = plan([asking(), gatewayService(), made(settled)], { config, memory: { ipModeStored: 'no' } });
      expect(writes(planned)).toEqual([PATCH, PUBLISH]);
      expect(JSON.stringify(bodyOf(actionOf(planned, 'patch-entrypoint').request))).toContain('service.cilium.io');
    }
  });

  it('is told to outlive its Gateway', () => {
    const planned = plan([asking({ retain: 'true' }), gatewayService(), made(settled)], { config: ALLOWING });
    expect(bodyOf(actionOf(planned, 'patch-entrypoint').request)).toMatchObject({
      metadata: { annotations: { 'cilium-cloud-bridge.io/retain': 'true' } },
    });
  });
});

describe('the name of a managed entrypoint', () => {
  it.each([
    ['default', 'web'],
    ['default', 'a.dotted.name'],
    ['default', 'x'.repeat(253)],
    ['default', `${'x'.repeat(47)}-y`],
    ['a'.repeat(63), 'web'],
  ])('of %s/%s is a DNS label', (namespace, name) => {
    expect(managedName(namespace, name)).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
  });

  it('differs where the Gateways do', () => {
    const names = [
      ['a', 'b-c'],
      ['a', 'b.c'],
      ['a-b', 'c'],
      ['b', 'b-c'],
    ].map(([namespace = '', name = '']) => managedName(namespace, name));
    expect(new Set(names).size).toBe(names.length);
  });
});
