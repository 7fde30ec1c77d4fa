import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { managedName } from '../../src/gateway/managed.ts';
import { GATEWAYS, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import { type Ccm, startCcm } from '../emulators/ccm.ts';
import { gatewayCrds, installCrds } from './crds.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import type { KubeObject } from './objects.ts';
import { type Controller, onceReport, settledWritesSince, startController, writesSince } from './product.ts';
import {
  clean,
  EIP,
  entrypoint,
  existing,
  GATEWAY_CLASS,
  GUIDE_ELB,
  GUIDE_GATEWAY,
  GUIDE_SERVICE,
  gateway,
  gatewayService,
  ipAddresses,
  nodePortOf,
  programming,
  targetPortsOf,
} from './scenario.ts';
import { waitFor } from './wait.ts';

const MANAGED: ObjectRef = { namespace: 'kube-system', name: managedName('default', 'ip-gateway') };
const FOREIGN_ELB = '99999999-2222-3333-4444-555555555555';
const CRD = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};
const GATEWAYS_CRD: ObjectRef = { namespace: '', name: 'gateways.gateway.networking.k8s.io' };

const MANAGED_CONSENT = {
  enabled: true,
  allowedNamespaces: ['default'],
  allowedAnnotations: ['kubernetes.io/elb.*'],
  allowedLoadBalancerIds: [GUIDE_ELB],
  removeAfter: '1s',
};
const CONSENT = { gateway: { managed: MANAGED_CONSENT } };

describe('a managed entrypoint', () => {
  let cluster: ControlPlane;
  let ccm: Ccm;

  beforeAll(async () => {
    cluster = await startControlPlane();
    const addresses = { [GUIDE_ELB]: [{ ip: EIP }] };
    ccm = startCcm({ send: cluster.request, dialect: 'huawei', manner: 'holds', addresses });
  });
  afterAll(async () => {
    await ccm?.stop();
    await cluster?.stop();
  });
  beforeEach(async () => {
    await cluster.apply(GATEWAY_CLASS);
  });
  afterEach(() => clean(cluster));

  async function applyGateway(wishes: Readonly<Record<string, string>> = {}, elb = GUIDE_ELB): Promise<void> {
    await cluster.apply(asking(wishes, elb));
    await gatewayService(cluster);
  }

  async function programmed(): Promise<void> {
    await waitFor('the Gateway to be Programmed', async () => (await programming(cluster)).programmed === 'True');
  }

  describe('with --once', () => {
    test('is not made without consent in the configuration', async () => {
      await applyGateway();
      const mark = await cluster.audit.mark();
      const { code, report } = await onceReport(cluster, { args: ['--yes'] });
      expect(code).toBe(2);
      expect(report.findings).toContainEqual(expect.objectContaining({ reason: 'ManagedNotEnabled', verdict: 'fail' }));
      expect(await writesSince(cluster, mark)).toEqual([]);
    });

    test('is made with the annotations that were asked for and allowed, and serves', async () => {
      await applyGateway();
      const mark = await cluster.audit.mark();
      const { code, report } = await onceReport(cluster, { config: CONSENT, args: ['--yes'] });
      expect(report.actions.map(({ kind, outcome }) => `${kind} ${outcome.status}`)).toEqual([
        'create-entrypoint applied',
        'publish-address applied',
      ]);
      expect(code).toBe(0);
      expect(await writesSince(cluster, mark)).toEqual([
        `create services kube-system/${MANAGED.name}`,
        'patch services/status default/cilium-gateway-ip-gateway',
      ]);
      const service = await existing(cluster, SERVICES, MANAGED);
      expect(service.metadata.annotations).toEqual({
        'kubernetes.io/elb.id': GUIDE_ELB,
        'kubernetes.io/elb.class': 'union',
        'cilium-cloud-bridge.io/gateway': 'default/ip-gateway',
      });
      expect(service.spec).toMatchObject({ type: 'LoadBalancer', selector: { 'k8s-app': 'cilium' } });
      expect(await targetPortsOf(cluster, MANAGED)).toEqual([await nodePortOf(cluster)]);
      expect(await programming(cluster)).toEqual({ programmed: 'True', addresses: ipAddresses(EIP) });
      const again = await onceReport(cluster, { config: CONSENT, args: ['--yes'] });
      expect([again.code, again.report.actions]).toEqual([0, []]);
    });

    test.each([
      {
        asks: 'a foreign annotation',
        gatewayObject: () => asking({}, GUIDE_ELB, { 'service.kubernetes.io/evil': 'x' }),
        reason: 'ManagedAnnotationNotAllowed',
      },
      {
        asks: 'a foreign load balancer',
        gatewayObject: () => asking({}, FOREIGN_ELB),
        reason: 'ManagedLoadBalancerNotAllowed',
      },
      {
        asks: 'fixed nodePorts',
        gatewayObject: () => asking({ 'cilium-cloud-bridge.io/entrypoint-node-ports': '80=30080' }),
        reason: 'ManagedNodePortNotAllowed',
      },
      {
        asks: 'annotations that are no JSON',
        gatewayObject: () => asking({ 'cilium-cloud-bridge.io/entrypoint-annotations': 'elb.id: x' }),
        reason: 'AnnotationMalformed',
      },
      {
        asks: 'one from a namespace that may not',
        gatewayObject: () => asking(),
        reason: 'ManagedNamespaceNotAllowed',
        config: { gateway: { managed: { ...MANAGED_CONSENT, allowedNamespaces: ['team-a'] } } },
      },
    ])('is refused when the author asks for $asks', async ({ gatewayObject, reason, config = CONSENT }) => {
      await cluster.apply(gatewayObject());
      await gatewayService(cluster);
      const mark = await cluster.audit.mark();
      const { code, report } = await onceReport(cluster, { config, args: ['--yes'] });
      expect(report.findings.map((finding) => finding.reason)).toContain(reason);
      expect(report.findings.find((finding) => finding.reason === reason)?.fix).not.toBe('');
      expect(code).toBe(2);
      expect(await writesSince(cluster, mark)).toEqual([]);
    });

    test('does not take over a Service that a user made under its name', async () => {
      await cluster.apply(entrypoint(MANAGED));
      const before = (await existing(cluster, SERVICES, MANAGED)).metadata.uid;
      await applyGateway();
      const { code, report } = await onceReport(cluster, { config: CONSENT, args: ['--yes'] });
      expect(code).toBe(2);
      expect(report.findings).toContainEqual(expect.objectContaining({ reason: 'ManagedNameTaken' }));
      expect((await existing(cluster, SERVICES, MANAGED)).metadata).toMatchObject({ uid: before });
      expect(await targetPortsOf(cluster, MANAGED)).toEqual([32_546]);
    });
  });

  describe('with the controller', () => {
    let controller: Controller;
    beforeEach(async () => {
      controller = await startController(cluster, { config: CONSENT });
    });
    afterEach(() => controller.stop());

    test('goes after its Gateway has been gone for long enough, and nothing of the user goes along', async () => {
      await cluster.apply(entrypoint({ namespace: 'kube-system', name: 'of-the-user' }));
      await applyGateway();
      await programmed();
      const mark = await cluster.audit.mark();
      await cluster.remove(GATEWAYS, GUIDE_GATEWAY);
      await waitFor('the entrypoint to go', async () => (await cluster.get(SERVICES, MANAGED)) === undefined);
      const writes = await settledWritesSince(cluster, mark);
      expect(writes.filter((write) => !write.includes('ciliumenvoyconfigs'))).toEqual([
        `delete services kube-system/${MANAGED.name}`,
      ]);
      await existing(cluster, SERVICES, { namespace: 'kube-system', name: 'of-the-user' });
    });

    test('follows its Gateway: another listener, and a recreated Gateway within the time', async () => {
      await applyGateway();
      await programmed();
      const { uid } = (await existing(cluster, SERVICES, MANAGED)).metadata;
      await cluster.apply(asking({}, GUIDE_ELB, {}, [80, 8080]));
      await waitFor('both ports', async () => {
        const nodePorts = [await nodePortOf(cluster), await nodePortOf(cluster, GUIDE_SERVICE, 1)];
        expect(await targetPortsOf(cluster, MANAGED)).toEqual(nodePorts);
        return true;
      });
      await cluster.remove(GATEWAYS, GUIDE_GATEWAY);
      await waitFor('Cilium to take its Service away', async () => !(await cluster.get(SERVICES, GUIDE_SERVICE)));
      await applyGateway();
      await programmed();
      expect((await existing(cluster, SERVICES, MANAGED)).metadata.uid).toBe(uid);
      await waitFor('the new NodePort', async () => {
        expect(await targetPortsOf(cluster, MANAGED)).toEqual([await nodePortOf(cluster)]);
        return true;
      });
    });

    test('is kept with retain', async () => {
      await applyGateway({ 'cilium-cloud-bridge.io/retain': 'true' });
      await programmed();
      await cluster.remove(GATEWAYS, GUIDE_GATEWAY);
      const line = await controller.waitForLine('that it is kept', ({ reason }) => reason === 'EntrypointRetained');
      expect(line.fix).toContain('cilium-cloud-bridge.io/retain-');
      await pauseFor(1_500);
      await existing(cluster, SERVICES, MANAGED);
    });
  });

  describe('with a controller that knows less for a while than it did', () => {
    let controller: Controller;
    let uid: string | undefined;
    beforeEach(async () => {
      const managed = { ...MANAGED_CONSENT, removeAfter: `${REMOVE_AFTER_S}s` };
      controller = await startController(cluster, { config: { gateway: { managed } } });
      await applyGateway();
      await programmed();
      ({ uid } = (await existing(cluster, SERVICES, MANAGED)).metadata);
    });
    afterEach(() => controller.stop());

    test('survives a Gateway CRD that goes and comes back', async () => {
      await cluster.remove(CRD, GATEWAYS_CRD);
      try {
        await waitFor('the kind to go', async () => (await cluster.request('GET', GATEWAYS_PATH)).status === 404);
        await pauseFor((REMOVE_AFTER_S + 1) * 1_000);
        expect((await existing(cluster, SERVICES, MANAGED)).metadata.uid).toBe(uid);
        expect(controller.program.running()).toBe(true);
      } finally {
        const crd = gatewayCrds(cluster.versions).filter(({ metadata }) => metadata.name === GATEWAYS_CRD.name);
        await installCrds(cluster, crd);
      }
      await cluster.apply(asking());
      await cluster.restart('operator'); // its own watch of Gateways ended with the CRD
      await programmed();
      expect((await existing(cluster, SERVICES, MANAGED)).metadata.uid).toBe(uid);
    });

    test('survives an API server that is away and comes back', async () => {
      await cluster.restart('apiserver');
      await pauseFor(REMOVE_AFTER_S * 1_000);
      expect((await existing(cluster, SERVICES, MANAGED)).metadata.uid).toBe(uid);
      expect(controller.program.running()).toBe(true);
    });
  });
});

const REMOVE_AFTER_S = 6;
const GATEWAYS_PATH = '/apis/gateway.networking.k8s.io/v1/gateways';

/** The guide's Gateway, asking for an entrypoint. */
function asking(
  wishes: Readonly<Record<string, string>> = {},
  elb = GUIDE_ELB,
  more: Readonly<Record<string, string>> = {},
  ports: readonly number[] = [80],
): KubeObject {
  const cloud = { 'kubernetes.io/elb.id': elb, 'kubernetes.io/elb.class': 'union', ...more };
  const annotations = {
    'cilium-cloud-bridge.io/entrypoint': 'managed',
    'cilium-cloud-bridge.io/entrypoint-annotations': JSON.stringify(cloud),
    ...wishes,
  };
  return gateway(GUIDE_GATEWAY, { annotations, ports });
}

function pauseFor(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
