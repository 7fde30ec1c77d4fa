import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planGateways } from '../../src/gateway/plan.ts';
import { at } from '../../src/kube/read.ts';
import type { RawObject } from '../../src/kube/types.ts';
import type { Action } from '../../src/plan/plan.types.ts';
import { type Situation, situation } from './arbitrary.ts';
import { gatewayConfig, observe, plan } from './planning.ts';
import { applyActions } from './world.ts';

const RUNS = { numRuns: Number(process.env.FC_RUNS ?? 150) };

/** Applies plans until nothing is left to do, as the loop would; at most so many rounds. */
function settle(
  { objects, given }: Situation,
  rounds = 6,
): { readonly rounds: number; readonly left: readonly Action[] } {
  const keepsIpMode = given.memory.ipModeStored !== 'no';
  let world = objects;
  for (let round = 0; round < rounds; round += 1) {
    const { actions } = plan(world, given);
    if (actions.length === 0) return { rounds: round, left: [] };
    world = applyActions(world, actions, { keepsIpMode }).objects;
  }
  return { rounds, left: plan(world, given).actions };
}

function find(objects: readonly RawObject[], action: Action): RawObject | undefined {
  return objects.find(
    (object) =>
      object.kind === action.target.kind &&
      (at(object, 'metadata', 'namespace') ?? '') === action.target.namespace &&
      at(object, 'metadata', 'name') === action.target.name,
  );
}

function isGatewayService(object: RawObject | undefined): boolean {
  const name = String(at(object, 'metadata', 'name'));
  return name.startsWith('cilium-gateway-') || name.startsWith('cilium-ingress');
}

describe('any plan', () => {
  it('is the same whatever the order in which objects were read', () => {
    fc.assert(
      fc.property(situation, fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), ({ objects, given }, keys) => {
        const shuffled = objects
          .map((object, index) => ({ object, key: keys[index] ?? index }))
          .toSorted((a, b) => a.key - b.key);
        const first = plan(objects, given);
        const second = plan(
          shuffled.map(({ object }) => object),
          given,
        );
        expect(second.actions).toEqual(first.actions);
        expect(second.findings).toEqual(first.findings);
        expect(second.unwanted).toEqual(first.unwanted);
      }),
      RUNS,
    );
  });

  it('is empty once it was applied: the world comes to rest', () => {
    fc.assert(
      fc.property(situation, (one) => {
        const { left } = settle(one);
        expect(left.map((action) => `${action.kind} ${action.target.name}`)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('needs one round, but for what has to wait for another write', () => {
    fc.assert(
      fc.property(situation, (one) => {
        const kinds = plan(one.objects, one.given).actions.map((action) => action.kind);
        fc.pre(
          !kinds.some(
            (kind) => kind === 'create-entrypoint' || kind === 'delete-entrypoint' || kind === 'pin-node-port',
          ),
        );
        expect(settle(one).rounds).toBeLessThanOrEqual(1);
      }),
      RUNS,
    );
  });

  it('writes status and pinned nodePorts on Gateway Services, targetPort and one annotation on entrypoints, and no more', () => {
    fc.assert(
      fc.property(situation, ({ objects, given }) => {
        const planned = plan(objects, given);
        for (const action of planned.actions) {
          const live = find(objects, action);
          const fields = action.changes.map(({ field }) => field);
          switch (action.kind) {
            case 'publish-address':
            case 'clear-address':
              expect(isGatewayService(live)).toBe(true);
              expect(action.request).toMatchObject({ verb: 'patch', subresource: 'status' });
              expect(Object.keys(at(action.request, 'patch', 'body') as object).toSorted()).toEqual([
                'metadata',
                'status',
              ]);
              expect(Object.keys(at(action.request, 'patch', 'body', 'metadata') as object).toSorted()).toEqual([
                'resourceVersion',
                'uid',
              ]);
              expect(fields).toEqual(['status.loadBalancer.ingress']);
              break;
            case 'pin-node-port':
              expect(given.config).toMatchObject({ pinNodePorts: true });
              expect(isGatewayService(live)).toBe(true);
              for (const field of fields) expect(field).toMatch(/^spec\.ports\[\d+\]\.nodePort$/);
              break;
            case 'patch-entrypoint': {
              expect(isGatewayService(live)).toBe(false);
              expect(planned.subjects.some((state) => state.entrypoint?.meta.uid === action.target.uid)).toBe(true);
              const managed = at(live, 'metadata', 'labels', 'cilium-cloud-bridge.io/managed') === 'true';
              if (managed && at(action.request, 'patch', 'type') === 'merge') break;
              for (const field of fields) {
                expect(field).toMatch(
                  /^(spec\.ports\[\d+\]\.targetPort|metadata\.annotations\[service\.cilium\.io\/type\])$/,
                );
              }
              break;
            }
            case 'create-entrypoint':
              expect(live).toBeUndefined();
              break;
            case 'delete-entrypoint':
              expect(at(live, 'metadata', 'labels', 'cilium-cloud-bridge.io/managed')).toBe('true');
              break;
            case 'write-redirect-copy':
            case 'delete-redirect-copy':
            case 'remove-taints':
            case 'switch-class':
            case 'recreate-service':
              throw new Error(`nothing here calls for ${action.kind}`);
          }
        }
      }),
      RUNS,
    );
  });

  it('changes something with each action, under a precondition', () => {
    fc.assert(
      fc.property(situation, ({ objects, given }) => {
        for (const action of plan(objects, given).actions) {
          expect(action.changes.length).toBeGreaterThan(0);
          for (const { before, after } of action.changes) expect(after).not.toEqual(before);
          expect(action.message).toMatch(/\.$/);
          const live = find(objects, action);
          if (live === undefined) continue;
          const text = JSON.stringify(action.request);
          expect(text).toContain(JSON.stringify(at(live, 'metadata', 'uid')));
          expect(action.targetVersion).toBe(at(live, 'metadata', 'resourceVersion'));
        }
      }),
      RUNS,
    );
  });

  it('deletes no more than the cap, and nothing from an incomplete list', () => {
    fc.assert(
      fc.property(situation, fc.constantFrom(0, 1, 2), ({ objects, given }, cap) => {
        const config = gatewayConfig(given.config);
        const capped = { ...config, managed: { ...config.managed, maxRemovalsPerPass: cap } };
        const observation = observe(objects, given);
        const deletes = (from: typeof observation) =>
          planGateways(from, capped, 'followed').actions.filter((action) => action.kind === 'delete-entrypoint');
        expect(deletes(observation).length).toBeLessThanOrEqual(cap);
        expect(deletes({ ...observation, gateways: { ...observation.gateways, complete: false } })).toEqual([]);
        expect(deletes({ ...observation, services: { ...observation.services, complete: false } })).toEqual([]);
      }),
      RUNS,
    );
  });

  it('publishes only what some source gives', () => {
    fc.assert(
      fc.property(situation, ({ objects, given }) => {
        const planned = plan(objects, given);
        const configured = ['192.168.0.133'];
        for (const action of planned.actions.filter(({ kind }) => kind === 'publish-address')) {
          const state = planned.subjects.find(({ subject }) => subject.key === action.key);
          const source = new Set([
            ...(state?.entrypoint?.ingress ?? []).flatMap(({ ip, hostname }) => [ip, hostname]),
            ...configured,
          ]);
          const entries = action.changes[0]?.after;
          for (const entry of Array.isArray(entries) ? entries : []) {
            for (const key of ['ip', 'hostname']) {
              const value = at(entry, key);
              if (value !== undefined) expect(source).toContain(value);
            }
          }
        }
      }),
      RUNS,
    );
  });

  it('writes no ipMode where it is not honoured or not stored, and then annotates first', () => {
    fc.assert(
      fc.property(situation, ({ objects, given }) => {
        const planned = plan(objects, given);
        for (const action of planned.actions.filter(({ kind }) => kind === 'publish-address')) {
          const entries = at(action.changes[0], 'after');
          const bare = (Array.isArray(entries) ? entries : []).some(
            (entry: unknown) => at(entry, 'ip') !== undefined && at(entry, 'ipMode') !== 'Proxy',
          );
          if (!bare) continue;
          const entry = planned.subjects.find(({ subject }) => subject.key === action.key)?.entrypoint;
          const annotated = entry?.meta.annotations['service.cilium.io/type'] === 'NodePort';
          const annotates = planned.actions
            .slice(0, planned.actions.indexOf(action))
            .some(
              ({ target, changes }) =>
                target.uid === entry?.meta.uid && changes.some(({ field }) => field.includes('service.cilium.io/type')),
            );
          expect(annotated || annotates).toBe(true);
        }
      }),
      RUNS,
    );
  });
});
