import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENVOY_CONFIGS, NODES, SERVICES } from '../../src/kube/resources.ts';
import { waitFor } from '../control-plane/wait.ts';
import type { KubeObject } from '../fake-api/json.ts';
import { objectsAt } from '../fake-api/json.ts';
import { SOAK_CONFIG, type SoakCluster, startSoakCluster } from './cluster.ts';
import { differences } from './expected.ts';

/* The independent look must see what is wrong: each thing that the program would have done, left undone. */

let cluster: SoakCluster;

beforeAll(async () => {
  cluster = await startSoakCluster((_, name) => `ccb-${name}`);
  await waitFor('the cloud to give addresses', () => {
    const [{ entrypoint }] = cluster.subjects;
    return objectsAt(cluster.api.get(SERVICES, entrypoint), 'status', 'loadBalancer', 'ingress').length > 0;
  });
});
afterAll(() => cluster.stop());

/** What is said of the first subject and of nodes. */
function said(): string[] {
  const { api, subjects } = cluster;
  return differences(api, subjects.slice(0, 1)).map((text) => text.replace(/\d{5}/g, 'N'));
}

describe('the independent look at the cluster', () => {
  it('sees each thing that is not done yet, until it is', () => {
    const { api, subjects } = cluster;
    const [{ service, entrypoint }] = subjects;
    const what = 'Gateway default/gw-0';
    expect(said()).toEqual([
      `${what}: shows [] instead of [203.0.113.1]`,
      `${what}: targetPort 80 of port 80 instead of N`,
      `${what}: 0 redirect copies instead of 1`,
    ]);
    const [port] = objectsAt(api.get(SERVICES, service), 'spec', 'ports');
    api.update(SERVICES, entrypoint, (object) => {
      for (const one of objectsAt(object, 'spec', 'ports').slice(0, 1)) one.targetPort = port?.nodePort;
    });
    const publish = (ipMode: string) => (object: KubeObject) => {
      object.status = { loadBalancer: { ingress: [{ ip: '203.0.113.1', ipMode }] } };
    };
    api.update(SERVICES, service, publish('VIP'), { subresource: 'status' });
    expect(said()).toEqual([`${what}: ipMode VIP`, `${what}: 0 redirect copies instead of 1`]);
    api.update(SERVICES, service, publish('Proxy'), { subresource: 'status' });
    const source = api.get(ENVOY_CONFIGS, service);
    const services = [{ namespace: entrypoint.namespace, name: entrypoint.name, ports: [80] }];
    const metadata = { namespace: entrypoint.namespace, name: 'ccb-copy' };
    const spec = { resources: objectsAt(source, 'spec', 'resources'), services };
    api.apply({ apiVersion: 'cilium.io/v2', kind: 'CiliumEnvoyConfig', metadata, spec });
    expect(said()).toContain(`${what}: the redirect copy differs from its source`);
    const backendServices = objectsAt(source, 'spec', 'backendServices');
    api.apply({ apiVersion: 'cilium.io/v2', kind: 'CiliumEnvoyConfig', metadata, spec: { ...spec, backendServices } });
  });

  it('sees a copy that serves nobody, and a node that is still tainted', () => {
    const { api, nodes } = cluster;
    const [node] = nodes;
    const before = said();
    api.apply({
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumEnvoyConfig',
      metadata: { namespace: 'kube-system', name: 'ccb-stray' },
      spec: { services: [{ namespace: 'kube-system', name: 'gone' }], resources: [] },
    });
    node.exists = true;
    cluster.showNode(node);
    expect(said().filter((text) => !before.includes(text))).toEqual([
      'CiliumEnvoyConfig ccb-stray serves nobody',
      `Node ${node.name} is still tainted`,
    ]);
    node.exists = false;
    cluster.showNode(node);
    expect(api.get(NODES, { namespace: '', name: node.name })).toBeUndefined();
  });

  it('sees an entrypoint that should be gone, and one that is missing', () => {
    const { subjects, api } = cluster;
    const managed = subjects.find(({ adopted }) => !adopted);
    if (managed === undefined) throw new Error('no managed entrypoint in the soak');
    expect(SOAK_CONFIG.gateway.managed.allowedLoadBalancerIds).toContain(managed.loadBalancer);
    expect(differences(api, [managed])).toContain(
      `Gateway default/${managed.ref.name}: entrypoint ccb-${managed.ref.name} is missing`,
    );
  });
});
