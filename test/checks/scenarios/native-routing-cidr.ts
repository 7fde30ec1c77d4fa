import { ciliumConfig, type Edit } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

const GIVEN: readonly Edit[] = [
  ciliumConfig({
    'routing-mode': 'native',
    'auto-direct-node-routes': 'true',
    'ipv4-native-routing-cidr': '10.100.0.0/16',
  }),
];

export const scenarios: Scenarios = [
  {
    symptom: 'the agents do not start: native routing CIDR must be configured',
    reference: 'cce-overlay',
    given: GIVEN,
    broken: [ciliumConfig({ 'ipv4-native-routing-cidr': null })],
    reason: 'NativeRoutingCidrMissing',
  },
  {
    symptom: 'policies by label do not match between nodes; Pods see addresses of nodes',
    reference: 'cce-overlay',
    given: GIVEN,
    broken: [ciliumConfig({ 'ipv4-native-routing-cidr': '10.100.0.0/17' })],
    reason: 'NativeRoutingCidrTooSmall',
  },
];
