import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { GATEWAYS, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import { type Ccm, startCcm } from '../emulators/ccm.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import { type Controller, type LogLine, settledWritesSince, startController } from './product.ts';
import {
  clean,
  EIP,
  entrypoint,
  GATEWAY_CLASS,
  GUIDE_ELB,
  GUIDE_ENTRYPOINT,
  GUIDE_GATEWAY,
  GUIDE_SERVICE,
  gateway,
  gatewayService,
  ingressOf,
  ipAddresses,
  nodePortOf,
  programming,
  SERVES_GUIDE_GATEWAY,
  targetPortsOf,
  VIP,
} from './scenario.ts';
import { waitFor } from './wait.ts';

const TARGET_PORT = 'patch services kube-system/gateway-entrypoint';
const STATUS = 'patch services/status default/cilium-gateway-ip-gateway';
/** Without redirect copies, which have tests of their own, each change has one write. */
const NODE_PORT = { gateway: { exposure: 'node-port' } };
const SECOND_EIP = '203.0.113.77';

describe('the controller', () => {
  let cluster: ControlPlane;
  let ccm: Ccm;
  let controller: Controller;

  beforeAll(async () => {
    cluster = await startControlPlane();
    ccm = startCcm({ send: cluster.request, dialect: 'huawei', manner: 'holds' });
  });
  afterAll(async () => {
    await ccm?.stop();
    await cluster?.stop();
  });
  beforeEach(async () => {
    ccm.setAddresses(GUIDE_ELB, [{ ip: EIP }, { ip: VIP }]);
    await cluster.apply(GATEWAY_CLASS);
    await cluster.apply(entrypoint(GUIDE_ENTRYPOINT, { annotations: SERVES_GUIDE_GATEWAY }));
    await cluster.apply(gateway());
    await gatewayService(cluster);
    controller = await startController(cluster, { config: NODE_PORT });
    await inSync(EIP, VIP);
    await controller.waitForLine('the address to be told', ({ reason }) => reason === 'AddressPublished');
  });
  afterEach(async () => {
    await controller.stop();
    await clean(cluster);
  });

  /** Cilium calls the Gateway Programmed with these addresses, and each entrypoint port leads to its NodePort. */
  async function inSync(...addresses: readonly string[]): Promise<void> {
    await waitFor(
      `sync with ${addresses.join(', ')}: ${controller.program.logTail()}`,
      async () => {
        const [seen, ports, service] = await Promise.all([
          programming(cluster),
          targetPortsOf(cluster),
          cluster.get(SERVICES, GUIDE_SERVICE),
        ]);
        const nodePort = await nodePortOf(cluster);
        expect(seen).toEqual({ programmed: 'True', addresses: ipAddresses(...addresses) });
        expect(ports).toEqual([nodePort]);
        expect(service?.metadata.deletionTimestamp).toBeUndefined();
        return true;
      },
      { everyMs: 50 },
    );
  }

  /** Runs `change`, waits for sync, and resolves with the writes and the log lines that it took. */
  async function costOf(change: () => Promise<void>, ...addresses: readonly string[]): Promise<Cost> {
    const mark = await cluster.audit.mark();
    const told = controller.writesLogged().length;
    await change();
    await inSync(...addresses);
    const writes = await settledWritesSince(cluster, mark);
    const lines = (): readonly LogLine[] => controller.writesLogged().slice(told);
    await waitFor('a line for each write', () => lines().length >= writes.length);
    return { writes, told: lines().map(({ reason }) => reason) };
  }

  async function recreateGateway(...ports: readonly number[]): Promise<void> {
    const { uid } = (await gatewayService(cluster)).metadata;
    await cluster.remove(GATEWAYS, GUIDE_GATEWAY);
    await gone(GUIDE_SERVICE);
    await cluster.apply(gateway(GUIDE_GATEWAY, { ports }));
    expect((await gatewayService(cluster)).metadata.uid).not.toBe(uid);
  }

  async function recreateEntrypoint(): Promise<void> {
    await cluster.remove(SERVICES, GUIDE_ENTRYPOINT);
    await waitFor('the address to be taken back', async () => (await ingressOf(cluster)) === undefined);
    await cluster.apply(entrypoint(GUIDE_ENTRYPOINT, { annotations: SERVES_GUIDE_GATEWAY }));
  }

  function gone(ref: ObjectRef): Promise<boolean> {
    return waitFor(`Service ${ref.name} to go`, async () => (await cluster.get(SERVICES, ref)) === undefined);
  }

  test('a recreated Gateway is back in sync with one write for its NodePort and one for its address', async () => {
    const cost = await costOf(() => recreateGateway(80), EIP, VIP);
    expect(cost).toEqual({ writes: [TARGET_PORT, STATUS], told: ['TargetPortSynced', 'AddressPublished'] });
  });

  test('a listener that comes and goes, on a port that the entrypoint does not have, costs no write', async () => {
    const cost = await costOf(
      async () => {
        await cluster.apply(gateway(GUIDE_GATEWAY, { ports: [80, 443] }));
        await waitFor('the second NodePort', async () => (await nodePortOf(cluster, GUIDE_SERVICE, 1)) !== undefined);
        await controller.waitForLine('the port that is missing', (line) => line.reason === 'ListenerNotReachable');
        await cluster.apply(gateway());
        await waitFor('one NodePort', async () => (await nodePortOf(cluster, GUIDE_SERVICE, 1)) === undefined);
      },
      EIP,
      VIP,
    );
    expect(cost).toEqual({ writes: [], told: [] });
    await controller.waitForLine('that all is well again', (line) => line.msg.startsWith('No longer so:'));
  });

  test('a listener added to Gateway and entrypoint costs one write', async () => {
    const mark = await cluster.audit.mark();
    await cluster.apply(gateway(GUIDE_GATEWAY, { ports: [80, 443] }));
    await waitFor('the second NodePort', async () => (await nodePortOf(cluster, GUIDE_SERVICE, 1)) !== undefined);
    const ports = [{ op: 'add', path: '/spec/ports/-', value: { name: 'https', port: 443, targetPort: 1 } }];
    await cluster.patch(SERVICES, GUIDE_ENTRYPOINT, ports, { contentType: 'application/json-patch+json' });
    await waitFor('both ports to lead on', async () => {
      const nodePorts = [await nodePortOf(cluster), await nodePortOf(cluster, GUIDE_SERVICE, 1)];
      expect(await targetPortsOf(cluster)).toEqual(nodePorts);
      return true;
    });
    expect(await settledWritesSince(cluster, mark)).toEqual([TARGET_PORT]);
  });

  test('another address of the load balancer costs one write', async () => {
    const change = async (): Promise<void> => ccm.setAddresses(GUIDE_ELB, [{ ip: SECOND_EIP }, { ip: VIP }]);
    const cost = await costOf(change, SECOND_EIP, VIP);
    expect(cost).toEqual({ writes: [STATUS], told: ['AddressPublished'] });
  });

  test('an entrypoint that is deleted takes its address along, and brings it back when it is there again', async () => {
    const cost = await costOf(recreateEntrypoint, EIP, VIP);
    expect(cost.writes.toSorted()).toEqual([TARGET_PORT, STATUS, STATUS]);
    expect(cost.told.toSorted()).toEqual(['AddressPublished', 'AddressWithdrawn', 'TargetPortSynced']);
  });

  test('all of it at once ends in sync, with no more writes than the changes call for', async () => {
    const mark = await cluster.audit.mark();
    ccm.setAddresses(GUIDE_ELB, [{ ip: SECOND_EIP }]);
    await Promise.all([
      recreateGateway(80),
      (async () => {
        await cluster.remove(SERVICES, GUIDE_ENTRYPOINT);
        await gone(GUIDE_ENTRYPOINT);
        await cluster.apply(entrypoint(GUIDE_ENTRYPOINT, { annotations: SERVES_GUIDE_GATEWAY }));
      })(),
    ]);
    await inSync(SECOND_EIP);
    const writes = await settledWritesSince(cluster, mark);
    // Which of the changes the controller sees first is chance; each object is at most written for each of its states.
    expect(writes.filter((write) => write === TARGET_PORT).length).toBeLessThanOrEqual(2);
    expect(writes.filter((write) => write.startsWith(STATUS)).length).toBeLessThanOrEqual(4);
  });

  test('in sync it writes nothing, asks for nothing, and says nothing', async () => {
    const mark = await cluster.audit.mark();
    const lines = controller.log().length;
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const requests = (await cluster.audit.since(mark)).filter((event) => event.userAgent.startsWith('cilium-cloud-'));
    expect(requests.filter(({ objectRef }) => !['leases', 'events'].includes(objectRef?.resource ?? ''))).toEqual([]);
    expect(
      controller
        .log()
        .slice(lines)
        .filter(({ level }) => level === 'info'),
    ).toEqual([]);
  });
});

interface Cost {
  readonly writes: readonly string[];
  readonly told: readonly (string | undefined)[];
}
