import { describe, expect, it } from 'vitest';
import { trimService } from '../../src/gateway/models/service.ts';
import { seen } from '../../src/gateway/observation.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { agent, ciliumConfig, entrypoint, gateway, gatewayService, ONCE, OURS } from './build.ts';
import { actionOf, bodyOf, findingOf, findings, plan, publishedBy, writes } from './planning.ts';

const EIP = '122.9.70.186';
const VIP = '192.168.0.133';

/** The CCE guide: a stale targetPort, both of the ELB's addresses, nothing in the Gateway Service's status. */
const GUIDE = [
  gateway(),
  gatewayService('web', { ports: [[80, 31080]] }),
  entrypoint('entry', { ports: [[80, 30999]], ingress: [{ ip: EIP }, { ip: VIP }] }),
];

describe('an annotated entrypoint', () => {
  it('gets the targetPort first, then the address is published', () => {
    const planned = plan(GUIDE);
    expect(writes(planned)).toEqual([
      'patch-entrypoint Service kube-system/entry',
      'publish-address Service default/cilium-gateway-web',
    ]);
    expect(findings(planned)).toEqual([]);
  });

  it('is patched by a JSON patch that tests what it replaces', () => {
    const action = actionOf(plan(GUIDE), 'patch-entrypoint');
    expect(bodyOf(action.request)).toEqual([
      { op: 'test', path: '/metadata/uid', value: 'uid-Service-kube-system-entry' },
      { op: 'test', path: '/spec/ports/0/port', value: 80 },
      { op: 'test', path: '/spec/ports/0/targetPort', value: 30999 },
      { op: 'replace', path: '/spec/ports/0/targetPort', value: 31080 },
    ]);
    expect(action.changes).toEqual([{ field: 'spec.ports[80].targetPort', before: 30999, after: 31080 }]);
    expect(action.reason).toBe('TargetPortSynced');
  });

  it('has its addresses written with ipMode Proxy, for the version that was seen and no other', () => {
    const action = actionOf(plan(GUIDE), 'publish-address');
    expect(action.request).toMatchObject({ verb: 'patch', subresource: 'status', patch: { type: 'merge' } });
    expect(bodyOf(action.request)).toEqual({
      metadata: { uid: 'uid-Service-default-cilium-gateway-web', resourceVersion: '7' },
      status: {
        loadBalancer: {
          ingress: [
            { ip: EIP, ipMode: 'Proxy' },
            { ip: VIP, ipMode: 'Proxy' },
          ],
        },
      },
    });
    expect(action.reason).toBe('AddressPublished');
    expect(action.related.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['Gateway web', 'Service entry']);
  });

  it('in sync plans nothing', () => {
    const planned = plan([
      gateway('web', { programmedWith: [EIP] }),
      gatewayService('web', { ingress: [{ ip: EIP, ipMode: 'Proxy' }], writtenBy: [OURS] }),
      entrypoint('entry', { ingress: [{ ip: EIP }] }),
    ]);
    expect(writes(planned)).toEqual([]);
    expect(findings(planned)).toEqual(['pass Programmed']);
  });

  it.each([
    ['a domain CLB', [{ hostname: 'lb.example.com' }], [{ hostname: 'lb.example.com' }]],
    [
      'an IP with its name',
      [{ ip: EIP, hostname: 'a.example.com' }],
      [{ ip: EIP, hostname: 'a.example.com', ipMode: 'Proxy' }],
    ],
    ['the same twice', [{ ip: EIP }, { ip: EIP }], [{ ip: EIP, ipMode: 'Proxy' }]],
    ['an IPv6 address', [{ ip: '2001:db8::1' }], [{ ip: '2001:db8::1', ipMode: 'Proxy' }]],
    ["the entrypoint's own ipMode does not matter", [{ ip: EIP, ipMode: 'VIP' }], [{ ip: EIP, ipMode: 'Proxy' }]],
  ])('publishes %s as it is', (_, ingress, published) => {
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { ingress })]);
    expect(publishedBy(actionOf(planned, 'publish-address'))).toEqual(published);
  });

  it.each([
    [
      'no port given',
      { port: 80 },
      [
        { op: 'test', path: '/spec/ports/0/port', value: 80 },
        { op: 'add', path: '/spec/ports/0/targetPort', value: 31080 },
      ],
    ],
    [
      'a named port',
      { port: 80, targetPort: 'http' },
      [
        { op: 'test', path: '/spec/ports/0/port', value: 80 },
        { op: 'test', path: '/spec/ports/0/targetPort', value: 'http' },
        { op: 'replace', path: '/spec/ports/0/targetPort', value: 31080 },
      ],
    ],
  ])('with %s as targetPort leads to the NodePort', (_, port, operations) => {
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { ports: [port] })]);
    expect(bodyOf(actionOf(planned, 'patch-entrypoint').request)).toEqual([
      { op: 'test', path: '/metadata/uid', value: 'uid-Service-kube-system-entry' },
      ...operations,
    ]);
  });

  it('without an address is told of, and keeps its ports in sync', () => {
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { ports: [[80, 1]] })]);
    expect(writes(planned)).toEqual(['patch-entrypoint Service kube-system/entry']);
    expect(findings(planned)).toEqual(['fail EntrypointHasNoAddress']);
  });

  it.each([[OURS], [ONCE]])('that lost its address takes back what %s wrote', (manager) => {
    const planned = plan([
      gateway(),
      gatewayService('web', { ingress: [{ ip: EIP, ipMode: 'Proxy' }], writtenBy: [manager] }),
      entrypoint(),
    ]);
    expect(writes(planned)).toEqual(['clear-address Service default/cilium-gateway-web']);
    const action = actionOf(planned, 'clear-address');
    expect(bodyOf(action.request)).toMatchObject({ status: { loadBalancer: { ingress: null } } });
    expect(action.reason).toBe('AddressWithdrawn');
  });

  it('that may be a Service which cannot be understood takes nothing back; one that is there and lost its own does', () => {
    const status = { ingress: [{ ip: EIP, ipMode: 'Proxy' }], writtenBy: [OURS] };
    const doubted = (objects: readonly RawObject[]) => {
      const services = objects.filter(({ kind }) => kind === 'Service').map(trimService);
      return writes(
        plan(objects, {
          reads: { services: seen(services, { why: '1 of them cannot be understood', passes: false }) },
        }),
      );
    };
    const left = [gateway(), gatewayService('web', status)];
    expect(writes(plan(left))).toEqual(['clear-address Service default/cilium-gateway-web']);
    expect(doubted(left)).toEqual([]);
    expect(doubted([...left, entrypoint()])).toEqual(['clear-address Service default/cilium-gateway-web']);
  });

  it.each([
    ['nobody', []],
    ['kubectl', ['kubectl-edit']],
    ['somebody besides us', [OURS, 'argocd-controller']],
  ])('that lost its address leaves alone what %s wrote', (_, writtenBy) => {
    const status = { ingress: [{ ip: EIP, ipMode: 'Proxy' }], writtenBy };
    expect(writes(plan([gateway(), gatewayService('web', status), entrypoint()]))).toEqual([]);
  });

  it('replaces an address that somebody wrote by hand, and says so', () => {
    const planned = plan([
      gateway(),
      gatewayService('web', { ingress: [{ ip: '10.0.0.10' }], writtenBy: ['kubectl-edit'] }),
      entrypoint('entry', { ingress: [{ ip: EIP }] }),
    ]);
    const action = actionOf(planned, 'publish-address');
    expect(action.reason).toBe('ForeignAddressReplaced');
    expect(action.message).toContain('it replaces 10.0.0.10, written by kubectl-edit');
    expect(action.changes).toEqual([
      { field: 'status.loadBalancer.ingress', before: [{ ip: '10.0.0.10' }], after: [{ ip: EIP, ipMode: 'Proxy' }] },
    ]);
  });

  it('of which only ipMode is wrong gets that corrected', () => {
    const planned = plan([
      gateway(),
      gatewayService('web', { ingress: [{ ip: EIP, ipMode: 'VIP' }], writtenBy: ['kubectl'] }),
      entrypoint('entry', { ingress: [{ ip: EIP }] }),
    ]);
    expect(actionOf(planned, 'publish-address').reason).toBe('IpModeCorrected');
  });

  it('whose Gateway is deleted, is left alone', () => {
    const [, service, entry] = GUIDE;
    const planned = plan([gateway('web', { deleting: true }), service ?? {}, entry ?? {}]);
    expect([writes(planned), findings(planned)]).toEqual([[], []]);
  });

  it('that is being deleted no longer counts', () => {
    const planned = plan([
      gateway(),
      gatewayService('web', { ingress: [{ ip: EIP, ipMode: 'Proxy' }], writtenBy: [OURS] }),
      entrypoint('entry', { ingress: [{ ip: EIP }], deleting: true }),
    ]);
    expect(writes(planned)).toEqual(['clear-address Service default/cilium-gateway-web']);
    expect(findings(planned)).toEqual(['fail NoEntrypoint']);
  });
});

describe('the Gateway Service', () => {
  const entry = entrypoint('entry', { ingress: [{ ip: EIP }] });

  it('is found through its owner under a shortened name', () => {
    const name = 'a'.repeat(60);
    const service = gatewayService(name, { name: 'cilium-gateway-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-f2gt8gcd6f' });
    const planned = plan([
      gateway(name),
      service,
      entrypoint('entry', { serves: `default/${name}`, ingress: [{ ip: EIP }] }),
    ]);
    expect(writes(planned)).toEqual([
      `publish-address Service default/${String('cilium-gateway-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-f2gt8gcd6f')}`,
    ]);
  });

  it('is not one that merely has the name', () => {
    const { metadata, ...rest } = gatewayService();
    const orphan = { ...rest, metadata: { ...(metadata as object), ownerReferences: [] } };
    expect(findings(plan([gateway(), orphan, entry]))).toEqual(['fail GatewayServiceMissing']);
  });

  it('is not a Service that somebody else made for the Gateway', () => {
    const { metadata, ...rest } = gatewayService('web', { name: 'metrics' });
    const other = { ...rest, metadata: { ...(metadata as object), labels: {} } };
    const planned = plan([gateway(), other, entry]);
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail GatewayServiceMissing']]);
  });

  it("missing is told with Cilium's own reason", () => {
    const conditions = [{ type: 'Accepted', status: 'False', reason: 'UnsupportedAddress', message: 'no such type' }];
    const planned = plan([gateway('web', { conditions }), entry]);
    expect(findingOf(planned, 'GatewayServiceMissing').message).toContain('UnsupportedAddress: no such type');
  });

  it.each([['NodePort'], ['ClusterIP'], ['ExternalName']])('of type %s is a finding and no write', (type) => {
    const planned = plan([gateway(), gatewayService('web', { type }), entry]);
    expect(writes(planned)).toEqual([]);
    expect(findings(planned)).toEqual(['fail GatewayServiceNotLoadBalancer']);
  });

  it('without a NodePort is a finding, and no address is published at which nothing answers', () => {
    const planned = plan([gateway(), gatewayService('web', { ports: [{ port: 80 }] }), entry]);
    expect(writes(planned)).toEqual([]);
    expect(findings(planned)).toEqual(['fail NodePortMissing']);
  });

  it('on the host network gets the listener port as targetPort and no status', () => {
    const planned = plan([
      ciliumConfig({ 'gateway-api-hostnetwork-enabled': 'true' }),
      gateway(),
      gatewayService('web', { type: 'ClusterIP', ports: [{ port: 80 }] }),
      entry,
    ]);
    expect(writes(planned)).toEqual(['patch-entrypoint Service kube-system/entry']);
    expect(actionOf(planned, 'patch-entrypoint').changes).toEqual([
      { field: 'spec.ports[80].targetPort', before: 31080, after: 80 },
    ]);
  });

  it('is found for Cilium in another namespace', () => {
    const planned = plan(
      [
        agent('1.19.1', 'n', 'cilium'),
        gateway(),
        gatewayService(),
        entrypoint('entry', { namespace: 'cilium', ingress: [{ ip: EIP }] }),
      ],
      { ciliumNamespace: 'cilium' },
    );
    expect(writes(planned)).toEqual(['publish-address Service default/cilium-gateway-web']);
  });
});
