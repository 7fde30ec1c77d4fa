import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CONFIG_MAPS, EVENTS, GATEWAYS, NODES, PODS, SERVICES } from '../../src/kube/resources.ts';
import { createSender, type Send } from '../control-plane/http.ts';
import { valueAt } from '../control-plane/objects.ts';
import { waitFor } from '../control-plane/wait.ts';
import { refuseElbEdits } from '../emulators/elb-webhook.ts';
import { NAMESPACES } from './kinds.ts';
import { type FakeApi, startFakeApi } from './server.ts';

const MERGE_PATCH = 'application/merge-patch+json';

describe('the state of the fake API server', () => {
  let api: FakeApi;
  let send: Send;
  let close: () => void;

  beforeEach(async () => {
    api = await startFakeApi();
    ({ send, close } = createSender({ server: api.url, ca: '' }, 'admin'));
  });
  afterEach(async () => {
    close();
    await api.stop();
  });

  const configMap = (name: string, namespace: string, metadata: object = {}): Record<string, unknown> => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, ...metadata },
    data: { key: 'value' },
  });
  const service = (metadata: object, status: object = {}): Record<string, unknown> => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'entry', namespace: 'kube-system', ...metadata },
    spec: { type: 'LoadBalancer', ports: [{ name: 'http', port: 80 }] },
    ...status,
  });
  const ENTRY = { namespace: 'kube-system', name: 'entry' };

  test('apply makes an object with its namespace and status, and keeps what was allocated when it is repeated', () => {
    const ingress = [{ ip: '203.0.113.1' }];
    const status = { status: { loadBalancer: { ingress } } };
    const made = api.apply(service({}, status), { manager: 'ccm' });
    expect(made.status).toEqual({ loadBalancer: { ingress: [{ ip: '203.0.113.1', ipMode: 'VIP' }] } });
    const again = api.apply(service({ annotations: { a: 'b' } }));
    expect(again.spec).toEqual(made.spec);
    expect(again.status).toEqual(made.status);
    expect(again.metadata.uid).toBe(made.metadata.uid);
    api.apply(configMap('any', 'new-namespace'));
    expect(api.get(NAMESPACES, { namespace: '', name: 'new-namespace' })).toBeDefined();
  });

  test('a direct write follows the rules and is owned by its manager', () => {
    api.apply(service({}));
    api.update(
      SERVICES,
      ENTRY,
      (object) => {
        object.status = { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } };
      },
      { manager: 'ccm', subresource: 'status' },
    );
    const managers = valueAt(api.get(SERVICES, ENTRY), 'metadata', 'managedFields');
    expect(managers).toContainEqual(expect.objectContaining({ manager: 'ccm', subresource: 'status' }));
    expect(() =>
      api.update(SERVICES, ENTRY, (object) => {
        object.spec = { type: 'Nonsense', ports: [{ port: 80 }] };
      }),
    ).toThrow('spec.type: Unsupported value: "Nonsense"');
  });

  test('the audit trail tells writes from dry runs, reads and questions', async () => {
    await send('POST', '/api/v1/namespaces/default/configmaps?fieldManager=me', configMap('one', 'default'));
    const path = '/api/v1/namespaces/default/configmaps/one';
    await send('PATCH', `${path}?dryRun=All`, { data: { key: 'new' } }, MERGE_PATCH);
    await send('PATCH', `${path}?fieldManager=me`, { data: { key: 'new' } }, MERGE_PATCH);
    await send('GET', path);
    await send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb: 'get', resource: 'pods' } },
    });
    expect(api.requests).toHaveLength(5);
    expect(api.writes()).toMatchObject([
      { verb: 'create', resource: 'configmaps', namespace: 'default', name: '', fieldManager: 'me', status: 201 },
      {
        verb: 'patch',
        name: 'one',
        fieldManager: 'me',
        contentType: MERGE_PATCH,
        body: { data: { key: 'new' } },
        status: 200,
      },
    ]);
  });

  test('tokens are revoked, and a kubeconfig carries one', async () => {
    api.access.addToken('admin');
    expect((await send('GET', '/api/v1/pods')).status).toBe(200);
    api.access.revokeToken('admin');
    expect((await send('GET', '/api/v1/pods')).status).toBe(401);
    expect(api.kubeconfig({ token: 'admin' })).toContain(`server: "${api.url}"`);
  });

  test('denied verbs are lifted again', async () => {
    const lift = api.access.deny(({ verb, resource }) =>
      resource === 'pods' && verb === 'list' ? 'by the test' : undefined,
    );
    expect((await send('GET', '/api/v1/pods')).body).toMatchObject({
      reason: 'Forbidden',
      message:
        'pods is forbidden: User "kubernetes-admin" cannot list resource "pods" in API group "" at the cluster scope: by the test',
    });
    lift();
    expect((await send('GET', '/api/v1/pods')).status).toBe(200);
  });

  test("CCE's webhook refuses edits of elb annotations over HTTP, and nothing else", async () => {
    api.admission(refuseElbEdits);
    const annotations = { 'kubernetes.io/elb.id': 'one' };
    api.apply(service({ annotations }));
    const path = '/api/v1/namespaces/kube-system/services/entry';
    for (const value of ['two', null]) {
      const body = { metadata: { annotations: { 'kubernetes.io/elb.id': value } } };
      expect(await send('PATCH', path, body, MERGE_PATCH)).toMatchObject({
        status: 403,
        body: {
          message: expect.stringContaining("can't modify service elb [kubernetes.io/elb.id] annotation") as unknown,
        },
      });
    }
    const other = {
      metadata: { annotations: { other: 'x' } },
      spec: { ports: [{ name: 'http', port: 80, targetPort: 81 }] },
    };
    expect((await send('PATCH', path, other, MERGE_PATCH)).status).toBe(200);
  });

  test('ipMode is dropped where the feature gate is off', async () => {
    api.settings.dropsIpMode = true;
    api.apply(service({}));
    const body = { status: { loadBalancer: { ingress: [{ ip: '203.0.113.1', ipMode: 'Proxy' }] } } };
    const path = '/api/v1/namespaces/kube-system/services/entry/status?dryRun=All';
    const { body: shown } = await send('PATCH', path, body, MERGE_PATCH);
    expect(valueAt(shown, 'status')).toEqual({ loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } });
  });

  test('a Pod on a node waits for its kubelet, and goes when it is forced', async () => {
    const ref = { namespace: 'kube-system', name: 'cilium-x' };
    const spec = { nodeName: 'any', containers: [{ name: 'cilium-agent', image: 'any' }] };
    api.apply({ apiVersion: 'v1', kind: 'Pod', metadata: ref, spec });
    api.remove(PODS, ref, { graceful: true });
    expect(valueAt(api.get(PODS, ref), 'metadata', 'deletionTimestamp')).toEqual(expect.any(String));
    await send('DELETE', '/api/v1/namespaces/kube-system/pods/cilium-x?gracePeriodSeconds=0');
    expect(api.get(PODS, ref)).toBeUndefined();
  });

  describe('garbage collection', () => {
    const owned = (name: string, owner: unknown): Record<string, unknown> => {
      const [apiVersion, kind, ownerName, uid] = ['apiVersion', 'kind', 'name', 'uid'].map((key) =>
        valueAt(owner, ...(key === 'name' || key === 'uid' ? ['metadata', key] : [key])),
      );
      return configMap(name, 'default', { ownerReferences: [{ apiVersion, kind, name: ownerName, uid }] });
    };
    const one = { namespace: 'default', name: 'one' };
    const two = { namespace: 'default', name: 'two' };
    const gone = (ref: typeof one): Promise<true> =>
      waitFor(`${ref.name} to go`, () => api.get(CONFIG_MAPS, ref) === undefined || false);

    test('follows chains, and an owner that never was counts as gone', async () => {
      api.apply(owned('two', api.apply(owned('one', api.apply(configMap('owner', 'default'))))));
      api.remove(CONFIG_MAPS, { namespace: 'default', name: 'owner' });
      await gone(one);
      await gone(two);
      const nobody = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'nobody', uid: 'never' } };
      api.apply(owned('one', nobody));
      await gone(one);
    });

    test('leaves orphans, and waits in the foreground for its dependents', async () => {
      api.apply(owned('one', api.apply(configMap('owner', 'default'))));
      const path = '/api/v1/namespaces/default/configmaps/owner';
      await send('DELETE', path, { propagationPolicy: 'Orphan' });
      await gone({ namespace: 'default', name: 'owner' });
      expect(valueAt(api.get(CONFIG_MAPS, one), 'metadata', 'ownerReferences')).toBeUndefined();
      api.apply(owned('two', api.apply(configMap('owner', 'default'))));
      const answer = await send('DELETE', path, { propagationPolicy: 'Foreground' });
      expect(valueAt(answer.body, 'metadata', 'finalizers')).toEqual(['foregroundDeletion']);
      await gone(two);
      await gone({ namespace: 'default', name: 'owner' });
    });

    test('empties namespaces, and can be switched off', async () => {
      api.apply(configMap('one', 'short-lived'));
      await send('DELETE', '/api/v1/namespaces/short-lived');
      await waitFor(
        'the namespace to go',
        async () => (await send('GET', '/api/v1/namespaces/short-lived')).status === 404,
      );
      expect(api.list(CONFIG_MAPS)).toEqual([]);
      api.garbageCollector.enabled = false;
      api.apply(owned('one', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'nobody', uid: 'never' } }));
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(api.get(CONFIG_MAPS, one)).toBeDefined();
    });
  });

  test('a server without the Gateway CRDs serves the rest', async () => {
    const bare = await startFakeApi({ crds: [] });
    expect(bare.serves(GATEWAYS)).toBe(false);
    expect(bare.serves(EVENTS)).toBe(true);
    await bare.stop();
  });

  test('an object that a listener got is the one that is stored', () => {
    const seen: unknown[] = [];
    const stop = api.onChange(NODES, ({ type, object }) => seen.push([type, object.metadata.name]));
    api.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' } });
    api.remove(NODES, { namespace: '', name: 'one' });
    stop();
    api.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'two' } });
    expect(seen).toEqual([
      ['ADDED', 'one'],
      ['DELETED', 'one'],
    ]);
  });
});
