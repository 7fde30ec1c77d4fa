import { describe, expect, test } from 'vitest';
import { GATEWAYS, SERVICES } from '../../src/kube/resources.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { ciliumCrds, gatewayCrds, installCrds } from './crds.ts';
import {
  changeRoute,
  cluster,
  controller,
  expectFewCalls,
  identities,
  inStep,
  inSync,
  MANAGED,
  MANAGED_COPY,
  MANAGED_GATEWAY,
  MANAGED_SERVICE,
  managedGateway,
  relay,
  SYNC,
  sourceChanged,
  spoilTargetPort,
  useFaultScene,
} from './fault-scene.ts';
import type { KubeObject } from './objects.ts';
import { requestsOfProduct, settledWritesSince } from './product.ts';
import { CREATE_COPY, DELETE_COPY, makeGateway, PATCH_COPY, TARGET_PORT } from './redirect-scene.ts';
import { waitFor } from './wait.ts';

/* What goes wrong below the program, on a real control plane: see fault-scene.ts. */

const STATUS = 'patch services/status default/cilium-gateway-ip-gateway';
const CRDS = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};
/** Longer than the program waits before it believes that a kind has vanished, and than `removeAfter`. */
const GONE_MS = 16_000;
/** A Lease that was not renewed for 10 s is lost to its holder. */
const LOST_LEASE_MS = 14_000;

useFaultScene();

test('true 410: cut off while things change and etcd forgets, it lists again and catches up', async () => {
  const before = await identities();
  const mark = await cluster.audit.mark();
  relay.cut();
  await changeRoute('/while-cut-off');
  await sourceChanged('/while-cut-off');
  await spoilTargetPort();
  await cluster.remove(GATEWAYS, MANAGED_GATEWAY);
  await waitFor('Cilium to take its Service away', async () => !(await cluster.get(SERVICES, MANAGED_SERVICE)));
  await cluster.apply(managedGateway());
  await cluster.compactEtcd();
  await cluster.restart('apiserver'); // its memory would serve the old versions still
  relay.mend();
  await controller.waitForLine('410', ({ msg }) => msg === 'version expired; listing again', 60_000);
  await inSync();
  expect(await identities()).toEqual(before);
  expect((await settledWritesSince(cluster, mark)).toSorted()).toEqual(
    [
      PATCH_COPY,
      TARGET_PORT,
      `patch services ${MANAGED.namespace}/${MANAGED.name}`,
      `patch services/status ${MANAGED_SERVICE.namespace}/${MANAGED_SERVICE.name}`,
    ].toSorted(),
  );
  await expectFewCalls(mark);
});

describe('an API server that hangs for longer than the Lease lasts', () => {
  test('gets each write once, though the first try of it hung', async () => {
    const mark = await cluster.audit.mark();
    controller.program.signal('SIGSTOP'); // its sockets take what happens now; it answers when the server is silent
    await changeRoute('/before-it-hung');
    await sourceChanged('/before-it-hung');
    await spoilTargetPort();
    cluster.signal('apiserver', 'SIGSTOP');
    controller.program.signal('SIGCONT');
    await controller.waitForLine('that it lost its Lease', ({ msg }) => msg === 'no longer leading', 40_000);
    await systemClock.sleep(1_000);
    cluster.signal('apiserver', 'SIGCONT');
    await inSync();
    // A request that hung is carried out when the server wakes, though nobody waits for it, and its repetition is refused;
    // or the server gives it up as too late.
    const writes = (await settledWritesSince(cluster, mark)).filter((write) => !/ (409|422|504)$/.test(write));
    expect(writes.toSorted()).toEqual([PATCH_COPY, TARGET_PORT].toSorted());
    await expectFewCalls(mark);
    await cluster.restart('operator'); // it may have ended: it could not renew its Lease either
  });

  test('is written to only after the Lease was renewed, when it was the program that hung', async () => {
    const mark = await cluster.audit.mark();
    controller.program.signal('SIGSTOP');
    await changeRoute('/while-it-slept');
    await sourceChanged('/while-it-slept');
    await spoilTargetPort();
    await systemClock.sleep(LOST_LEASE_MS);
    controller.program.signal('SIGCONT');
    await inSync();
    expect((await settledWritesSince(cluster, mark)).toSorted()).toEqual([PATCH_COPY, TARGET_PORT].toSorted());
    const all = await requestsOfProduct(cluster, mark);
    const firstOf = (resources: readonly string[]): number =>
      all.findIndex(({ verb, objectRef }) => verb === 'patch' && resources.includes(objectRef?.resource ?? ''));
    expect(firstOf(['leases'])).toBeGreaterThanOrEqual(0);
    expect(firstOf(['leases'])).toBeLessThan(firstOf(['services', 'ciliumenvoyconfigs']));
    await expectFewCalls(mark);
  });
});

describe('a restart below', () => {
  test.each([
    { what: 'the API server', restart: () => cluster.restart('apiserver') },
    { what: 'etcd', restart: () => cluster.restart('etcd') },
    {
      what: 'etcd, after it hung for longer than the Lease lasts',
      restart: async () => {
        cluster.signal('etcd', 'SIGSTOP');
        await systemClock.sleep(LOST_LEASE_MS);
        await cluster.restart('etcd');
        await cluster.restart('operator'); // it ends when its Lease is lost
      },
    },
    {
      what: 'both, and etcd forgot what was before',
      restart: async () => {
        await cluster.compactEtcd();
        cluster.signal('apiserver', 'SIGKILL');
        await cluster.restart('etcd');
        await cluster.restart('apiserver');
      },
    },
  ])(
    'of $what: nothing is written for it, and the next changes are followed',
    async ({ restart }) => {
      const before = await identities();
      const mark = await cluster.audit.mark();
      await restart();
      await waitFor(
        'the API server to answer',
        async () => (await cluster.request('GET', '/readyz')).status === 200,
        SYNC,
      );
      await inSync();
      await waitFor('every list and watch to work', readsWork, SYNC);
      expect(await settledWritesSince(cluster, mark)).toEqual([]);
      await changeRoute('/after-the-restart');
      await sourceChanged('/after-the-restart');
      await spoilTargetPort();
      await waitFor('both to be followed', inStep, SYNC);
      await inSync();
      expect((await settledWritesSince(cluster, mark)).toSorted()).toEqual([PATCH_COPY, TARGET_PORT].toSorted());
      expect(await identities()).toEqual(before);
      expect(controller.program.running()).toBe(true);
      await expectFewCalls(mark);
    },
    180_000,
  );
});

describe('a kind that vanishes and comes back', () => {
  const dropMade = `delete ciliumenvoyconfigs kube-system/${MANAGED_COPY.name}`;
  const createMade = `create ciliumenvoyconfigs kube-system/${MANAGED_COPY.name}`;

  test('Gateways: entrypoints stay while it is gone, whatever the time', async () => {
    const before = await identities();
    const mark = await cluster.audit.mark();
    let back = mark;
    await removeKind('gateways.gateway.networking.k8s.io', '/apis/gateway.networking.k8s.io/v1/gateways');
    try {
      await systemClock.sleep(GONE_MS);
      // The API server deletes the Gateways one by one before their kind, so their copies go, as for any deleted Gateway.
      expect((await settledWritesSince(cluster, mark)).toSorted()).toEqual([DELETE_COPY, dropMade].toSorted());
      expect(await identities()).toEqual(before);
      await expectFewCalls(mark);
    } finally {
      back = await cluster.audit.mark();
      await restoreKind(gatewayCrds(cluster.versions), 'gateways.gateway.networking.k8s.io');
    }
    await makeGateway(cluster);
    await cluster.apply(managedGateway());
    await inSync();
    expect(await identities()).toEqual(before);
    expect((await settledWritesSince(cluster, back)).toSorted()).toEqual(
      [
        TARGET_PORT,
        STATUS,
        CREATE_COPY,
        createMade,
        `patch services kube-system/${MANAGED.name}`,
        `patch services/status default/${MANAGED_SERVICE.name}`,
      ].toSorted(),
    );
  }, 180_000);

  test('CiliumEnvoyConfigs: no Service is written for it, and copies are made anew', async () => {
    const before = await identities();
    const mark = await cluster.audit.mark();
    let back = mark;
    await removeKind('ciliumenvoyconfigs.cilium.io', '/apis/cilium.io/v2/ciliumenvoyconfigs');
    try {
      await systemClock.sleep(GONE_MS);
      // The API server deletes them one by one: a copy whose source went first is deleted by either of the two.
      const writes = await settledWritesSince(cluster, mark);
      expect(writes.filter((write) => !write.startsWith(DELETE_COPY) && !write.startsWith(dropMade))).toEqual([]);
      expect(writes.length).toBeLessThanOrEqual(2);
    } finally {
      back = await cluster.audit.mark();
      await restoreKind(ciliumCrds(cluster.versions), 'ciliumenvoyconfigs.cilium.io');
    }
    await inSync();
    expect(await identities()).toEqual(before);
    expect((await settledWritesSince(cluster, back)).toSorted()).toEqual([CREATE_COPY, createMade].toSorted());
    await expectFewCalls(mark);
  }, 180_000);

  async function removeKind(name: string, path: string): Promise<void> {
    await cluster.remove(CRDS, { namespace: '', name });
    await waitFor('the kind to go', async () => (await cluster.request('GET', path)).status === 404, SYNC);
  }

  async function restoreKind(all: readonly KubeObject[], name: string): Promise<void> {
    await installCrds(
      cluster,
      all.filter(({ metadata }) => metadata.name === name),
    );
    await cluster.restart('operator'); // its own watches ended with the kind
  }
});

/** Whether each kind whose list or watch failed has been said to work again. */
function readsWork(): boolean {
  const failing = new Set<unknown>();
  for (const { msg, resource } of controller.log()) {
    if (msg === 'list or watch fails; trying again') failing.add(resource);
    if (msg === 'watch works again') failing.delete(resource);
  }
  return failing.size === 0;
}
