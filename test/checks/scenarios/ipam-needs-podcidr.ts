import { ciliumConfig, patch } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: '`required IPv4 PodCIDR not available`, and the agents panic',
    reference: 'cce-overlay',
    broken: [
      ciliumConfig({ ipam: 'kubernetes', 'cluster-pool-ipv4-cidr': null, 'cluster-pool-ipv4-mask-size': null }),
      patch('Pod kube-system/cilium-0', {
        status: {
          conditions: [{ type: 'Ready', status: 'False' }],
          containerStatuses: [
            {
              name: 'cilium-agent',
              restartCount: 7,
              state: { waiting: { reason: 'CrashLoopBackOff' } },
              lastState: { terminated: { message: 'required IPv4 PodCIDR not available' } },
            },
          ],
        },
      }),
    ],
    reason: 'PodCidrMissing',
    follows: ['agents-ready'],
  },
];
