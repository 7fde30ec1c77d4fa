import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { GATEWAYS, SERVICES } from '../../../src/kube/resources.ts';
import type { ObjectRef } from '../../../src/kube/types.ts';
import { isKubeObject, type KubeObject } from '../../control-plane/objects.ts';
import { waitFor } from '../../control-plane/wait.ts';
import type { KubeObject as StoredObject } from '../../fake-api/json.ts';
import { ciliumObjects } from '../cilium.ts';
import type { DemoCluster } from '../cluster.ts';
import { addressesOf, gatewayLine, nodePortsOf } from '../look.ts';
import type { Scenario } from '../scenario.types.ts';

const GATEWAY: ObjectRef = { namespace: 'default', name: 'ip-gateway' };
const SERVICE: ObjectRef = { namespace: 'default', name: 'cilium-gateway-ip-gateway' };
const ENTRYPOINT: ObjectRef = { namespace: 'kube-system', name: 'gateway-entrypoint' };
const FILE = 'test/fixtures/cce-guide.yaml';

function guideObjects(): KubeObject[] {
  return loadAll(readFileSync(new URL(`../../../${FILE}`, import.meta.url), 'utf8')).filter(isKubeObject);
}

/** As `kubectl apply -f` leaves them, its own annotation included. */
function applyGuide({ api }: DemoCluster): void {
  for (const object of guideObjects()) {
    const applied = { 'kubectl.kubernetes.io/last-applied-configuration': `${JSON.stringify(object)}\n` };
    const annotations = { ...object.metadata.annotations, ...applied };
    api.apply({ ...object, metadata: { ...object.metadata, annotations } }, { manager: 'kubectl-client-side-apply' });
  }
}

/** As its command does: Cilium makes the Service anew, and the entrypoint gets the file's targetPort again. */
async function recreateGateway(cluster: DemoCluster): Promise<void> {
  const { api, operator } = cluster;
  const before = nodePortsOf(api.get(SERVICES, SERVICE));
  api.remove(GATEWAYS, GATEWAY);
  await waitFor('the Gateway Service to go', () => api.get(SERVICES, SERVICE) === undefined);
  applyGuide(cluster);
  await operator.settled();
  await waitFor('a new NodePort', () => {
    const [port] = nodePortsOf(api.get(SERVICES, SERVICE));
    return port !== undefined && !before.includes(port);
  });
}

export const cceGuide: Scenario = {
  name: 'cce-guide',
  title: "Huawei Cloud CCE with Cilium 1.19.1, set up by hand as a published guide says; the guide's own objects",
  objects: ciliumObjects({ version: '1.19.1', nodes: { 'cce-node-1': '10.2.128.11', 'cce-node-2': '10.2.128.12' } }),
  cloud: {
    name: "Huawei's cloud controller",
    dialect: 'huawei',
    manner: 'holds',
    addresses: { '11111111-2222-3333-4444-555555555555': [{ ip: '122.9.70.186' }, { ip: '192.168.0.133' }] },
  },
  past: [
    {
      why: 'A Gateway, and a Service "gateway-entrypoint" that the cloud can serve. Cilium makes a Service for the Gateway too; it has no selector, so the cloud gives it no address.',
      command: `kubectl apply -f ${FILE}`,
      async run(cluster) {
        const { api, operator } = cluster;
        applyGuide(cluster);
        await operator.settled();
        await waitFor('the address of the entrypoint', () => addressesOf(api.get(SERVICES, ENTRYPOINT)).length > 0);
      },
      outcome: ({ api }) => gatewayLine(api.get(GATEWAYS, GATEWAY)),
    },
    {
      why: 'The way out in the guide: write some address by hand. Cilium looks whether there is one, not whether it leads anywhere.',
      command: `kubectl patch service ${SERVICE.name} --subresource=status --type=merge -p '{"status":{"loadBalancer":{"ingress":[{"ip":"10.0.0.10"}]}}}'`,
      async run({ api, operator }) {
        const write = { manager: 'kubectl-patch', subresource: 'status' } as const;
        const invent = (service: StoredObject): void => {
          service.status = { loadBalancer: { ingress: [{ ip: '10.0.0.10' }] } };
        };
        api.update(SERVICES, SERVICE, invent, write);
        await operator.settled();
      },
      outcome: ({ api }) => gatewayLine(api.get(GATEWAYS, GATEWAY)),
    },
  ],
  subjects: [{ gateway: GATEWAY, service: SERVICE, entrypoint: ENTRYPOINT }],
  flags: ['--adopt', 'auto'],
  expected: { dryRun: 2, once: 0 },
  change: {
    why: 'Now somebody recreates the Gateway. Cilium makes its Service anew, with no address and another NodePort; and the file sets the stale targetPort again.',
    command: `kubectl delete gateway ${GATEWAY.name} && kubectl apply -f ${FILE}`,
    run: recreateGateway,
    outcome: ({ api }) => `the Gateway's NodePort is now ${nodePortsOf(api.get(SERVICES, SERVICE)).join(', ')}`,
  },
  tryOut: [
    { what: 'look', command: 'kubectl get gateways,services,ciliumenvoyconfigs,events -A' },
    {
      what: 'recreate the Gateway, and watch the log of the controller',
      command: `kubectl delete gateway ${GATEWAY.name} && kubectl apply -f ${FILE}`,
    },
    {
      what: 'break the entrypoint by hand',
      command: `kubectl -n ${ENTRYPOINT.namespace} patch service ${ENTRYPOINT.name} --type=json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":32546}]'`,
    },
  ],
};
