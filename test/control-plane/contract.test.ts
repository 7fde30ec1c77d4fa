import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SERVICES } from '../../src/kube/resources.ts';
import { type ContractServer, describeApiServerContract } from '../contract/contract.ts';
import { describeEventSelectors } from '../contract/event-selectors.ts';
import { describeServiceWrites } from '../contract/service-writes.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import type { Send } from './http.ts';
import { valueAt } from './objects.ts';
import { MAIN_VERSIONS, NEW_KUBERNETES, OLD_KUBERNETES } from './versions.ts';

const KUBERNETES_ONLY = { operator: false, controllerManager: false, gatewayCrds: false, ciliumCrds: false };

describeApiServerContract(`the API server of Kubernetes ${MAIN_VERSIONS.kubernetes}`, startContractServer);

/* Newer releases word some refusals differently; what the program acts on is the same. */
describe(`the API server of Kubernetes ${NEW_KUBERNETES}`, () => {
  let cluster: ControlPlane;
  beforeAll(async () => {
    cluster = await startControlPlane({ ...KUBERNETES_ONLY, kubernetes: NEW_KUBERNETES });
  });
  afterAll(() => cluster?.stop());

  const send: Send = (...request) => cluster.request(...request);
  describeServiceWrites(send);
  describeEventSelectors(send);
});

describe(`the API server of Kubernetes ${OLD_KUBERNETES} without LoadBalancerIPMode`, () => {
  let cluster: ControlPlane;
  beforeAll(async () => {
    cluster = await startControlPlane({
      ...KUBERNETES_ONLY,
      kubernetes: OLD_KUBERNETES,
      apiServerFlags: ['--feature-gates=LoadBalancerIPMode=false'],
    });
  });
  afterAll(() => cluster?.stop());

  test('drops ipMode without an error, which a dry run shows before', async () => {
    const ref = { namespace: 'default', name: 'dropped' };
    await cluster.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: ref,
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
    });
    const body = { status: { loadBalancer: { ingress: [{ ip: '203.0.113.5', ipMode: 'Proxy' }] } } };
    const dropped = { loadBalancer: { ingress: [{ ip: '203.0.113.5' }] } };
    const asked = await cluster.patch(SERVICES, ref, body, { subresource: 'status', dryRun: true });
    expect(valueAt(asked, 'status')).toEqual(dropped);
    const written = await cluster.patch(SERVICES, ref, body, { subresource: 'status' });
    expect(valueAt(written, 'status')).toEqual(dropped);
  });
});

/** Without the operator, which would answer the suite's Gateways with objects of its own. */
async function startContractServer(): Promise<ContractServer> {
  const cluster = await startControlPlane({
    operator: false,
    users: [{ name: 'limited', token: 'limited-token' }],
  });
  const metadata = { name: 'limited', namespace: 'default' };
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  await cluster.create({
    apiVersion,
    kind: 'Role',
    metadata,
    rules: [{ apiGroups: [''], resources: ['services'], verbs: ['get', 'list', 'watch'] }],
  });
  await cluster.create({
    apiVersion,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'limited' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'limited' }],
  });
  return {
    server: cluster.server,
    ca: cluster.ca,
    token: cluster.adminToken,
    limitedToken: 'limited-token',
    async compact() {
      await cluster.compactEtcd();
      await cluster.restart('apiserver'); // it remembers what etcd forgot
    },
    stop: () => cluster.stop(),
  };
}
