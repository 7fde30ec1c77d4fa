import { beforeEach, describe, expect, it } from 'vitest';
import { LEASES, SERVICES } from '../../src/kube/resources.ts';
import { LEASE, MOVE, type MoveScene, OURS, reasonsOf, SERVICE, startMoveScene } from './scene.ts';

let scene: MoveScene;
let before: unknown;

beforeEach(async (context) => {
  scene = await startMoveScene(context);
  before = scene.outcome();
});

it('moves a Gateway in four writes; entrypoint, redirect and the other Gateway stay untouched', async () => {
  const report = await scene.migrate();
  expect(report).toMatchObject({ exitCode: 0, fromClass: 'cilium', toClass: 'cilium-cloud', controller: null });
  expect(report.steps.map(({ id, state }) => `${id} ${state}`)).toEqual([
    'switch-class done',
    'recreate-service done',
    'publish done',
    'check done',
  ]);
  expect(scene.carriedOut()).toEqual(MOVE);
  expect(scene.loadBalancerClass()).toBe(OURS);
  expect(scene.outcome()).toEqual(before);
});

it('finds nothing to do afterwards, and goes back with --to-class', async () => {
  await scene.migrate();
  const again = await scene.migrate();
  expect(again).toMatchObject({ exitCode: 0, actions: [] });
  expect(again.summary).toContain('already');
  expect(scene.carriedOut()).toEqual(MOVE);
  expect(await scene.migrate(['--to-class', 'cilium'])).toMatchObject({ exitCode: 0, toClass: 'cilium' });
  expect(scene.carriedOut()).toEqual([...MOVE, ...MOVE]);
  expect(scene.loadBalancerClass()).toBe('');
  expect(scene.outcome()).toEqual(before);
});

describe('asks before it writes', () => {
  it('shows everything and writes nothing with --dry-run', async () => {
    const report = await scene.migrate(['--dry-run']);
    expect(report).toMatchObject({ exitCode: 2, mode: 'dry-run' });
    expect(report.actions.map(({ kind, outcome }) => `${kind} ${outcome.status}`)).toEqual([
      'switch-class pending',
      'recreate-service pending',
    ]);
    expect(report.steps.map(({ outage }) => outage)).not.toContain('');
    expect(scene.writes()).toEqual([]);
    expect(scene.api.get(LEASES, LEASE)).toBeUndefined();
  });
});

it('a Service that is held by a finalizer serves on; it is told who holds it', async () => {
  scene.api.update(SERVICES, SERVICE, ({ metadata }) => {
    metadata.finalizers = ['service.kubernetes.io/load-balancer-cleanup'];
  });
  const report = await scene.migrate(['--wait', '3s']);
  expect(report.exitCode).toBe(2);
  expect(reasonsOf(report)).toEqual(['ServiceHasFinalizers', 'MigrationUnfinished']);
  expect(report.findings.at(-1)?.message).toContain('service.kubernetes.io/load-balancer-cleanup');
  scene.api.update(SERVICES, SERVICE, ({ metadata }) => {
    metadata.finalizers = [];
  });
  await scene.cluster.operator.settled();
  expect(await scene.migrate()).toMatchObject({ exitCode: 0 });
  expect(scene.outcome()).toEqual(before);
});
