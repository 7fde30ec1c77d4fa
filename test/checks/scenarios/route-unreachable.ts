import { type Edit, patch } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

const TAINT = { key: 'node.kubernetes.io/route-unreachable', effect: 'NoSchedule' };

const AGENTS_DOWN: Edit = patch('Pod kube-system/cilium-0', {
  status: { conditions: [{ type: 'Ready', status: 'False' }] },
});

export const scenarios: Scenarios = [
  {
    symptom:
      '`node(s) had untolerated taint {node.kubernetes.io/route-unreachable}`; the operator is Pending, no agent becomes Ready',
    reference: 'cce-overlay',
    broken: [
      patch('Node *', { spec: { taints: [TAINT] } }),
      patch('Pod kube-system/cilium-operator-0', {
        spec: { nodeName: null },
        status: {
          phase: 'Pending',
          containerStatuses: null,
          conditions: [
            {
              type: 'PodScheduled',
              status: 'False',
              reason: 'Unschedulable',
              message:
                '0/3 nodes are available: 3 node(s) had untolerated taint {node.kubernetes.io/route-unreachable: }.',
            },
          ],
        },
      }),
      AGENTS_DOWN,
    ],
    reason: 'ObsoleteTaintHoldsOperator',
    follows: ['operator-pending', 'agents-ready'],
  },
  {
    symptom: 'Pods stay Pending on a new node, though Cilium is up there',
    reference: 'cce-overlay',
    broken: [patch('Node 10.2.128.12', { spec: { taints: [TAINT] } })],
    reason: 'ObsoleteTaintLeft',
  },
  {
    symptom: 'the same on TKE with VPC-CNI parked',
    reference: 'tke-overlay',
    broken: [
      patch('Node 172.16.0.22', {
        spec: { taints: [{ key: 'tke.cloud.tencent.com/eni-ip-unavailable', value: 'true', effect: 'NoSchedule' }] },
      }),
    ],
    reason: 'ObsoleteTaintLeft',
  },
];
