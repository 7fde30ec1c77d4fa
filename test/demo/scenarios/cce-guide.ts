import { ENVOY_CONFIGS, GATEWAYS, SERVICES } from '../../../src/kube/resources.ts';
import type { ObjectRef } from '../../../src/kube/types.ts';
import { waitFor } from '../../control-plane/wait.ts';
import type { KubeObject as StoredObject } from '../../fake-api/json.ts';
import { installedCilium } from '../cilium.ts';
import type { DemoCluster } from '../cluster.ts';
import { gatewayLine, nodePortsOf } from '../look.ts';
import { applyFile, waitForAddress } from '../manifests.ts';
import { cceNode } from '../nodes.ts';
import type { Scenario, Subject } from '../scenario.types.ts';
import { problemsOf, viewOf } from '../view.ts';

const GATEWAY: ObjectRef = { namespace: 'default', name: 'ip-gateway' };
const SERVICE: ObjectRef = { namespace: 'default', name: 'cilium-gateway-ip-gateway' };
const ENTRYPOINT: ObjectRef = { namespace: 'kube-system', name: 'gateway-entrypoint' };
const SUBJECTS: readonly Subject[] = [{ kind: 'Gateway', ref: GATEWAY, service: SERVICE, entrypoint: ENTRYPOINT }];
const FILE = 'test/fixtures/cce-guide.yaml';

/** As its command does: Cilium makes the Service anew, and the entrypoint gets the file's targetPort again. */
async function recreateGateway(cluster: DemoCluster): Promise<void> {
  const { api } = cluster;
  const before = nodePortsOf(api.get(SERVICES, SERVICE));
  api.remove(GATEWAYS, GATEWAY);
  await waitFor('the Gateway Service to go', () => api.get(SERVICES, SERVICE) === undefined);
  await applyFile(cluster, FILE);
  await waitFor('a new NodePort', () => {
    const [port] = nodePortsOf(api.get(SERVICES, SERVICE));
    return port !== undefined && !before.includes(port);
  });
}

export const cceGuide: Scenario = {
  name: 'cce-guide',
  title: "Huawei Cloud CCE with Cilium 1.19.1, set up by hand as a published guide says; the guide's own objects",
  objects: () =>
    installedCilium({
      version: '1.19.1',
      nodes: [cceNode({ address: '10.2.128.11' }), cceNode({ address: '10.2.128.12' })],
    }),
  cloud: {
    name: "Huawei's cloud controller",
    dialect: 'huawei',
    manner: 'holds',
    addresses: { '11111111-2222-3333-4444-555555555555': [{ ip: '122.9.70.186' }, { ip: '192.168.0.133' }] },
  },
  subjects: SUBJECTS,
  flags: ['--adopt', 'auto'],
  story: [
    {
      kind: 'acts',
      acts: [
        {
          why: 'A Gateway, and a Service "gateway-entrypoint" that the cloud can serve. Cilium makes a Service for the Gateway too; it has no selector, so the cloud gives it no address.',
          command: `kubectl apply -f ${FILE}`,
          async run(cluster) {
            await applyFile(cluster, FILE);
            await waitForAddress(cluster, ENTRYPOINT);
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
    },
    { kind: 'view' },
    {
      kind: 'dry-run',
      code: 2,
      meaning:
        'Code 2: there is something to write, and this run was only to look. The warning is about what the guide builds; it changes no exit code.',
    },
    {
      kind: 'once',
      text: 'It then waits a few seconds to see that Cilium takes the address over and that nobody undoes it.',
      code: 0,
      meaning: 'Code 0: everything was written, and Cilium has taken it over.',
      writes: [
        'PATCH services kube-system/gateway-entrypoint',
        'PATCH services/status default/cilium-gateway-ip-gateway',
      ],
    },
    { kind: 'again', code: 0 },
    {
      kind: 'controller',
      change: {
        why: 'Now somebody recreates the Gateway. Cilium makes its Service anew, with no address and another NodePort; and the file sets the stale targetPort again.',
        command: `kubectl delete gateway ${GATEWAY.name} && kubectl apply -f ${FILE}`,
        run: recreateGateway,
        outcome: ({ api }) => `the Gateway's NodePort is now ${nodePortsOf(api.get(SERVICES, SERVICE)).join(', ')}`,
      },
      until: {
        what: 'everything to be in sync again',
        reached: ({ api }) =>
          problemsOf(viewOf(api, { subjects: SUBJECTS })).length === 0 &&
          api.list(ENVOY_CONFIGS, ENTRYPOINT.namespace).length === 1,
      },
      writes: [
        'POST ciliumenvoyconfigs kube-system/ccb-gateway-entrypoint-ck89hktk75',
        'DELETE ciliumenvoyconfigs kube-system/ccb-gateway-entrypoint-ck89hktk75',
        'PATCH services kube-system/gateway-entrypoint',
        'POST ciliumenvoyconfigs kube-system/ccb-gateway-entrypoint-ck89hktk75',
        'PATCH services/status default/cilium-gateway-ip-gateway',
      ],
    },
  ],
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
