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
];
