import { setTimeout } from 'node:timers';
import { expect, it } from 'vitest';
import { SERVICES } from '../../src/kube/resources.ts';
import { isPlannedWrite, isWatch } from './requests.ts';
import { startScene } from './scene.ts';

/** What goes wrong with watches. */

it('watches that are closed at once, again and again: the list in between carries everything', async () => {
  const scene = await startScene({ config: 'resync: 30s' });
  const { api } = scene;
  api.faults.intercept((request) => (isWatch(request) ? { kind: 'answer', status: 200, body: '' } : undefined));
  api.closeWatches();
  await scene.change(15);
  await scene.inSync();
  api.faults.clear();
  await scene.change(5);
  await scene.endsWell({ base: 250, aMinute: 500 });
});

it('a TCP reset in the middle of a line', async () => {
  const scene = await startScene();
  const { api } = scene;
  scene.intercept((request, random) =>
    isWatch(request) && random.percent(70)
      ? { kind: 'cut', afterBytes: 1 + random.below(900), how: 'reset' }
      : undefined,
  );
  for (let round = 0; round < 5; round += 1) {
    api.closeWatches();
    await scene.change(4);
  }
  await scene.inSync();
  await scene.endsWell({ base: 400, aMinute: 300 });
});

it('JSON that is cut off, in an answer that ends properly', async () => {
  const scene = await startScene();
  const { api } = scene;
  scene.intercept((request, random) =>
    isWatch(request) && random.percent(70)
      ? { kind: 'cut', afterBytes: 1 + random.below(900), how: 'truncate' }
      : undefined,
  );
  for (let round = 0; round < 5; round += 1) {
    api.closeWatches();
    await scene.change(4);
  }
  await scene.inSync();
  await scene.endsWell({ base: 500, aMinute: 400 });
});

it('half-open connections: nothing comes and nothing ends', async () => {
  const scene = await startScene({ speed: 60 });
  const { api, clock } = scene;
  for (const watch of api.openWatches()) watch.freeze();
  const frozenAt = clock.monotonic();
  await scene.change(10);
  await scene.inSync();
  // Two minutes of silence, up to 20 % more, and the time to look; sooner than the list that comes every ten minutes.
  expect(clock.monotonic() - frozenAt).toBeLessThan(500_000);
  await scene.endsWell({ base: 200, aMinute: 100 });
});

it('an entrypoint made anew behind a half-open watch: its copy is not fought for with the garbage collector', async () => {
  const scene = await startScene({ speed: 40 });
  const { api, cluster } = scene;
  for (const watch of api.openWatches(SERVICES)) watch.freeze();
  for (const gateway of cluster.gateways().slice(0, 2)) cluster.remakeEntrypoint(gateway);
  await scene.inSync();
  // Each copy was made once more, for the entrypoint that is.
  const made = api.requests.filter(
    (request) => isPlannedWrite(request) && request.verb === 'create' && request.resource === 'ciliumenvoyconfigs',
  );
  expect(made).toHaveLength(cluster.gateways().length + 2);
  await scene.endsWell({ base: 150, aMinute: 100 });
});

it('requests that are never answered', async () => {
  const scene = await startScene({ speed: 40 });
  const { api } = scene;
  scene.intercept((request, random) =>
    request.resource !== 'leases' && random.percent(25) ? { kind: 'drop', how: 'hang' } : undefined,
  );
  api.closeWatches();
  await scene.change(10);
  await scene.inSync();
  api.faults.clear();
  await scene.change(5);
  await scene.endsWell({ base: 300, aMinute: 150 });
});

it('watches that are refused, in an answer that never ends', async () => {
  const scene = await startScene();
  const { api, clock } = scene;
  api.faults.intercept((request) =>
    isWatch(request) ? { kind: 'answer', status: 503, cut: { afterBytes: 10, how: 'hang' } } : undefined,
  );
  api.closeWatches();
  await scene.change(5);
  await scene.pass(5_000);
  api.faults.clear();
  const clearedAt = clock.monotonic();
  await scene.inSync();
  // Ten seconds for the answer, as many until the next try, and the time to look on a slow machine.
  expect(clock.monotonic() - clearedAt).toBeLessThan(200_000);
  await scene.endsWell({ base: 250, aMinute: 100 });
});

it('versions that have expired: 410', async () => {
  const scene = await startScene();
  const { api } = scene;
  for (let round = 0; round < 6; round += 1) {
    api.faults.intercept((request) => (isWatch(request) ? { kind: 'answer', status: 503 } : undefined));
    api.closeWatches();
    await scene.change(4);
    api.compact();
    api.faults.clear();
    await scene.change(2);
  }
  await scene.endsWell({ base: 700, aMinute: 300 });
});

it('410 to every watch, however new its version', async () => {
  const scene = await startScene();
  const { api } = scene;
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    code: 410,
    reason: 'Expired',
    message: 'too old resource version',
  };
  const body = `${JSON.stringify({ type: 'ERROR', object: status })}\n`;
  api.faults.intercept((request) => (isWatch(request) ? { kind: 'answer', status: 200, body } : undefined));
  api.closeWatches();
  await scene.change(10);
  await scene.inSync();
  api.faults.clear();
  await scene.endsWell({ base: 400, aMinute: 500 });
});

it('events that are missed: the list in between finds what they said', async () => {
  const scene = await startScene({ config: 'resync: 30s' });
  scene.interceptEvents((event, _, random) => (event.type !== 'BOOKMARK' && random.percent(60) ? [] : [event]));
  await scene.change(20);
  await scene.inSync();
  await scene.endsWell({ base: 150, aMinute: 150 });
});

it('events that come twice and out of order', async () => {
  const scene = await startScene();
  const { api } = scene;
  scene.interceptEvents((event, request, random) => {
    const late = random.below(3);
    for (let copy = 0; copy < late; copy += 1) {
      setTimeout(() => {
        api
          .openWatches()
          .find((watch) => watch.request === request)
          ?.send(event);
      }, random.below(100));
    }
    return late > 0 && random.percent(50) ? [] : [event];
  });
  await scene.change(30);
  await scene.inSync();
  expect(scene.log.messages('warn').filter((line) => line === 'object cannot be read')).toEqual([]);
  await scene.endsWell({ base: 300, aMinute: 100 });
});
