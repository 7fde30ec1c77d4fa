import type { CloudReader } from '../../../src/providers/provider.types.ts';
import type { TencentAction } from '../../../src/providers/tencent/actions.ts';
import { never } from './on-fake-tencent.ts';

/** How one action goes over the wire. */
export interface WireCase {
  readonly ask: (reader: CloudReader) => Promise<{ readonly value: unknown }>;
  readonly host: string;
  readonly version: string;
  readonly body: object;
  /** What the cloud answers, and what a shape looks like that it does not promise. */
  readonly reply: object;
  readonly broken: object;
  /** The field that a message about the broken one names. */
  readonly field: string;
}

const inVpc = { Filters: [{ Name: 'vpc-id', Values: ['vpc-1'] }] };
const node = (providerId: string) => ({ name: 'n', providerId, machineId: '', internalIps: ['10.0.0.1'] });

export const CASES: Readonly<Record<TencentAction, WireCase>> = {
  'clb:DescribeLoadBalancers': {
    ask: (cloud) => cloud.loadBalancer('lb-1', never),
    host: 'clb.tencentcloudapi.com',
    version: '2018-03-17',
    body: { LoadBalancerIds: ['lb-1'], Limit: 100 },
    reply: { TotalCount: 1, LoadBalancerSet: [{ LoadBalancerId: 'lb-1', LoadBalancerType: 'OPEN', Status: 1 }] },
    broken: { LoadBalancerSet: [{ LoadBalancerId: 7 }] },
    field: 'LoadBalancerSet.0.LoadBalancerId',
  },
  'clb:DescribeListeners': {
    ask: (cloud) => cloud.listeners('lb-1', never),
    host: 'clb.tencentcloudapi.com',
    version: '2018-03-17',
    body: { LoadBalancerId: 'lb-1' },
    reply: { Listeners: null, TotalCount: 0 },
    broken: { Listeners: [{ ListenerId: 'lbl-1', Protocol: 'TCP', Port: '80' }] },
    field: 'Listeners.0.Port',
  },
  'clb:DescribeTargets': {
    ask: (cloud) => cloud.targets('lb-1', never),
    host: 'clb.tencentcloudapi.com',
    version: '2018-03-17',
    body: { LoadBalancerId: 'lb-1' },
    reply: { Listeners: [{ ListenerId: 'lbl-1', Targets: null, Rules: null }] },
    broken: { Listeners: [{ ListenerId: 'lbl-1', Targets: [{ Port: null }] }] },
    field: 'Listeners.0.Targets.0.Port',
  },
  'clb:DescribeTargetHealth': {
    ask: (cloud) => cloud.targets('lb-1', never),
    host: 'clb.tencentcloudapi.com',
    version: '2018-03-17',
    body: { LoadBalancerIds: ['lb-1'] },
    reply: { LoadBalancers: [{ LoadBalancerId: 'lb-1', Listeners: [] }] },
    broken: { LoadBalancers: [{ LoadBalancerId: 'lb-1', Listeners: [{}] }] },
    field: 'LoadBalancers.0.Listeners.0.ListenerId',
  },
  'vpc:DescribeNatGateways': {
    ask: (cloud) => cloud.natGateways('vpc-1', never),
    host: 'vpc.tencentcloudapi.com',
    version: '2017-03-12',
    body: { ...inVpc, Offset: 0, Limit: 100 },
    reply: { TotalCount: 0, NatGatewaySet: [] },
    broken: { NatGatewaySet: [{ NatGatewayId: '' }] },
    field: 'NatGatewaySet.0.NatGatewayId',
  },
  'vpc:DescribeRouteTables': {
    ask: (cloud) => cloud.routeTables('vpc-1', never),
    host: 'vpc.tencentcloudapi.com',
    version: '2017-03-12',
    body: { ...inVpc, Offset: '0', Limit: '100' },
    reply: { TotalCount: 0, RouteTableSet: [] },
    broken: { RouteTableSet: [{ RouteTableId: 'rtb-1', RouteSet: [{ Enabled: 'true' }] }] },
    field: 'RouteTableSet.0.RouteSet.0.Enabled',
  },
  'vpc:DescribeSubnets': {
    ask: (cloud) => cloud.subnets('vpc-1', never),
    host: 'vpc.tencentcloudapi.com',
    version: '2017-03-12',
    body: { ...inVpc, Offset: '0', Limit: '100' },
    reply: { TotalCount: 0, SubnetSet: [] },
    broken: { SubnetSet: {} },
    field: 'SubnetSet',
  },
  'vpc:DescribeVpcs': {
    ask: (cloud) => cloud.vpc('vpc-1', never),
    host: 'vpc.tencentcloudapi.com',
    version: '2017-03-12',
    body: { VpcIds: ['vpc-1'] },
    reply: { TotalCount: 1, VpcSet: [{ VpcId: 'vpc-1', CidrBlock: '10.0.0.0/16', AssistantCidrSet: null }] },
    broken: { TotalCount: 1 },
    field: 'VpcSet',
  },
  'vpc:DescribeSecurityGroupExpandedPolicies': {
    ask: (cloud) => cloud.securityGroup('sg-1', never),
    host: 'vpc.tencentcloudapi.com',
    version: '2017-03-12',
    body: { SecurityGroupId: 'sg-1' },
    reply: { SecurityGroupPolicySet: { Ingress: [], Egress: [] } },
    broken: { SecurityGroupPolicySet: { Ingress: [{ PolicyIndex: 0, Protocol: 'TCP' }] } },
    field: 'SecurityGroupPolicySet.Ingress.0.Action',
  },
  'vpc:DescribeSecurityGroupPolicies': {
    ask: (cloud) => cloud.securityGroup('sg-1', never),
    host: 'vpc.tencentcloudapi.com',
    version: '2017-03-12',
    body: { SecurityGroupId: 'sg-1' },
    reply: { SecurityGroupPolicySet: { Ingress: [], Egress: [] } },
    broken: { SecurityGroupPolicySet: null },
    field: 'SecurityGroupPolicySet',
  },
  'vpc:DescribeAddresses': {
    ask: (cloud) => cloud.publicIps(['203.0.113.1'], never),
    host: 'vpc.tencentcloudapi.com',
    version: '2017-03-12',
    body: { Filters: [{ Name: 'address-ip', Values: ['203.0.113.1'] }], Offset: 0, Limit: 100 },
    reply: { TotalCount: 1, AddressSet: [{ AddressIp: '203.0.113.1', InstanceId: null, NetworkInterfaceId: null }] },
    broken: { AddressSet: [{ AddressIp: null }] },
    field: 'AddressSet.0.AddressIp',
  },
  'vpc:DescribeNetworkInterfaces': {
    ask: (cloud) => cloud.instances([node('tencentcloud://kn-1')], never),
    host: 'vpc.tencentcloudapi.com',
    version: '2017-03-12',
    body: {
      Filters: [
        { Name: 'address-ip', Values: ['10.0.0.1'] },
        { Name: 'ip-exact-match', Values: ['true'] },
      ],
      Offset: 0,
      Limit: 100,
    },
    reply: { TotalCount: 0, NetworkInterfaceSet: [] },
    broken: { NetworkInterfaceSet: [{ NetworkInterfaceId: 'eni-1', GroupSet: 'sg-1' }] },
    field: 'NetworkInterfaceSet.0.GroupSet',
  },
  'cvm:DescribeInstances': {
    ask: (cloud) => cloud.instances([node('qcloud:///100001/ins-1')], never),
    host: 'cvm.tencentcloudapi.com',
    version: '2017-03-12',
    body: { InstanceIds: ['ins-1'], Limit: 100 },
    reply: { TotalCount: 1, InstanceSet: [{ InstanceId: 'ins-1', PublicIpAddresses: null }] },
    broken: { InstanceSet: [{ InstanceId: 'ins-1', PrivateIpAddresses: [7] }] },
    field: 'InstanceSet.0.PrivateIpAddresses.0',
  },
  'tke:DescribeClusters': {
    ask: (cloud) => cloud.cluster('cls-1', never),
    host: 'tke.tencentcloudapi.com',
    version: '2018-05-25',
    body: { ClusterIds: ['cls-1'] },
    reply: { TotalCount: 1, Clusters: [{ ClusterId: 'cls-1', Property: '{}' }] },
    broken: { Clusters: [{ ClusterId: null }] },
    field: 'Clusters.0.ClusterId',
  },
  'tke:DescribeIPAMD': {
    ask: (cloud) => cloud.cluster('cls-1', never),
    host: 'tke.tencentcloudapi.com',
    version: '2018-05-25',
    body: { ClusterId: 'cls-1' },
    reply: { EnableIPAMD: false, SubnetIds: null },
    broken: { EnableIPAMD: 'yes' },
    field: 'EnableIPAMD',
  },
  'tke:DescribeClusterInstances': {
    ask: (cloud) => cloud.instances([node('tencentcloud://kn-1')], never),
    host: 'tke.tencentcloudapi.com',
    version: '2022-05-01',
    body: { ClusterId: 'cls-1', Filters: [{ Name: 'InstanceType', Values: ['Native'] }], Offset: 0, Limit: 100 },
    reply: {
      TotalCount: 1,
      InstanceSet: [{ InstanceId: 'np-1', LanIP: '10.0.0.1', Native: { SecurityGroupIDs: null } }],
    },
    broken: { InstanceSet: [{ Native: { SecurityGroupIDs: [7] } }] },
    field: 'InstanceSet.0.Native.SecurityGroupIDs.0',
  },
};
