import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { GATEWAYS, SERVICES } from '../../src/kube/resources.ts';
import type { AuditEvent, AuditMark } from './audit.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import { conditionOf, type KubeObject, valueAt } from './objects.ts';
import { waitFor } from './wait.ts';

const GATEWAY_REF = { namespace: 'default', name: 'ip-gateway' };
const GATEWAY_SERVICE_REF = { namespace: 'default', name: 'cilium-gateway-ip-gateway' };

const WITHOUT_CILIUM = { operator: false, gatewayCrds: false, ciliumCrds: false };

const GATEWAY_CLASS: KubeObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: { name: 'cilium' },
  spec: { controllerName: 'io.cilium/gateway-controller' },
};

describe('a control plane', () => {
  let cluster: ControlPlane;

  beforeAll(async () => {
    cluster = await startControlPlane({ users: [{ name: 'eve' }] });
    await cluster.apply(GATEWAY_CLASS);
    await cluster.apply(gateway(80));
  });
  afterAll(() => cluster?.stop());

  function gatewayService(): Promise<KubeObject> {
    return waitFor('the Gateway Service', () => cluster.get(SERVICES, GATEWAY_SERVICE_REF));
  }

  function programmed(reason: string): Promise<KubeObject> {
    return waitFor(`Programmed with reason ${reason}`, async () => {
      const seen = await cluster.get(GATEWAYS, GATEWAY_REF);
      return conditionOf(seen, 'Programmed')?.reason === reason ? seen : undefined;
    });
  }

  async function requestsOfEve(mark: AuditMark): Promise<readonly AuditEvent[]> {
    return (await cluster.audit.since(mark)).filter((event) => event.user.username === 'eve');
  }

  test("Cilium's operator makes the Gateway Service and waits for an address", async () => {
    const { spec } = await gatewayService();
    expect(spec).toMatchObject({
      type: 'LoadBalancer',
      ports: [{ name: 'port-80', port: 80, protocol: 'TCP' }],
    });
    expect(valueAt(spec, 'ports', 0, 'nodePort')).toBeGreaterThanOrEqual(30_000);
    expect(conditionOf(await programmed('AddressNotAssigned'), 'Programmed')).toEqual({
      status: 'False',
      reason: 'AddressNotAssigned',
      message: 'Gateway waiting for address',
    });
  });

  test('an address in the status of the Gateway Service makes the Gateway Programmed', async () => {
    await gatewayService();
    const ingress = [{ ip: '203.0.113.20', ipMode: 'Proxy' }];
    const written = await cluster.patchStatus(SERVICES, GATEWAY_SERVICE_REF, { loadBalancer: { ingress } });
    expect(valueAt(written, 'status', 'loadBalancer', 'ingress')).toEqual(ingress);
    const seen = await programmed('Programmed');
    expect(conditionOf(seen, 'Programmed')?.status).toBe('True');
    expect(valueAt(seen, 'status', 'addresses')).toEqual([{ type: 'IPAddress', value: '203.0.113.20' }]);
  });

  test('a nodePort set by hand survives a reconcile', async () => {
    const pinned = 31_234;
    const pin = [{ op: 'replace', path: '/spec/ports/0/nodePort', value: pinned }];
    await gatewayService();
    await cluster.patch(SERVICES, GATEWAY_SERVICE_REF, pin, { contentType: 'application/json-patch+json' });
    await cluster.apply(gateway(80, 443));
    const ports = await waitFor('the second listener', async () => {
      const seen = valueAt(await gatewayService(), 'spec', 'ports');
      return Array.isArray(seen) && seen.length === 2 ? seen : undefined;
    });
    expect(ports).toContainEqual(expect.objectContaining({ port: 80, nodePort: pinned }));
  });

  test('RBAC holds for users without a role, and unknown tokens are refused', async () => {
    const eve = await cluster.apiFor('eve').request('GET', '/api/v1/services');
    expect(eve).toMatchObject({ status: 403, body: { reason: 'Forbidden' } });
    const stranger = cluster.kubeconfigFor({ name: 'stranger', token: 'expired' });
    const answer = await cluster.kubectl('--kubeconfig', stranger, 'get', 'services');
    expect(answer.code).toBe(1);
    expect(answer.stderr).toContain('You must be logged in');
  });

  test('the audit log tells who asked for what since a mark', async () => {
    const mark = await cluster.audit.mark();
    await cluster.apiFor('eve').request('GET', '/api/v1/namespaces/default/services/audited');
    expect(await requestsOfEve(mark)).toMatchObject([
      {
        verb: 'get',
        objectRef: { resource: 'services', namespace: 'default', name: 'audited' },
        responseStatus: { code: 403, reason: 'Forbidden' },
      },
    ]);
    expect(await requestsOfEve(await cluster.audit.mark())).toEqual([]);
  });

  test('garbage collection takes the Gateway Service along with its Gateway', async () => {
    await gatewayService();
    await cluster.remove(GATEWAYS, GATEWAY_REF);
    await waitFor('the Gateway Service to go', async () => {
      return (await cluster.get(SERVICES, GATEWAY_SERVICE_REF)) === undefined;
    });
  });
});

describe('the programs of a control plane', () => {
  test('forget old versions when told to', async () => {
    const cluster = await startControlPlane({ ...WITHOUT_CILIUM, controllerManager: false });
    try {
      const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
      const { body: page } = await cluster.request('GET', `${path}?limit=2`);
      const version = String(valueAt(page, 'metadata', 'resourceVersion'));
      await cluster.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name: 'newer' } });
      await cluster.compactEtcd();
      const next = await cluster.request('GET', `${path}?continue=${String(valueAt(page, 'metadata', 'continue'))}`);
      expect(next).toMatchObject({ status: 410, body: { reason: 'Expired' } });
      await cluster.restart('apiserver');
      const watch = await cluster.request('GET', `${path}?watch=1&timeoutSeconds=5&resourceVersion=${version}`);
      expect(watch.body).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
    } finally {
      await cluster.stop();
    }
  });

  test('that end by themselves are started again, with a line that says why', async () => {
    const said = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const cluster = await startControlPlane(WITHOUT_CILIUM);
    try {
      const before = cluster.pids();
      const apiserver = before.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('kube-apiserver'));
      if (apiserver === undefined) throw new Error('no API server');
      process.kill(apiserver, 'SIGQUIT'); // Go's runtime crashes on it, and prints every goroutine
      await waitFor('another API server', async () => {
        const after = cluster.pids();
        return after.length === before.length && !after.includes(apiserver);
      });
      await waitFor('its answer', async () => (await cluster.request('GET', '/readyz')).status === 200);
      expect(said.mock.calls.flat().join('\n')).toMatch(
        /^flaky: apiserver ended by itself \(exit code 2\) and is started again:\nSIGQUIT: quit\n/,
      );
    } finally {
      said.mockRestore();
      await cluster.stop();
    }
  });

  test('survive a restart of each, on the same port with the same data, and are gone after stop', async () => {
    const cluster = await startControlPlane();
    try {
      await cluster.apply(GATEWAY_CLASS);
      for (const program of ['etcd', 'apiserver', 'controller-manager', 'operator'] as const) {
        await cluster.restart(program);
      }
      await cluster.apply(gateway(80));
      await waitFor('the Gateway Service', () => cluster.get(SERVICES, GATEWAY_SERVICE_REF));
    } finally {
      const pids = cluster.pids();
      await cluster.stop();
      expect(pids).toHaveLength(4);
      expect(pids.filter(isAlive)).toEqual([]);
      expect(existsSync(cluster.dir)).toBe(false);
    }
  });
});

function gateway(...ports: readonly number[]): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: GATEWAY_REF,
    spec: {
      gatewayClassName: 'cilium',
      listeners: ports.map((port) => ({ name: `port-${port}`, port, protocol: 'HTTP' })),
    },
  };
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}
