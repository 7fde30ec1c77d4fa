import { cloud, patch } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: 'some hosts of the VPC cannot be reached from Pods',
    reference: 'cce-overlay',
    broken: [
      cloud(({ vpc }) => ({
        vpc: { ...vpc, cidrs: [...vpc.cidrs, { cidr: '10.100.64.0/20', kind: 'secondary' as const }] },
      })),
    ],
    reason: 'PodCidrOverlapsVpc',
  },
  {
    symptom: 'a Service answers from some nodes only',
    reference: 'tke-overlay',
    broken: [patch('Service default/web', { spec: { clusterIPs: ['10.244.200.7'] } })],
    reason: 'PodCidrOverlapsServices',
  },
];
