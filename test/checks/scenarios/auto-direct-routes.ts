import { ciliumConfig, cloud, type Edit } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

/** Native routing in one subnet, with direct routes from node to node. */
const DIRECT: readonly Edit[] = [
  ciliumConfig({
    'routing-mode': 'native',
    'auto-direct-node-routes': 'true',
    'ipv4-native-routing-cidr': '10.100.0.0/16',
  }),
  // Both subnets leave by NAT.
  cloud(({ natGateways }) => ({
    natGateways: natGateways.map((one) => ({
      ...one,
      sources:
        one.sources === 'routed' ? 'routed' : one.sources.flatMap((rule) => [rule, { ...rule, subnetId: 'subnet-b' }]),
    })),
  })),
];

export const scenarios: Scenarios = [
  {
    symptom: 'Pods reach each other within a subnet, and not across',
    reference: 'cce-overlay',
    given: DIRECT,
    broken: [
      cloud(({ instances }) => ({
        instances: instances.map((server, index) => (index === 2 ? { ...server, subnetId: 'subnet-b' } : server)),
      })),
    ],
    reason: 'DirectRoutesAcrossSubnets',
  },
  {
    symptom: 'Pods on different nodes do not reach each other',
    reference: 'cce-overlay',
    given: DIRECT,
    broken: [ciliumConfig({ 'auto-direct-node-routes': 'false' })],
    reason: 'NativeWithoutRoutes',
  },
];
