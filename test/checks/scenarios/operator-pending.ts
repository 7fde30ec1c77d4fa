import { patch, without } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

const OPERATOR = 'Pod kube-system/cilium-operator-0';

export const scenarios: Scenarios = [
  {
    symptom: 'the operator is Pending on a taint of the user',
    reference: 'cce-overlay',
    broken: [
      patch('Node *', { spec: { taints: [{ key: 'dedicated', value: 'gpu', effect: 'NoSchedule' }] } }),
      patch(OPERATOR, {
        spec: { nodeName: null },
        status: {
          phase: 'Pending',
          containerStatuses: null,
          conditions: [
            {
              type: 'PodScheduled',
              status: 'False',
              reason: 'Unschedulable',
              message: '0/3 nodes are available: 3 node(s) had untolerated taint {dedicated: gpu}.',
            },
          ],
        },
      }),
    ],
    reason: 'OperatorNotScheduled',
  },
  {
    symptom: 'the operator crashes: new Gateways get no Service, new nodes no addresses',
    reference: 'cce-overlay',
    broken: [
      patch(OPERATOR, {
        status: {
          conditions: [{ type: 'Ready', status: 'False' }],
          containerStatuses: [
            {
              name: 'cilium-operator',
              restartCount: 12,
              state: { waiting: { reason: 'CrashLoopBackOff' } },
              lastState: { terminated: { reason: 'Error' } },
            },
          ],
        },
      }),
    ],
    reason: 'OperatorNotRunning',
  },
  {
    symptom: 'there is no operator at all',
    reference: 'tke-overlay',
    broken: [without(OPERATOR)],
    reason: 'OperatorMissing',
  },
  {
    symptom: "Cilium is being upgraded: the operator's new Pod is not Ready yet",
    reference: 'cce-overlay',
    broken: [
      patch('Pod kube-system/cilium-operator-0', {
        metadata: { creationTimestamp: '2026-11-25T11:59:20Z' },
        status: {
          conditions: [{ type: 'Ready', status: 'False' }],
          containerStatuses: [
            { name: 'cilium-operator', restartCount: 0, state: { running: { startedAt: '2026-11-25T11:59:40Z' } } },
          ],
        },
      }),
    ],
    verdict: 'warn',
    reason: 'OperatorStarting',
  },
];
