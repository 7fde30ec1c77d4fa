import { ciliumConfig, patch } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: 'CoreDNS: `dial tcp 10.247.0.1:443: i/o timeout`',
    reference: 'cce-overlay',
    broken: [ciliumConfig({ 'enable-bpf-masquerade': null })],
    reason: 'IptablesMasqueradeBesideKubeProxy',
  },
  {
    symptom: 'the same on TKE, where kube-proxy was not parked',
    reference: 'tke-overlay',
    broken: [
      ciliumConfig({ 'enable-bpf-masquerade': 'false' }),
      patch('DaemonSet kube-system/kube-proxy', { status: { desiredNumberScheduled: 3 } }),
    ],
    reason: 'IptablesMasqueradeBesideKubeProxy',
  },
];
