import { expect, inject, it } from 'vitest';
import { asRecord } from '../../src/kube/read.ts';
import { ENVOY_CONFIGS, LEASES } from '../../src/kube/resources.ts';
import { LEASE, startMoveScene } from '../migrate/scene.ts';
import { startProcessScene } from './migrate-scene.ts';
import { isPlannedWrite } from './requests.ts';

const bundle = inject('bundle');
/** So much faster runs the time of the program: two minutes pass in eight seconds. */
const FACTOR = 15;
const PATIENCE = { timeout: 60_000 };

it('a controller that leads stands by, and makes none anew until the time is over', async (context) => {
  const scene = await startProcessScene(context, bundle, FACTOR);
  scene.configure(''); // a Lease as it usually is
  const copies = (): number =>
    scene.api.list(ENVOY_CONFIGS).filter(({ metadata }) => /^ccb-/.test(metadata.name)).length;
  const stop = scene.controller();
  const holder = (): unknown => asRecord(scene.api.get(LEASES, LEASE)?.spec).holderIdentity;
  await expect.poll(holder, PATIENCE).toBeTruthy();
  const before = scene.writes().length;
  expect((await scene.run('uninstall', '--yes')).code).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, 1_500)); // 22 s of the program's time
  expect(copies()).toBe(0);
  expect(scene.writes().slice(before)).toEqual([
    expect.stringMatching(/^delete ciliumenvoyconfigs .* 200$/),
    expect.stringMatching(/^delete ciliumenvoyconfigs .* 200$/),
  ]);
  // The chart is still there after two minutes, so it was not removed: everything goes on.
  await expect.poll(copies, PATIENCE).toBe(2);
  await stop();
});

it.for([
  ['says 500', { kind: 'answer', status: 500 }],
  ['loses the answer', { kind: 'cut', afterBytes: 0, how: 'reset' }],
  ['says that something changed', { kind: 'answer', status: 409, reason: 'Conflict' }],
] as const)('goes on where the API server %s', async ([, fault], context) => {
  const scene = await startMoveScene(context);
  scene.api.faults.failNext(isPlannedWrite, fault);
  expect(await scene.uninstall()).toMatchObject({ exitCode: 0 });
  expect(scene.api.list(ENVOY_CONFIGS).filter(({ metadata }) => /^ccb-/.test(metadata.name))).toEqual([]);
});
