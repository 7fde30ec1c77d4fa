import { NODES } from '../../../src/kube/resources.ts';
import { agentName, installedCilium, makeReady } from '../cilium.ts';
import { taintsOf } from '../look.ts';
import { cceNode, ROUTE_UNREACHABLE } from '../nodes.ts';
import type { Scenario } from '../scenario.types.ts';

const UP = ['172.18.4.11', '172.18.4.12'] as const;
const STARTING = '172.18.4.13';
const LEAVING = '172.18.4.14';

export const taintedNodes: Scenario = {
  name: 'tainted-nodes',
  title: "CCE with the VPC network (vpc-router): the taint that Cilium's agents make obsolete, and nodes that keep it",
  objects: () =>
    installedCilium({
      version: '1.19.1',
      config: { ipam: 'cluster-pool', 'tunnel-protocol': 'vxlan' },
      nodes: [
        ...UP.map((address) => cceNode({ address, taints: [ROUTE_UNREACHABLE] })),
        cceNode({ address: STARTING, taints: [ROUTE_UNREACHABLE], age: 120 }),
        cceNode({
          address: LEAVING,
          taints: [
            ROUTE_UNREACHABLE,
            { key: 'ToBeDeletedByClusterAutoscaler', value: '1764000000', effect: 'NoSchedule' },
          ],
          cordoned: true,
        }),
      ],
      notReady: [STARTING],
    }),
  cloud: { name: "Huawei's cloud controller", dialect: 'huawei', manner: 'holds', addresses: {} },
  subjects: [],
  nodes: true,
  flags: [],
  story: [
    {
      kind: 'view',
      heading: 'The cluster before',
      text: "CCE taints each node of a VPC network until its own CNI has made the node's route. Here Cilium's tunnel carries the packets and CCE's CNI never runs: the taint stays for ever, and no Pod is scheduled. Two nodes are up, one is starting, the autoscaler takes one away.",
    },
    {
      kind: 'dry-run',
      text: 'The program looks twice, five seconds apart, before it believes that Cilium is up.',
      code: 2,
      meaning:
        'Code 2: two taints would go. What keeps each other node its taint is a finding that needs nobody, and changes no code.',
    },
    {
      kind: 'once',
      code: 0,
      meaning: 'Code 0: both were freed. The other two keep the taint for a reason.',
      writes: [`PATCH nodes ${UP[0]}`, `PATCH nodes ${UP[1]}`],
    },
    { kind: 'again', code: 0 },
    {
      kind: 'controller',
      change: {
        why: 'Cilium comes up on the node that was starting.',
        async run({ api }) {
          makeReady(api, { namespace: 'kube-system', name: agentName(2) });
          await Promise.resolve();
        },
        outcome: () => `Pod kube-system/${agentName(2)} is Ready`,
      },
      until: {
        what: 'that node to be freed',
        reached: ({ api }) => taintsOf(api.get(NODES, { namespace: '', name: STARTING })).length === 0,
      },
      writes: [`PATCH nodes ${STARTING}`],
    },
  ],
  tryOut: [
    { what: 'look', command: 'kubectl get nodes && kubectl get events -A' },
    { what: 'who is tainted', command: 'kubectl describe nodes | grep -E "^(Name|Taints):"' },
    {
      what: 'the taint comes back',
      command: `kubectl taint node --overwrite ${UP[0]} node.kubernetes.io/route-unreachable:NoSchedule`,
    },
  ],
};
