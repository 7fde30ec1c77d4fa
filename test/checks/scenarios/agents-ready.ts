import { patch, without } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: 'Pods on one node have no network; its agent crashes',
    reference: 'tke-overlay',
    broken: [
      patch('Pod kube-system/cilium-1', {
        status: {
          conditions: [{ type: 'Ready', status: 'False' }],
          containerStatuses: [
            {
              name: 'cilium-agent',
              restartCount: 4,
              state: { waiting: { reason: 'CrashLoopBackOff' } },
              lastState: { terminated: { message: 'unable to connect to the API server' } },
            },
          ],
        },
      }),
    ],
    reason: 'AgentOnNodeNotReady',
  },
  {
    symptom: 'Pods on one node stay in ContainerCreating; there is no agent',
    reference: 'tke-native',
    broken: [without('Pod kube-system/cilium-2')],
    reason: 'AgentOnNodeMissing',
  },
  {
    symptom: 'Cilium is being upgraded: the agent of one node starts, the one of another is not there yet',
    reference: 'tke-overlay',
    broken: [
      patch('Pod kube-system/cilium-1', {
        metadata: { creationTimestamp: '2026-11-25T11:59:20Z' },
        status: {
          phase: 'Pending',
          conditions: [{ type: 'Ready', status: 'False' }],
          containerStatuses: [
            { name: 'cilium-agent', restartCount: 0, state: { waiting: { reason: 'PodInitializing' } } },
          ],
        },
      }),
      patch('Pod kube-system/cilium-2', { metadata: { deletionTimestamp: '2026-11-25T11:59:50Z' } }),
    ],
    verdict: 'warn',
    reason: 'AgentOnNodeStarting',
  },
  {
    symptom: 'the node pool has grown: no agent runs on the new node yet',
    reference: 'tke-native',
    broken: [
      without('Pod kube-system/cilium-2'),
      patch('Node 172.16.0.23', { metadata: { creationTimestamp: '2026-11-25T11:59:00Z' } }),
    ],
    verdict: 'warn',
    reason: 'AgentOnNodeStarting',
  },
];
