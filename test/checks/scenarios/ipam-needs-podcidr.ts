import { ciliumConfig } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: '`required IPv4 PodCIDR not available`, and the agents panic',
    reference: 'cce-overlay',
    broken: [ciliumConfig({ ipam: 'kubernetes', 'cluster-pool-ipv4-cidr': null, 'cluster-pool-ipv4-mask-size': null })],
    reason: 'PodCidrMissing',
  },
];
