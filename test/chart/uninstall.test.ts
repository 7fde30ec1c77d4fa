import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { CLASS_CONFIGS, ENVOY_CONFIGS, GATEWAY_CLASSES, LEASES, type Resource } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import type { AuditEvent } from '../control-plane/audit.ts';
import { type CommandResult, tryCommand } from '../control-plane/command.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/fixture.ts';
import { type KubeObject, resourcePath, valueAt } from '../control-plane/objects.ts';
import { type Controller, settledWritesSince, startController } from '../control-plane/product.ts';
import { COPY, copyThere, makeEntrypoint, makeGateway } from '../control-plane/redirect-scene.ts';
import { EIP, GUIDE_ELB, GUIDE_SERVICE, programming, waitForAddress } from '../control-plane/scenario.ts';
import { waitFor } from '../control-plane/wait.ts';
import { type Ccm, startCcm } from '../emulators/ccm.ts';
import { describeGrant, type Grant, grantsOf, uses } from './grants.ts';
import { buildHelm, CHART, helmOn, NAMESPACE, RELEASE } from './helm.ts';

/* The real helm removes the release from a real API server; this file stands in for the Job controller and the kubelet. */

const HOOK = `${RELEASE}-uninstall`;
const JOBS: Resource = { group: 'batch', version: 'v1', plural: 'jobs', kind: 'Job', namespaced: true };
const RBAC = { group: 'rbac.authorization.k8s.io', version: 'v1' } as const;
const ROLES: Resource = { ...RBAC, plural: 'roles', kind: 'Role', namespaced: true };
const CLUSTER_ROLES: Resource = { ...RBAC, plural: 'clusterroles', kind: 'ClusterRole', namespaced: false };
const MERGE_PATCH = 'application/merge-patch+json';
const LEASE: ObjectRef = { namespace: 'kube-system', name: 'cilium-cloud-bridge' };
/** Short, since the hook waits as long as the former leader's Lease lasts. */
const LEASE_TIMES = { duration: '5s', renewDeadline: '3s', retryPeriod: '1s' };

let cluster: ControlPlane;
let ccm: Ccm;
let controller: Controller;

beforeAll(async () => {
  await buildHelm();
  cluster = await startControlPlane();
  ccm = startCcm({
    send: cluster.request,
    dialect: 'huawei',
    manner: 'holds',
    addresses: { [GUIDE_ELB]: [{ ip: EIP }] },
  });
  const values = ['admissionPolicies.enabled=always', 'gatewayClass.create=true', 'config.taints.enabled=false'];
  const set = values.flatMap((one) => ['--set', one]);
  const installed = await helmOn(cluster, 'install', RELEASE, CHART, '--create-namespace', ...set);
  expect(installed.stderr + installed.stdout).toContain('STATUS: deployed');
  await makeGateway(cluster);
  await makeEntrypoint(cluster);
  controller = await startController(cluster, {
    kubeconfig: await kubeconfigOf(RELEASE),
    config: {
      cilium: { namespace: 'kube-system' },
      taints: { enabled: false },
      checks: { enabled: false },
      lease: LEASE_TIMES,
      listen: 'none',
    },
  });
  await waitForAddress(cluster, GUIDE_SERVICE);
  await copyThere(cluster);
});
afterAll(async () => {
  await controller?.stop();
  await ccm?.stop();
  await cluster?.stop();
});

// Not tried again: a release is removed once.
test('helm uninstall leaves no copy behind; what was Programmed still is, and the classes stay', {
  retry: 0,
  timeout: 180_000,
}, async () => {
  const before = await waitFor('the Gateway to be programmed', async () => {
    const state = await programming(cluster);
    return state.programmed === 'True' && state;
  });
  const mark = await cluster.audit.mark();
  const [hook, removed] = await Promise.all([runHook(), helmOn(cluster, 'uninstall', RELEASE, '--timeout', '2m')]);
  for (const { stderr, code } of hook.runs) {
    expect(stderr).toContain('redirect copies removed');
    expect(code).toBe(0);
  }
  expect(removed.stderr + removed.stdout).toContain('uninstalled');
  expect(removed.code).toBe(0);
  expect(await cluster.get(ENVOY_CONFIGS, COPY)).toBeUndefined();
  // The controller still runs, as a Pod that is about to end: it makes nothing anew.
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  expect(await cluster.get(ENVOY_CONFIGS, COPY)).toBeUndefined();
  expect(await settledWritesSince(cluster, mark)).toEqual([`delete ciliumenvoyconfigs ${COPY.namespace}/${COPY.name}`]);
  expect(await programming(cluster)).toEqual(before);
  expect(await cluster.get(GATEWAY_CLASSES, { namespace: '', name: 'cilium-cloud' })).toBeDefined();
  expect(await cluster.get(CLASS_CONFIGS, { namespace: 'kube-system', name: 'cilium-cloud' })).toBeDefined();
  expect(await cluster.get(JOBS, { namespace: NAMESPACE, name: HOOK })).toBeUndefined();
  const username = `system:serviceaccount:${NAMESPACE}:${HOOK}`;
  const asked = (await cluster.audit.since(mark)).filter(({ user }) => user.username === username);
  expect(asked.filter((event) => !isAllowed(event)).map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([]);
  expect(hook.grants.length).toBeGreaterThan(0);
  const unused = hook.grants.filter((grant) => !asked.some((event) => uses(event, grant)));
  expect(unused.map(describeGrant)).toEqual([]);
});

function isAllowed({ responseStatus, annotations }: AuditEvent): boolean {
  const isRefused = [401, 403, 422].includes(responseStatus?.code ?? 0);
  return !isRefused && annotations?.['authorization.k8s.io/decision'] === 'allow';
}

/**
 * As the kubelet runs the Job's Pod: with its arguments and the token of its account; then as the Job controller says
 * so. It runs twice, as after a node that died, and the second time there is no Lease any more.
 */
async function runHook(): Promise<{ readonly runs: readonly CommandResult[]; readonly grants: readonly Grant[] }> {
  const ref: ObjectRef = { namespace: NAMESPACE, name: HOOK };
  const job = await waitFor('the Job of the hook', () => cluster.get(JOBS, ref), { timeoutMs: 60_000 });
  const container = valueAt(job, 'spec', 'template', 'spec', 'containers', 0);
  const args = valueAt(container, 'args');
  expect(args).toEqual(['uninstall', '--yes', '--config=/etc/cilium-cloud-bridge/config/config.yaml']);
  expect(valueAt(job, 'spec', 'template', 'spec', 'serviceAccountName')).toBe(HOOK);
  const roles = await Promise.all([cluster.get(ROLES, { ...LEASE, name: HOOK }), cluster.get(CLUSTER_ROLES, ref)]);
  const command = [inject('bundle'), 'uninstall', '--yes', '--kubeconfig', await kubeconfigOf(HOOK)];
  const first = await tryCommand(process.execPath, command);
  await cluster.remove(LEASES, LEASE);
  const second = await tryCommand(process.execPath, command);
  await finish(job, ref);
  return { runs: [first, second], grants: roles.flatMap((role) => (role === undefined ? [] : grantsOf(role))) };
}

async function finish({ metadata }: KubeObject, ref: ObjectRef): Promise<void> {
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const startTime = String(metadata.creationTimestamp);
  const condition = (type: string): object => ({ type, status: 'True', lastProbeTime: now, lastTransitionTime: now });
  const conditions = [condition('SuccessCriteriaMet'), condition('Complete')];
  const status = { startTime, completionTime: now, succeeded: 1, active: 0, ready: 0, conditions };
  const answer = await cluster.request('PATCH', resourcePath(JOBS, ref, 'status'), { status }, MERGE_PATCH);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
}

async function kubeconfigOf(account: string): Promise<string> {
  const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${account}/token`;
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  const { body } = await cluster.request('POST', path, request);
  const token = String(valueAt(body, 'status', 'token'));
  return cluster.kubeconfigFor({ name: `system:serviceaccount:${NAMESPACE}:${account}`, token });
}
