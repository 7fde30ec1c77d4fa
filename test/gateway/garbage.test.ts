import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asArray, at, isRecord } from '../../src/kube/read.ts';
import type { RawObject } from '../../src/kube/types.ts';
import type { Action } from '../../src/plan/plan.types.ts';
import { situation } from './arbitrary.ts';
import { entrypoint, gateway, gatewayService, ours } from './build.ts';
import { bodyOf, plan, writes } from './planning.ts';

const RUNS = { numRuns: Number(process.env.FC_RUNS ?? 150) };

/** JSON of any shape, with the values that break things in it. */
const nonsense = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(
    null,
    '',
    0,
    -1,
    1e9,
    80.5,
    65_536,
    '80',
    [],
    {},
    [null],
    [[]],
    true,
    'LoadBalancer',
    '__proto__',
  ),
);

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (Array.isArray(value)) return [path, ...value.flatMap((item, index) => pathsOf(item, [...path, index]))];
  if (isRecord(value)) return [path, ...Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...path, key]))];
  return [path];
}

function replaceAt(value: unknown, path: Path, by: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return by;
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items.map((item, index) => (index === step ? replaceAt(item, rest, by) : item));
  }
  return isRecord(value) ? { ...value, [step]: replaceAt(value[step], rest, by) } : value;
}

/** Objects of which some fields were replaced by nonsense; the kind stays, since a list has one. */
function spoil(
  objects: readonly RawObject[],
  choices: readonly { readonly at: number; readonly by: unknown }[],
): RawObject[] {
  const spoilt = [...objects];
  for (const choice of choices) {
    const index = choice.at % spoilt.length;
    const object = spoilt[index];
    const paths = pathsOf(object).filter((path) => path.length > 0 && path[0] !== 'kind');
    const path = paths[Math.floor(choice.at / spoilt.length) % paths.length] ?? [];
    const next = replaceAt(object, path, choice.by);
    if (isRecord(next)) spoilt[index] = next;
  }
  return spoilt;
}

function expectSensible(action: Action): void {
  const { request, target } = action;
  expect(target.name).not.toBe('');
  expect(target.namespace).not.toBe('');
  expect(JSON.stringify(request)).not.toMatch(/undefined|NaN/);
  if (request.verb !== 'create') expect(target.uid).not.toBe('');
  if (request.verb === 'create') {
    const ports = asArray(at(request.object, 'spec', 'ports'));
    expect(ports.length).toBeGreaterThan(0);
    for (const port of ports) expectPort(at(port, 'targetPort'));
  }
  if (request.verb !== 'patch') return;
  const body = bodyOf(request);
  for (const entry of asArray(at(body, 'status', 'loadBalancer', 'ingress'))) {
    const ip = at(entry, 'ip');
    if (ip !== undefined) expect(isIP(String(ip))).not.toBe(0);
  }
  if (isRecord(body)) expect(at(body, 'metadata', 'resourceVersion')).toMatch(/./);
  for (const port of asArray(at(body, 'spec', 'ports'))) expectPort(at(port, 'targetPort'));
  for (const operation of asArray(body)) {
    if (at(operation, 'op') !== 'test' && /targetPort|nodePort/.test(String(at(operation, 'path'))))
      expectPort(at(operation, 'value'));
  }
}

function expectPort(value: unknown): void {
  if (typeof value === 'string') return;
  expect(value).toSatisfy((port: unknown) => Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535);
}

describe('nonsense in the cluster', () => {
  it('never throws and never becomes a write', () => {
    const choice = fc.record({ at: fc.nat(), by: nonsense });
    fc.assert(
      fc.property(situation, fc.array(choice, { minLength: 1, maxLength: 6 }), ({ objects, given }, choices) => {
        for (const action of plan(spoil(objects, choices), given).actions) expectSensible(action);
      }),
      RUNS,
    );
  });

  it('of objects that are nothing but nonsense makes no plan at all', () => {
    const kinds = [
      'Service',
      'Gateway',
      'GatewayClass',
      'Ingress',
      'CiliumLoadBalancerIPPool',
      'Pod',
      'ConfigMap',
      'CiliumEnvoyConfig',
    ];
    const object = fc.record({
      kind: fc.constantFrom(...kinds),
      metadata: nonsense,
      spec: nonsense,
      status: nonsense,
      data: nonsense,
    });
    fc.assert(
      fc.property(fc.array(object, { maxLength: 8 }), (objects) => {
        expect(writes(plan(objects, { config: { adopt: 'auto', pinNodePorts: true } }))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('in one Gateway does not keep another from being served', () => {
    const healthy = [gateway(), gatewayService(), entrypoint('entry', { ingress: [{ ip: '1.1.1.1' }] })];
    fc.assert(
      fc.property(nonsense, nonsense, nonsense, (spec, status, annotations) => {
        const metadata = { name: 'odd', namespace: 'default', uid: 'odd', resourceVersion: '1', annotations };
        const odd = ['Gateway', 'Service', 'Ingress'].map((kind) => ({ kind, metadata, spec, status }));
        expect(writes(plan([...odd, ...healthy]))).toContain('publish-address Service default/cilium-gateway-web');
      }),
      RUNS,
    );
  });

  it.each(['gateway', 'ingress', 'ports', 'exposure', 'publish', 'paused', 'retain'])(
    'any text as annotation %s of an entrypoint is survived',
    (key) => {
      fc.assert(
        fc.property(fc.string({ unit: 'grapheme' }), (text) => {
          const entry = entrypoint('entry', { annotations: ours({ [key]: text }), ingress: [{ ip: '1.1.1.1' }] });
          for (const action of plan([gateway(), gatewayService(), entry]).actions) expectSensible(action);
        }),
        { numRuns: 60 },
      );
    },
  );

  it.each(['entrypoint', 'entrypoint-annotations', 'entrypoint-node-ports', 'exposure', 'paused', 'retain'])(
    'any text as annotation %s of a Gateway is survived',
    (key) => {
      const config = {
        managed: { enabled: true, allowedNamespaces: ['*'], allowedAnnotations: ['*'], allowNodePorts: true },
      };
      fc.assert(
        fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.json()), (text) => {
          const asking = gateway('web', { annotations: ours({ entrypoint: 'managed', [key]: text }) });
          for (const action of plan([asking, gatewayService()], { config }).actions) expectSensible(action);
        }),
        { numRuns: 60 },
      );
    },
  );
});
