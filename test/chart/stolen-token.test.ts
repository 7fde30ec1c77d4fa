import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENVOY_CONFIGS, type Resource, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/fixture.ts';
import { createSender, type Send } from '../control-plane/http.ts';
import { type KubeObject, resourcePath, valueAt } from '../control-plane/objects.ts';
import { existing, GUIDE_ENTRYPOINT } from '../control-plane/scenario.ts';
import { OLD_KUBERNETES } from '../control-plane/versions.ts';
import { waitFor } from '../control-plane/wait.ts';
import {
  type Attack,
  attempt,
  ENTRYPOINTS,
  EVENTS_AND_LEASES,
  NODE_WRITES,
  OWN_WRITES,
  PINNED_AND_MANAGED,
  REDIRECTS,
  STATUSES,
  UNPINNED,
} from './attacks.ts';
import { buildHelm, NAMESPACE, renderWith } from './helm.ts';
import { install, kubernetesOr, tokenOf } from './scene.ts';
import { copyOf, layOut, MANAGED_ELB, OWN_COPY } from './victims.ts';

/* The oldest API server that serves the policies; rights.test.ts shows on another that they let the program work. */

const ADMISSION = 'admissionregistration.k8s.io/v1';
const POLICIES: Resource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'validatingadmissionpolicies',
  kind: 'ValidatingAdmissionPolicy',
  namespaced: false,
};
const UNINSTALLER: ObjectRef = { namespace: NAMESPACE, name: 'cilium-cloud-bridge-uninstall' };
const HOOK = 'helm.sh/hook';
const ALWAYS = { admissionPolicies: { enabled: 'always' } };
const ALL_ON = {
  pinNodePorts: true,
  addresses: { 'default/elsewhere': ['203.0.113.1'] },
  managed: {
    enabled: true,
    allowedNamespaces: ['default'],
    allowedAnnotations: ['kubernetes.io/elb.*'],
    allowedLoadBalancerIds: [MANAGED_ELB],
    annotations: { 'example.com/owner': 'platform' },
  },
};
const FORBIDDEN: readonly (readonly [verb: string, resource: string, group?: string, where?: object])[] = [
  ['get', 'secrets'],
  ['list', 'secrets'],
  ['get', 'configmaps'],
  ['create', 'pods'],
  ['delete', 'pods'],
  ['create', 'pods', '', { subresource: 'exec' }],
  ['update', 'pods', '', { subresource: 'ephemeralcontainers' }],
  ['patch', 'pods', '', { subresource: 'ephemeralcontainers' }],
  ['create', 'serviceaccounts', '', { subresource: 'token' }],
  ['impersonate', 'users'],
  ['impersonate', 'groups'],
  ['impersonate', 'serviceaccounts'],
  ['escalate', 'clusterroles', 'rbac.authorization.k8s.io'],
  ['bind', 'clusterroles', 'rbac.authorization.k8s.io'],
  ['create', 'clusterrolebindings', 'rbac.authorization.k8s.io'],
  ['patch', 'clusterroles', 'rbac.authorization.k8s.io'],
  ['delete', 'validatingadmissionpolicies', 'admissionregistration.k8s.io'],
  ['delete', 'validatingadmissionpolicybindings', 'admissionregistration.k8s.io'],
  ['patch', 'leases', 'coordination.k8s.io', { namespace: 'kube-system', name: 'cilium-operator-resource-lock' }],
  ['delete', 'leases', 'coordination.k8s.io', { namespace: 'kube-system', name: 'cilium-cloud-bridge' }],
  ['create', 'leases', 'coordination.k8s.io', { namespace: 'default' }],
  ['create', 'services', '', { namespace: 'default' }],
  ['update', 'services'],
  ['deletecollection', 'services'],
  ['patch', 'nodes', '', { subresource: 'status' }],
  ['delete', 'nodes'],
  ['delete', 'events'],
  ['deletecollection', 'ciliumenvoyconfigs', 'cilium.io'],
  ['create', 'ciliumclusterwideenvoyconfigs', 'cilium.io'],
  ['create', 'ciliumnetworkpolicies', 'cilium.io'],
  ['patch', 'gateways', 'gateway.networking.k8s.io'],
  ['create', 'endpointslices', 'discovery.k8s.io'],
];

let cluster: ControlPlane;
let thief: { send: Send; close: () => void };
let uninstaller: { send: Send; close: () => void };
const uids = new Map<string, string>();

beforeAll(async () => {
  await buildHelm();
  cluster = await startControlPlane({ kubernetes: kubernetesOr(OLD_KUBERNETES) });
  await layOut(cluster);
  for (const { metadata } of await cluster.list(SERVICES)) {
    uids.set(`${metadata.namespace}/${metadata.name}`, metadata.uid ?? '');
  }
});
afterAll(async () => {
  thief?.close();
  uninstaller?.close();
  await cluster?.stop();
});

describe('with nothing switched on that is off by default, a policy denies', () => {
  beforeAll(async () => {
    await installWith({ gateway: {} });
    await inForce([...REDIRECTS, ...STATUSES, ...ENTRYPOINTS, ...UNPINNED, ...NODE_WRITES, ...EVENTS_AND_LEASES]);
  });

  test.each(REDIRECTS)('$what', denied);
  test.each(STATUSES)('$what', denied);
  test.each(ENTRYPOINTS)('$what', denied);
  test.each(UNPINNED)('$what', denied);
  test.each(NODE_WRITES)('$what', denied);
  test.each(EVENTS_AND_LEASES)('$what', denied);

  test('nothing that is said in a rule is not understood', expectTyped);

  test('and RBAC denies the rest', async () => {
    const refused: [string, boolean][] = [];
    for (const [verb, resource, group = '', where] of FORBIDDEN) {
      refused.push([`${verb} ${resource} ${JSON.stringify(where)}`, await mayNot(verb, resource, group, where)]);
    }
    expect(refused.filter(([, no]) => !no)).toEqual([]);
    for (const verb of ['create', 'delete']) {
      expect(await mayNot(verb, 'services', '', { namespace: 'kube-system' })).toBe(true);
    }
    expect(await mayNot('patch', 'services', '')).toBe(false);
  });

  test('a redirect of a Service that there is not does not last', async () => {
    const ref = { namespace: 'default', name: 'ccb-early' };
    const body = copyOf(ref, { namespace: 'default', name: 'to-come' }, 'd9607e19-f88f-11e6-a518-42010a800195');
    const { status } = await thief.send('POST', resourcePath(ENVOY_CONFIGS, { namespace: ref.namespace }), body);
    expect(status).toBe(201);
    await waitFor('the garbage collector', async () => (await cluster.get(ENVOY_CONFIGS, ref)) === undefined, {
      timeoutMs: 50_000,
    });
  });

  test('the uninstall hook may only remove redirect copies', async () => {
    const path = resourcePath(ENVOY_CONFIGS, { namespace: 'kube-system' });
    const uid = uidOf(GUIDE_ENTRYPOINT);
    const made = await uninstaller.send('POST', path, copyOf({ ...OWN_COPY, name: 'ccb-more' }, GUIDE_ENTRYPOINT, uid));
    expect(made.status).toBe(403);
    for (const attack of REDIRECTS.filter(({ method }) => method === 'DELETE')) {
      const { status, body } = await attempt(uninstaller.send, attack, uidOf, '');
      expect([status, valueAt(body, 'message')]).toEqual([422, expect.stringContaining(attack.rule)]);
    }
    for (const attack of EVENTS_AND_LEASES) {
      const { status } = await attempt(uninstaller.send, attack, uidOf, '');
      expect([attack.what, status]).toEqual([attack.what, attack.resource.kind === 'Lease' ? 422 : 403]);
    }
    const { status } = await uninstaller.send('DELETE', `${resourcePath(ENVOY_CONFIGS, OWN_COPY)}?dryRun=All`);
    expect(status).toBe(200);
  });
});

describe('with pinned NodePorts and managed entrypoints, a policy denies', () => {
  beforeAll(async () => {
    await installWith({ gateway: ALL_ON });
    await inForce([...PINNED_AND_MANAGED, ...REDIRECTS]);
    await allowed(OWN_WRITES);
  });

  test.each(PINNED_AND_MANAGED)('$what', denied);
  test.each(ENTRYPOINTS)('$what', denied);

  test('nothing that is said in a rule is not understood', expectTyped);

  test('and nothing that the program does', async () => {
    for (const one of OWN_WRITES) {
      const { status, body } = await attempt(thief.send, one, uidOf, '?dryRun=All');
      expect([one.resource.kind, refusalIn(body)]).toEqual([one.resource.kind, '']);
      expect(status).toBeLessThan(300);
    }
  });
});

describe.each([
  ['adopt: auto', { adopt: 'auto' }],
  ['listed entrypoints', { adopt: ['kube-system/gateway-entrypoint=default/ip-gateway'] }],
])('with %s', (_, gateway) => {
  test('nothing that is said in a rule is not understood, and foreign Services stay what they are', async () => {
    await installWith({ gateway });
    await inForce([...REDIRECTS, ...ENTRYPOINTS]);
    await expectTyped();
  });
});

describe('the rules name each field that the API server knows', () => {
  test.each([
    ['ServiceSpec', 'services', 'object.spec.', ['ports']],
    ['NodeSpec', 'nodes', 'object.spec.', ['taints']],
    ['ServiceStatus', 'service-status', 'object.status.', ['loadBalancer']],
    ['ServicePort', 'services', 'port.', []],
  ])('of a %s', async (kind, policy, prefix, free) => {
    const answer = await cluster.request('GET', '/openapi/v3/api/v1');
    const fields = valueAt(answer.body, 'components', 'schemas', `io.k8s.api.core.v1.${kind}`, 'properties');
    const names = Object.keys(fields ?? {}).filter((name) => !free.some((one) => one === name));
    expect(names).not.toEqual([]);
    const text = JSON.stringify(await existing(cluster, POLICIES, { namespace: '', name: `${NAMESPACE}-${policy}` }));
    const said = (name: string): boolean => new RegExp(`${prefix.replaceAll('.', '\\.')}${name}\\b`).test(text);
    expect(names.filter((name) => !said(name))).toEqual([]);
  });
});

/** Applies the chart with that configuration, and the accounts with it. */
async function installWith(config: object): Promise<void> {
  const values = { ...ALWAYS, config };
  const installed = await install(cluster, values);
  const hooks = (await renderWith(values)).filter(({ metadata }) => metadata.annotations?.[HOOK] !== undefined);
  for (const object of hooks) if (object.kind !== 'Job') await cluster.apply(object);
  thief ??= createSender(cluster, installed.token);
  uninstaller ??= createSender(cluster, await tokenOf(cluster, UNINSTALLER));
}

function uidOf({ namespace, name }: ObjectRef): string {
  const uid = uids.get(`${namespace}/${name}`);
  if (uid === undefined) throw new Error(`there is no Service ${namespace}/${name}`);
  return uid;
}

/** The API server learns of new policies by a watch of its own. */
async function inForce(attacks: readonly Attack[]): Promise<void> {
  for (const attack of attacks) {
    await waitFor(`the policies to deny: ${attack.what}`, async () => {
      const { status, body } = await attempt(thief.send, attack, uidOf, '?dryRun=All');
      return status === 422 && String(valueAt(body, 'message')).includes(attack.rule);
    });
  }
}

async function allowed(writes: readonly Attack[]): Promise<void> {
  for (const one of writes) {
    await waitFor('the policies to allow', async () => {
      return (await attempt(thief.send, one, uidOf, '?dryRun=All')).status < 300;
    });
  }
}

/** What the API server says of a refused request; empty: it took it. */
function refusalIn(body: unknown): string {
  return valueAt(body, 'kind') === 'Status' && valueAt(body, 'status') !== 'Success'
    ? String(valueAt(body, 'message'))
    : '';
}

/** By that very rule, and what is tried is sound: an administrator may. */
async function denied(attack: Attack): Promise<void> {
  const byAdmin = await attempt(cluster.request, attack, uidOf, '?dryRun=All');
  expect(refusalIn(byAdmin.body)).toBe('');
  expect(byAdmin.status).toBeLessThan(300);
  const byThief = await attempt(thief.send, attack, uidOf, '');
  expect(valueAt(byThief.body, 'message')).toMatch(/ValidatingAdmissionPolicy '.+' with binding '.+' denied request/);
  expect(valueAt(byThief.body, 'message')).toContain(`denied request: ${attack.rule}`);
  expect(byThief.status).toBe(422);
}

/** The controller manager looks whether the expressions fit the kinds that they are about. */
async function expectTyped(): Promise<void> {
  const names = (await cluster.list(POLICIES)).map(({ metadata }) => metadata.name);
  const ours = names.filter((name) => name.startsWith(NAMESPACE));
  expect(ours.map((name) => name.slice(NAMESPACE.length + 1)).toSorted()).toEqual(
    ['envoyconfigs', 'events', 'leases', 'nodes', 'redirected-services', 'service-status', 'services'].toSorted(),
  );
  for (const name of ours) {
    const policy = await waitFor(`the types of ${name}`, async (): Promise<KubeObject | undefined> => {
      const found = await existing(cluster, POLICIES, { namespace: '', name });
      return valueAt(found, 'status', 'observedGeneration') === found.metadata.generation ? found : undefined;
    });
    expect([name, valueAt(policy, 'status', 'typeChecking')]).toEqual([name, {}]);
    expect([policy.apiVersion, valueAt(policy, 'spec', 'failurePolicy')]).toEqual([ADMISSION, 'Fail']);
  }
}

async function mayNot(verb: string, resource: string, group: string, where: object = {}): Promise<boolean> {
  const spec = { resourceAttributes: { verb, group, resource, ...where } };
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec };
  const { status, body } = await thief.send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review);
  expect(status).toBe(201);
  return valueAt(body, 'status', 'allowed') !== true;
}
