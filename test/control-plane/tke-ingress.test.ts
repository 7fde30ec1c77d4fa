import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { INGRESSES, PODS, SERVICES } from '../../src/kube/resources.ts';
import { type Ccm, startCcm } from '../emulators/ccm.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import { type KubeObject, valueAt } from './objects.ts';
import { onceReport, writesSince } from './product.ts';
import {
  ciliumPod,
  clean,
  existing,
  GATEWAY_CLASS,
  GUIDE_ENTRYPOINT,
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

const CLB = 'lb-6swtxxxx';
const DOMAIN_CLB = 'lb-domain01';
const CLB_VIP = '203.0.113.90';
const HOSTNAME = 'lb-domain01.clb.gz-tencentclb.com';
const TARGET_PORT = 'patch services kube-system/gateway-entrypoint';
const YES = { args: ['--yes'] };

/** An entrypoint as TKE's users make it. */
function tkeEntrypoint(id: string, annotations: Readonly<Record<string, string>>, app = 'cilium'): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...GUIDE_ENTRYPOINT,
      annotations: { 'service.kubernetes.io/tke-existed-lbid': id, ...annotations },
    },
    spec: {
      type: 'LoadBalancer',
      selector: { 'k8s-app': app },
      ports: [{ name: 'http', port: 80, targetPort: 32_546 }],
    },
  };
}

function startTkeCcm(cluster: ControlPlane): Ccm {
  const addresses = { [CLB]: [{ ip: CLB_VIP }], [DOMAIN_CLB]: [{ hostname: HOSTNAME }] };
  return startCcm({
    send: cluster.request,
    dialect: 'tencent',
    manner: 'holds',
    fieldManager: 'service-controller',
    addresses,
  });
}

describe('on TKE', () => {
  let cluster: ControlPlane;
  let ccm: Ccm;

  beforeAll(async () => {
    cluster = await startControlPlane();
    ccm = startTkeCcm(cluster);
  });
  afterAll(async () => {
    await ccm?.stop();
    await cluster?.stop();
  });
  afterEach(async () => {
    await clean(cluster);
    for (const { metadata } of await cluster.list(PODS)) {
      await cluster.request('DELETE', `/api/v1/namespaces/kube-system/pods/${metadata.name}?gracePeriodSeconds=0`);
    }
  });

  async function applyGateway(entrypoint: KubeObject): Promise<void> {
    await cluster.apply(GATEWAY_CLASS);
    await cluster.apply(gateway());
    await gatewayService(cluster);
    await cluster.apply(entrypoint);
    await waitForAddress(cluster, GUIDE_ENTRYPOINT);
  }

  test("a domain CLB's hostname becomes the Gateway's address", async () => {
    await applyGateway(tkeEntrypoint(DOMAIN_CLB, SERVES_GUIDE_GATEWAY));
    const { code } = await onceReport(cluster, YES);
    expect(code).toBe(0);
    expect(await ingressOf(cluster)).toEqual([{ hostname: HOSTNAME }]);
    expect(await programming(cluster)).toEqual({
      programmed: 'True',
      addresses: [{ type: 'Hostname', value: HOSTNAME }],
    });
  });

  test('a direct-access entrypoint that selects Envoy leads to the NodePort, without the warning of node-port', async () => {
    await cluster.create(ciliumPod('cilium-x1', 'cilium', '1.19.5'));
    await cluster.create(ciliumPod('cilium-envoy-x1', 'cilium-envoy', '1.19.5'));
    const direct = { 'service.cloud.tencent.com/direct-access': 'true' };
    await applyGateway(tkeEntrypoint(CLB, direct, 'cilium-envoy'));
    const { code, report } = await onceReport(cluster, { args: ['--adopt', 'auto', '--yes'] });
    expect(code).toBe(0);
    expect(await targetPortsOf(cluster)).toEqual([await nodePortOf(cluster)]);
    expect(await programming(cluster)).toEqual({ programmed: 'True', addresses: ipAddresses(CLB_VIP) });
    expect(report.findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
  });

  describe('an Ingress', () => {
    function ingress(mode: 'dedicated' | 'shared'): KubeObject {
      const backend = { service: { name: 'web', port: { number: 80 } } };
      return {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: {
          namespace: 'default',
          name: 'web',
          annotations: { 'ingress.cilium.io/loadbalancer-mode': mode },
        },
        spec: {
          ingressClassName: 'cilium',
          rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
        },
      };
    }

    async function shownAddress(): Promise<unknown> {
      const object = await existing(cluster, INGRESSES, { namespace: 'default', name: 'web' });
      return valueAt(object, 'status', 'loadBalancer', 'ingress', 0, 'ip');
    }

    async function publishTo(service: { namespace: string; name: string }, serves: string): Promise<void> {
      await cluster.apply(tkeEntrypoint(CLB, { 'cilium-cloud-bridge.io/ingress': serves }));
      await waitForAddress(cluster, GUIDE_ENTRYPOINT);
      const mark = await cluster.audit.mark();
      const { code, stderr } = await onceReport(cluster, YES);
      expect([stderr, code]).toEqual(['', 0]);
      expect(await writesSince(cluster, mark)).toEqual([
        TARGET_PORT,
        `patch services/status ${service.namespace}/${service.name}`,
      ]);
      await waitFor('the Ingress to show the address', async () => (await shownAddress()) === CLB_VIP);
      expect(await targetPortsOf(cluster)).toEqual([await nodePortOf(cluster, service)]);
    }

    test('of its own Service shows the address', async () => {
      const service = { namespace: 'default', name: 'cilium-ingress-web' };
      await cluster.apply(ingress('dedicated'));
      await gatewayService(cluster, service);
      await publishTo(service, 'default/web');
    });

    test('of the shared Service shows the address', async () => {
      const service = { namespace: 'kube-system', name: 'cilium-ingress' };
      await cluster.apply(sharedIngressService(service));
      await cluster.apply(ingress('shared'));
      await publishTo(service, 'shared');
    });
  });
});

/** As Cilium's Helm chart makes it (templates/cilium-ingress-service.yaml). */
function sharedIngressService(ref: { namespace: string; name: string }): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...ref, labels: { 'cilium.io/ingress': 'true', 'app.kubernetes.io/part-of': 'cilium' } },
    spec: {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Cluster',
      ports: [
        { name: 'http', port: 80, protocol: 'TCP' },
        { name: 'https', port: 443, protocol: 'TCP' },
      ],
    },
  };
}

const HOST_NETWORK = { 'gateway-api-hostnetwork-enabled': 'true' };

describe("with Envoy on the nodes' network", () => {
  let cluster: ControlPlane;
  let ccm: Ccm;

  beforeAll(async () => {
    cluster = await startControlPlane({ ciliumConfig: HOST_NETWORK });
    ccm = startTkeCcm(cluster);
  });
  afterAll(async () => {
    await ccm?.stop();
    await cluster?.stop();
  });

  beforeEach(async () => {
    await cluster.apply(GATEWAY_CLASS);
    await cluster.apply(gateway());
    await gatewayService(cluster);
    expect(valueAt(await existing(cluster, SERVICES, GUIDE_SERVICE), 'spec', 'type')).toBe('ClusterIP');
    await cluster.apply(tkeEntrypoint(CLB, SERVES_GUIDE_GATEWAY));
    await waitForAddress(cluster, GUIDE_ENTRYPOINT);
  });
  afterEach(() => clean(cluster));

  test('where cilium-config is not there, the type ClusterIP is a finding with both mends, and nothing is written', async () => {
    const mark = await cluster.audit.mark();
    const { code, report } = await onceReport(cluster, YES);
    expect(code).toBe(2);
    expect(await writesSince(cluster, mark)).toEqual([]);
    const finding = report.findings.find(({ reason }) => reason === 'GatewayServiceNotLoadBalancer');
    expect(finding).toMatchObject({ verdict: 'fail', evidence: { type: 'ClusterIP' } });
    expect(finding?.fix).toContain('cilium-cloud-bridge.io/exposure=host-network');
  });

  test('the entrypoint leads to the listener port, and no status is written', async () => {
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'kube-system', name: 'cilium-config' },
      data: { 'enable-gateway-api': 'true', ...HOST_NETWORK },
    });
    const mark = await cluster.audit.mark();
    const { code, report } = await onceReport(cluster, YES);
    expect(code).toBe(0);
    expect(await writesSince(cluster, mark)).toEqual([TARGET_PORT]);
    expect(await targetPortsOf(cluster)).toEqual([80]);
    const warning = report.findings.find(({ reason }) => reason === 'HostNetworkNotProgrammed');
    expect(warning?.verdict).toBe('warn');
    expect(warning?.fix).toContain('Upgrade Cilium');
  });
});
