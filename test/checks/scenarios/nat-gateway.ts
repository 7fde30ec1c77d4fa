import type { CloudNatGateway } from '../../../src/providers/provider.types.ts';
import { cloud, type Edit } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

function gateway(change: Partial<CloudNatGateway>): Edit {
  return cloud(({ natGateways }) => ({ natGateways: natGateways.map((one) => ({ ...one, ...change })) }));
}

/** What Pods of TKE's native network lose with it: their own exit, and the addresses of nodes. */
const NATIVE_FOLLOWS = ['pod-subnet-exit', 'pod-to-node-eip'];

export const scenarios: Scenarios = [
  {
    symptom: 'nodes pull no images any more',
    reference: 'cce-overlay',
    broken: [cloud(() => ({ natGateways: [] }))],
    reason: 'NatGatewayAbsent',
    follows: ['node-public-exit'],
  },
  {
    symptom: 'nodes lost the internet; the account is in arrears',
    reference: 'cce-overlay',
    broken: [gateway({ state: 'frozen', stateText: 'status ACTIVE, admin_state_up false' })],
    reason: 'NatGatewayNotRunning',
    follows: ['node-public-exit'],
  },
  {
    symptom: 'Pods lost the internet, nodes with an EIP, too',
    reference: 'tke-native',
    broken: [gateway({ state: 'stopped', stateText: 'State AVAILABLE, NetworkState UNAVAILABLE' })],
    reason: 'NatGatewayNotRunning',
    follows: NATIVE_FOLLOWS,
  },
  {
    symptom: 'a NAT gateway was just made',
    reference: 'cce-overlay',
    broken: [gateway({ state: 'pending', stateText: 'status PENDING_CREATE' })],
    verdict: 'warn',
    reason: 'NatGatewayPending',
  },
  {
    symptom: 'the cloud has learnt a new word',
    reference: 'cce-overlay',
    broken: [gateway({ state: 'unknown', stateText: 'status RESTING' })],
    verdict: 'unknown',
    reason: 'NatGatewayStateUnknown',
  },
  {
    symptom: 'Pods reach nothing public, although the route to the NAT gateway is there',
    reference: 'tke-native',
    broken: [gateway({ publicIps: [{ address: '43.139.10.10', blocked: true }] })],
    reason: 'NatGatewayWithoutEip',
    follows: NATIVE_FOLLOWS,
  },
  {
    symptom: 'nodes of a new subnet pull no images',
    reference: 'cce-overlay',
    broken: [
      gateway({
        sources: [
          {
            id: 'snat-1',
            state: 'active',
            stateText: 'ACTIVE',
            subnetId: '',
            cidr: '10.2.64.0/18',
            publicIps: ['122.9.70.10'],
          },
        ],
      }),
    ],
    reason: 'SnatMissing',
    follows: ['node-public-exit'],
  },
  {
    symptom: 'nodes pull no images since the EIP of the SNAT rule was frozen',
    reference: 'cce-overlay',
    given: [
      // By two CIDRs that cover the nodes' subnet together.
      gateway({
        sources: ['10.2.128.0/18', '10.2.192.0/18'].map((cidr, index) => ({
          id: `snat-${index}`,
          state: 'active',
          stateText: 'ACTIVE',
          subnetId: '',
          cidr,
          publicIps: ['122.9.70.10'],
        })),
      }),
    ],
    broken: [
      cloud(({ natGateways }) => ({
        natGateways: natGateways.map((one) => ({
          ...one,
          sources:
            one.sources === 'routed'
              ? 'routed'
              : one.sources.map((rule) => ({ ...rule, state: 'frozen', stateText: 'EIP_FREEZED' })),
        })),
      })),
    ],
    reason: 'SnatNotActive',
    follows: ['node-public-exit'],
  },
  {
    symptom: 'nodes in a subnet with a route table of its own pull no images',
    reference: 'cce-overlay',
    broken: [
      cloud(({ routeTables, subnets }) => ({
        routeTables: [
          ...routeTables.map((table) => ({ ...table, subnetIds: [] })),
          ...routeTables.map((table) => ({ ...table, id: 'rtb-own', main: false, routes: [] })),
        ],
        subnets: subnets.map((subnet) => ({ ...subnet, routeTableId: undefined })),
      })),
    ],
    reason: 'NatRouteMissing',
    follows: ['node-public-exit'],
  },
];
