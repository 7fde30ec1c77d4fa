import { ciliumConfig } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: 'connections to a Gateway are refused, though everything is Programmed',
    reference: 'tke-overlay',
    broken: [ciliumConfig({ 'enable-envoy-config': null })],
    reason: 'EnvoyConfigOff',
  },
];
