import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { PODS, SERVICES } from '../../src/kube/resources.ts';
import { type Ccm, startCcm } from '../emulators/ccm.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import type { KubeObject } from './objects.ts';
import { onceReport, startController, writesSince } from './product.ts';
import {
  ciliumPod,
  clean,
  EIP,
  entrypoint,
  existing,
  GATEWAY_CLASS,
  GUIDE_ELB,
  GUIDE_ENTRYPOINT,
  gateway,
  gatewayService,
  ingressOf,
  ipAddresses,
  programming,
  SERVES_GUIDE_GATEWAY,
  waitForAddress,
} from './scenario.ts';
import { OLD_KUBERNETES } from './versions.ts';
import { waitFor } from './wait.ts';

const STATUS = 'patch services/status default/cilium-gateway-ip-gateway';
const ENTRYPOINT = 'patch services kube-system/gateway-entrypoint';
const TYPE_ANNOTATION = 'service.cilium.io/type';

async function applyObjects(cluster: ControlPlane): Promise<void> {
  await cluster.apply(GATEWAY_CLASS);
  await cluster.apply(gateway());
  await gatewayService(cluster);
  await cluster.apply(entrypoint(GUIDE_ENTRYPOINT, { annotations: SERVES_GUIDE_GATEWAY }));
  await waitForAddress(cluster, GUIDE_ENTRYPOINT);
}

/** The entrypoint gives its address up in Cilium before the Gateway Service gets it: one write each. */
async function expectFallback(cluster: ControlPlane, version?: string): Promise<void> {
  const mark = await cluster.audit.mark();
  const { code, report } = await onceReport(cluster, { args: ['--yes'] });
  expect(code).toBe(0);
  expect(await writesSince(cluster, mark)).toEqual([ENTRYPOINT, STATUS]);
  const { annotations } = (await existing(cluster, SERVICES, GUIDE_ENTRYPOINT)).metadata;
  expect(annotations?.[TYPE_ANNOTATION]).toBe('NodePort');
  expect(await programming(cluster)).toEqual({ programmed: 'True', addresses: ipAddresses(EIP) });
  expect(await ingressOf(cluster)).toEqual([version === undefined ? { ip: EIP } : { ip: EIP, ipMode: 'VIP' }]);
  expect(report.actions[0]?.message).toContain('from being owned by two Services');
  const again = await onceReport(cluster, { args: ['--yes'] });
  expect([again.code, again.report.actions]).toEqual([0, []]);
}

describe(`on Kubernetes ${OLD_KUBERNETES}, whose API server drops ipMode`, () => {
  let cluster: ControlPlane;
  let ccm: Ccm;

  beforeAll(async () => {
    cluster = await startControlPlane({
      kubernetes: OLD_KUBERNETES,
      apiServerFlags: ['--feature-gates=LoadBalancerIPMode=false'],
    });
    const addresses = { [GUIDE_ELB]: [{ ip: EIP }] };
    ccm = startCcm({ send: cluster.request, dialect: 'huawei', manner: 'holds', addresses });
  });
  afterAll(async () => {
    await ccm?.stop();
    await cluster?.stop();
  });
  afterEach(() => clean(cluster));

  test('--once asks by a dry run before its first write, and annotates the entrypoint instead', async () => {
    await applyObjects(cluster);
    await expectFallback(cluster);
  });

  test('the controller does the same, and then keeps still', async () => {
    await applyObjects(cluster);
    const mark = await cluster.audit.mark();
    const config = { gateway: { exposure: 'node-port' } };
    const controller = await startController(cluster, { config });
    await waitFor('the Gateway to be Programmed', async () => (await programming(cluster)).programmed === 'True');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await writesSince(cluster, mark)).toEqual([ENTRYPOINT, STATUS]);
    await controller.stop();
  });
});

describe('with agents that do not honour ipMode', () => {
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
  afterEach(async () => {
    await clean(cluster);
    const paths = (await cluster.list(PODS, 'kube-system')).map(({ metadata }) => `pods/${metadata.name}`);
    for (const path of paths) {
      await cluster.request('DELETE', `/api/v1/namespaces/kube-system/${path}?gracePeriodSeconds=0`);
    }
    await cluster.request('DELETE', '/apis/apps/v1/namespaces/kube-system/daemonsets/cilium');
  });

  test('Cilium 1.18.0, seen at its Pods: the entrypoint is annotated', async () => {
    await cluster.create(ciliumPod('cilium-a', 'cilium', '1.19.5')); // an upgrade or downgrade under way
    await cluster.create(ciliumPod('cilium-b', 'cilium', '1.18.0'));
    await applyObjects(cluster);
    await expectFallback(cluster, '1.18.0');
  });

  test('Cilium 1.16, seen at its DaemonSet: refused before the first status write, with the mend', async () => {
    await cluster.create(daemonSet('1.16.4'));
    await applyObjects(cluster);
    const mark = await cluster.audit.mark();
    const { code, report } = await onceReport(cluster, { args: ['--yes'] });
    expect(code).toBe(2);
    expect(await writesSince(cluster, mark)).toEqual([ENTRYPOINT]);
    const finding = report.findings.find(({ reason }) => reason === 'IpModeNotPossible');
    expect(finding).toMatchObject({ verdict: 'fail', evidence: { ciliumVersion: '1.16.4' } });
    expect(finding?.message).toContain('Cilium 1.16.4 does not honour ipMode');
    expect(finding?.fix).toBe('Upgrade Cilium to 1.18.1 or later.');
    const { annotations } = (await existing(cluster, SERVICES, GUIDE_ENTRYPOINT)).metadata;
    expect(annotations?.[TYPE_ANNOTATION]).toBeUndefined();
  });
});

/** The agents' DaemonSet as Cilium's chart makes it, without its Pods. */
function daemonSet(release: string): KubeObject {
  const labels = { 'k8s-app': 'cilium' };
  const { spec } = ciliumPod('unused', 'cilium', release);
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { namespace: 'kube-system', name: 'cilium', labels },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}
