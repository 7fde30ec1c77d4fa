import { ciliumConfig, cloud } from '../cluster-data.ts';
import { NODE_SUBNET, POD_SUBNET } from '../reference/tke.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: 'Pods have no public exit, and nodes do: only their subnet is routed to the NAT gateway',
    reference: 'tke-native',
    broken: [
      cloud(({ routeTables, subnets }) => ({
        routeTables: [
          ...routeTables.map((table) => ({ ...table, subnetIds: [NODE_SUBNET] })),
          { id: 'rtb-pods', vpcId: 'vpc-8q3f0zk1', main: false, subnetIds: [POD_SUBNET], routes: [] },
        ],
        subnets: subnets.map((subnet) => (subnet.id === POD_SUBNET ? { ...subnet, routeTableId: 'rtb-pods' } : subnet)),
      })),
    ],
    reason: 'PodSubnetWithoutNat',
    follows: ['pod-to-node-eip'],
  },
  {
    symptom: 'the same, because the route was switched off',
    reference: 'tke-native',
    broken: [
      cloud(({ routeTables }) => ({
        routeTables: routeTables.map((table) => ({
          ...table,
          routes: table.routes.map((route) => ({ ...route, enabled: false })),
        })),
      })),
    ],
    reason: 'PodSubnetWithoutNat',
    follows: ['pod-to-node-eip'],
  },
  {
    symptom: 'all traffic of Pods goes to another network by CCN',
    reference: 'tke-native',
    broken: [
      cloud(({ routeTables }) => ({
        routeTables: routeTables.map((table) => ({
          ...table,
          routes: [{ destination: '0.0.0.0/0', via: 'cloud-network', target: 'ccn-1', enabled: true }],
        })),
      })),
    ],
    verdict: 'warn',
    reason: 'PodExitNotKnown',
  },
  {
    symptom: 'Pods reach each other and nothing outside',
    reference: 'tke-overlay',
    broken: [ciliumConfig({ 'enable-ipv4-masquerade': 'false' })],
    reason: 'MasqueradeOff',
  },
];
