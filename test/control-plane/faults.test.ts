import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { managedName } from '../../src/gateway/managed.ts';
import { copyName } from '../../src/gateway/redirect-copy.ts';
import { ENVOY_CONFIGS, GATEWAYS, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type Ccm, startCcm } from '../emulators/ccm.ts';
import type { AuditMark } from './audit.ts';
import { ciliumCrds, gatewayCrds, installCrds } from './crds.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import { type KubeObject, valueAt } from './objects.ts';
import { type Controller, requestsOfProduct, settledWritesSince, startController } from './product.ts';
import {
  COPY,
  CREATE_COPY,
  cleanAll,
  DELETE_COPY,
  makeGateway,
  PATCH_COPY,
  route,
  SOURCE,
  TARGET_PORT,
} from './redirect-scene.ts';
import { openRelay, type Relay } from './relay.ts';
import {
  EIP,
  entrypoint,
  existing,
  GUIDE_ELB,
  GUIDE_ENTRYPOINT,
  gateway,
  ipAddresses,
  nodePortOf,
  programming,
  SERVES_GUIDE_GATEWAY,
  targetPortsOf,
} from './scenario.ts';
import { writeKubeconfig } from './users.ts';
import { waitFor } from './wait.ts';

/*
 * What goes wrong below the program, on a real control plane: its API server and etcd stop, restart, forget and lose
 * kinds. Each time the program must find its way back, delete nothing that should stay, write nothing but what the
 * changes call for, and not ask more than a few times.
 */

const MANAGED_GATEWAY: ObjectRef = { namespace: 'default', name: 'made-for' };
const MANAGED_SERVICE: ObjectRef = { namespace: 'default', name: 'cilium-gateway-made-for' };
const MANAGED: ObjectRef = { namespace: 'kube-system', name: managedName('default', 'made-for') };
const MANAGED_COPY: ObjectRef = { namespace: 'kube-system', name: copyName(MANAGED) };
const MANAGED_ELB = '22222222-2222-3333-4444-555555555555';
const MANAGED_EIP = '203.0.113.21';
const REMOVE_AFTER_S = 4;
const CONFIG = {
  gateway: {
    managed: {
      enabled: true,
      allowedNamespaces: ['default'],
      allowedAnnotations: ['kubernetes.io/elb.*'],
      allowedLoadBalancerIds: [MANAGED_ELB],
      removeAfter: `${REMOVE_AFTER_S}s`,
    },
  },
};
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
const SYNC = { timeoutMs: 60_000, everyMs: 100 };
/** Of one kind, after one fault: a list, one more where the first came too early, and a few watches. */
const MAX_LISTS = 3;
const MAX_WATCHES = 8;

let cluster: ControlPlane;
let ccm: Ccm;
let relay: Relay;
let kubeconfig: string;
let controller: Controller;

beforeAll(async () => {
  cluster = await startControlPlane();
  const addresses = { [GUIDE_ELB]: [{ ip: EIP }], [MANAGED_ELB]: [{ ip: MANAGED_EIP }] };
  ccm = startCcm({ send: cluster.request, dialect: 'huawei', manner: 'holds', addresses, everyMs: 200 });
  relay = await openRelay({ host: '127.0.0.1', port: Number(new URL(cluster.server).port) });
  const path = join(cluster.dir, 'kubeconfig-relay');
  const admin = { name: 'admin', token: cluster.adminToken };
  kubeconfig = writeKubeconfig(path, `https://127.0.0.1:${relay.port}`, join(cluster.dir, 'ca.crt'), admin);
}, 1_800_000);
afterAll(async () => {
  await ccm?.stop();
  relay?.close();
  await cluster?.stop();
});
beforeEach(async () => {
  await makeGateway(cluster);
  await cluster.apply(entrypoint(GUIDE_ENTRYPOINT, { annotations: SERVES_GUIDE_GATEWAY }));
  await cluster.apply(managedGateway());
  controller = await startController(cluster, { kubeconfig, config: CONFIG, args: ['--log-level', 'debug'] });
  await inSync();
});
afterEach(async () => {
  await controller.stop();
  await cleanAll(cluster);
});

function managedGateway(): KubeObject {
  const annotations = {
    'cilium-cloud-bridge.io/entrypoint': 'managed',
    'cilium-cloud-bridge.io/entrypoint-annotations': JSON.stringify({ 'kubernetes.io/elb.id': MANAGED_ELB }),
  };
  return gateway(MANAGED_GATEWAY, { annotations, ports: [80] });
}

/** Both Gateways show their addresses, both entrypoints lead to them, and the copy is as its source. */
async function inSync(): Promise<void> {
  await waitFor(
    'everything to be in sync',
    async () => {
      expect(await programming(cluster)).toEqual({ programmed: 'True', addresses: ipAddresses(EIP) });
      expect(await programming(cluster, MANAGED_GATEWAY)).toEqual({
        programmed: 'True',
        addresses: ipAddresses(MANAGED_EIP),
      });
      expect(await targetPortsOf(cluster)).toEqual([await nodePortOf(cluster)]);
      expect(await targetPortsOf(cluster, MANAGED)).toEqual([await nodePortOf(cluster, MANAGED_SERVICE)]);
      expect(await contentOf(COPY)).toEqual(await contentOf(SOURCE));
      expect(await contentOf(MANAGED_COPY)).toEqual(await contentOf(MANAGED_SERVICE));
      return true;
    },
    SYNC,
  ).catch((error: unknown) => {
    throw new Error(`not in sync; the log:\n${controller.program.logTail()}`, { cause: error });
  });
}

async function contentOf(ref: ObjectRef): Promise<unknown> {
  const config = await existing(cluster, ENVOY_CONFIGS, ref);
  return [valueAt(config, 'spec', 'resources'), valueAt(config, 'spec', 'backendServices')];
}

/** What must still be the same object afterwards. */
async function identities(): Promise<readonly unknown[]> {
  const services = await Promise.all([GUIDE_ENTRYPOINT, MANAGED].map((ref) => existing(cluster, SERVICES, ref)));
  return services.map(({ metadata }) => metadata.uid);
}

/** No kind was asked for more often than it takes to find one's way back. */
async function expectFewCalls(mark: AuditMark): Promise<void> {
  const counts = new Map<string, number>();
  for (const { verb, stage, objectRef, requestURI } of await requestsOfProduct(cluster, mark)) {
    if (stage !== 'ResponseComplete' && stage !== 'Panic') continue;
    if (!['list', 'watch'].includes(verb)) continue;
    // Pages, and the two views that read Pods and ConfigMaps, each with a selector of its own.
    const selector = new URL(requestURI, cluster.server).searchParams.get('labelSelector') ?? '';
    const key = `${verb} ${objectRef?.resource ?? ''} ${selector}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [key, count] of counts) {
    expect({ key, count, few: count <= (key.startsWith('list') ? MAX_LISTS : MAX_WATCHES) }).toMatchObject({
      few: true,
    });
  }
}

function changeRoute(path: string): Promise<KubeObject> {
  return cluster.apply(route(path));
}

/** A targetPort as an old file would set it. */
function spoilTargetPort(): Promise<KubeObject> {
  const patch = [{ op: 'replace', path: '/spec/ports/0/targetPort', value: 32_546 }];
  return cluster.patch(SERVICES, GUIDE_ENTRYPOINT, patch, { contentType: 'application/json-patch+json' });
}

async function sourceChanged(path: string): Promise<void> {
  await waitFor('Cilium to follow the route', async () => JSON.stringify(await contentOf(SOURCE)).includes(path), SYNC);
}

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

test('half-open connections: what passes nothing any more is given up, and the program goes on over new ones', async () => {
  const mark = await cluster.audit.mark();
  relay.stall();
  await changeRoute('/while-half-open');
  await sourceChanged('/while-half-open');
  await spoilTargetPort();
  // A watch may be silent for two minutes and a fifth, since a kind that nobody touches is.
  await waitFor('the targetPort to be mended', inStep, {
    timeoutMs: 160_000,
    everyMs: 500,
  });
  await inSync();
  expect((await settledWritesSince(cluster, mark)).toSorted()).toEqual([PATCH_COPY, TARGET_PORT].toSorted());
  await expectFewCalls(mark);
}, 300_000);

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
    // A request that hung is carried out when the server wakes, though nobody waits for it; its repetition is refused.
    const writes = (await settledWritesSince(cluster, mark)).filter((write) => !/ (409|422)$/.test(write));
    expect(writes.toSorted()).toEqual([PATCH_COPY, TARGET_PORT].toSorted());
    await expectFewCalls(mark);
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

/** Whether the entrypoint leads to the Gateway again. */
async function inStep(): Promise<boolean> {
  const [port] = [await targetPortsOf(cluster)].flat();
  return port === (await nodePortOf(cluster));
}

/** Whether each kind whose list or watch failed has been said to work again. */
function readsWork(): boolean {
  const failing = new Set<unknown>();
  for (const { msg, resource } of controller.log()) {
    if (msg === 'list or watch fails; trying again') failing.add(resource);
    if (msg === 'watch works again') failing.delete(resource);
  }
  return failing.size === 0;
}
