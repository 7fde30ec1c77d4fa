import { describe, expect, it } from 'vitest';
import { trimEnvoyConfig } from '../../src/gateway/models/envoy-config.ts';
import { trimGateway, trimGatewayClass } from '../../src/gateway/models/gateway.ts';
import { notServed, seen, unread } from '../../src/gateway/observation.ts';
import type { RawObject } from '../../src/kube/types.ts';
import {
  entrypoint,
  gateway,
  gatewayClass,
  gatewayService,
  ingress,
  ingressService,
  ours,
  sharedIngressService,
} from './build.ts';
import { annotated, COPY, change, copyIn, envoyConfig, recordOf, settled } from './envoy.ts';
import { actionOf, type Given, plan, writes } from './planning.ts';

const DELETE = `delete-redirect-copy CiliumEnvoyConfig ${COPY.namespace}/${COPY.name}`;
const FIRST_EMPTY = { why: 'the first list was empty', passes: true };
const UNREADABLE = { why: '1 of them cannot be understood', passes: false };
const SERVED = settled([
  gateway(),
  gatewayService('web', { ingress: [{ ip: '203.0.113.20', ipMode: 'Proxy' }], writtenBy: ['cilium-cloud-bridge'] }),
  entrypoint('entry', { ingress: [{ ip: '203.0.113.20' }] }),
  envoyConfig(),
]);

function without(kind: string, name: string, from: readonly RawObject[] = SERVED): readonly RawObject[] {
  return change(from, kind, name, () => undefined);
}

function entry(
  short: Readonly<Record<string, string | null>>,
  from: readonly RawObject[] = SERVED,
): readonly RawObject[] {
  return change(from, 'Service', 'entry', (object) => annotated(object, short));
}

function copies(objects: readonly RawObject[], given: Given = {}): string[] {
  return writes(plan(objects, given)).filter((write) => write.includes('redirect-copy'));
}

describe('a copy goes', () => {
  it.each([
    ['with its Gateway', without('Gateway', 'web')],
    [
      'with its Gateway and all that Cilium made for it',
      without(
        'Gateway',
        'web',
        without('Service', 'cilium-gateway-web', without('CiliumEnvoyConfig', 'cilium-gateway-web')),
      ),
    ],
    ['with its entrypoint', without('Service', 'entry')],
    ['with its source', without('CiliumEnvoyConfig', 'cilium-gateway-web')],
    ['with the annotation of its entrypoint', entry({ gateway: null })],
    ['when its entrypoint serves another Gateway', entry({ gateway: 'default/other' })],
    ['with the choice of node-port', entry({ exposure: 'node-port' })],
    ['with the choice of pod-ip', entry({ exposure: 'pod-ip' })],
    [
      'with the choice of node-port on the Gateway',
      change(SERVED, 'Gateway', 'web', (object) => annotated(object, { exposure: 'node-port' })),
    ],
    [
      "when its Gateway gets a class that is not Cilium's",
      change(SERVED, 'Gateway', 'web', () => gateway('web', { className: 'istio' })),
    ],
    [
      'when its entrypoint gets sessionAffinity',
      change(SERVED, 'Service', 'entry', () => entrypoint('entry', { spec: { sessionAffinity: 'ClientIP' } })),
    ],
    [
      'when Envoy listens on the nodes',
      change(SERVED, 'CiliumEnvoyConfig', 'cilium-gateway-web', () =>
        envoyConfig('cilium-gateway-web', { hostPort: 80 }),
      ),
    ],
    [
      'when the user redirects the entrypoint elsewhere',
      [...SERVED, envoyConfig('mine', { namespace: 'kube-system', owner: null, service: { name: 'entry' } })],
    ],
  ])("%s, under a precondition, and nothing else of the user's with it", (_, objects) => {
    expect(copies(objects)).toEqual([DELETE]);
    const action = actionOf(plan(objects), 'delete-redirect-copy');
    expect(action.request).toMatchObject({
      verb: 'delete',
      uid: action.target.uid,
      resourceVersion: action.targetVersion,
    });
    expect(copies(settled(objects))).toEqual([]);
    const kinds = new Set(plan(objects).actions.map(({ kind }) => kind));
    kinds.delete('delete-redirect-copy');
    kinds.delete('clear-address');
    expect([...kinds]).toEqual([]);
  });

  it('as work of its Gateway, be that gone or back without its CiliumEnvoyConfig: two passes never delete it side by side', () => {
    const gone = actionOf(plan(without('Gateway', 'web')), 'delete-redirect-copy');
    const back = actionOf(plan(without('CiliumEnvoyConfig', 'cilium-gateway-web')), 'delete-redirect-copy');
    expect(gone.key).toBe(back.key);
    expect(back.key).toBe('Gateway default/web');
  });

  it('before anything else is done', () => {
    const objects = [
      ...without('Gateway', 'web'),
      gateway('api'),
      gatewayService('api', { ports: [[81, 31081]] }),
      entrypoint('new', { serves: 'default/api', ports: [[81, 1]] }),
    ];
    expect(writes(plan(objects))[0]).toBe(DELETE);
  });
});

describe('a copy stays', () => {
  it.each([
    ['while its Gateway is being deleted', change(SERVED, 'Gateway', 'web', () => gateway('web', { deleting: true }))],
    ['while Cilium has not made the Service anew', without('Service', 'cilium-gateway-web')],
    ['while its entrypoint says something that cannot be understood', entry({ gateway: 'default/' })],
    ['while its entrypoint contradicts itself', entry({ ingress: 'shared' })],
    ['while the ports cannot be understood', entry({ ports: '80=http' })],
    ['while the exposure cannot be understood', entry({ exposure: 'fast' })],
    ['while the address cannot be given', change(SERVED, 'Service', 'entry', () => entrypoint())],
  ])('%s', (_, objects) => {
    expect(copies(objects)).toEqual([]);
  });

  it('while a second candidate makes adoption ambiguous, and goes when the candidates are gone', () => {
    const given = { config: { adopt: 'auto' } };
    const adopted = settled([gateway(), gatewayService(), entrypoint('entry', { serves: null }), envoyConfig()], given);
    const doubtful = [...adopted, entrypoint('other', { serves: null, created: '2025-01-01T00:00:00Z' })];
    expect(plan(doubtful, given).findings.map(({ reason }) => reason)).toContain('AdoptionAmbiguous');
    expect(copies(doubtful, given)).toEqual([]);
    expect(copies(without('Service', 'entry', adopted), given)).toEqual([DELETE]);
  });

  it.each([
    ['Gateways are read incompletely', { gateways: unread('throttled', []) }],
    ['the Gateway CRD is gone', { gateways: notServed<ReturnType<typeof trimGateway>>() }],
    [
      'GatewayClasses are read incompletely',
      {
        gateways: { items: [trimGateway(gateway())], complete: true, served: true, why: '' },
        gatewayClasses: unread('throttled', [trimGatewayClass(gatewayClass('x', 'other'))]),
      },
    ],
    ['Services are read incompletely', { services: unread('throttled', []) }],
    ['CiliumEnvoyConfigs are read incompletely', { envoyConfigs: unread('throttled', []) }],
    ['the CRD of CiliumEnvoyConfig is gone', { envoyConfigs: notServed() }],
  ] satisfies [string, Given['reads']][])('while %s', (_, reads) => {
    expect(copies(without('Gateway', 'web'), { reads })).toEqual([]);
  });

  it.each([
    ['Gateways', { gateways: seen([], FIRST_EMPTY) }],
    ['GatewayClasses', { gatewayClasses: seen([], FIRST_EMPTY) }],
    ['Services', { services: seen([], UNREADABLE) }],
  ] satisfies [string, Given['reads']][])('while %s may be there that were not seen', (_, reads) => {
    expect(copies(SERVED, { reads })).toEqual([]);
  });

  it('while its source may be one of those that cannot be understood', () => {
    const objects = without('CiliumEnvoyConfig', 'cilium-gateway-web');
    const configs = objects.filter(({ kind }) => kind === 'CiliumEnvoyConfig').map(trimEnvoyConfig);
    const reads = { envoyConfigs: seen(configs, UNREADABLE) };
    expect(copies(objects, { reads })).toEqual([]);
    expect(plan(objects, { reads }).findings.map(({ reason }) => reason)).toContain('EnvoyConfigNotReadable');
    // The Gateway's own end is as certain as ever.
    expect(copies(without('Gateway', 'web'), { reads })).toEqual([DELETE]);
  });

  it.each(['frozen', 'static'] as const)('when nobody follows (%s), as long as its Gateway exists', (policy) => {
    expect(copies(entry({ exposure: 'node-port' }), { copies: policy })).toEqual([]);
    expect(copies(entry({ gateway: null }), { copies: policy })).toEqual([]);
    expect(copies(without('Gateway', 'web'), { copies: policy })).toEqual([DELETE]);
  });
});

describe('a pause', () => {
  it.each([
    ['the entrypoint', entry({ exposure: 'node-port', paused: 'true' }), 'entry'],
    [
      'the Gateway',
      change(entry({ exposure: 'node-port' }), 'Gateway', 'web', (object) => annotated(object, { paused: 'true' })),
      'web',
    ],
    ['the entrypoint whose annotation is gone', entry({ gateway: null, paused: 'true' }), 'entry'],
  ])('of %s holds the removal back', (_, objects, name) => {
    expect(actionOf(plan(objects), 'delete-redirect-copy').pausedBy).toMatchObject({ name });
  });

  it('holds the making back', () => {
    const objects = entry({ paused: 'true' }, without('CiliumEnvoyConfig', COPY.name));
    expect(actionOf(plan(objects), 'write-redirect-copy').pausedBy).toMatchObject({ name: 'entry' });
  });
});

describe('where there is only Ingress', () => {
  const reads = { gateways: notServed<never>(), gatewayClasses: notServed<never>() };
  const dedicated = settled([
    ingress(),
    ingressService(),
    entrypoint('entry', { serves: null, annotations: ours({ ingress: 'default/shop' }) }),
    envoyConfig('cilium-ingress-default-shop', {
      owner: 'uid-Ingress-default-shop',
      service: { name: 'cilium-ingress-shop' },
    }),
  ]);
  const shared = settled([
    sharedIngressService(),
    entrypoint('entry', { serves: null, annotations: ours({ ingress: 'shared' }) }),
    envoyConfig('cilium-ingress', { namespace: 'kube-system', owner: null }),
  ]);

  it('a copy goes with its Ingress, whatever of Gateways can be read', () => {
    expect(copies(dedicated, { reads })).toEqual([]);
    expect(copies(without('Ingress', 'shop', dedicated), { reads })).toEqual([DELETE]);
    expect(
      copies(without('Ingress', 'shop', dedicated), { reads: { ...reads, ingresses: unread('throttled', []) } }),
    ).toEqual([]);
  });

  it('a copy of the shared Ingress goes with it, where its name is known for certain', () => {
    const gone = without('Service', 'cilium-ingress', shared);
    expect(copies(shared, { reads })).toEqual([]);
    expect(copies(gone, { reads })).toEqual([DELETE]);
    expect(copies(gone, { reads: { ...reads, ciliumConfig: unread('forbidden', []) } })).toEqual([]);
  });

  it('a copy of a Gateway stays: whether that is gone cannot be told', () => {
    expect(
      copies([...dedicated, ...without('Gateway', 'web').filter((one) => one === copyIn(SERVED))], { reads }),
    ).toEqual([]);
  });
});

it("a CiliumEnvoyConfig with only our label, or only our kind of name, is somebody else's", () => {
  const label = { 'cilium-cloud-bridge.io/managed': 'true' };
  const others = [envoyConfig('mine', { owner: null, labels: label }), envoyConfig('ccb-mine', { owner: null })];
  expect(writes(plan([...SERVED, ...others]))).toEqual([]);
});

describe('a CiliumEnvoyConfig without uid, which no write could name exactly,', () => {
  const nameless = (object: RawObject): RawObject => ({
    ...object,
    metadata: { ...recordOf(object.metadata), uid: {} },
  });

  it('is not deleted, copy of a Gateway that is gone though it is', () => {
    const objects = without('Gateway', 'web', change(SERVED, 'CiliumEnvoyConfig', COPY.name, nameless));
    expect(writes(plan(objects))).not.toContain(DELETE);
  });

  it('is not taken for gone: what was copied from it stays', () => {
    expect(writes(plan(change(SERVED, 'CiliumEnvoyConfig', 'cilium-gateway-web', nameless)))).toEqual([]);
  });
});
