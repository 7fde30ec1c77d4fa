import { describe, expect, it } from 'vitest';
import { managedName } from '../../src/gateway/managed.ts';
import { notServed, seen } from '../../src/gateway/observation.ts';
import type { GatewayReads } from '../../src/gateway/observe.ts';
import { createGatewayReconciler } from '../../src/gateway/reconciler.ts';
import type { GatewayView } from '../../src/gateway/view.ts';
import { at } from '../../src/kube/read.ts';
import { LB_IP_POOLS } from '../../src/kube/resources.ts';
import type { RawObject } from '../../src/kube/types.ts';
import type { Action, Outcome } from '../../src/plan/plan.types.ts';
import { fakeClock } from '../kube/fake-clock.ts';
import { kubeError, type Sent, scriptedClient } from '../plan/build.ts';
import { entrypoint, gateway, gatewayService, OURS, ours } from './build.ts';
import { COPY, envoyConfig, settled } from './envoy.ts';
import { actionOf, gatewayConfig, readsOf, writes } from './planning.ts';

const MINUTE = 60_000;
const signal = new AbortController().signal;
const address = { ingress: [{ ip: '122.9.70.186' }] };
const BASE = [gateway(), gatewayService(), entrypoint('entry', address)];

interface Scene {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly answer?: (sent: Sent) => Promise<RawObject>;
  readonly readOnly?: () => boolean;
  readonly onWaitForProof?: () => void;
  /** Second lists are there: called by the look that waits for them. */
  readonly prove?: (cluster: object) => void;
}

/** A reconciler over objects that the test changes. The API server stores `ipMode` unless the answer says otherwise. */
function scene(objects: readonly RawObject[], { config = {}, answer, readOnly, onWaitForProof, prove }: Scene = {}) {
  const clock = fakeClock();
  const cluster = { objects, reads: {} as Partial<GatewayReads>, config: gatewayConfig(config) };
  const upserts: RawObject[] = [];
  const view: GatewayView = {
    reads: () => readsOf(cluster.objects, cluster.reads),
    service: ({ namespace, name }) =>
      readsOf(cluster.objects).services.items.find(({ meta }) => meta.namespace === namespace && meta.name === name),
    whenAsked: () => Promise.resolve(),
    whenProven: () => Promise.resolve(prove?.(cluster)),
    watchEnvoyConfigs: () => undefined,
    upsert: (_, object) => void upserts.push(object),
    states: () => new Map(),
    failure: () => undefined,
    run: () => Promise.resolve(),
  };
  const storing = ({ body }: Sent): Promise<RawObject> => Promise.resolve(body as RawObject);
  const client = scriptedClient(answer ?? storing);
  const reconciler = createGatewayReconciler({
    client,
    view,
    place: { namespace: 'kube-system', pools: LB_IP_POOLS },
    config: () => cluster.config,
    clock,
    fieldManager: OURS,
    copies: 'followed',
    ...(readOnly && { readOnly }),
    ...(onWaitForProof && { onWaitForProof }),
  });
  return { clock, cluster, client, upserts, reconciler, look: () => reconciler.look(signal) };
}

function applied(
  action: Action,
  status: Outcome['status'] = 'applied',
): Parameters<ReturnType<typeof scene>['reconciler']['noteApplied']>[0] {
  return { outcome: { action, status, reason: '', message: '' }, object: undefined, error: undefined };
}

describe('the question whether ipMode is stored', () => {
  it('is asked once, by a dry run on the Gateway Service, before anything is planned', async () => {
    const { look, client } = scene(BASE);
    expect(writes(await look())).toEqual(['publish-address Service default/cilium-gateway-web']);
    await look();
    expect(client.sent).toEqual([
      {
        verb: 'patch',
        name: 'cilium-gateway-web',
        body: { status: { loadBalancer: { ingress: [{ ip: '122.9.70.186', ipMode: 'Proxy' }] } } },
        options: { subresource: 'status', dryRun: true, fieldManager: OURS, signal },
      },
    ]);
  });

  it('answered no leads to the annotation', async () => {
    const answer = () => Promise.resolve({ status: { loadBalancer: { ingress: [{ ip: '122.9.70.186' }] } } });
    expect(writes(await scene(BASE, { answer }).look())).toEqual([
      'patch-entrypoint Service kube-system/entry',
      'publish-address Service default/cilium-gateway-web',
    ]);
  });

  it('without an answer is asked again after a while, and holds the address back until then', async () => {
    let failing = true;
    const { look, client, clock } = scene(BASE, {
      answer: ({ body }) => (failing ? Promise.reject(kubeError('timeout')) : Promise.resolve(body as RawObject)),
    });
    const first = await look();
    expect([writes(first), first.nextLookMs]).toEqual([[], 1_000]);
    failing = false;
    clock.advance(999);
    expect((await look()).nextLookMs).toBe(1);
    expect(client.sent).toHaveLength(1);
    clock.advance(1);
    expect(writes(await look())).toEqual(['publish-address Service default/cilium-gateway-web']);
  });

  it('is not asked where nothing is to be published', async () => {
    const { look, client } = scene([gateway(), gatewayService(), entrypoint()]);
    await look();
    expect(client.sent).toEqual([]);
  });
});

describe('a changed configuration', () => {
  it('holds from the next look on', async () => {
    const { look, cluster } = scene(BASE);
    expect(writes(await look())).toEqual(['publish-address Service default/cilium-gateway-web']);
    cluster.config = gatewayConfig({ publish: 'private' });
    const planned = await look();
    expect([writes(planned), planned.findings.map(({ reason }) => reason)]).toEqual([
      [],
      expect.arrayContaining(['NoAddressOfThatKind']),
    ]);
  });

  it('that allows writing again has ipMode asked first', async () => {
    let readOnly = true;
    const { look, client } = scene(BASE, { readOnly: () => readOnly });
    await look();
    expect(client.sent).toEqual([]);
    readOnly = false;
    await look();
    expect(client.sent.map(({ options }) => options)).toEqual([expect.objectContaining({ dryRun: true })]);
  });
});

describe('the time for which a managed entrypoint is unwanted', () => {
  const NAME = managedName('default', 'web');
  const left = [entrypoint(NAME, { labels: ours({ managed: 'true' }) })];
  const config = { managed: { enabled: true, allowedNamespaces: ['*'] } };
  const DELETE = `delete-entrypoint Service kube-system/${NAME}`;

  it('is ten minutes without a break', async () => {
    const { look, clock } = scene(left, { config });
    for (let minute = 0; minute < 10; minute += 1) {
      expect(writes(await look())).toEqual([]);
      clock.advance(MINUTE);
    }
    expect(writes(await look())).toEqual([DELETE]);
  });

  it.each<[string, { objects?: readonly RawObject[]; reads?: Partial<GatewayReads> }]>([
    [
      'the Gateway is there again',
      { objects: [gateway('web', { annotations: ours({ entrypoint: 'managed' }) }), ...left] },
    ],
    ['the CRD is gone for a moment', { reads: { gateways: notServed() } }],
    ['Services cannot be read', { reads: { services: { items: [], complete: false, served: true, why: 'reset' } } }],
  ])('begins anew where %s', async (_, between) => {
    const { look, clock, cluster } = scene(left, { config });
    await look();
    clock.advance(9 * MINUTE);
    Object.assign(cluster, between);
    expect(writes(await look())).toEqual([]);
    Object.assign(cluster, { objects: left, reads: {} });
    clock.advance(9 * MINUTE);
    await look();
    clock.advance(9 * MINUTE);
    expect(writes(await look())).toEqual([]);
    clock.advance(MINUTE);
    expect(writes(await look())).toEqual([DELETE]);
  });

  it('begins anew where the consent to managed entrypoints was taken back; until then nothing is deleted', async () => {
    const { look, clock, cluster } = scene(left, { config });
    await look();
    clock.advance(9 * MINUTE);
    cluster.config = gatewayConfig({ managed: { ...config.managed, enabled: false } });
    expect(writes(await look())).toEqual([]);
    clock.advance(60 * MINUTE);
    const planned = await look();
    expect([writes(planned), planned.findings.map(({ reason }) => reason)]).toEqual([
      [],
      expect.arrayContaining(['EntrypointUnwanted']),
    ]);
    cluster.config = gatewayConfig(config);
    expect(writes(await look())).toEqual([]);
    clock.advance(9 * MINUTE);
    expect(writes(await look())).toEqual([]);
    clock.advance(MINUTE);
    expect(writes(await look())).toEqual([DELETE]);
  });

  it('ends with one DELETE, even while the watch still shows the Service', async () => {
    const { look, clock, reconciler } = scene(left, { config });
    await look();
    clock.advance(10 * MINUTE);
    const planned = await look();
    reconciler.noteApplied(applied(actionOf(planned, 'delete-entrypoint')));
    expect(writes(await look())).toEqual([]);
  });

  it('begins anew where the Service still stands ten seconds after a DELETE that was said to be done', async () => {
    const { look, clock, reconciler } = scene(left, { config });
    await look();
    clock.advance(10 * MINUTE);
    reconciler.noteApplied(applied(actionOf(await look(), 'delete-entrypoint')));
    expect((await look()).nextLookMs).toBe(10_000);
    clock.advance(10_000);
    await look();
    clock.advance(10 * MINUTE);
    expect(writes(await look())).toEqual([DELETE]);
  });
});

describe('a pass that waits for proof', () => {
  const EMPTY = { why: 'the first list was empty', passes: true };
  const UNREADABLE = { why: '1 of them cannot be understood', passes: false };
  const SERVED = settled([gateway(), gatewayService(), entrypoint('entry', address), envoyConfig()]);
  const ORPHANED = SERVED.filter(({ kind }) => kind !== 'Gateway');
  const DELETE = `delete-redirect-copy CiliumEnvoyConfig ${COPY.namespace}/${COPY.name}`;

  /** A pass over a cluster whose first list of Gateways was empty; the second one finds what is there. */
  async function pass(objects: readonly RawObject[], first: Partial<GatewayReads>, alone = true) {
    const waits: true[] = [];
    const { look, cluster } = scene(objects, {
      ...(alone && { onWaitForProof: () => void waits.push(true) }),
      prove: (proven) => Object.assign(proven, { reads: {} }),
    });
    cluster.reads = first;
    return { writes: writes(await look()), waited: waits.length };
  }

  it('takes an orphan away once a second list is empty, too', async () => {
    expect(await pass(ORPHANED, { gateways: seen([], EMPTY) })).toEqual({ writes: [DELETE], waited: 1 });
  });

  it('keeps what the second list shows to be in use', async () => {
    expect(await pass(SERVED, { gateways: seen([], EMPTY) })).toEqual({ writes: [], waited: 1 });
  });

  it.each<[string, readonly RawObject[], Partial<GatewayReads>]>([
    ['nothing would be taken away', [], { gateways: seen([], EMPTY) }],
    ['waiting would not help', ORPHANED, { gateways: seen([], EMPTY), services: seen([], UNREADABLE) }],
  ])('does not wait where %s', async (_, objects, reads) => {
    expect(await pass(objects, reads)).toEqual({ writes: [], waited: 0 });
  });

  it('is none where later passes follow: they take it away', async () => {
    expect(await pass(ORPHANED, { gateways: seen([], EMPTY) }, false)).toEqual({ writes: [], waited: 0 });
  });
});

describe('a write is shown', () => {
  const ports = (at80: number, at443: number): [number, number][] => [
    [80, at80],
    [443, at443],
  ];
  const stale = entrypoint('entry', { ports: ports(30999, 30998) });
  const service = gatewayService('web', { ports: ports(31080, 31443) });
  const half = entrypoint('entry', { ports: ports(31080, 30998) });
  const done = entrypoint('entry', { ports: ports(31080, 31443) });
  const shifted = entrypoint('entry', { ports: [[8080, 31080], ...ports(31443, 30998)] });
  const again = { ...done, metadata: { ...(done.metadata as RawObject), uid: 'another' } };

  it.each([
    ['where every targetPort is as it writes it', done, true],
    ['not before', stale, false],
    ['not where only one of them is', half, false],
    ['not by another object of that name', again, false],
    ['not by another port that stands in the place of the one it writes', shifted, false],
    ['not where there is none', undefined, false],
  ])('%s', async (_, now, isShown) => {
    const { look, reconciler, cluster } = scene([gateway(), service, stale]);
    const action = actionOf(await look(), 'patch-entrypoint');
    cluster.objects = now === undefined ? [gateway(), service] : [gateway(), service, now];
    expect(reconciler.isShown?.(action)).toBe(isShown);
  });

  it('not where something else is written besides: the annotation that keeps Cilium from owning the address', async () => {
    const answer = () => Promise.resolve({ status: { loadBalancer: { ingress: [{ ip: '122.9.70.186' }] } } });
    const address = { ingress: [{ ip: '122.9.70.186' }] };
    const before = entrypoint('entry', { ports: ports(30999, 30998), ...address });
    const { look, reconciler, cluster } = scene([gateway(), service, before], { answer });
    const action = actionOf(await look(), 'patch-entrypoint');
    expect(action.changes).toHaveLength(3);
    cluster.objects = [gateway(), service, entrypoint('entry', { ports: ports(31080, 31443), ...address })];
    expect(reconciler.isShown?.(action)).toBe(false);
  });

  it('never where it writes an address: its answer tells', async () => {
    const address = { ingress: [{ ip: '122.9.70.186' }] };
    const { look, reconciler } = scene([gateway(), gatewayService(), entrypoint('entry', address)]);
    expect(reconciler.isShown?.(actionOf(await look(), 'publish-address'))).toBe(false);
  });
});

describe('what is remembered of writes', () => {
  it('an object that came back is shown to the caches', () => {
    const { reconciler, upserts } = scene(BASE);
    const action = { kind: 'publish-address', request: { resource: LB_IP_POOLS } } as Action;
    reconciler.noteApplied({ ...applied(action), object: { kind: 'Service' } });
    expect(upserts).toEqual([{ kind: 'Service' }]);
  });

  it('a pin that was refused is not tried again; the entrypoint follows instead', async () => {
    const { look, reconciler } = scene([gateway(), gatewayService('web', { ports: [[80, 31999]] }), entrypoint()], {
      config: { pinNodePorts: true },
    });
    const planned = await look();
    expect(writes(planned)).toEqual(['pin-node-port Service default/cilium-gateway-web']);
    reconciler.noteApplied(applied(actionOf(planned, 'pin-node-port'), 'refused'));
    expect(writes(await look())).toEqual(['patch-entrypoint Service kube-system/entry']);
  });
});

describe('who undid a write', () => {
  const owned = (manager: string, subresource: string, fieldsV1: RawObject, time: string) => ({
    manager,
    operation: 'Update',
    ...(subresource === '' ? {} : { subresource }),
    time,
    fieldsV1,
  });
  const withFields = (object: RawObject, managedFields: readonly RawObject[]): RawObject => ({
    ...object,
    metadata: { ...(at(object, 'metadata') as RawObject), managedFields },
  });
  const PORT = { 'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { 'f:targetPort': {} } } } };
  const INGRESS = { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } };

  it.each([
    [
      'who owns the address',
      [owned('tke-service-controller', 'status', INGRESS, '2026-01-02T00:00:00Z')],
      'tke-service-controller',
    ],
    [
      'who wrote the status last, where the address was emptied',
      [
        owned('old', 'status', {}, '2026-01-01T00:00:00Z'),
        owned('cce-ccm', 'status', {}, '2026-01-02T00:00:00Z'),
        owned(OURS, 'status', {}, '2026-01-03T00:00:00Z'),
      ],
      'cce-ccm',
    ],
    ['nobody that is known', [], ''],
  ])('of a status is %s', async (_, fields, writer) => {
    const { look, reconciler } = scene([gateway(), withFields(gatewayService(), fields), entrypoint('entry', address)]);
    expect(reconciler.writerOf(actionOf(await look(), 'publish-address'))).toBe(writer);
  });

  it('of a targetPort is its owner', async () => {
    const entry = entrypoint('entry', { ports: [[80, 1]] });
    const fields = [
      owned(OURS, '', {}, '2026-01-03T00:00:00Z'),
      owned('argocd-controller', '', PORT, '2026-01-02T00:00:00Z'),
    ];
    const { look, reconciler } = scene([gateway(), gatewayService(), withFields(entry, fields)]);
    expect(reconciler.writerOf(actionOf(await look(), 'patch-entrypoint'))).toBe('argocd-controller');
  });
});
