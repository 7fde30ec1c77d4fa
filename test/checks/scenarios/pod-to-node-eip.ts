import type { CloudSecurityRule } from '../../../src/providers/provider.types.ts';
import { ciliumConfig, cloud, type Edit } from '../cluster-data.ts';
import { NODE_SUBNET, POD_SUBNET } from '../reference/tke.ts';
import type { Scenarios } from '../scenario.types.ts';

function icmpRule(change: Partial<CloudSecurityRule>): Edit {
  return cloud(({ securityGroups }) => ({
    securityGroups: securityGroups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => (rule.protocol === 'icmp' ? { ...rule, ...change } : rule)),
    })),
  }));
}

/** Only the nodes' subnet is routed to the NAT gateway. */
const PODS_WITHOUT_NAT = cloud(({ routeTables, subnets }) => ({
  routeTables: [
    ...routeTables.map((table) => ({ ...table, subnetIds: [NODE_SUBNET] })),
    { id: 'rtb-pods', vpcId: 'vpc-8q3f0zk1', main: false, subnetIds: [POD_SUBNET], routes: [] },
  ],
  subnets: subnets.map((subnet) => (subnet.id === POD_SUBNET ? { ...subnet, routeTableId: 'rtb-pods' } : subnet)),
}));

export const scenarios: Scenarios = [
  {
    symptom: "a Pod pings 223.5.5.5 and not a node's EIP: Cilium masquerades the one and not the other",
    reference: 'tke-native',
    given: [
      ciliumConfig({
        'enable-bpf-masquerade': 'true',
        'enable-ipv4-masquerade': 'true',
        'ipv4-native-routing-cidr': '172.16.0.0/16',
      }),
    ],
    broken: [PODS_WITHOUT_NAT],
    reason: 'NodeEipNeedsNat',
  },
  {
    symptom: "nobody outside gets an answer to a ping to the node's EIP, Pods neither",
    reference: 'tke-native',
    broken: [icmpRule({ peer: { kind: 'cidrs', cidrs: ['172.16.0.0/12'] } })],
    reason: 'NodeEipDeniesPing',
  },
  {
    symptom: 'the same on the overlay network, where Pods leave with the addresses of nodes',
    reference: 'tke-overlay',
    broken: [icmpRule({ allow: false, peer: { kind: 'cidrs', cidrs: ['43.139.0.0/16'] } })],
    reason: 'NodeEipDeniesPing',
  },
  {
    symptom: 'the security group names a template that this account may not read',
    reference: 'tke-overlay',
    broken: [icmpRule({ peer: { kind: 'unknown', name: 'ipm-office' } })],
    verdict: 'unknown',
    reason: 'NodeEipPingNotKnown',
  },
];
