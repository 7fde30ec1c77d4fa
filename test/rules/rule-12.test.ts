import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentOf } from '../../src/gateway/models/envoy-config.ts';
import type { CopyPolicy } from '../../src/gateway/redirect.ts';
import { at } from '../../src/kube/read.ts';
import type { RawObject } from '../../src/kube/types.ts';
import type { Action } from '../../src/plan/plan.types.ts';
import {
  entrypoint,
  gateway,
  gatewayService,
  ingress,
  ingressService,
  ours,
  sharedIngressService,
} from '../gateway/build.ts';
import { envoyConfig } from '../gateway/envoy.ts';
import { type Given, plan } from '../gateway/planning.ts';
import { applyActions } from '../gateway/world.ts';

/*
 * Rule 12: a redirect copy equals its source, follows each change of it, goes with what it is for, and no
 * CiliumEnvoyConfig that a user or Cilium made is ever touched. Held against clusters of every kind.
 */

const RUNS = { numRuns: Number(process.env.FC_RUNS ?? 300) };
const MANAGED = 'cilium-cloud-bridge.io/managed';

const some = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const created = some('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z');

const entry = fc
  .record({
    name: some('entry', 'b', 'c'),
    namespace: some('kube-system', 'default', 'evil'),
    serves: some(null, 'default/web', 'default/api', 'nonsense', 'default/nobody'),
    ingress: maybe(some('shared', 'default/shop')),
    exposure: maybe(some('auto', 'redirect', 'node-port', 'pod-ip', 'host-network', 'fast')),
    paused: maybe(some('true', 'false')),
    ports: maybe(some('8080=80', '80=x')),
    affinity: some('None', 'None', 'ClientIP'),
    numbers: fc.uniqueArray(some(80, 443, 8080), { minLength: 1 }),
    created,
    deleting: some(false, false, false, true),
  })
  .map(({ name, namespace, serves, numbers, affinity, deleting, ...one }) => {
    const short = { ingress: one.ingress, exposure: one.exposure, paused: one.paused, ports: one.ports };
    const given = Object.entries(short).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
    return entrypoint(name, {
      namespace,
      serves,
      created: one.created,
      deleting,
      annotations: ours(Object.fromEntries(given)),
      ports: numbers.map((port) => [port, 1] as const),
      spec: { sessionAffinity: affinity },
    });
  });

const listeners = some<Readonly<Record<string, readonly number[]>>>(
  { listener: [80, 443] },
  { listener: [80] },
  { '': [] },
  { listener: [80], 'listener-443': [443] },
  {},
);

const source = fc
  .record({
    of: some('web', 'api', 'web', 'api', 'shop', 'shared'),
    listeners,
    routes: some('v1', 'v2'),
    hostPort: maybe(some(80)),
    owned: fc.boolean(),
    created,
    deleting: some(false, false, false, true),
    backends: some<readonly RawObject[]>(
      [],
      [{ name: 'shop' }],
      [{ name: 'shop', namespace: 'other', number: ['80'] }],
    ),
  })
  .map(({ of, owned, hostPort, ...one }) => {
    const rest = { ...one, ...(hostPort === undefined || one.routes === 'v1' ? {} : { hostPort }) };
    switch (of) {
      case 'shared':
        return envoyConfig('cilium-ingress', { ...rest, namespace: 'kube-system', owner: null });
      case 'shop':
        return envoyConfig('cilium-ingress-default-shop', {
          ...rest,
          owner: 'uid-Ingress-default-shop',
          service: { name: 'cilium-ingress-shop' },
        });
      default:
        return envoyConfig(`cilium-gateway-${of}`, { ...rest, owner: owned ? `uid-Gateway-default-${of}` : null });
    }
  });

/** CiliumEnvoyConfigs that others made, some of them much like ours. */
const foreign = fc
  .record({
    name: some('mine', 'ccb-mine', 'ccb-entry-x'),
    namespace: some('kube-system', 'default', 'evil'),
    labelled: fc.boolean(),
    service: some('entry', 'b', 'cilium-gateway-web', 'x'),
    of: some('kube-system', 'default'),
  })
  .filter(({ name, labelled }) => !(labelled && name.startsWith('ccb-')))
  .map(({ name, namespace, labelled, service, of }) =>
    envoyConfig(name, {
      namespace,
      owner: null,
      service: { name: service, namespace: of },
      ...(labelled ? { labels: { [MANAGED]: 'true' } } : {}),
    }),
  );

interface World {
  readonly objects: readonly RawObject[];
  readonly given: Given;
}

const world: fc.Arbitrary<World> = fc
  .record({
    gateways: fc.subarray(['web', 'api']),
    services: fc.subarray(['web', 'api', 'shop', 'shared'], { minLength: 2 }),
    entries: fc.array(entry, { maxLength: 4 }),
    sources: fc.array(source, { maxLength: 4 }),
    foreign: fc.array(foreign, { maxLength: 2 }),
    exposure: some('auto', 'auto', 'node-port'),
    adopt: some('annotated', 'auto'),
    copies: some<CopyPolicy>('followed', 'followed', 'static', 'frozen'),
  })
  .map((one) => {
    const both = {
      ports: [
        [80, 31_080],
        [443, 31_443],
      ] as const,
    };
    const all: readonly RawObject[] = [
      ...one.gateways.map((name) => gateway(name, { ports: [80, 443] })),
      ...(one.services.includes('web') ? [gatewayService('web', both)] : []),
      ...(one.services.includes('api')
        ? [
            gatewayService('api', {
              ports: [
                [80, 31_180],
                [443, 31_543],
              ],
            }),
          ]
        : []),
      ...(one.services.includes('shop') ? [ingress(), ingressService('shop', { ports: [[80, 31_280]] })] : []),
      ...(one.services.includes('shared') ? [sharedIngressService({ ports: [[80, 31_380]] })] : []),
      ...one.entries,
      ...one.sources,
      ...one.foreign,
    ];
    const objects = [...new Map(all.map((object) => [refOf(object), object])).values()];
    return { objects, given: { config: { exposure: one.exposure, adopt: one.adopt }, copies: one.copies } };
  });

function refOf(object: RawObject): string {
  return `${String(object.kind)} ${String(at(object, 'metadata', 'namespace'))}/${String(at(object, 'metadata', 'name'))}`;
}

function isOurs(object: RawObject): boolean {
  return (
    at(object, 'metadata', 'labels', MANAGED) === 'true' && String(at(object, 'metadata', 'name')).startsWith('ccb-')
  );
}

function envoyConfigs(objects: readonly RawObject[]): readonly RawObject[] {
  return objects.filter(({ kind }) => kind === 'CiliumEnvoyConfig');
}

function redirects(actions: readonly Action[]): readonly Action[] {
  return actions.filter(({ kind }) => kind === 'write-redirect-copy' || kind === 'delete-redirect-copy');
}

/** Passes until nothing is left; the world may have begun with the copies of another one. */
function settle({ objects, given }: World): readonly RawObject[] {
  let now = objects;
  for (let round = 0; round < 6; round++) {
    const { actions } = plan(now, given);
    if (actions.length === 0) return now;
    now = applyActions(now, actions).objects;
  }
  expect(redirects(plan(now, given).actions)).toEqual([]);
  return now;
}

/** A world that went over into another: copies of the first are there when the second is looked at. */
const changed = fc.tuple(world, world).map(([before, after]) => {
  const left = envoyConfigs(settle({ ...before, given: { ...before.given, copies: 'followed' } })).filter(isOurs);
  return { given: after.given, objects: [...after.objects, ...left] };
});

describe('rule 12, whatever the cluster', () => {
  it('no CiliumEnvoyConfig that is not ours is written or removed', () => {
    fc.assert(
      fc.property(changed, ({ objects, given }) => {
        const others = (from: readonly RawObject[]): readonly RawObject[] =>
          envoyConfigs(from).filter((one) => !isOurs(one));
        for (const action of redirects(plan(objects, given).actions)) {
          const live = objects.find(
            (object) => refOf(object) === `CiliumEnvoyConfig ${action.target.namespace}/${action.target.name}`,
          );
          if (live !== undefined) expect(isOurs(live)).toBe(true);
        }
        expect(others(settle({ objects, given }))).toEqual(others(objects));
      }),
      RUNS,
    );
  });

  it('the plan after its own writes has none of a copy', () => {
    fc.assert(
      fc.property(changed, (one) => {
        expect(redirects(plan(settle(one), one.given).actions)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('each copy that is written equals its source and names its entrypoint, in its own namespace, and nothing else', () => {
    fc.assert(
      fc.property(changed, ({ objects, given }) => {
        const actions = redirects(plan(objects, given).actions).filter(({ request }) => request.verb === 'copy');
        const after = applyActions(objects, actions).objects;
        for (const { request, target } of actions) {
          if (request.verb !== 'copy') continue;
          const of = (ref: { namespace: string; name: string }): RawObject => {
            const found = after.find((object) => refOf(object) === `CiliumEnvoyConfig ${ref.namespace}/${ref.name}`);
            if (found === undefined) throw new Error('not there');
            return found;
          };
          expect(contentOf(of(target))).toEqual(contentOf(of(request.source)));
          expect(at(of(target), 'metadata', 'annotations', 'cec.cilium.io/use-original-source-address')).toBe('false');
          const owner = at(of(target), 'metadata', 'ownerReferences', 0);
          const services = at(of(target), 'spec', 'services');
          if (!Array.isArray(services)) throw new Error('no services');
          expect(services.length).toBeGreaterThan(0);
          for (const service of services) {
            expect(service).toMatchObject({ namespace: target.namespace, name: at(owner, 'name') });
            expect(at(service, 'ports')).not.toEqual([]);
          }
          const names = services.map((service: unknown) => at(service, 'listener') ?? '');
          const sources = at(of(request.source), 'spec', 'services');
          for (const name of names)
            expect(Array.isArray(sources) && sources.some((one: unknown) => (at(one, 'listener') ?? '') === name)).toBe(
              true,
            );
        }
      }),
      RUNS,
    );
  });

  it('every copy that stays is wanted by an entrypoint that is there, or waits for something that is said', () => {
    fc.assert(
      fc.property(changed, (one) => {
        const given = { ...one.given, copies: 'followed' as const };
        const now = settle({ ...one, given });
        const planned = plan(now, given);
        for (const copy of envoyConfigs(now).filter(isOurs)) {
          const used = planned.subjects.some((state) => state.copy !== 'none' && state.entrypoint !== undefined);
          expect(used || planned.findings.length > 0, refOf(copy)).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('a pass that nobody follows makes none, and removes none whose Gateway exists', () => {
    fc.assert(
      fc.property(changed, ({ objects, given }) => {
        const planned = plan(objects, { ...given, copies: 'frozen' });
        const keys = new Set(planned.subjects.map(({ subject }) => subject.key));
        for (const action of redirects(planned.actions)) {
          expect(action.kind).toBe('delete-redirect-copy');
          const copy = objects.find((object) => at(object, 'metadata', 'uid') === action.target.uid);
          expect(keys).not.toContain(at(copy, 'metadata', 'annotations', 'cilium-cloud-bridge.io/subject'));
        }
      }),
      RUNS,
    );
  });

  it('nothing is removed from what was not read completely', () => {
    fc.assert(
      fc.property(changed, some('services', 'envoyConfigs'), ({ objects, given }, kind) => {
        const unread = { items: [], complete: false, served: true, why: 'throttled' };
        const { actions } = plan(objects, { ...given, reads: { [kind]: unread } });
        expect(actions.filter((action) => action.kind === 'delete-redirect-copy')).toEqual([]);
      }),
      RUNS,
    );
  });

  it('the plan does not depend on the order in which CiliumEnvoyConfigs were read', () => {
    fc.assert(
      fc.property(changed, ({ objects, given }) => {
        expect(plan(objects.toReversed(), given).actions).toEqual(plan(objects, given).actions);
      }),
      RUNS,
    );
  });
});
