import { ciliumConfig, cloud, type Edit, patch, withObjects } from '../cluster-data.ts';
import { object } from '../reference/parts.ts';
import { NODE_SUBNET } from '../reference/tke.ts';
import type { Scenarios } from '../scenario.types.ts';

const POLICY = 'CiliumEgressGatewayPolicy egress';
const NODE = '172.16.0.21';

const policy = object(
  'cilium.io/v2',
  'CiliumEgressGatewayPolicy',
  'egress',
  {},
  {
    spec: {
      selectors: [{ podSelector: { matchLabels: { app: 'crawler' } } }],
      destinationCIDRs: ['0.0.0.0/0'],
      egressGateway: { nodeSelector: { matchLabels: { 'egress-node': 'true' } }, egressIP: NODE },
    },
  },
);

/** The nodes leave by their own EIPs: nothing of their subnet is routed to the NAT gateway. */
const NODES_BY_EIP = cloud(({ routeTables, subnets }) => ({
  routeTables: [
    ...routeTables.map((table) => ({ ...table, subnetIds: table.subnetIds.filter((id) => id !== NODE_SUBNET) })),
    { id: 'rtb-nodes', vpcId: 'vpc-8q3f0zk1', main: false, subnetIds: [NODE_SUBNET], routes: [] },
  ],
  subnets: subnets.map((subnet) => (subnet.id === NODE_SUBNET ? { ...subnet, routeTableId: 'rtb-nodes' } : subnet)),
}));

const EGRESS: readonly Edit[] = [
  ciliumConfig({ 'enable-egress-gateway': 'true' }),
  patch(`Node ${NODE}`, { metadata: { labels: { 'egress-node': 'true' } } }),
  withObjects(policy),
  NODES_BY_EIP,
];

export const scenarios: Scenarios = [
  {
    symptom: 'traffic leaves with the address of any node, in spite of the policy',
    reference: 'tke-overlay',
    given: EGRESS,
    broken: [ciliumConfig({ 'enable-egress-gateway': 'false' })],
    reason: 'EgressGatewayOff',
  },
  {
    symptom: 'agents do not start: egress gateway requires enable-bpf-masquerade',
    reference: 'tke-overlay',
    given: EGRESS,
    broken: [ciliumConfig({ 'enable-bpf-masquerade': 'false' })],
    reason: 'EgressNeedsMasquerade',
  },
  {
    symptom: 'the same on the native network, where masquerading is off as a rule',
    reference: 'tke-native',
    given: [
      ciliumConfig({
        'enable-bpf-masquerade': 'true',
        'enable-ipv4-egress-gateway': 'true',
        'enable-ipv4-masquerade': 'true',
        'ipv4-native-routing-cidr': '172.16.0.0/16',
      }),
    ],
    broken: [ciliumConfig({ 'enable-ipv4-masquerade': 'false' })],
    reason: 'EgressNeedsMasquerade',
  },
  {
    symptom: 'what the policy selects reaches nothing since its node was replaced',
    reference: 'tke-overlay',
    given: EGRESS,
    broken: [patch(`Node ${NODE}`, { metadata: { labels: { 'egress-node': null } } })],
    reason: 'EgressNodeMissing',
  },
  {
    symptom: 'the EIP was given as egressIP, which only a private address of the node may be',
    reference: 'tke-overlay',
    given: EGRESS,
    broken: [patch(POLICY, { spec: { egressGateway: { egressIP: '43.139.20.21' } } })],
    reason: 'EgressIpElsewhere',
  },
  {
    symptom: 'what the policy selects reaches private destinations and no public ones',
    reference: 'tke-overlay',
    given: EGRESS,
    broken: [
      patch(`Node ${NODE}`, {
        status: { addresses: [{ type: 'InternalIP', address: NODE }] },
      }),
      cloud(({ instances, publicIps }) => ({
        instances: instances.map((server) => (server.nodeName === NODE ? { ...server, publicIps: [] } : server)),
        publicIps: publicIps.filter(({ address }) => address !== '43.139.20.21'),
      })),
    ],
    reason: 'EgressNodeWithoutEip',
  },
  {
    symptom: 'others see the address of the NAT gateway, not the one that was agreed',
    reference: 'tke-overlay',
    given: EGRESS,
    broken: [
      cloud(({ routeTables }) => ({
        routeTables: routeTables.map((table) => ({
          ...table,
          routes: [{ destination: '0.0.0.0/0', via: 'nat', target: 'nat-4hx2', enabled: true }],
        })),
      })),
    ],
    verdict: 'warn',
    reason: 'EgressLeavesByNat',
  },
];
