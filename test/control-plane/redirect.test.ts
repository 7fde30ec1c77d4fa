import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ENVOY_CONFIGS, GATEWAYS, SERVICES } from '../../src/kube/resources.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import { valueAt } from './objects.ts';
import { type Controller, requestsOfProduct, settledWritesSince, startController } from './product.ts';
import {
  annotateEntrypoint,
  COPY,
  CREATE_COPY,
  cleanAll,
  copyCurrent,
  copyGone,
  copyThere,
  DELETE_COPY,
  EXPOSURE,
  foreignConfig,
  makeEntrypoint,
  makeGateway,
  PATCH_COPY,
  route,
  SOURCE,
  sideBySide,
  TARGET_PORT,
} from './redirect-scene.ts';
import { EIP, GUIDE_ENTRYPOINT, GUIDE_GATEWAY, ingressOf, nodePortOf, programming, targetPortsOf } from './scenario.ts';
import { waitFor } from './wait.ts';

/* The redirect copy on the real control plane: its life, and what keeps it away. Cilium's operator makes the source. */

const STATUS = 'patch services/status default/cilium-gateway-ip-gateway';
const CEC_CRD = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

let cluster: ControlPlane;
let controller: Controller | undefined;

beforeAll(async () => {
  cluster = await startControlPlane({ users: [{ name: 'narrow' }] });
});
afterAll(() => cluster?.stop());
beforeEach(() => makeGateway(cluster));
afterEach(async () => {
  await controller?.stop();
  controller = undefined;
  await cleanAll(cluster);
});

async function start(options: Parameters<typeof startController>[1] = {}): Promise<Controller> {
  controller = await startController(cluster, options);
  return controller;
}

async function inSync(): Promise<void> {
  await waitFor('the targetPort and the address', async () => {
    const [port] = [await targetPortsOf(cluster)].flat();
    return port === (await nodePortOf(cluster)) && (await programming(cluster)).programmed === 'True';
  });
}

describe('a copy', () => {
  test('is made once, with the targetPort and before the status, follows the routes, and its own update is its last', async () => {
    await makeEntrypoint(cluster);
    const mark = await cluster.audit.mark();
    await start();
    await copyThere(cluster);
    await inSync();
    expect(sideBySide(await settledWritesSince(cluster, mark))).toEqual([CREATE_COPY, TARGET_PORT, STATUS]);
    const next = await cluster.audit.mark();
    await cluster.apply(route('/other'));
    await waitFor('the source to change', async () =>
      JSON.stringify(await cluster.get(ENVOY_CONFIGS, SOURCE)).includes('/other'),
    );
    await copyCurrent(cluster);
    const writes = await settledWritesSince(cluster, next);
    expect(new Set(writes)).toEqual(new Set([PATCH_COPY]));
    expect(writes.length).toBeLessThanOrEqual(2); // the operator itself writes the source once or twice
  });

  const removals: readonly { readonly by: string; readonly act: () => Promise<unknown> }[] = [
    {
      by: 'the annotation of its entrypoint',
      act: () => annotateEntrypoint(cluster, 'cilium-cloud-bridge.io/gateway', null),
    },
    { by: 'the choice of node-port', act: () => annotateEntrypoint(cluster, EXPOSURE, 'node-port') },
    { by: 'its Gateway', act: () => cluster.remove(GATEWAYS, GUIDE_GATEWAY) },
  ];

  test.each(removals)('goes with $by, by one delete', async ({ act }) => {
    await makeEntrypoint(cluster);
    await start();
    await copyThere(cluster);
    await inSync();
    const mark = await cluster.audit.mark();
    const changed = await act();
    await copyGone(cluster);
    const writes = await settledWritesSince(cluster, mark);
    expect(writes.filter((write) => write.includes('ciliumenvoyconfigs'))).toEqual([DELETE_COPY]);
    const entrypoint = await cluster.get(SERVICES, GUIDE_ENTRYPOINT);
    if (valueAt(changed, 'kind') === 'Service') {
      expect(entrypoint?.metadata.resourceVersion).toBe(valueAt(changed, 'metadata', 'resourceVersion'));
    }
    expect(valueAt(entrypoint, 'spec', 'type')).toBe('LoadBalancer');
  });

  test('goes with its entrypoint', async () => {
    await makeEntrypoint(cluster);
    await start();
    await copyThere(cluster);
    await cluster.remove(SERVICES, GUIDE_ENTRYPOINT);
    await copyGone(cluster);
    expect(await cluster.get(ENVOY_CONFIGS, SOURCE)).toBeDefined();
  });

  test('that an earlier life left is the first that goes', async () => {
    await makeEntrypoint(cluster);
    const first = await start();
    await copyThere(cluster);
    await inSync();
    await first.stop();
    await annotateEntrypoint(cluster, EXPOSURE, 'node-port');
    await cluster.patch(SERVICES, GUIDE_ENTRYPOINT, {
      spec: { ports: [{ name: 'port-80', port: 80, targetPort: 1, protocol: 'TCP' }] },
    });
    const mark = await cluster.audit.mark();
    await start();
    await copyGone(cluster);
    await inSync();
    const writes = await settledWritesSince(cluster, mark);
    expect(writes[0]).toBe(DELETE_COPY);
    expect(writes.slice(1)).toEqual([TARGET_PORT]);
  });

  test('of 100 route changes in a row is written less often than they are, and the last one wins', async () => {
    await makeEntrypoint(cluster);
    await start();
    await copyThere(cluster);
    await inSync();
    const mark = await cluster.audit.mark();
    const from = performance.now();
    for (let i = 0; i < 100; i++) await cluster.apply(route(`/path-${i}`));
    const took = performance.now() - from;
    await waitFor('the last one', async () =>
      JSON.stringify(await cluster.get(ENVOY_CONFIGS, COPY)).includes('/path-99'),
    );
    await copyCurrent(cluster);
    const writes = await settledWritesSince(cluster, mark);
    const sources = (await cluster.audit.since(mark)).filter(
      ({ verb, objectRef }) =>
        verb !== 'get' && objectRef?.resource === 'ciliumenvoyconfigs' && objectRef.name === SOURCE.name,
    );
    console.info(
      `100 route changes in ${took.toFixed(0)} ms: ${sources.length} writes of the source, ${writes.length} of the copy`,
    );
    expect(new Set(writes)).toEqual(new Set([PATCH_COPY]));
    expect(writes.length).toBeLessThanOrEqual(sources.length);
  });

  test('CiliumEnvoyConfigs are watched only once an exposure needs it', async () => {
    const mark = await cluster.audit.mark();
    await makeEntrypoint(cluster, { [EXPOSURE]: 'node-port' });
    await start();
    await inSync();
    const watches = async (): Promise<number> =>
      (await requestsOfProduct(cluster, mark)).filter(
        ({ verb, objectRef, stage }) =>
          verb === 'watch' && objectRef?.resource === 'ciliumenvoyconfigs' && stage === 'ResponseStarted',
      ).length;
    expect(await watches()).toBe(0);
    await annotateEntrypoint(cluster, EXPOSURE, 'auto');
    await copyThere(cluster);
    expect(await watches()).toBe(1);
  });
});

describe('kept away, it is said with the mend, and the rest goes on', () => {
  test.each([
    ['by a foreign one of its name', COPY.name, 'x'],
    ['by a foreign one on the entrypoint', 'mine', GUIDE_ENTRYPOINT.name],
  ])('%s, which is left alone', async (_, name, service) => {
    const before = await cluster.apply(foreignConfig(name, service));
    await makeEntrypoint(cluster);
    const mark = await cluster.audit.mark();
    const { waitForLine } = await start();
    const line = await waitForLine('the finding', ({ reason }) => reason === 'ForeignEnvoyConfig');
    expect(line.fix).toContain(`kubectl -n kube-system delete ciliumenvoyconfig ${name}`);
    await inSync();
    expect(await settledWritesSince(cluster, mark)).toEqual([TARGET_PORT, STATUS]);
    const after = await cluster.get(ENVOY_CONFIGS, { namespace: 'kube-system', name });
    expect(after?.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    await cluster.remove(ENVOY_CONFIGS, { namespace: 'kube-system', name });
    await copyThere(cluster);
  });

  test('by session affinity, until it is taken away', async () => {
    await makeEntrypoint(cluster);
    await cluster.patch(SERVICES, GUIDE_ENTRYPOINT, { spec: { sessionAffinity: 'ClientIP' } });
    const { waitForLine } = await start();
    const line = await waitForLine('the finding', ({ reason }) => reason === 'SessionAffinityForbidsRedirect');
    expect(line.fix).toContain('"sessionAffinity":"None"');
    await inSync();
    expect(await cluster.get(ENVOY_CONFIGS, COPY)).toBeUndefined();
    await cluster.patch(SERVICES, GUIDE_ENTRYPOINT, { spec: { sessionAffinity: 'None' } });
    await copyThere(cluster);
  });

  test('by rights: once they are given, the next look makes it', async () => {
    const rules = [
      { apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['services', 'services/status', 'events'], verbs: ['create', 'patch'] },
      { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
      { apiGroups: [''], resources: ['nodes'], verbs: ['patch'] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'patch', 'update'] },
    ];
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'narrow' } };
    await cluster.apply({ ...role, rules });
    await cluster.apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'narrow' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'narrow' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'narrow' }],
    });
    await makeEntrypoint(cluster);
    const mark = await cluster.audit.mark();
    const { waitForLine } = await start({ kubeconfig: cluster.kubeconfigFor('narrow'), config: { resync: '10s' } });
    const line = await waitForLine('the finding', ({ reason }) => reason === 'WriteForbidden');
    expect(line.msg).toContain('ciliumenvoyconfigs');
    expect(line.fix).toContain('ClusterRole');
    await inSync();
    const writes = await settledWritesSince(cluster, mark);
    expect(sideBySide(writes)).toEqual(['create ciliumenvoyconfigs kube-system/ 403', TARGET_PORT, STATUS]);
    await cluster.apply({ ...role, rules: [...rules, { apiGroups: ['cilium.io'], resources: ['*'], verbs: ['*'] }] });
    await waitFor('the copy', () => cluster.get(ENVOY_CONFIGS, COPY), { timeoutMs: 25_000 });
  });

  test('by the API server, which does not know the kind', async () => {
    await makeEntrypoint(cluster);
    const ref = { namespace: '', name: 'ciliumenvoyconfigs.cilium.io' };
    const crd = await cluster.get(CEC_CRD, ref);
    await cluster.remove(CEC_CRD, ref);
    await waitFor('the CRD to go', async () => (await cluster.get(CEC_CRD, ref)) === undefined);
    try {
      const { waitForLine } = await start();
      const line = await waitForLine('the finding', ({ reason }) => reason === 'EnvoyConfigNotServed');
      expect(line.fix).toContain('envoyConfig.enabled=true');
      // Cilium's operator cannot make a Gateway Programmed then; our part is done.
      await waitFor('the address', async () => valueAt(await ingressOf(cluster), 0, 'ip') === EIP);
      expect(await targetPortsOf(cluster)).toEqual([await nodePortOf(cluster)]);
    } finally {
      const { name, labels = {} } = crd?.metadata ?? { name: ref.name };
      if (crd !== undefined) await cluster.apply({ ...crd, metadata: { name, labels }, status: undefined });
      await waitFor('the CRD to be served', async () => (await cluster.list(ENVOY_CONFIGS)).length >= 0);
    }
  });
});
