import { copyName } from '../src/gateway/redirect-copy.ts';
import { ENVOY_CONFIGS, type Resource } from '../src/kube/resources.ts';
import { hashJson } from '../src/lib/canonical.ts';
import { systemClock } from '../src/lib/clock.ts';
import { valueAt } from '../test/control-plane/objects.ts';
import { waitFor } from '../test/control-plane/wait.ts';
import { observe, startBare } from './latency.ts';
import { type Result, ratio, summarise } from './stats.ts';
import { makeEntrypoint, makeGateway, startController, type World, waitProgrammed } from './world.ts';

const GATEWAYS = 10;
const ROUNDS = 100;
const STORM_MS = 60_000;
const STORM_EVERY_MS = 10;
const STORM_IN_FLIGHT = 16;
const HTTP_ROUTES: Resource = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  plural: 'httproutes',
  kind: 'HTTPRoute',
  namespaced: true,
};

/**
 * The Gateway's CiliumEnvoyConfig changed → copy changed, beside the bare watch + PATCH of the same object; then a
 * minute of a hundred route changes a second.
 */
export async function followRoutes(world: World): Promise<Result[]> {
  const { cluster, client } = world;
  for (let index = 0; index < GATEWAYS; index += 1) {
    await makeGateway(cluster, `r-${index}`);
    await makeEntrypoint(cluster, `r-${index}`, `203.0.113.${index + 1}`);
    await applyRoute(world, `r-${index}`, 'start');
  }
  const controller = startController(cluster);
  for (let index = 0; index < GATEWAYS; index += 1) await waitProgrammed(cluster, `r-${index}`);
  const copy = copyName({ namespace: 'kube-system', name: 'entry-r-0' });
  const original = await waitFor('the first copy', () =>
    cluster.get(ENVOY_CONFIGS, { namespace: 'kube-system', name: copy }),
  );
  // Without `services`: a second CiliumEnvoyConfig on the entrypoint would make the product take its copy back.
  await cluster.apply({
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumEnvoyConfig',
    metadata: { name: 'bare', namespace: 'kube-system' },
    spec: { resources: valueAt(original, 'spec', 'resources') },
  });
  const stopBare = await startBare(cluster, 'default/cilium-gateway-r-1', 'kube-system/bare', ENVOY_CONFIGS);
  const sources = await observe(client, ENVOY_CONFIGS, 'default');
  const copies = await observe(client, ENVOY_CONFIGS, 'kube-system');
  const times: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const who of ['ours', 'bare'] as const) {
      const mark = `${who}-${round}.example.com`;
      const hasMark = (config: unknown): boolean => JSON.stringify(valueAt(config, 'spec', 'resources')).includes(mark);
      const changed = sources.next(who === 'ours' ? 'cilium-gateway-r-0' : 'cilium-gateway-r-1', hasMark);
      const followed = copies.next(who === 'ours' ? copy : 'bare', hasMark);
      await applyRoute(world, who === 'ours' ? 'r-0' : 'r-1', mark);
      times[who].push((await followed) - (await changed));
    }
  }
  stopBare();
  sources.stop();
  copies.stop();
  const latency = ratio(
    'route change → copy written',
    summarise(times.ours),
    summarise(times.bare),
    ['ours', 'bare watch + PATCH'],
    2,
  );
  const storm = await routeStorm(world, controller.residentMiB);
  await controller.stop();
  return [latency, storm];
}

async function routeStorm(world: World, residentMiB: () => number): Promise<Result> {
  const { cluster } = world;
  const mark = await cluster.audit.mark();
  const startedAt = performance.now();
  const memory: number[] = [];
  const underWay = new Set<Promise<void>>();
  let changes = 0;
  for (let due = startedAt; due < startedAt + STORM_MS; due += STORM_EVERY_MS) {
    await systemClock.sleep(Math.max(0, due - performance.now()));
    if (underWay.size >= STORM_IN_FLIGHT) await Promise.race(underWay);
    const change = applyRoute(world, `r-${changes % GATEWAYS}`, `storm-${changes}.example.com`);
    underWay.add(change);
    void change.finally(() => underWay.delete(change)).catch(() => undefined);
    changes += 1;
    if (changes % 500 === 0) memory.push(residentMiB());
  }
  await Promise.all(underWay);
  const seconds = (performance.now() - startedAt) / 1000;
  for (let index = 0; index < GATEWAYS; index += 1) {
    const copy = copyName({ namespace: 'kube-system', name: `entry-r-${index}` });
    await waitFor(`the copy of Gateway r-${index} to be equal to its source`, async () => {
      const [from, to] = await Promise.all([
        cluster.get(ENVOY_CONFIGS, { namespace: 'default', name: `cilium-gateway-r-${index}` }),
        cluster.get(ENVOY_CONFIGS, { namespace: 'kube-system', name: copy }),
      ]);
      return hashJson(valueAt(from, 'spec', 'resources')) === hashJson(valueAt(to, 'spec', 'resources'));
    });
  }
  const events = await cluster.audit.since(mark);
  const writes = events.filter((one) => one.userAgent.startsWith('cilium-cloud-bridge') && one.verb === 'patch').length;
  const operator = events.filter(
    (one) =>
      one.userAgent.includes('cilium-operator') &&
      one.objectRef?.resource === 'ciliumenvoyconfigs' &&
      one.verb !== 'watch',
  ).length;
  const half = Math.floor(memory.length / 2);
  const growth = summarise(memory.slice(half)).median - summarise(memory.slice(0, half)).median;
  return {
    what: `${STORM_MS / STORM_EVERY_MS} route changes at 100 a second on ${GATEWAYS} Gateways`,
    figures: [
      `${changes} changes in ${seconds.toFixed(0)} s, ${operator} requests of Cilium's operator for its CiliumEnvoyConfigs, ${writes} writes of the copies; each equal in the end`,
      `resident memory: ${memory.map((value) => value.toFixed(0)).join(', ')} MiB; second half against the first ${growth >= 0 ? '+' : ''}${growth.toFixed(1)} MiB`,
    ],
    target: 'fewer writes than changes, memory flat (± 15 MiB)',
    reached: writes < changes && Math.abs(growth) < 15,
  };
}

async function applyRoute({ cluster }: World, gateway: string, hostname: string): Promise<void> {
  const object = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: HTTP_ROUTES.kind,
    metadata: { name: `route-${gateway}`, namespace: 'default' },
    spec: {
      parentRefs: [{ name: gateway }],
      hostnames: [hostname],
      rules: [{ backendRefs: [{ name: 'kubernetes', port: 443 }] }],
    },
  };
  await cluster.apply(object);
}
