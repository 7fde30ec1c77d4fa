import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { managedName } from '../../src/gateway/managed.ts';
import { GATEWAYS, INGRESSES, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import { tryCommand } from '../control-plane/command.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/fixture.ts';
import { createSender } from '../control-plane/http.ts';
import { resourcePath, valueAt } from '../control-plane/objects.ts';
import { onceReport, startController } from '../control-plane/product.ts';
import {
  copyCurrent,
  copyGone,
  copyThere,
  makeEntrypoint,
  makeGateway,
  route,
} from '../control-plane/redirect-scene.ts';
import {
  EIP,
  entrypoint,
  existing,
  GUIDE_ELB,
  GUIDE_GATEWAY,
  GUIDE_SERVICE,
  gateway,
  waitForAddress,
} from '../control-plane/scenario.ts';
import { installCilium, putAgent, putNode, setTaints, taintKeys } from '../control-plane/taint-objects.ts';
import { MAIN_VERSIONS } from '../control-plane/versions.ts';
import { waitFor } from '../control-plane/wait.ts';
import { type Ccm, startCcm } from '../emulators/ccm.ts';
import { cceNode, ROUTE_TAINT } from '../taints/fixture.ts';
import { describeGrant, grantsOf, uses } from './grants.ts';
import { buildHelm } from './helm.ts';
import { type Installed, install, kubernetesOr } from './scene.ts';

const MANAGED_ELB = '33333333-2222-3333-4444-555555555555';
const INGRESS_ELB = '22222222-2222-3333-4444-555555555555';

const CONFIG = {
  gateway: {
    pinNodePorts: false,
    managed: {
      enabled: true,
      allowedNamespaces: ['default'],
      allowedAnnotations: ['kubernetes.io/elb.*'],
      allowedLoadBalancerIds: [MANAGED_ELB],
      removeAfter: '1s',
    },
  },
  taints: { grace: '2s', confirmAfter: '1s', maxPercent: 100 },
};
const VALUES = { config: CONFIG, doctor: { enabled: true }, admissionPolicies: { enabled: 'always' } };
const SETTINGS = {
  'routing-mode': 'tunnel',
  'enable-gateway-api': 'true',
  'enable-envoy-config': 'true',
  'enable-ingress-controller': 'true',
  'kube-proxy-replacement': 'true',
};
const ASKING: ObjectRef = { namespace: 'default', name: 'asking' };
const MANAGED: ObjectRef = { namespace: 'kube-system', name: managedName('default', 'asking') };
const FOREIGN: ObjectRef = { namespace: 'kube-system', name: 'foreign' };
const JSON_PATCH = 'application/json-patch+json';

describe("the chart's ServiceAccount, with admission policies", () => {
  let cluster: ControlPlane;
  let ccm: Ccm;
  let installed: Installed;

  beforeAll(async () => {
    await buildHelm();
    cluster = await startControlPlane({ kubernetes: kubernetesOr(MAIN_VERSIONS.kubernetes) });
    const addresses = {
      [GUIDE_ELB]: [{ ip: EIP }],
      [INGRESS_ELB]: [{ ip: '203.0.113.30' }],
      [MANAGED_ELB]: [{ ip: '203.0.113.40' }],
    };
    ccm = startCcm({ send: cluster.request, dialect: 'huawei', manner: 'holds', addresses });
    await installCilium(cluster, SETTINGS);
    installed = await install(cluster, VALUES);
    await cluster.apply(entrypoint(FOREIGN, { selector: { app: 'foreign' } }));
    await policiesWork();
  });
  afterAll(async () => {
    await ccm?.stop();
    await cluster?.stop();
  });

  /** The API server learns of new policies by a watch of its own. */
  async function policiesWork(): Promise<void> {
    const { send, close } = createSender(cluster, installed.token);
    const body = [{ op: 'replace', path: '/spec/ports/0/targetPort', value: 1 }];
    await waitFor('the policies to be in force', async () => {
      const path = `${resourcePath(SERVICES, FOREIGN)}?dryRun=All`;
      return (await send('PATCH', path, body, JSON_PATCH)).status === 422;
    });
    close();
  }

  test('does everything that the program does: nothing is denied, and no right is left over', async () => {
    const mark = await cluster.audit.mark();
    const { kubeconfig, config, username } = installed;
    await makeGateway(cluster);
    await makeEntrypoint(cluster);
    await putNode(cluster, cceNode, 'node-1');
    await putAgent(cluster, 'node-1');
    const controller = await startController(cluster, { kubeconfig, config });
    try {
      await waitForAddress(cluster, GUIDE_SERVICE);
      await copyThere(cluster);
      await cluster.apply(route('/one'));
      await copyCurrent(cluster);
      await cluster.apply(route('/two'));
      await copyCurrent(cluster);
      await freed('node-1');
      await setTaints(cluster, 'node-1', [ROUTE_TAINT], 'cloud');
      await freed('node-1');
      await serveIngress();
      await serveManaged();
      await cluster.remove(GATEWAYS, GUIDE_GATEWAY);
      await copyGone(cluster);
    } catch (error) {
      throw new Error(controller.program.logTail(), { cause: error });
    } finally {
      await controller.stop();
    }
    await makeGateway(cluster);
    const once = await onceReport(cluster, { kubeconfig, config, args: ['--yes', '--allow-static-redirect'] });
    expect(once.report.actions.map(({ outcome }) => outcome.status)).toContain('applied');
    expect(once.report.actions.filter(({ outcome }) => outcome.status !== 'applied')).toEqual([]);
    const file = join(cluster.dir, 'doctor.json');
    writeFileSync(file, JSON.stringify(config));
    const doctor = await tryCommand(process.execPath, [
      inject('bundle'),
      'doctor',
      '--kubeconfig',
      kubeconfig,
      '--config',
      file,
    ]);
    expect(doctor.stderr).toBe('');
    expect(doctor.stdout).toContain('Gateway');

    const asked = (await cluster.audit.since(mark)).filter(({ user }) => user.username === username);
    const refused = asked.filter(
      ({ responseStatus, annotations }) =>
        [401, 403, 422].includes(responseStatus?.code ?? 0) ||
        annotations?.['authorization.k8s.io/decision'] !== 'allow',
    );
    expect(
      refused.map(({ verb, requestURI, responseStatus }) => `${verb} ${requestURI} ${responseStatus?.code}`),
    ).toEqual([]);
    const unused = installed.objects.flatMap(grantsOf).filter((grant) => !asked.some((event) => uses(event, grant)));
    expect(unused.map(describeGrant)).toEqual([]);
  }, 180_000);

  async function freed(node: string): Promise<void> {
    await waitFor(`node ${node} to be freed`, async () => (await taintKeys(cluster, node)).length === 0, {
      timeoutMs: 40_000,
    });
  }

  async function serveIngress(): Promise<void> {
    const ref = { namespace: 'default', name: 'web' };
    const backend = { service: { name: 'backend', port: { number: 80 } } };
    const rules = [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }];
    const spec = { ingressClassName: 'cilium', rules };
    await cluster.apply({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: ref, spec });
    const annotations = { 'cilium-cloud-bridge.io/ingress': 'default/web' };
    const own = { namespace: 'kube-system', name: 'ingress-entrypoint' };
    await cluster.apply(entrypoint(own, { annotations, loadBalancerId: INGRESS_ELB }));
    await waitForAddress(cluster, { namespace: 'default', name: 'cilium-ingress-web' });
    await cluster.remove(INGRESSES, ref);
    await cluster.remove(SERVICES, own);
  }

  async function serveManaged(): Promise<void> {
    const annotations = {
      'cilium-cloud-bridge.io/entrypoint': 'managed',
      'cilium-cloud-bridge.io/entrypoint-annotations': JSON.stringify({ 'kubernetes.io/elb.id': MANAGED_ELB }),
    };
    await cluster.apply(gateway(ASKING, { annotations }));
    await waitForAddress(cluster, { namespace: 'default', name: 'cilium-gateway-asking' });
    await cluster.apply(gateway(ASKING, { annotations, ports: [80, 8080] }));
    await waitFor('the second port', async () => {
      return valueAt(await existing(cluster, SERVICES, MANAGED), 'spec', 'ports', 1, 'port') === 8080;
    });
    await cluster.remove(GATEWAYS, ASKING);
    await waitFor('the managed entrypoint to go', async () => (await cluster.get(SERVICES, MANAGED)) === undefined);
  }
});
