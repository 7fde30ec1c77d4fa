import { expect, it } from 'vitest';
import { ENVOY_CONFIGS, GATEWAYS, NODES, SERVICES } from '../../src/kube/resources.ts';
import { clone, isObject, type Json, type JsonObject, type KubeObject, objectAt, parseJson } from '../fake-api/json.ts';
import type { Random } from '../random.ts';
import { entrypointRef } from './cluster.ts';
import { isList, isListOf } from './requests.ts';
import { startScene } from './scene.ts';

/** Objects that no schema would let through, and those that are too much. */

const MILLION = 1_000_000;

it('an object of a million lines, in events and in lists', async () => {
  const scene = await startScene();
  const { api } = scene;
  const version = (): string => String(api.version);
  const huge = (): Json => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      namespace: 'default',
      name: 'huge',
      uid: 'huge',
      resourceVersion: version(),
      annotations: { note: 'line\n'.repeat(MILLION) },
    },
    spec: { type: 'ClusterIP', ports: Array.from({ length: 100 }, (_, port) => ({ port: port + 1 })) },
  });
  for (const watch of api.openWatches(SERVICES)) watch.send({ type: 'ADDED', object: huge() });
  await scene.change(5);
  await scene.inSync();
  const lists = api.requests.filter(isListOf(SERVICES)).length;
  api.faults.intercept((request) => {
    if (!isListOf(SERVICES)(request)) return undefined;
    const items = [...api.list(SERVICES), huge()];
    const list = { kind: 'ServiceList', apiVersion: 'v1', metadata: { resourceVersion: version() }, items };
    const lines = JSON.stringify(list, null, 1).replace('"spec": {', `"spec": {${'\n'.repeat(MILLION)}`);
    return { kind: 'answer', status: 200, body: lines };
  });
  api.advance(1);
  api.compact();
  api.closeWatches(SERVICES);
  await expect.poll(() => api.requests.filter(isListOf(SERVICES)).length, { timeout: 20_000 }).toBeGreaterThan(lists);
  await scene.change(5);
  await scene.inSync();
  api.faults.clear();
  await scene.endsWell({ base: 150, aMinute: 150 });
});

it('objects without the fields that their schema promises', async () => {
  const scene = await startScene({ config: 'resync: 30s', gateways: 8, nodes: 6 });
  const { api } = scene;
  // What is stored is so for everybody, until it is written anew.
  const stored = new Map<string, KubeObject>();
  const spoil = (object: KubeObject): KubeObject => {
    const key = `${String(object.metadata.uid)} ${String(object.metadata.resourceVersion)}`;
    const known = stored.get(key);
    if (known !== undefined) return known;
    const random = scene.chance(`${object.kind} ${object.metadata.name}`);
    const shown = random.percent(40) ? spoiled(object, random) : object;
    stored.set(key, shown);
    return shown;
  };
  api.faults.intercept((request) =>
    isList(request) ? { kind: 'list', transform: (items) => items.map(spoil) } : undefined,
  );
  api.faults.watchHook = (event) => {
    const object = event.object;
    return event.type === 'BOOKMARK' || !isObject(object)
      ? [event]
      : [{ ...event, object: spoil(asKubeObject(object)) }];
  };
  for (let round = 0; round < 8; round += 1) {
    await scene.change(3);
    await scene.pass(8_000);
  }
  api.faults.clear();
  scene.cluster.touchAll();
  await scene.endsWell({ base: 300, aMinute: 300 });
});

it('an object that cannot be read at all does not hold the others up', async () => {
  const scene = await startScene();
  const { api, cluster } = scene;
  const [victim = ''] = cluster.gateways();
  const nothing: readonly Json[] = [null, 7, 'text', [], { metadata: null }, { metadata: { name: 7 } }];
  const victims = [
    { resource: SERVICES, ref: entrypointRef(victim) },
    { resource: GATEWAYS, ref: { namespace: 'default', name: victim } },
    { resource: NODES, ref: { namespace: '', name: 'node-0' } },
  ];
  for (const { resource, ref } of victims) {
    for (const watch of api.openWatches(resource)) {
      for (const object of nothing.filter(isObject)) watch.send({ type: 'MODIFIED', object });
      watch.send({
        type: 'MODIFIED',
        object: {
          metadata: { ...whole(api.get(resource, ref)), resourceVersion: String(api.version + 1) },
          spec: 7,
        },
      });
    }
  }
  await scene.change(10);
  for (const gateway of cluster.gateways()) cluster.changeAddress(gateway);
  cluster.touchAll();
  await scene.endsWell({ base: 250, aMinute: 150 });
});

it("another kind's objects in a watch: the next list mends what they hid", async () => {
  const scene = await startScene({ speed: 60 });
  const { api, cluster } = scene;
  const kinds = [SERVICES, ENVOY_CONFIGS];
  for (const gateway of cluster.gateways()) {
    const ref = { namespace: 'default', name: `cilium-gateway-${gateway}` };
    for (const [index, resource] of kinds.entries()) {
      const other = api.get(kinds[1 - index] ?? SERVICES, ref);
      api.advance(1);
      const object = { ...other, metadata: { ...whole(other), resourceVersion: String(api.version) } };
      for (const watch of api.openWatches(resource)) watch.send({ type: 'MODIFIED', object });
    }
  }
  await scene.change(10);
  // The list in between comes every ten minutes.
  await scene.pass(660_000);
  await scene.endsWell({ base: 250, aMinute: 100 });
});

function whole(object: KubeObject | undefined): JsonObject {
  return object?.metadata ?? {};
}

function asKubeObject(object: JsonObject): KubeObject {
  return parseJson(JSON.stringify(object)) as KubeObject;
}

/** Fields that the schema of a kind promises. */
const PROMISED: Readonly<Record<string, readonly (readonly string[])[]>> = {
  Service: [['spec'], ['spec', 'type'], ['spec', 'ports']],
  Gateway: [['spec'], ['spec', 'gatewayClassName'], ['spec', 'listeners']],
  GatewayClass: [['spec'], ['spec', 'controllerName']],
  CiliumEnvoyConfig: [['spec']],
  Node: [['spec'], ['status'], ['status', 'conditions']],
  Pod: [['spec'], ['status'], ['status', 'conditions'], ['status', 'containerStatuses']],
};

/** Without one of the fields that its schema promises, or with nonsense in it. */
function spoiled(object: KubeObject, random: Random): KubeObject {
  const copy = clone(object);
  const path = random.pick(PROMISED[object.kind] ?? [['spec']]);
  const parent = objectAt(copy, ...path.slice(0, -1));
  const field = path.at(-1) ?? '';
  if (random.percent(50)) delete parent[field];
  else parent[field] = random.pick<Json>([null, {}, [], 7, true]);
  return copy;
}
