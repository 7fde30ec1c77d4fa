import { describe, expect, it } from 'vitest';
import { copyName, prepareCopy, renderCopy } from '../../src/gateway/redirect-copy.ts';
import type { KubeError } from '../../src/kube/errors.ts';
import { asRecord, at } from '../../src/kube/read.ts';
import { ENVOY_CONFIGS, SERVICES } from '../../src/kube/resources.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { scriptedClient } from '../plan/build.ts';
import { entrypoint, gateway, gatewayService, ingress, ingressService, ours, sharedIngressService } from './build.ts';
import { COPY, change, copyIn, envoyConfig, recordOf, settled } from './envoy.ts';
import { actionOf, plan, writes } from './planning.ts';

const NODE_SELECTOR = { matchLabels: { role: 'edge' } };
const SOURCE = envoyConfig('cilium-gateway-web', {
  nodeSelector: NODE_SELECTOR,
  backends: [
    { name: 'shop', number: ['8080'] },
    { name: 'api', namespace: 'other' },
  ],
});
const OBJECTS = [gateway(), gatewayService(), entrypoint(), SOURCE];
const WORLD = settled(OBJECTS);

function spec(object: RawObject): Record<string, unknown> {
  return recordOf(object.spec);
}

function source(parts: Parameters<typeof envoyConfig>[1]): readonly RawObject[] {
  return change(WORLD, 'CiliumEnvoyConfig', 'cilium-gateway-web', () => envoyConfig('cilium-gateway-web', parts));
}

describe('a redirect copy', () => {
  const copy = copyIn(WORLD);

  it("has its source's resources and nodeSelector as they are", () => {
    expect(spec(copy).resources).toEqual(spec(SOURCE).resources);
    expect(spec(copy).nodeSelector).toEqual(NODE_SELECTOR);
  });

  it("has its source's backends, with the namespace spelled out that the source could leave out", () => {
    expect(spec(copy).backendServices).toEqual([
      { name: 'shop', namespace: 'default', number: ['8080'] },
      { name: 'api', namespace: 'other' },
    ]);
  });

  it('has nothing else in its spec than these and the entrypoint', () => {
    expect(Object.keys(spec(copy)).sort()).toEqual(['backendServices', 'nodeSelector', 'resources', 'services']);
    expect(spec(copy).services).toEqual([
      { name: 'entry', namespace: 'kube-system', ports: [80], listener: 'listener' },
    ]);
    const bare = settled([
      gateway(),
      gatewayService(),
      entrypoint(),
      envoyConfig('cilium-gateway-web', { backends: [] }),
    ]);
    expect(Object.keys(spec(copyIn(bare))).sort()).toEqual(['resources', 'services']);
  });

  it('says whose it is, what it was made of, and that the client keeps its address, for old agents and new', () => {
    expect(at(copy, 'metadata')).toMatchObject({
      labels: {
        'app.kubernetes.io/managed-by': 'cilium-cloud-bridge',
        'cilium-cloud-bridge.io/managed': 'true',
        'cilium.io/use-original-source-address': 'false',
      },
      annotations: {
        'cec.cilium.io/use-original-source-address': 'false',
        ...ours({ source: 'default/cilium-gateway-web', subject: 'Gateway default/web' }),
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: 'entry', uid: 'uid-Service-kube-system-entry' }],
    });
    expect(JSON.stringify(copy)).not.toContain('owning-gateway');
  });

  it('has a name that no other entrypoint gives, however long theirs are', () => {
    const long = 'x'.repeat(63);
    const names = [
      copyName({ namespace: 'a', name: long }),
      copyName({ namespace: 'b', name: long }),
      copyName({ namespace: 'a', name: `${long.slice(0, -1)}y` }),
      copyName({ namespace: 'a-b', name: 'c' }),
      copyName({ namespace: 'a', name: 'b-c' }),
    ];
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^ccb-[-a-z0-9]{1,59}[a-z0-9]$/);
  });

  it.each([
    [
      'a dedicated Ingress',
      'default/shop',
      [ingress(), ingressService()],
      envoyConfig('cilium-ingress-default-shop', {
        owner: 'uid-Ingress-default-shop',
        service: { name: 'cilium-ingress-shop' },
      }),
    ],
    [
      'the shared Ingress',
      'shared',
      [sharedIngressService()],
      envoyConfig('cilium-ingress', { namespace: 'kube-system', owner: null, listeners: { '': [80, 443] } }),
    ],
  ] as const)('is made for %s', (_, serves, objects, config) => {
    const entry = entrypoint('entry', { serves: null, annotations: ours({ ingress: serves }) });
    const made = copyIn(settled([...objects, entry, config]));
    expect(spec(made).resources).toEqual(spec(config).resources);
    expect(at(made, 'spec', 'services', 0, 'ports')).toEqual([80]);
  });

  it('lies in the namespace of its entrypoint', () => {
    const made = settled([gateway(), gatewayService(), entrypoint('entry', { namespace: 'default' }), envoyConfig()]);
    const ref = { namespace: 'default', name: copyName({ namespace: 'default', name: 'entry' }) };
    expect(at(copyIn(made, ref), 'spec', 'services', 0)).toMatchObject({ name: 'entry', namespace: 'default' });
  });
});

describe('a copy that is right', () => {
  it('is not written again', () => {
    expect(writes(plan(WORLD))).toEqual([]);
    expect(plan(WORLD).subjects[0]).toMatchObject({ exposure: 'redirect' });
  });

  it('may have marks of others, and its keys in another order', () => {
    const marked = change(WORLD, 'CiliumEnvoyConfig', COPY.name, (copy) => ({
      ...copy,
      metadata: {
        ...recordOf(copy.metadata),
        annotations: { ...recordOf(at(copy, 'metadata', 'annotations')), theirs: 'x' },
      },
      spec: Object.fromEntries(Object.entries(spec(copy)).reverse()),
    }));
    expect(writes(plan(marked))).toEqual([]);
  });
});

describe('a copy is brought up to date', () => {
  const meta = (copy: RawObject, more: RawObject): RawObject => ({
    ...copy,
    metadata: { ...recordOf(copy.metadata), ...more },
  });
  const ports = [
    [80, 31080],
    [443, 31443],
  ] as const;
  const morePorts = change(
    change(
      source({ listeners: { listener: [80, 443] }, nodeSelector: NODE_SELECTOR }),
      'Service',
      'cilium-gateway-web',
      () => gatewayService('web', { ports }),
    ),
    'Service',
    'entry',
    () => entrypoint('entry', { ports }),
  );

  it.each([
    [
      'a route changed',
      source({ routes: 'v2', nodeSelector: NODE_SELECTOR }),
      ['content (copied from default/cilium-gateway-web)'],
    ],
    [
      'a backend changed',
      source({ backends: [], nodeSelector: NODE_SELECTOR }),
      ['content (copied from default/cilium-gateway-web)'],
    ],
    [
      'the nodes changed',
      source({
        backends: [
          { name: 'shop', number: ['8080'] },
          { name: 'api', namespace: 'other' },
        ],
      }),
      ['content (copied from default/cilium-gateway-web)'],
    ],
    [
      'somebody changed its ports',
      change(WORLD, 'CiliumEnvoyConfig', COPY.name, (copy) => ({ ...copy, spec: { ...spec(copy), services: [] } })),
      ['spec.services'],
    ],
    [
      'somebody removed its owner',
      change(WORLD, 'CiliumEnvoyConfig', COPY.name, (copy) => meta(copy, { ownerReferences: [] })),
      ['metadata.ownerReferences'],
    ],
    [
      'the entrypoint was made anew',
      change(WORLD, 'Service', 'entry', () => entrypoint('entry', { uid: 'new' })),
      ['metadata.ownerReferences'],
    ],
    [
      'somebody let Envoy use the client address',
      change(WORLD, 'CiliumEnvoyConfig', COPY.name, (copy) =>
        meta(copy, {
          annotations: {
            ...recordOf(at(copy, 'metadata', 'annotations')),
            'cec.cilium.io/use-original-source-address': 'true',
          },
        }),
      ),
      ['metadata.annotations[cec.cilium.io/use-original-source-address]'],
    ],
  ])('when %s: only that is a change, and it is right afterwards', (_, objects, fields) => {
    const action = actionOf(plan(objects), 'write-redirect-copy');
    expect(action.changes.map(({ field }) => field)).toEqual(fields);
    for (const { before, after } of action.changes) expect(after).not.toEqual(before);
    expect(action).toMatchObject({
      mayFail: true,
      targetVersion: '1',
      request: { existing: { resourceVersion: '1' } },
    });
    expect(plan(settled(objects)).actions).toEqual([]);
  });

  it('when the entrypoint and the Gateway have another port', () => {
    const { changes } = actionOf(plan(morePorts), 'write-redirect-copy');
    expect(changes.find(({ field }) => field === 'spec.services')).toMatchObject({
      before: 'kube-system/entry:80 → listener',
      after: 'kube-system/entry:80,443 → listener',
    });
    expect(plan(settled(morePorts)).actions).toEqual([]);
  });

  it('by one readable action: what it is made of, its size and hash, and what for', () => {
    const { changes, message, reason } = actionOf(plan(OBJECTS), 'write-redirect-copy');
    expect(reason).toBe('RedirectCopyCreated');
    expect(message).toContain('Gateway default/web straight to Envoy');
    expect(changes.map(({ field, before }) => [field, before])).toEqual([
      ['content (copied from default/cilium-gateway-web)', undefined],
      ['spec.services', undefined],
    ]);
    expect(changes[0]?.after).toMatch(/^sha256 [0-9a-f]{12} \(\d+ KiB\)$/);
    expect(changes[1]?.after).toBe('kube-system/entry:80 → listener');
    expect(JSON.stringify(changes).length).toBeLessThan(300);
  });
});

it('what is rendered is the source as it is now, not as it was planned', () => {
  const { request } = actionOf(plan(OBJECTS), 'write-redirect-copy');
  if (request.verb !== 'copy') throw new Error('no copy');
  const newer = envoyConfig('cilium-gateway-web', { routes: 'v9' });
  expect(at(renderCopy(request.skeleton, newer), 'spec', 'resources')).toEqual(spec(newer).resources);
});

describe('a plan that rests on a source whose newest state the watch has missed', () => {
  const newer = envoyConfig('cilium-gateway-web', { routes: 'v9' });

  async function prepared(objects: readonly RawObject[]): Promise<unknown> {
    const { request } = actionOf(plan(objects), 'write-redirect-copy');
    if (request.verb !== 'copy') throw new Error('no copy');
    const read: RawObject[] = [];
    const client = {
      ...scriptedClient(() => Promise.reject(new Error('nothing is written'))),
      get: () => Promise.resolve(newer),
      list: () => Promise.resolve({ items: objects.filter(({ kind }) => kind === 'Service'), resourceVersion: '1' }),
    };
    const signal = new AbortController().signal;
    const outcome = await prepareCopy(client, request, signal, (resource, object) => {
      if (resource === ENVOY_CONFIGS) read.push(object);
    }).then(
      () => 'written',
      (error: KubeError) => error.category,
    );
    expect(read).toEqual([newer]); // and so the next plan knows it
    return outcome;
  }

  it('writes nothing where the copy is like it already', async () => {
    const followed = settled(source({ routes: 'v9' }));
    const stale = change(followed, 'CiliumEnvoyConfig', 'cilium-gateway-web', () => SOURCE);
    expect(await prepared(stale)).toBe('conflict');
  });

  it.each([
    ['is gone', undefined],
    ['was made anew', 'another'],
  ])('makes no copy for an entrypoint that %s: its collector would take it away at once', async (_, uid) => {
    const { request } = actionOf(plan(OBJECTS), 'write-redirect-copy');
    if (request.verb !== 'copy') throw new Error('no copy');
    const found = OBJECTS.find(({ metadata }) => at(metadata, 'name') === 'entry');
    const now = uid === undefined ? [] : [{ ...found, metadata: { ...asRecord(found?.metadata), uid } }];
    const read: RawObject[] = [];
    const client = {
      ...scriptedClient(() => Promise.reject(new Error('nothing is written'))),
      get: () => Promise.resolve(SOURCE),
      list: () => Promise.resolve({ items: now, resourceVersion: '1' }),
    };
    const preparing = prepareCopy(client, request, new AbortController().signal, (resource, object) => {
      if (resource === SERVICES) read.push(object);
    });
    await expect(preparing).rejects.toMatchObject({ category: 'conflict' });
    expect(read).toEqual(now);
  });

  it('writes the newest where it is not', async () => {
    expect(await prepared(source({ routes: 'v8' }))).toBe('written');
    expect(await prepared(OBJECTS)).toBe('written');
  });
});
