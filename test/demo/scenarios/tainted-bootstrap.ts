import { NODES, PODS } from '../../../src/kube/resources.ts';
import type { FakeApi } from '../../fake-api/server.ts';
import { agentName, installedCilium, makeReady, OPERATOR_POD } from '../cilium.ts';
import { isTrue, taintsOf } from '../look.ts';
import { cceNode, ROUTE_UNREACHABLE } from '../nodes.ts';
import type { Scenario } from '../scenario.types.ts';

const NODE_NAMES = ['172.18.6.21', '172.18.6.22', '172.18.6.23'];
const OPERATOR = { namespace: 'kube-system', name: OPERATOR_POD };

/** The scheduler and the kubelets, as far as it takes: the operator goes to the first free node, then agents get Ready. */
function schedule(api: FakeApi): () => void {
  const timers = new Set<NodeJS.Timeout>();
  const later = (ms: number, work: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, ms);
    timers.add(timer);
  };
  const stop = api.onChange(NODES, () => {
    const free = api.list(NODES).find((node) => taintsOf(node).length === 0);
    const waits = api.get(PODS, OPERATOR)?.status;
    if (free === undefined || timers.size > 0 || !JSON.stringify(waits).includes('Unschedulable')) return;
    later(300, () => {
      api.update(PODS, OPERATOR, (pod) => Object.assign(pod.spec ?? {}, { nodeName: free.metadata.name }));
      makeReady(api, OPERATOR);
      later(500, () => {
        for (const [index] of NODE_NAMES.entries())
          makeReady(api, { namespace: 'kube-system', name: agentName(index) });
      });
    });
  });
  return () => {
    stop();
    for (const timer of timers) clearTimeout(timer);
  };
}

export const taintedBootstrap: Scenario = {
  name: 'tainted-bootstrap',
  title: 'CCE with the VPC network, Cilium freshly installed: its operator cannot be scheduled, so no agent gets Ready',
  objects: () =>
    installedCilium({
      version: '1.19.1',
      config: { ipam: 'cluster-pool', 'tunnel-protocol': 'vxlan' },
      nodes: NODE_NAMES.map((address) => cceNode({ address, taints: [ROUTE_UNREACHABLE], age: 900 })),
      notReady: NODE_NAMES,
      operatorPending:
        '0/3 nodes are available: 3 node(s) had untolerated taint {node.kubernetes.io/route-unreachable: }. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
    }),
  live: schedule,
  cloud: { name: "Huawei's cloud controller", dialect: 'huawei', manner: 'holds', addresses: {} },
  subjects: [],
  nodes: true,
  flags: [],
  story: [
    {
      kind: 'view',
      heading: 'The cluster before',
      text: "A deadlock: agents wait for addresses from Cilium's operator, the operator waits for a node without the taint, and the taint is to go when an agent is Ready. The chart's operator tolerates other taints, not this one.",
    },
    {
      kind: 'dry-run',
      code: 2,
      meaning:
        'Code 2: one node would be freed. One is enough for the operator; for the others the rule stands that Cilium must be up.',
    },
    {
      kind: 'controller',
      heading: 'The controller breaks the deadlock',
      until: {
        what: 'all nodes to be freed',
        reached: ({ api }) =>
          api.list(NODES).every((node) => taintsOf(node).length === 0) && isTrue(api.get(PODS, OPERATOR), 'Ready'),
      },
      writes: NODE_NAMES.map((name) => `PATCH nodes ${name}`),
    },
    { kind: 'again', code: 0 },
  ],
  tryOut: [
    { what: 'look', command: 'kubectl get nodes,pods -A -o wide && kubectl get events -A' },
    {
      what: 'the Helm value that mends it for good',
      command: 'kubectl -n kube-system get pod -l io.cilium/app=operator -o yaml | grep -A20 tolerations',
    },
  ],
};
