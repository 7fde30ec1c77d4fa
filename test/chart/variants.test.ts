import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { asRecord } from '../../src/kube/read.ts';
import { GATEWAYS, SERVICES } from '../../src/kube/resources.ts';
import type { AuditMark } from '../control-plane/audit.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/fixture.ts';
import { onceReport, requestsOfProduct, startController, writesSince } from '../control-plane/product.ts';
import { cleanAll, copyThere, makeGateway } from '../control-plane/redirect-scene.ts';
import {
  EIP,
  entrypoint,
  GUIDE_ELB,
  GUIDE_ENTRYPOINT,
  GUIDE_GATEWAY,
  GUIDE_SERVICE,
  gateway,
  gatewayService,
  ingressOf,
  nodePortOf,
  SERVES_GUIDE_GATEWAY,
  waitForAddress,
} from '../control-plane/scenario.ts';
import { installCilium, putAgent } from '../control-plane/taint-objects.ts';
import { waitFor } from '../control-plane/wait.ts';
import { type Ccm, startCcm } from '../emulators/ccm.ts';
import { describeGrant, grantsOf, uses } from './grants.ts';
import { buildHelm } from './helm.ts';
import { install, mayServe } from './scene.ts';

/** Other configurations than that of rights.test.ts: rights and policies follow them. */
describe('the rights that follow from', () => {
  let cluster: ControlPlane;
  let ccm: Ccm;
  let mark: AuditMark;

  beforeAll(async () => {
    await buildHelm();
    cluster = await startControlPlane();
    ccm = startCcm({
      send: cluster.request,
      dialect: 'huawei',
      manner: 'holds',
      addresses: { [GUIDE_ELB]: [{ ip: EIP }] },
    });
    await installCilium(cluster, {
      'routing-mode': 'tunnel',
      'enable-gateway-api': 'true',
      'enable-envoy-config': 'true',
    });
    await putAgent(cluster, 'node-1');
  });
  afterAll(async () => {
    await ccm?.stop();
    await cluster?.stop();
  });
  beforeEach(async () => {
    mark = await cluster.audit.mark();
  });
  afterEach(() => cleanAll(cluster));

  async function nothingDenied(): Promise<void> {
    const denied = (await requestsOfProduct(cluster, mark)).filter(({ responseStatus }) =>
      [401, 403, 422].includes(responseStatus?.code ?? 0),
    );
    expect(
      denied.map(({ verb, requestURI, responseStatus }) => `${verb} ${requestURI} ${responseStatus?.code}`),
    ).toEqual([]);
  }

  test('readOnly are enough to look, and nothing is written', async () => {
    const off = { enabled: false };
    const config = { readOnly: true, taints: off, checks: off, cloud: { provider: 'none' } };
    const installed = await install(cluster, { config, admissionPolicies: { enabled: 'always' } });
    await makeGateway(cluster);
    await cluster.apply(entrypoint(GUIDE_ENTRYPOINT, { annotations: SERVES_GUIDE_GATEWAY }));
    await waitForAddress(cluster, GUIDE_ENTRYPOINT);
    const controller = await startController(cluster, installed);
    await controller.waitForLine('what is not written', ({ reason }) => reason === 'ReadOnly');
    await controller.stop();
    expect(await writesSince(cluster, mark)).toEqual([]);
    await nothingDenied();
    const asked = await requestsOfProduct(cluster, mark);
    const unused = installed.objects.flatMap(grantsOf).filter((grant) => !asked.some((event) => uses(event, grant)));
    // An Event is patched when the same happened twice.
    expect(unused.map(describeGrant).filter((grant) => grant !== 'patch events')).toEqual([]);
  });

  test('pinned NodePorts and listed entrypoints are enough for both', async () => {
    const adopt = ['kube-system/gateway-entrypoint=default/ip-gateway'];
    const config = { gateway: { adopt, pinNodePorts: true } };
    const installed = await install(cluster, { config, admissionPolicies: { enabled: 'always' } });
    await makeGateway(cluster);
    await cluster.apply(entrypoint());
    await mayServe(cluster, installed, GUIDE_ENTRYPOINT);
    const controller = await startController(cluster, installed);
    try {
      await waitForAddress(cluster, GUIDE_SERVICE);
      await copyThere(cluster);
      const pinned = await nodePortOf(cluster);
      await cluster.remove(GATEWAYS, GUIDE_GATEWAY);
      await waitFor('the Service to go', async () => (await cluster.get(SERVICES, GUIDE_SERVICE)) === undefined);
      await cluster.apply(gateway());
      await gatewayService(cluster);
      await waitForAddress(cluster, GUIDE_SERVICE);
      expect(await nodePortOf(cluster)).toBe(pinned);
      await controller.waitForLine('the pin', ({ reason }) => reason === 'NodePortPinned');
    } finally {
      await controller.stop();
    }
    await nothingDenied();
  });

  test('adopt: auto are enough for an entrypoint that carries no annotation', async () => {
    const config = { gateway: { adopt: 'auto' } };
    const installed = await install(cluster, { config, admissionPolicies: { enabled: 'always' } });
    await makeGateway(cluster);
    await cluster.apply(entrypoint());
    await mayServe(cluster, installed, GUIDE_ENTRYPOINT);
    await waitForAddress(cluster, GUIDE_ENTRYPOINT);
    const { report } = await onceReport(cluster, { ...installed, args: ['--yes', '--allow-static-redirect'] });
    expect(report.actions.map(({ outcome }) => outcome.status)).toEqual(['applied', 'applied', 'applied']);
    expect(await ingressOf(cluster)).toEqual([expect.objectContaining({ ip: EIP })]);
    await nothingDenied();
  });

  test('addresses of the configuration are enough for an entrypoint of type NodePort that selects nothing', async () => {
    const config = { gateway: { addresses: { 'default/ip-gateway': [EIP] } } };
    const installed = await install(cluster, { config, admissionPolicies: { enabled: 'always' } });
    await makeGateway(cluster);
    const { spec, ...rest } = entrypoint(GUIDE_ENTRYPOINT, { annotations: SERVES_GUIDE_GATEWAY });
    await cluster.apply({ ...rest, spec: { ...asRecord(spec), type: 'NodePort', selector: undefined } });
    await mayServe(cluster, installed, GUIDE_ENTRYPOINT);
    const { report } = await onceReport(cluster, { ...installed, args: ['--yes', '--allow-static-redirect'] });
    expect(report.actions.map(({ outcome }) => outcome.status)).toEqual(['applied', 'applied', 'applied']);
    expect(await ingressOf(cluster)).toEqual([expect.objectContaining({ ip: EIP })]);
    await nothingDenied();
  });
});
