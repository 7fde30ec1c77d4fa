import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { provesAbsence, type Seen } from '../../src/gateway/observation.ts';
import type { GatewayReads } from '../../src/gateway/observe.ts';
import { createGatewayView, type GatewayView } from '../../src/gateway/view.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import type { KubeClient } from '../../src/kube/client.types.ts';
import { openConnection } from '../../src/kube/connection.ts';
import { ENVOY_CONFIGS, GATEWAY_CLASSES, GATEWAYS, LB_IP_POOLS, SERVICES } from '../../src/kube/resources.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { stringAt } from '../fake-api/json.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { eventually } from '../kube/eventually.ts';
import { recordLog } from '../kube/recorded-log.ts';
import { entrypoint, gateway, gatewayClass, gatewayService } from './build.ts';
import { envoyConfig } from './envoy.ts';

/* What the caches hold, and how far it proves that something is not there. */

type Kind = 'services' | 'gateways' | 'gatewayClasses' | 'envoyConfigs';

const KINDS: readonly [Kind, string][] = [
  ['services', SERVICES.plural],
  ['gateways', GATEWAYS.plural],
  ['gatewayClasses', GATEWAY_CLASSES.plural],
  ['envoyConfigs', ENVOY_CONFIGS.plural],
];

let api: FakeApi;
let dir: string;
let client: KubeClient;
let stop: AbortController;
let running: Promise<void>;

beforeEach(async () => {
  api = await startFakeApi();
  for (const object of [gatewayClass(), gateway(), gatewayService(), entrypoint(), envoyConfig()]) {
    // As a user applies it: with an owner that is not there, it would be collected.
    const { namespace, name, annotations } = object.metadata as Record<string, unknown>;
    api.apply({ ...object, metadata: { namespace, name, annotations } });
  }
  dir = mkdtempSync(join(tmpdir(), 'ccb-view-'));
  const path = api.writeKubeconfig(join(dir, 'config'));
  client = createKubeClient({ connection: openConnection({ path, clock: systemClock }), userAgent: 'test' });
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort(new Error('stop'));
  await running;
  client.close();
  await api.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function start(): Promise<GatewayView> {
  const view = createGatewayView({
    client,
    place: { namespace: 'kube-system', pools: LB_IP_POOLS },
    clock: systemClock,
    logger: recordLog(),
    timing: { vanishedMs: 100 },
    onChange: () => undefined,
  });
  view.watchEnvoyConfigs();
  running = view.run(stop.signal);
  await view.whenAsked(stop.signal);
  return view;
}

function of(reads: GatewayReads, kind: Kind): Seen<unknown> {
  return reads[kind] ?? expect.unreachable();
}

it.each(KINDS)('%s: what is read completely proves what is not there', async (kind) => {
  const reads = (await start()).reads();
  expect(of(reads, kind).items.length).toBeGreaterThan(0);
  expect(provesAbsence(of(reads, kind))).toBe(true);
});

it.each(KINDS)('%s: an object that cannot be understood is not absent, until it can be again', async (kind, plural) => {
  const stopLying = api.faults.intercept(({ verb, resource }) =>
    verb === 'list' && resource === plural
      ? { kind: 'list', transform: (items) => items.map((item) => ({ ...item, spec: { type: 'LoadBalancer' } })) }
      : undefined,
  );
  const view = await start();
  expect(of(view.reads(), kind).items).toEqual([]);
  expect(provesAbsence(of(view.reads(), kind))).toBe(false);
  stopLying();
  for (const resource of [SERVICES, GATEWAYS, GATEWAY_CLASSES, ENVOY_CONFIGS]) {
    for (const { metadata } of api.list(resource)) {
      const ref = { namespace: stringAt(metadata, 'namespace'), name: metadata.name };
      api.update(resource, ref, (object) => {
        object.metadata.labels = { touched: 'true' };
      });
    }
  }
  await eventually(() => provesAbsence(of(view.reads(), kind))).toBe(true);
  expect(of(view.reads(), kind).items.length).toBeGreaterThan(0);
});

it.each(KINDS)('%s: a first list that is empty proves nothing, a second one what it holds', async (kind, plural) => {
  const lied = new Set<string>();
  api.faults.intercept(({ verb, resource }) => {
    if (verb !== 'list' || resource !== plural || lied.has(resource)) return undefined;
    lied.add(resource);
    return { kind: 'list', transform: () => [] };
  });
  const view = await start();
  expect(of(view.reads(), kind)).toMatchObject({ items: [], complete: true, doubt: { passes: true } });
  await view.whenProven(stop.signal);
  expect(of(view.reads(), kind).items.length).toBeGreaterThan(0);
  expect(provesAbsence(of(view.reads(), kind))).toBe(true);
});

it('waits no longer for a second list that cannot be had', async () => {
  const lists = new Set<string>();
  api.faults.intercept(({ verb, resource, path }) => {
    if (verb !== 'list' || resource !== GATEWAYS.plural) return undefined;
    if (lists.has(path)) return { kind: 'answer', status: 503 };
    lists.add(path);
    return { kind: 'list', transform: () => [] };
  });
  const view = await start();
  await view.whenProven(stop.signal);
  expect(of(view.reads(), 'gateways').complete).toBe(false);
});
