import { expect, it } from 'vitest';
import { isOrdinary, isPlannedWrite, sameRequest } from './requests.ts';
import { startScene } from './scene.ts';
import { isOurs } from './write-log.ts';

/** Answers that are none. */

it('429 with Retry-After: nobody asks again before the time is over', async () => {
  const scene = await startScene();
  const { api, clock } = scene;
  const refused = new Map<string, number>();
  const early: string[] = [];
  api.faults.intercept((request) => {
    // Two watches look at the same ConfigMap.
    if (!isOrdinary(request) || ['events', 'configmaps'].includes(request.resource)) return undefined;
    const what = sameRequest(request);
    const since = clock.monotonic() - (refused.get(what) ?? Number.NEGATIVE_INFINITY);
    if (since < 6_900) early.push(`${what} after ${Math.round(since)} ms`);
    if (since < 20_000) return undefined;
    refused.set(what, clock.monotonic());
    return { kind: 'answer', status: 429, reason: 'TooManyRequests', headers: { 'retry-after': '7' } };
  });
  api.closeWatches();
  await scene.change(10);
  await scene.inSync();
  api.faults.clear();
  expect(refused.size).toBeGreaterThan(10);
  expect(early).toEqual([]);
  await scene.endsWell({ base: 150, aMinute: 100 });
});

it('writes that are put off for a year: nobody waits for so long', async () => {
  const scene = await startScene({ speed: 60 });
  const { api } = scene;
  const headers = { 'retry-after': '31536000' };
  api.faults.intercept((request) =>
    isPlannedWrite(request) ? { kind: 'answer', status: 429, reason: 'TooManyRequests', headers } : undefined,
  );
  await scene.change(6);
  await scene.pass(5_000);
  api.faults.clear();
  await scene.endsWell({ base: 250, aMinute: 100 });
});

it.each([500, 503, 429])('a storm of %i', async (status) => {
  const scene = await startScene();
  const { api } = scene;
  scene.intercept((request, random) =>
    isOurs(request) && random.percent(85) ? { kind: 'answer', status } : undefined,
  );
  api.closeWatches();
  for (let round = 0; round < 6; round += 1) {
    await scene.change(3);
    await scene.pass(5_000);
  }
  api.faults.clear();
  await scene.endsWell({ base: 450, aMinute: 400 });
});

it('resets instead of answers, also of writes that were carried out', async () => {
  const scene = await startScene();
  const { api } = scene;
  scene.intercept((request, random) => {
    if (!isOurs(request) || request.resource === 'leases' || random.percent(50)) return undefined;
    return random.percent(50) ? { kind: 'drop', how: 'reset' } : { kind: 'cut', afterBytes: 0, how: 'reset' };
  });
  api.closeWatches();
  await scene.change(15);
  await scene.inSync();
  api.faults.clear();
  await scene.endsWell({ base: 450, aMinute: 300 });
});

it('answers to writes that get lost: what was written is not written again', async () => {
  const scene = await startScene();
  const { api } = scene;
  scene.intercept((request, random) =>
    isPlannedWrite(request)
      ? { kind: 'cut', afterBytes: random.below(40), how: random.pick(['reset', 'truncate', 'close', 'hang']) }
      : undefined,
  );
  await scene.change(10);
  await scene.inSync();
  api.faults.clear();
  await scene.endsWell({ base: 150, aMinute: 100 });
});

it('a storm of 409, and objects that really change in between', async () => {
  const scene = await startScene();
  const { api, cluster } = scene;
  scene.intercept((request, random) => {
    if (!isPlannedWrite(request) || random.percent(30)) return undefined;
    if (random.percent(50)) {
      cluster.touch(request);
      return undefined;
    }
    return { kind: 'answer', status: 409, reason: 'Conflict' };
  });
  await scene.change(20);
  await scene.inSync();
  api.faults.clear();
  await scene.endsWell({ base: 400, aMinute: 300 });
});

it('every write meets a conflict: no storm of our own', async () => {
  const scene = await startScene();
  const { api } = scene;
  api.faults.intercept((request) =>
    isPlannedWrite(request) ? { kind: 'answer', status: 409, reason: 'Conflict' } : undefined,
  );
  await scene.change(10);
  await scene.pass(60_000);
  const calls = scene.calls();
  expect(calls).toBeGreaterThan(0);
  await scene.pass(60_000);
  // Each of some ten subjects is tried again every 2.5 to 5 s.
  expect(scene.calls() - calls).toBeLessThan(450);
  api.faults.clear();
  await scene.endsWell({ base: 300, aMinute: 400 });
});

it.each([
  { status: 403, reason: 'Forbidden', message: 'no' },
  { status: 422, reason: 'Invalid', message: 'the object is invalid' },
])(
  'a server that refuses every write with $status: each is told once, and tried again when a full pass is due',
  async (refusal) => {
    const scene = await startScene({ config: 'resync: 2m', speed: 60 });
    const { api } = scene;
    api.faults.intercept((request) => (isPlannedWrite(request) ? { kind: 'answer', ...refusal } : undefined));
    await scene.change(10);
    await scene.pass(20_000);
    const refused = api.requests.filter((request) => isPlannedWrite(request) && request.status === refusal.status);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(30);
    await scene.pass(60_000);
    api.faults.clear();
    await scene.endsWell({ base: 150, aMinute: 120 });
  },
);

const GARBAGE = [
  '',
  'null',
  '[]',
  '"text"',
  '{}',
  '<html><body>502 Bad Gateway</body></html>',
  '{"kind":"Status","status":"Success"}',
  '{"kind":"ServiceList","apiVersion":"v1","items":null}',
  '{"kind":"List","metadata":{"resourceVersion":"1"},"items":[null,7,"x"]}',
  '{"type":"MODIFIED"}\n',
  '{"type":"ADDED","object":null}\n',
  '\u0000\u0001\u0002',
  '{"type":"ERROR","object":{"kind":"Status","code":"no number"}}\n',
];

it('garbage instead of bodies', async () => {
  const scene = await startScene();
  const { api } = scene;
  scene.intercept((request, random) =>
    isOurs(request) && random.percent(60) ? { kind: 'answer', status: 200, body: random.pick(GARBAGE) } : undefined,
  );
  api.closeWatches();
  for (let round = 0; round < 6; round += 1) {
    await scene.change(3);
    await scene.pass(5_000);
    api.closeWatches();
  }
  api.faults.clear();
  await scene.endsWell({ base: 600, aMinute: 400 });
});
