import { ciliumConfig } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: 'Gateways are ignored in silence: no Service, no condition',
    reference: 'cce-overlay',
    broken: [ciliumConfig({ 'kube-proxy-replacement': 'false' })],
    reason: 'KubeProxyReplacementOff',
  },
  {
    symptom: 'the same after an upgrade: a word of older versions stands there',
    reference: 'tke-overlay',
    broken: [ciliumConfig({ 'kube-proxy-replacement': 'strict' })],
    reason: 'KubeProxyReplacementOff',
  },
];
