import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import { type Ccm, type CloudAddress, startCcm } from '../emulators/ccm.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import { type KubeObject, valueAt } from './objects.ts';
import { onceReport, startController, writesSince } from './product.ts';
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
const OTHER_ENTRYPOINT: ObjectRef = { namespace: 'kube-system', name: 'other-entrypoint' };
const OTHER_ELB = 'aaaaaaaa-2222-3333-4444-555555555555';

describe('what is wrong is said with its mend, and nothing wrong is written', () => {
  let cluster: ControlPlane;
  let ccm: Ccm;

  beforeAll(async () => {
    cluster = await startControlPlane();
    ccm = startCcm({ send: cluster.request, dialect: 'huawei', manner: 'holds' });
  });
  afterAll(async () => {
    await ccm?.stop();
    await cluster?.stop();
  });
  beforeEach(async () => {
    ccm.setAddresses(GUIDE_ELB, [{ ip: EIP }]);
    ccm.setAddresses(OTHER_ELB, [{ ip: '203.0.113.99' }]);
    await cluster.apply(GATEWAY_CLASS);
  });
  afterEach(() => clean(cluster));

  async function applyEntrypoint(object: KubeObject, addressed = true): Promise<void> {
    await cluster.apply(object);
    const { namespace = '', name } = object.metadata;
    if (addressed) await waitForAddress(cluster, { namespace, name });
  }

  async function applyBoth(annotations: Readonly<Record<string, string>> = {}): Promise<void> {
    await cluster.apply(gateway());
    await gatewayService(cluster);
    await applyEntrypoint(entrypoint(GUIDE_ENTRYPOINT, { annotations: { ...SERVES_GUIDE_GATEWAY, ...annotations } }));
  }

  /** Runs `--once --yes`: the finding that is expected must be there, fail, and say what to do. */
  async function expectFinding(reason: string, fix: string, args: readonly string[] = []): Promise<readonly string[]> {
    const mark = await cluster.audit.mark();
    const { code, report, stderr } = await onceReport(cluster, { args: ['--yes', ...args] });
    expect(stderr).toBe('');
    const found = report.findings.filter((finding) => finding.reason === reason);
    expect(report.findings.map((finding) => finding.reason)).toContain(reason);
    expect(found[0]?.verdict).toBe('fail');
    expect(found[0]?.fix).toContain(fix);
    expect(code).toBe(2);
    return writesSince(cluster, mark);
  }

  async function classWith(name: string, service: object): Promise<void> {
    const config = { group: 'cilium.io', kind: 'CiliumGatewayClassConfig', namespace: 'kube-system', name };
    await cluster.apply({
      apiVersion: 'cilium.io/v2alpha1',
      kind: config.kind,
      metadata: { namespace: config.namespace, name },
      spec: { service },
    });
    await cluster.apply({
      ...GATEWAY_CLASS,
      metadata: { name },
      spec: { controllerName: 'io.cilium/gateway-controller', parametersRef: config },
    });
    await cluster.apply(gateway(GUIDE_GATEWAY, { className: name }));
  }

  // Type ClusterIP, which this class cannot ask for, is what Cilium makes on the host network: tke-ingress.test.ts.
  test('a Gateway Service of type NodePort', async () => {
    await classWith('typed', { type: 'NodePort' });
    const service = await gatewayService(cluster);
    expect(valueAt(service, 'spec', 'type')).toBe('NodePort');
    await applyEntrypoint(entrypoint(GUIDE_ENTRYPOINT, { annotations: SERVES_GUIDE_GATEWAY }));
    expect(await expectFinding('GatewayServiceNotLoadBalancer', 'spec.service.type: LoadBalancer')).toEqual([]);
  });

  test('17 addresses: the first 16 are published, with a warning', async () => {
    const many = Array.from({ length: 17 }, (_, index): CloudAddress => ({ ip: `203.0.113.${index + 100}` }));
    ccm.setAddresses(GUIDE_ELB, many);
    await applyBoth();
    const { code, report } = await onceReport(cluster, { args: ['--yes'] });
    expect(report.findings).toContainEqual(
      expect.objectContaining({ reason: 'TooManyAddresses', verdict: 'warn', evidence: { total: 17 } }),
    );
    expect(code).toBe(0);
    const first = many.slice(0, 16).flatMap((address) => ('ip' in address ? [address.ip] : []));
    expect(await programming(cluster)).toEqual({ programmed: 'True', addresses: ipAddresses(...first) });
  });

  test('spec.addresses that the load balancer does not have', async () => {
    await cluster.apply(gateway(GUIDE_GATEWAY, { addresses: ['198.51.100.1'] }));
    await gatewayService(cluster);
    await applyEntrypoint(entrypoint(GUIDE_ENTRYPOINT, { annotations: SERVES_GUIDE_GATEWAY }));
    const writes = await expectFinding('RequestedAddressNotOffered', '198.51.100.1');
    expect(writes).not.toContain(STATUS);
  });

  test('a port without a NodePort', async () => {
    await classWith('portless', { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false });
    await gatewayService(cluster);
    await applyEntrypoint(entrypoint(GUIDE_ENTRYPOINT, { annotations: SERVES_GUIDE_GATEWAY }));
    const writes = await expectFinding('NodePortMissing', 'allocateLoadBalancerNodePorts');
    expect(writes).not.toContain(TARGET_PORT);
  });

  test('an entrypoint that names a Gateway that is not there', async () => {
    const annotations = { 'cilium-cloud-bridge.io/gateway': 'default/typo' };
    await applyEntrypoint(entrypoint(GUIDE_ENTRYPOINT, { annotations }));
    expect(await expectFinding('SubjectNotFound', 'kubectl -n kube-system annotate service')).toEqual([]);
  });

  test('two entrypoints for one Gateway: the older one is served', async () => {
    await applyBoth();
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // ages have whole seconds
    const annotations = SERVES_GUIDE_GATEWAY;
    await applyEntrypoint(entrypoint(OTHER_ENTRYPOINT, { annotations, loadBalancerId: OTHER_ELB }));
    const writes = await expectFinding('EntrypointNotOldest', 'annotate service other-entrypoint');
    expect(writes).toEqual([TARGET_PORT, STATUS]);
    expect(await ingressOf(cluster)).toEqual([{ ip: EIP, ipMode: 'Proxy' }]);
    expect(await targetPortsOf(cluster, OTHER_ENTRYPOINT)).toEqual([32_546]);
  });

  test('an entrypoint in a namespace that may not claim the Gateway', async () => {
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-b' } });
    await cluster.apply(gateway());
    await gatewayService(cluster);
    const ref = { namespace: 'team-b', name: 'grab' };
    await applyEntrypoint(entrypoint(ref, { annotations: SERVES_GUIDE_GATEWAY }));
    expect(await expectFinding('EntrypointNamespaceNotAllowed', 'gateway.entrypointNamespaces')).toEqual([]);
  });

  test.each([
    ['gateway', 'ip-gateway'],
    ['ports', '80:8080'],
    ['exposure', 'fast'],
    ['publish', 'everything'],
    ['paused', 'yes'],
  ])('a malformed annotation %s: %s', async (key, value) => {
    await applyBoth({ [`cilium-cloud-bridge.io/${key}`]: value });
    const writes = await expectFinding('AnnotationMalformed', `--overwrite 'cilium-cloud-bridge.io/${key}=`);
    // What to publish concerns the status alone: the entrypoint's ports are brought in sync.
    const harmless: readonly string[] = key === 'publish' ? [TARGET_PORT] : [];
    expect(writes).toEqual(harmless);
  });

  test('--adopt auto with two candidates', async () => {
    await cluster.apply(gateway());
    await gatewayService(cluster);
    await applyEntrypoint(entrypoint());
    await applyEntrypoint(entrypoint(OTHER_ENTRYPOINT, { loadBalancerId: OTHER_ELB }));
    const command =
      'kubectl -n kube-system annotate service other-entrypoint cilium-cloud-bridge.io/gateway=default/ip-gateway';
    expect(await expectFinding('AdoptionAmbiguous', command, ['--adopt', 'auto'])).toEqual([]);
  });

  test('an entrypoint that the cloud gave no address', async () => {
    ccm.setAddresses(GUIDE_ELB, []);
    await cluster.apply(gateway());
    await gatewayService(cluster);
    await applyEntrypoint(entrypoint(GUIDE_ENTRYPOINT, { annotations: SERVES_GUIDE_GATEWAY }), false);
    expect(await expectFinding('EntrypointHasNoAddress', 'describe service gateway-entrypoint')).toEqual([TARGET_PORT]);
    expect(await ingressOf(cluster)).toBeUndefined();
  });

  test('a Gateway whose port the entrypoint does not have', async () => {
    await cluster.apply(gateway(GUIDE_GATEWAY, { ports: [8443] }));
    await gatewayService(cluster);
    await applyEntrypoint(entrypoint(GUIDE_ENTRYPOINT, { annotations: SERVES_GUIDE_GATEWAY }));
    const writes = await expectFinding('NoPortMatches', 'cilium-cloud-bridge.io/ports=');
    expect(writes).not.toContain(TARGET_PORT);
  });

  test('paused: looked at, reported, not written', async () => {
    await applyBoth({ 'cilium-cloud-bridge.io/paused': 'true' });
    const mark = await cluster.audit.mark();
    const { code, report } = await onceReport(cluster, { args: ['--yes'] });
    expect(code).toBe(2);
    expect(report.actions.map(({ outcome }) => outcome.reason)).toEqual(['Paused', 'Paused']);
    expect(await writesSince(cluster, mark)).toEqual([]);
  });

  test('the controller tells the same in its log and as an Event, once', async () => {
    const annotations = { 'cilium-cloud-bridge.io/gateway': 'default/typo' };
    await applyEntrypoint(entrypoint(GUIDE_ENTRYPOINT, { annotations }));
    const controller = await startController(cluster);
    const line = await controller.waitForLine('the finding', ({ reason }) => reason === 'SubjectNotFound');
    expect(line).toMatchObject({ level: 'warn', object: 'Service kube-system/gateway-entrypoint' });
    expect(line.fix).toContain('kubectl');
    const { uid } = (await existing(cluster, SERVICES, GUIDE_ENTRYPOINT)).metadata;
    const events = async (): Promise<readonly KubeObject[]> =>
      (await cluster.list({ group: '', version: 'v1', plural: 'events', kind: 'Event', namespaced: true })).filter(
        (event) => valueAt(event, 'involvedObject', 'uid') === uid,
      );
    await waitFor('the Event', async () => (await events()).length > 0);
    expect((await events()).map(({ reason, type }) => [type, reason])).toEqual([['Warning', 'SubjectNotFound']]);
    await cluster.apply(gateway({ namespace: 'default', name: 'typo' }));
    await waitFor('the mended Gateway', async () => {
      return (await programming(cluster, { namespace: 'default', name: 'typo' })).programmed === 'True';
    });
    await controller.waitForLine('that it is mended', ({ msg }) => msg.startsWith('No longer so:'));
    const service = { ...GUIDE_SERVICE, name: 'cilium-gateway-typo' };
    expect(await targetPortsOf(cluster)).toEqual([await nodePortOf(cluster, service)]);
    await controller.stop();
  });
});
