import { expect, it } from 'vitest';
import {
  ENVOY_CONFIGS,
  GATEWAY_CLASSES,
  GATEWAYS,
  NODES,
  PODS,
  type Resource,
  SERVICES,
} from '../../src/kube/resources.ts';
import type { KubeObject } from '../fake-api/json.ts';
import type { RecordedRequest } from '../fake-api/requests.ts';
import { isList, isListOf } from './requests.ts';
import { type Scene, startScene } from './scene.ts';
import { nameOf, writesOf } from './write-log.ts';

/** What goes wrong with lists. */

/** Every watch ends, and none can go on from where it was: everything is listed anew. */
function loseHistory({ api }: Scene): void {
  api.advance(1);
  api.compact();
  api.closeWatches();
}

/** What is empty for ten seconds, and never anything else, is empty; by so much less may a machine be late. */
const UNTRUE_MS = 3_000;

/** Lists of that kind are empty, and it is not true: for so long from the first of them. Returns the way to begin anew. */
function emptyLists({ api, clock }: Scene, resource: Resource): () => void {
  let first: number | undefined;
  api.faults.intercept((request) => {
    if (!isListOf(resource)(request)) return undefined;
    first ??= clock.monotonic();
    return clock.monotonic() - first < UNTRUE_MS ? { kind: 'list', transform: () => [] } : undefined;
  });
  return () => {
    first = undefined;
  };
}

/** Counts such requests from now on. */
function countOf({ api }: Scene, matches: (request: RecordedRequest) => boolean): () => number {
  const before = api.requests.filter(matches).length;
  return () => api.requests.filter(matches).length - before;
}

it('the list fails when a watch has to begin anew', async () => {
  const scene = await startScene();
  const { api } = scene;
  const statuses = [500, 502, 503, 504, 429];
  scene.intercept((request, random) =>
    isList(request) && random.percent(70) ? { kind: 'answer', status: random.pick(statuses) } : undefined,
  );
  for (let round = 0; round < 3; round += 1) {
    loseHistory(scene);
    await scene.change(5);
  }
  await scene.inSync();
  api.faults.clear();
  await scene.endsWell({ base: 300, aMinute: 200 });
});

it('slow lists, while everything goes on changing; some too slow', async () => {
  const scene = await startScene({ config: 'resync: 30s' });
  const { api } = scene;
  scene.intercept((request, random) =>
    isList(request) ? { kind: 'delay', ms: random.pick([2_000, 8_000, 20_000, 40_000]) } : undefined,
  );
  loseHistory(scene);
  for (let round = 0; round < 10; round += 1) {
    await scene.change(2);
    await scene.pass(2_000);
  }
  await scene.inSync();
  api.faults.clear();
  await scene.endsWell({ base: 200, aMinute: 150 });
});

it('a stale list after a failover, for some seconds: what was seen before is not unlearned', async () => {
  const scene = await startScene({ speed: 3 }); // after ten it is believed: there is time, however slow the machine is
  const { api } = scene;
  const resources = [SERVICES, GATEWAYS, ENVOY_CONFIGS, NODES, PODS];
  const past = new Map<string, readonly KubeObject[]>(
    resources.map((resource) => [resource.plural, api.list(resource)]),
  );
  const version = String(api.version);
  const [removed = ''] = scene.cluster.gateways();
  scene.cluster.removeGateway(removed);
  await scene.inSync();
  scene.cluster.changeAddress(removed); // who believes that the Gateway is back would publish it there
  await scene.change(12);
  await scene.inSync();
  // A complete list without the Gateway that is gone: nothing but the version of the list tells it from a new one.
  const lists = countOf(scene, isListOf(GATEWAYS));
  loseHistory(scene);
  await expect.poll(lists, { timeout: 20_000 }).toBeGreaterThan(0);
  await scene.pass(2_000);
  const writes = writesOf(api.requests).length;
  const staleLists = countOf(scene, isList);
  api.faults.intercept((request) => {
    const items = past.get(request.resource);
    const selective = request.query.has('labelSelector') || request.query.has('fieldSelector');
    return isList(request) && items !== undefined && !selective
      ? { kind: 'list', transform: () => items, resourceVersion: version }
      : undefined;
  });
  loseHistory(scene);
  await expect.poll(staleLists, { timeout: 20_000 }).toBeGreaterThan(2 * resources.length);
  api.faults.clear();
  await scene.inSync();
  expect(writesOf(api.requests).slice(writes).map(nameOf)).toEqual([]);
  await scene.change(3);
  await scene.endsWell({ base: 200, aMinute: 150 });
});

it.each([GATEWAYS, GATEWAY_CLASSES, SERVICES, ENVOY_CONFIGS, NODES, PODS])(
  'an empty list of $plural that is not true: nothing is taken away',
  async (resource: Resource) => {
    const scene = await startScene({ speed: 15 });
    const { api } = scene;
    const writes = writesOf(api.requests).length;
    const lists = countOf(scene, isListOf(resource));
    emptyLists(scene, resource);
    loseHistory(scene);
    await expect.poll(lists, { timeout: 20_000 }).toBeGreaterThan(0);
    await scene.pass(500);
    api.faults.clear();
    await scene.pass(20_000);
    expect(writesOf(api.requests).slice(writes).map(nameOf)).toEqual([]);
    await scene.change(8);
    await scene.endsWell({ base: 250, aMinute: 150 });
  },
);

it('empty lists that are not true, and an outage between them: together they prove nothing', async () => {
  const scene = await startScene({ speed: 15 });
  const { api } = scene;
  const writes = writesOf(api.requests).length;
  let isDown = false;
  api.faults.intercept((request) => (isDown && isList(request) ? { kind: 'answer', status: 503 } : undefined));
  const beginAnew = emptyLists(scene, GATEWAYS);
  const lists = countOf(scene, isListOf(GATEWAYS));
  loseHistory(scene);
  await expect.poll(lists, { timeout: 20_000 }).toBeGreaterThan(0);
  isDown = true;
  await scene.pass(20_000);
  isDown = false;
  beginAnew();
  const later = countOf(scene, isListOf(GATEWAYS));
  await expect.poll(later, { timeout: 20_000 }).toBeGreaterThan(1);
  await scene.pass(500);
  api.faults.clear();
  await scene.pass(5_000);
  expect(writesOf(api.requests).slice(writes).map(nameOf)).toEqual([]);
  await scene.change(3);
  await scene.endsWell({ base: 300, aMinute: 200 });
});

const NO_LISTS = ['{}', '{"kind":"Status","status":"Success"}', '{"kind":"Service","metadata":{"name":"x"}}', 'null'];

it('something else instead of any list, for a long time: it does not pass for an empty one', async () => {
  const scene = await startScene();
  const { api } = scene;
  const writes = writesOf(api.requests).length;
  scene.intercept((request, random) =>
    isList(request) ? { kind: 'answer', status: 200, body: random.pick(NO_LISTS) } : undefined,
  );
  loseHistory(scene);
  await scene.pass(40_000);
  expect(writesOf(api.requests).slice(writes).map(nameOf)).toEqual([]);
  api.faults.clear();
  await scene.change(5);
  await scene.endsWell({ base: 250, aMinute: 200 });
});

it('a page that is continued by itself: it is not asked for without end', async () => {
  const scene = await startScene();
  const { api } = scene;
  api.faults.intercept((request) => {
    const metadata = { resourceVersion: String(api.version), continue: 'again' };
    const page = { kind: 'ServiceList', apiVersion: 'v1', metadata, items: [] };
    return isListOf(SERVICES)(request) ? { kind: 'answer', status: 200, body: JSON.stringify(page) } : undefined;
  });
  loseHistory(scene);
  await scene.change(3);
  await scene.pass(20_000);
  expect(scene.calls()).toBeLessThan(150);
  api.faults.clear();
  await scene.endsWell({ base: 200, aMinute: 150 });
});

it('a list of several pages whose continuation expires', async () => {
  const scene = await startScene();
  const { api } = scene;
  scene.intercept((request, random) =>
    isList(request) && random.percent(50) ? { kind: 'answer', status: 410, reason: 'Expired' } : undefined,
  );
  for (let round = 0; round < 3; round += 1) {
    loseHistory(scene);
    await scene.change(4);
  }
  await scene.inSync();
  api.faults.clear();
  await scene.endsWell({ base: 400, aMinute: 200 });
});
