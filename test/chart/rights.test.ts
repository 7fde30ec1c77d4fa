import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { managedName } from '../../src/gateway/managed.ts';
import {
  CONFIG_MAPS,
  ENVOY_CONFIGS,
  GATEWAYS,
  INGRESSES,
  LEASES,
  NODES,
  PODS,
  type Resource,
  SERVICES,
} from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import { tryCommand } from '../control-plane/command.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/fixture.ts';
import { createSender, type Send } from '../control-plane/http.ts';
import { type KubeObject, resourcePath, valueAt } from '../control-plane/objects.ts';
import { onceReport, startController } from '../control-plane/product.ts';
import {
  COPY,
  copyCurrent,
  copyGone,
  copyThere,
  makeEntrypoint,
  makeGateway,
  route,
  SOURCE,
} from '../control-plane/redirect-scene.ts';
import {
  EIP,
  entrypoint,
  existing,
  GUIDE_ELB,
  GUIDE_ENTRYPOINT,
  GUIDE_GATEWAY,
  GUIDE_SERVICE,
  gateway,
  ingressOf,
  waitForAddress,
} from '../control-plane/scenario.ts';
import { installCilium, putAgent, putNode, setTaints, taintKeys } from '../control-plane/taint-objects.ts';
import { waitFor } from '../control-plane/wait.ts';
import { type Ccm, startCcm } from '../emulators/ccm.ts';
import { cceNode, ROUTE_TAINT } from '../taints/fixture.ts';
import { describeGrant, grantsOf, uses } from './grants.ts';
import { buildHelm } from './helm.ts';
import { type Installed, install } from './scene.ts';

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
const MERGE_PATCH = 'application/merge-patch+json';

describe("the chart's ServiceAccount, with admission policies", () => {
  let cluster: ControlPlane;
  let ccm: Ccm;
  let installed: Installed;

  beforeAll(async () => {
    await buildHelm();
    cluster = await startControlPlane();
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

  describe('when its token is stolen', () => {
    let thief: { send: Send; close: () => void };
    beforeAll(async () => {
      await makeGateway(cluster);
      await makeEntrypoint(cluster);
      await cluster.patchStatus(SERVICES, GUIDE_SERVICE, { loadBalancer: { ingress: [{ ip: EIP }] } });
      const taints = [ROUTE_TAINT, { key: 'example.com/gpu', effect: 'NoSchedule' }];
      await putNode(cluster, cceNode, 'node-2', { taints });
      thief = createSender(cluster, installed.token);
    });
    afterAll(() => thief?.close());

    const node: ObjectRef = { namespace: '', name: 'node-2' };
    const add = (path: string, value: unknown): Attack['body'] => [{ op: 'add', path, value }];
    const attacks: readonly Attack[] = [
      create('a redirect of a Service in another namespace', ENVOY_CONFIGS, copyOf('ccb-stolen', 'default')),
      create('a redirect without our label', ENVOY_CONFIGS, copyOf('ccb-stolen', 'kube-system', {})),
      create('a redirect under a foreign name', ENVOY_CONFIGS, copyOf('stolen', 'kube-system')),
      patch("Cilium's own redirect", ENVOY_CONFIGS, SOURCE, add('/spec/resources', [])),
      patch(
        'our label on a foreign redirect',
        ENVOY_CONFIGS,
        SOURCE,
        merge({ labels: { 'cilium-cloud-bridge.io/managed': 'true' } }),
      ),
      { what: "Cilium's own redirect deleted", resource: ENVOY_CONFIGS, ref: SOURCE, method: 'DELETE' },
      patch(
        "a foreign Service's status",
        SERVICES,
        FOREIGN,
        { status: { loadBalancer: { ingress: [{ ip: '203.0.113.66' }] } } },
        'status',
      ),
      patch(
        "a condition in a Gateway Service's status",
        SERVICES,
        GUIDE_SERVICE,
        { status: { conditions: [CONDITION] } },
        'status',
      ),
      patch('a label through the status', SERVICES, GUIDE_SERVICE, merge({ labels: { stolen: 'true' } }), 'status'),
      patch(
        'an annotation through the status',
        SERVICES,
        GUIDE_SERVICE,
        merge({ annotations: { stolen: 'true' } }),
        'status',
      ),
      patch("a foreign Service's targetPort", SERVICES, FOREIGN, add('/spec/ports/0/targetPort', 6666)),
      patch("a foreign Service's ports", SERVICES, FOREIGN, add('/spec/ports/-', { name: 'more', port: 6666 })),
      patch(
        'a foreign Service made an entrypoint',
        SERVICES,
        FOREIGN,
        merge({ annotations: { 'cilium-cloud-bridge.io/gateway': 'default/x' } }),
      ),
      patch("an entrypoint's selector", SERVICES, GUIDE_ENTRYPOINT, { spec: { selector: { app: 'stolen' } } }),
      patch("an entrypoint's addresses", SERVICES, GUIDE_ENTRYPOINT, { spec: { externalIPs: ['203.0.113.66'] } }),
      patch("an entrypoint's type", SERVICES, GUIDE_ENTRYPOINT, { spec: { type: 'ClusterIP' } }),
      patch("an entrypoint's nodePort", SERVICES, GUIDE_ENTRYPOINT, add('/spec/ports/0/nodePort', 32_001)),
      patch(
        "an entrypoint's load balancer",
        SERVICES,
        GUIDE_ENTRYPOINT,
        merge({ annotations: { 'kubernetes.io/elb.id': 'x' } }),
      ),
      patch(
        "an entrypoint's label",
        SERVICES,
        GUIDE_ENTRYPOINT,
        merge({ labels: { 'io.cilium.gateway/owning-gateway': 'x' } }),
      ),
      patch("a Gateway Service's ports", SERVICES, GUIDE_SERVICE, add('/spec/ports/0/targetPort', 6666)),
      create('a Service without our label', SERVICES, managedService('ccb-stolen', {})),
      create('a Service that selects something else', SERVICES, managedService('ccb-stolen', undefined, { app: 'db' })),
      { what: 'a foreign Service deleted', resource: SERVICES, ref: FOREIGN, method: 'DELETE' },
      patch('a taint added', NODES, node, add('/spec/taints/-', { key: 'stolen', effect: 'NoExecute' })),
      patch('another effect of a taint', NODES, node, add('/spec/taints/0/effect', 'NoExecute')),
      patch('a foreign taint removed', NODES, node, add('/spec/taints', [ROUTE_TAINT])),
      patch('a node cordoned', NODES, node, { spec: { unschedulable: true } }),
      patch("a node's label", NODES, node, merge({ labels: { stolen: 'true' } })),
      patch("a node's annotation", NODES, node, merge({ annotations: { stolen: 'true' } })),
    ];

    test.each(attacks)('a policy denies $what, which an administrator may do', async (attack) => {
      const byAdmin = await sendAttack(cluster.request, attack, '?dryRun=All');
      expect(valueAt(byAdmin.body, 'message')).toBeUndefined();
      expect(byAdmin.status).toBeLessThan(300);
      const byThief = await sendAttack(thief.send, attack, '');
      expect(valueAt(byThief.body, 'message')).toMatch(
        /ValidatingAdmissionPolicy '.+' with binding '.+' denied request/,
      );
      expect(byThief.status).toBe(422);
    });

    test.each([
      ['read Secrets', 'GET', '/api/v1/secrets'],
      ['read another ConfigMap', 'GET', resourcePath(CONFIG_MAPS, { namespace: 'kube-system', name: 'other' })],
      ['delete Pods', 'DELETE', resourcePath(PODS, { namespace: 'kube-system', name: 'cilium-node-1' })],
      ['write another Lease', 'PATCH', resourcePath(LEASES, { namespace: 'kube-system', name: 'cilium-operator' })],
      ["write a node's status", 'PATCH', resourcePath(NODES, node, 'status')],
      ['delete a node', 'DELETE', resourcePath(NODES, node)],
      ['make Services elsewhere', 'POST', resourcePath(SERVICES, { namespace: 'default' })],
    ])('RBAC does not let it %s', async (_, method, path) => {
      const body = method === 'GET' || method === 'DELETE' ? undefined : {};
      expect((await thief.send(method, path, body, method === 'PATCH' ? MERGE_PATCH : undefined)).status).toBe(403);
    });

    test('it may do to an entrypoint, a Gateway Service and a node what the program does', async () => {
      const allowed: readonly Attack[] = [
        patch('', SERVICES, GUIDE_ENTRYPOINT, add('/spec/ports/0/targetPort', 32_000)),
        patch('', SERVICES, GUIDE_ENTRYPOINT, merge({ annotations: { 'service.cilium.io/type': 'NodePort' } })),
        patch(
          '',
          SERVICES,
          GUIDE_SERVICE,
          { status: { loadBalancer: { ingress: [{ ip: '203.0.113.9' }] } } },
          'status',
        ),
        patch('', NODES, node, [{ op: 'remove', path: '/spec/taints/0' }]),
        create('', SERVICES, managedService('ccb-own')),
        create('', ENVOY_CONFIGS, copyOf('ccb-own', 'kube-system')),
      ];
      for (const one of allowed) {
        const { status, body } = await sendAttack(thief.send, one, '?dryRun=All');
        expect(valueAt(body, 'message')).toBeUndefined();
        expect(status).toBeLessThan(300);
      }
      expect(await ingressOf(cluster)).toEqual([expect.objectContaining({ ip: EIP })]);
      expect(COPY.name).toMatch(/^ccb-/);
    });
  });
});

/** One request of somebody who has our token. */
interface Attack {
  readonly what: string;
  readonly resource: Resource;
  readonly ref: ObjectRef;
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly body?: object;
  readonly subresource?: string;
}

const CONDITION = {
  type: 'Stolen',
  status: 'True',
  reason: 'Stolen',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};

function create(what: string, resource: Resource, body: KubeObject): Attack {
  const { namespace = '', name } = body.metadata;
  return { what, resource, ref: { namespace, name }, method: 'POST', body };
}

function patch(
  what: string,
  resource: Resource,
  ref: ObjectRef,
  body: object | undefined,
  subresource?: string,
): Attack {
  return { what, resource, ref, method: 'PATCH', ...(body && { body }), ...(subresource && { subresource }) };
}

function merge(metadata: object): object {
  return { metadata };
}

function sendAttack(send: Send, { resource, ref, method, body, subresource }: Attack, query: string): ReturnType<Send> {
  const where = method === 'POST' ? { namespace: ref.namespace } : ref;
  const type = method === 'POST' ? 'application/json' : Array.isArray(body) ? JSON_PATCH : MERGE_PATCH;
  return send(method, resourcePath(resource, where, subresource) + query, body, type);
}

/** A redirect copy as the program makes it, in kube-system. */
function copyOf(
  name: string,
  serviceNamespace: string,
  labels: Readonly<Record<string, string>> = { 'cilium-cloud-bridge.io/managed': 'true' },
): KubeObject {
  const owner = {
    apiVersion: 'v1',
    kind: 'Service',
    name: GUIDE_ENTRYPOINT.name,
    uid: 'd9607e19-f88f-11e6-a518-42010a800195',
  };
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumEnvoyConfig',
    metadata: { namespace: 'kube-system', name, labels, ownerReferences: [owner] },
    spec: {
      services: [{ name: GUIDE_ENTRYPOINT.name, namespace: serviceNamespace }],
      resources: [{ '@type': 'type.googleapis.com/envoy.config.listener.v3.Listener', name: 'mine' }],
    },
  };
}

function managedService(
  name: string,
  labels: Readonly<Record<string, string>> = { 'cilium-cloud-bridge.io/managed': 'true' },
  selector: Readonly<Record<string, string>> = { 'k8s-app': 'cilium' },
): KubeObject {
  const metadata = { namespace: 'kube-system', name, labels };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { type: 'LoadBalancer', selector, ports: [{ port: 80 }] },
  };
}
