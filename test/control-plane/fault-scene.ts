import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { managedName } from '../../src/gateway/managed.ts';
import { copyName } from '../../src/gateway/redirect-copy.ts';
import { ENVOY_CONFIGS, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import { type Ccm, startCcm } from '../emulators/ccm.ts';
import { inFastTime } from '../faults/in-fast-time.ts';
import type { AuditMark } from './audit.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import { type KubeObject, valueAt } from './objects.ts';
import { type Controller, requestsOfProduct, startController } from './product.ts';
import { COPY, cleanAll, makeGateway, route, SOURCE } from './redirect-scene.ts';
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

export const MANAGED_GATEWAY: ObjectRef = { namespace: 'default', name: 'made-for' };
export const MANAGED_SERVICE: ObjectRef = { namespace: 'default', name: 'cilium-gateway-made-for' };
export const MANAGED: ObjectRef = { namespace: 'kube-system', name: managedName('default', 'made-for') };
export const MANAGED_COPY: ObjectRef = { namespace: 'kube-system', name: copyName(MANAGED) };
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
export const SYNC = { timeoutMs: 60_000, everyMs: 100 };
/** After one fault: a list, one more where the first came too early, twice so of cilium-config, which two views read, and a few watches. */
const MAX_LISTS = 4;
const MAX_WATCHES = 8;

export let cluster: ControlPlane;
let ccm: Ccm;
export let relay: Relay;
let kubeconfig: string;
export let controller: Controller;

/**
 * Starts it all for this file, and a Gateway of each kind and a controller for each of its tests.
 * @param speed how much faster time runs for the controller, and for nothing else
 */
export function useFaultScene(speed = 1): void {
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
    controller = await startController(cluster, {
      kubeconfig,
      config: CONFIG,
      args: ['--log-level', 'debug'],
      env: speed === 1 ? {} : inFastTime(speed),
    });
    await inSync();
  });
  afterEach(async () => {
    await controller.stop();
    await cleanAll(cluster);
  });
}

export function managedGateway(): KubeObject {
  const annotations = {
    'cilium-cloud-bridge.io/entrypoint': 'managed',
    'cilium-cloud-bridge.io/entrypoint-annotations': JSON.stringify({ 'kubernetes.io/elb.id': MANAGED_ELB }),
  };
  return gateway(MANAGED_GATEWAY, { annotations, ports: [80] });
}

/** Both Gateways show their addresses, both entrypoints lead to them, and the copy is as its source. */
export async function inSync(): Promise<void> {
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
export async function identities(): Promise<readonly unknown[]> {
  const services = await Promise.all([GUIDE_ENTRYPOINT, MANAGED].map((ref) => existing(cluster, SERVICES, ref)));
  return services.map(({ metadata }) => metadata.uid);
}

/** No kind was asked for more often than it takes to find one's way back. */
export async function expectFewCalls(mark: AuditMark): Promise<void> {
  const counts = new Map<string, number>();
  for (const { verb, stage, objectRef, requestURI } of await requestsOfProduct(cluster, mark)) {
    if (stage !== 'ResponseComplete' && stage !== 'Panic') continue;
    if (!['list', 'watch'].includes(verb)) continue;
    // Pages, and the two views that read Pods and ConfigMaps, each with a selector of its own.
    // Of Events, each reason of its own.
    const { searchParams } = new URL(requestURI, cluster.server);
    const selector = ['labelSelector', 'fieldSelector'].map((name) => searchParams.get(name) ?? '').join(' ');
    const key = `${verb} ${objectRef?.resource ?? ''} ${selector}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const tooMany = [...counts].filter(([key, count]) => count > (key.startsWith('list') ? MAX_LISTS : MAX_WATCHES));
  expect(tooMany).toEqual([]);
}

export function changeRoute(path: string): Promise<KubeObject> {
  return cluster.apply(route(path));
}

/** A targetPort as an old file would set it. */
export function spoilTargetPort(): Promise<KubeObject> {
  const patch = [{ op: 'replace', path: '/spec/ports/0/targetPort', value: 32_546 }];
  return cluster.patch(SERVICES, GUIDE_ENTRYPOINT, patch, { contentType: 'application/json-patch+json' });
}

export async function sourceChanged(path: string): Promise<void> {
  await waitFor('Cilium to follow the route', async () => JSON.stringify(await contentOf(SOURCE)).includes(path), SYNC);
}

/** Whether the entrypoint leads to the Gateway again. */
export async function inStep(): Promise<boolean> {
  const [port] = [await targetPortsOf(cluster)].flat();
  return port === (await nodePortOf(cluster));
}
