import { ciliumConfig } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: 'nothing answers for a Gateway, and there is no Envoy',
    reference: 'cce-overlay',
    broken: [ciliumConfig({ 'enable-l7-proxy': 'false' })],
    reason: 'LayerSevenProxyOff',
  },
];
