import { GATEWAYS, SERVICES } from '../../../src/kube/resources.ts';
import type { ObjectRef } from '../../../src/kube/types.ts';
import { waitFor } from '../../control-plane/wait.ts';
import { installedCilium } from '../cilium.ts';
import type { DemoCluster } from '../cluster.ts';
import { gatewayLine } from '../look.ts';
import { applyFile, waitForAddress } from '../manifests.ts';
import { cceNode } from '../nodes.ts';
import type { Scenario } from '../scenario.types.ts';

const GATEWAY: ObjectRef = { namespace: 'default', name: 'pay' };
const SERVICE: ObjectRef = { namespace: 'default', name: 'cilium-gateway-pay' };
const ENTRYPOINT: ObjectRef = { namespace: 'kube-system', name: 'pay-entrypoint' };
const FILE = 'test/demo/manifests/second-writer.yaml';
const MEND = 'test/demo/manifests/own-class.yaml';
const STATUS = 'PATCH services/status default/cilium-gateway-pay';
const TARGET_PORT = 'PATCH services kube-system/pay-entrypoint';

/** As its command does: a Service keeps the class that it was made with, so the Gateway is made anew. */
async function mend(cluster: DemoCluster): Promise<void> {
  const { api } = cluster;
  api.remove(GATEWAYS, GATEWAY);
  await waitFor('the Gateway Service to go', () => api.get(SERVICES, SERVICE) === undefined);
  await applyFile(cluster, MEND);
  await waitFor('the new Gateway Service', () => api.get(SERVICES, SERVICE) !== undefined);
}

export const secondWriter: Scenario = {
  name: 'second-writer',
  title:
    'CCE whose cloud controller empties the status again and again: the program stops, names it, and tells the mend',
  objects: () =>
    installedCilium({
      version: '1.19.5',
      nodes: [cceNode({ address: '10.2.129.21' }), cceNode({ address: '10.2.129.22' })],
    }),
  cloud: {
    name: "Huawei's cloud controller",
    dialect: 'huawei',
    manner: 'clears',
    addresses: { '5c0e8a51-3f4b-4f0e-9d27-8a6d0f1b7c44': [{ ip: '122.9.70.201' }, { ip: '192.168.0.140' }] },
  },
  subjects: [{ kind: 'Gateway', ref: GATEWAY, service: SERVICE, entrypoint: ENTRYPOINT }],
  flags: [],
  story: [
    {
      kind: 'acts',
      acts: [
        {
          why: "A Gateway of Cilium's plain class and its entrypoint. What nobody tells: here the cloud's controller empties the status of each LoadBalancer Service that names no load balancer.",
          command: `kubectl apply -f ${FILE}`,
          async run(cluster) {
            await applyFile(cluster, FILE);
            await waitForAddress(cluster, ENTRYPOINT);
          },
          outcome: ({ api }) => gatewayLine(api.get(GATEWAYS, GATEWAY)),
        },
      ],
    },
    { kind: 'view' },
    { kind: 'dry-run', code: 2, meaning: 'Code 2: there is something to write. The second writer cannot be seen yet.' },
    {
      kind: 'once',
      text: 'It waits a few seconds to see that nobody undoes what it wrote.',
      code: 2,
      meaning: 'Code 2: it wrote, and somebody else emptied the status again. The fix is in the report.',
      writes: [TARGET_PORT, STATUS],
    },
    {
      kind: 'controller',
      heading: 'A controller that does not fight',
      text: 'Each write to such a Service costs a moment of refused connections in Cilium. After three reverts within ten minutes the controller stops for thirty, and says who and what to do.',
      until: {
        what: 'the controller to stop writing',
        reached: (_, log) => log.some((line) => line.includes('SecondWriter')),
      },
      writes: ['POST ciliumenvoyconfigs kube-system/ccb-pay-entrypoint-8788cf9mmg', STATUS, STATUS, STATUS],
    },
    {
      kind: 'once',
      heading: 'It is remembered',
      text: 'The controller is gone; its Event is still there.',
      code: 2,
      meaning: 'Code 2: the write is declined, and nothing was written.',
      writes: [],
    },
    {
      kind: 'acts',
      heading: 'The mend',
      acts: [
        {
          why: 'The first mend of the report: a GatewayClass whose Services have a class of their own. The cloud serves no such Service and leaves it alone. A Service keeps the class that it was made with, so the Gateway is made anew.',
          command: `kubectl delete gateway ${GATEWAY.name} && kubectl apply -f ${MEND}`,
          run: mend,
          outcome: ({ api }) => gatewayLine(api.get(GATEWAYS, GATEWAY)),
        },
      ],
    },
    {
      kind: 'once',
      heading: 'The program writes it, and it stays',
      code: 0,
      meaning: 'Code 0: in sync, and nobody undoes it.',
      writes: [TARGET_PORT, STATUS],
    },
    { kind: 'again', code: 0 },
  ],
  tryOut: [
    { what: 'look', command: 'kubectl get gateways,services,events -A' },
    {
      what: 'the plain class again: the trouble begins anew',
      command: `kubectl delete gateway ${GATEWAY.name} && kubectl apply -f ${FILE}`,
    },
  ],
};
