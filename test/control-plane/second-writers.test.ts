import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EVENTS, GATEWAYS, LB_IP_POOLS, SERVICES } from '../../src/kube/resources.ts';
import { type Ccm, startCcm } from '../emulators/ccm.ts';
import { startSecondWriter } from '../emulators/second-writer.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import { type KubeObject, valueAt } from './objects.ts';
import { once, onceReport, startController, writesSince } from './product.ts';
import {
  clean,
  EIP,
  entrypoint,
  existing,
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
  waitForAddress,
} from './scenario.ts';
import { waitFor } from './wait.ts';

const STATUS = 'patch services/status default/cilium-gateway-ip-gateway';
const TARGET_PORT = 'patch services kube-system/gateway-entrypoint';
const OWN_CLASS = 'cilium-cloud-bridge.io/entrypoint';

describe('beside a writer that undoes our writes', () => {
  let cluster: ControlPlane;
  const addresses = { [GUIDE_ELB]: [{ ip: EIP }] };

  beforeAll(async () => {
    cluster = await startControlPlane();
  });
  afterAll(() => cluster?.stop());
  afterEach(() => clean(cluster));

  async function applyObjects(className = 'cilium'): Promise<void> {
    await cluster.apply(GATEWAY_CLASS);
    await cluster.apply(entrypoint(GUIDE_ENTRYPOINT, { annotations: SERVES_GUIDE_GATEWAY }));
    await waitForAddress(cluster, GUIDE_ENTRYPOINT);
    await cluster.apply(gateway(GUIDE_GATEWAY, { className }));
    await gatewayService(cluster);
  }

  async function messagesOf(reason: string, about: KubeObject): Promise<readonly string[]> {
    const events = await cluster.list(EVENTS);
    return events
      .filter((event) => event.reason === reason && valueAt(event, 'involvedObject', 'uid') === about.metadata.uid)
      .map((event) => String(event.message));
  }

  describe('a cloud controller that clears', () => {
    let ccm: Ccm;
    let manager: string;
    beforeEach(() => {
      manager = `ccm-${randomBytes(4).toString('hex')}`;
      const options = { dialect: 'huawei', manner: 'clears', clearAfterMs: 400 } as const;
      ccm = startCcm({ ...options, send: cluster.request, addresses, fieldManager: manager });
    });
    afterEach(async () => {
      await clean(cluster); // before the CCM ends: its finalizer keeps Services
      await ccm.stop();
    });

    test('is left alone after three reverts, and named with the mend in log, Event and --once', async () => {
      await applyObjects();
      const mark = await cluster.audit.mark();
      const controller = await startController(cluster);
      const line = await controller.waitForLine('the hold-off', ({ reason }) => reason === 'SecondWriter');
      expect(line.msg).toContain(manager);
      expect(line.msg).toMatch(/another 30 min/);
      expect(line.fix).toContain(`spec.service.loadBalancerClass: ${OWN_CLASS}`);
      const statusWrites = async (): Promise<number> =>
        (await writesSince(cluster, mark)).filter((write) => write === STATUS).length;
      expect(await statusWrites()).toBe(3);

      const service = await existing(cluster, SERVICES, GUIDE_SERVICE);
      const message = await waitFor('the Event', async () => (await messagesOf('SecondWriter', service))[0]);
      expect(message).toContain(manager);
      expect(message).toContain(OWN_CLASS);
      const onGateway = await messagesOf('SecondWriter', await existing(cluster, GATEWAYS, GUIDE_GATEWAY));
      expect(onGateway).toHaveLength(1);

      await controller.stop();
      const second = await startController(cluster); // it knows of the hold-off by the Event
      const again = await second.waitForLine('the hold-off', ({ reason }) => reason === 'SecondWriter');
      expect(again.msg).toContain(manager);
      await second.stop();
      expect(await statusWrites()).toBe(3);

      const { code, stdout } = await once(cluster, { args: ['--yes'] });
      expect(code).toBe(2);
      expect(stdout).toContain(manager);
      expect(stdout).toContain(OWN_CLASS);
      expect(await statusWrites()).toBe(3);
    });

    test('is noticed by --once within its wait', async () => {
      await applyObjects();
      const { code, report } = await onceReport(cluster, { args: ['--yes'] });
      expect(code).toBe(2);
      const finding = report.findings.find(({ reason }) => reason === 'SecondWriter');
      expect(finding).toMatchObject({ verdict: 'fail', evidence: { writer: manager } });
      expect(finding?.message).toContain(`${manager} undid`);
      expect(finding?.fix).toContain(OWN_CLASS);
    });

    test('never touches the Service of a class-based GatewayClass', async () => {
      await cluster.apply({
        apiVersion: 'cilium.io/v2alpha1',
        kind: 'CiliumGatewayClassConfig',
        metadata: { namespace: 'kube-system', name: 'cloud' },
        spec: { service: { type: 'LoadBalancer', loadBalancerClass: OWN_CLASS } },
      });
      await cluster.apply({
        ...GATEWAY_CLASS,
        metadata: { name: 'cilium-cloud' },
        spec: {
          controllerName: 'io.cilium/gateway-controller',
          parametersRef: {
            group: 'cilium.io',
            kind: 'CiliumGatewayClassConfig',
            namespace: 'kube-system',
            name: 'cloud',
          },
        },
      });
      await applyObjects('cilium-cloud');
      const mark = await cluster.audit.mark();
      const result = await once(cluster, { args: ['--yes'] });
      expect(result.code).toBe(0);
      expect(result.seconds).toBeLessThan(4); // nobody to be afraid of, so no quiet time
      expect(await writesSince(cluster, mark)).toEqual([TARGET_PORT, STATUS]);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect(ccm.cleared()).toBe(0);
      expect(await programming(cluster)).toEqual({ programmed: 'True', addresses: ipAddresses(EIP) });
    });
  });

  describe('a writer that sets the targetPort back', () => {
    let ccm: Ccm;
    beforeEach(() => {
      ccm = startCcm({ send: cluster.request, dialect: 'huawei', manner: 'holds', addresses });
    });
    afterEach(() => ccm.stop());

    test('is left alone after three reverts, and named with the mend', async () => {
      await applyObjects();
      const fieldManager = `gitops-${randomBytes(4).toString('hex')}`;
      const writer = startSecondWriter({
        send: cluster.request,
        service: GUIDE_ENTRYPOINT,
        targetPort: 32_546,
        fieldManager,
      });
      const mark = await cluster.audit.mark();
      const controller = await startController(cluster);
      try {
        const line = await controller.waitForLine('the hold-off', ({ reason }) => reason === 'SecondWriter');
        expect(line.msg).toContain(fieldManager);
        expect(line.fix).toContain('ignoreDifferences');
        const writes = await writesSince(cluster, mark);
        expect(writes.filter((write) => write === TARGET_PORT)).toHaveLength(3);
        // Our watch may be told of the last one before its answer reaches the writer.
        await waitFor('the answer to the last revert', () => writer.reverted() >= 3);
        expect(writer.reverted()).toBe(3);
        const event = await waitFor(
          'the Event',
          async () => (await messagesOf('SecondWriter', await existing(cluster, SERVICES, GUIDE_ENTRYPOINT)))[0],
        );
        expect(event).toContain(fieldManager);
        const { code, stdout } = await once(cluster, { args: ['--yes', '--force'] });
        expect(code).toBe(2);
        expect(stdout).toContain(fieldManager);
        expect(await targetPortsOf(cluster)).toEqual([32_546]);
      } finally {
        await controller.stop();
        await writer.stop();
      }
    });
  });

  describe("Cilium's LB-IPAM with a pool", () => {
    test('owns the Service: nothing is written, and it is named', async () => {
      const pool = { namespace: '', name: 'pool' };
      await cluster.apply({
        apiVersion: 'cilium.io/v2',
        kind: 'CiliumLoadBalancerIPPool',
        metadata: { name: 'pool' },
        spec: { blocks: [{ cidr: '172.30.0.0/24' }] },
      });
      try {
        await applyObjects();
        await waitForAddress(cluster, GUIDE_SERVICE);
        const given = await ingressOf(cluster);
        const mark = await cluster.audit.mark();
        const { code, report, stdout } = await onceReport(cluster, { args: ['--yes'] });
        expect(code).toBe(2);
        expect(await writesSince(cluster, mark)).toEqual([]);
        const finding = report.findings.find(({ reason }) => reason === 'OwnedByLbIpam');
        expect(finding).toMatchObject({ verdict: 'fail', evidence: { owner: 'Cilium LB-IPAM' } });
        expect(finding?.message).toContain('(pool)');
        expect(stdout).toContain('defaultLBServiceIPAM=none');
        expect(await targetPortsOf(cluster)).not.toEqual([await nodePortOf(cluster)]);
        expect(await ingressOf(cluster)).toEqual(given);
      } finally {
        await cluster.remove({ ...LB_IP_POOLS, version: 'v2' }, pool);
      }
    });
  });
});
