import type {
  DescribeListenersRequest,
  DescribeLoadBalancersRequest,
  DescribeTargetHealthRequest,
  DescribeTargetsRequest,
} from 'tencentcloud-sdk-nodejs/tencentcloud/services/clb/v20180317/clb_models.js';
import type { DescribeInstancesRequest } from 'tencentcloud-sdk-nodejs/tencentcloud/services/cvm/v20170312/cvm_models.js';
import type {
  DescribeClustersRequest,
  DescribeIPAMDRequest,
} from 'tencentcloud-sdk-nodejs/tencentcloud/services/tke/v20180525/tke_models.js';
import type { DescribeClusterInstancesRequest } from 'tencentcloud-sdk-nodejs/tencentcloud/services/tke/v20220501/tke_models.js';
import type {
  DescribeAddressesRequest,
  DescribeNatGatewaysRequest,
  DescribeNetworkInterfacesRequest,
  DescribeRouteTablesRequest,
  DescribeSecurityGroupExpandedPoliciesRequest,
  DescribeSecurityGroupPoliciesRequest,
  DescribeSubnetsRequest,
  DescribeVpcsRequest,
} from 'tencentcloud-sdk-nodejs/tencentcloud/services/vpc/v20170312/vpc_models.js';
import type { ActionTable } from '../cloud.types.ts';

/**
 * Every action that is called, and what it takes. There is no `tke:DescribeClusterSecurity`: it answers the cluster's
 * admin password and kubeconfig (https://cloud.tencent.com/document/product/457/36703), which nothing here may hold.
 */
export const ACTIONS = {
  'clb:DescribeLoadBalancers': {
    permissions: ['clb:DescribeLoadBalancers'],
    purpose: 'address, state and security groups of a load balancer',
  },
  'clb:DescribeListeners': {
    permissions: ['clb:DescribeListeners'],
    purpose: 'listeners of a load balancer, and where its health checks come from',
  },
  'clb:DescribeTargets': { permissions: ['clb:DescribeTargets'], purpose: 'backend servers of the listeners' },
  'clb:DescribeTargetHealth': { permissions: ['clb:DescribeTargetHealth'], purpose: 'health of the backend servers' },
  'vpc:DescribeNatGateways': { permissions: ['vpc:DescribeNatGateways'], purpose: 'NAT gateways of a VPC' },
  'vpc:DescribeRouteTables': { permissions: ['vpc:DescribeRouteTables'], purpose: 'routes of a VPC' },
  'vpc:DescribeSubnets': { permissions: ['vpc:DescribeSubnets'], purpose: 'subnets of a VPC' },
  'vpc:DescribeVpcs': { permissions: ['vpc:DescribeVpcs'], purpose: 'address ranges of a VPC' },
  'vpc:DescribeSecurityGroupExpandedPolicies': {
    permissions: ['vpc:DescribeSecurityGroupExpandedPolicies'],
    purpose: 'rules of a security group, templates resolved',
  },
  'vpc:DescribeSecurityGroupPolicies': {
    permissions: ['vpc:DescribeSecurityGroupPolicies'],
    purpose: 'rules of a security group where the expanded ones cannot be had',
  },
  // EIPs are authorized under either name, depending on the account's age.
  'vpc:DescribeAddresses': {
    permissions: ['vpc:DescribeAddresses', 'cvm:DescribeAddresses'],
    purpose: 'public addresses of nodes, NAT gateways and internal load balancers',
  },
  'vpc:DescribeNetworkInterfaces': {
    permissions: ['vpc:DescribeNetworkInterfaces'],
    purpose: 'security groups of nodes that no other call knows',
  },
  'cvm:DescribeInstances': {
    permissions: ['cvm:DescribeInstances'],
    purpose: 'addresses, subnet and security groups of the nodes',
  },
  'tke:DescribeClusters': { permissions: ['tke:DescribeClusters'], purpose: 'network mode and ranges of the cluster' },
  'tke:DescribeIPAMD': { permissions: ['tke:DescribeIPAMD'], purpose: 'subnets of the Pods with VPC-CNI' },
  'tke:DescribeClusterInstances': {
    permissions: ['tke:DescribeClusterInstances'],
    purpose: 'addresses, subnet and security groups of native nodes',
  },
} as const satisfies ActionTable;

export type TencentAction = keyof typeof ACTIONS;

/** The vendor's own types of what is asked: they know where `Offset` and `Limit` are strings and where numbers. */
export interface TencentParameters {
  'clb:DescribeLoadBalancers': DescribeLoadBalancersRequest;
  'clb:DescribeListeners': DescribeListenersRequest;
  'clb:DescribeTargets': DescribeTargetsRequest;
  'clb:DescribeTargetHealth': DescribeTargetHealthRequest;
  'vpc:DescribeNatGateways': DescribeNatGatewaysRequest;
  'vpc:DescribeRouteTables': DescribeRouteTablesRequest;
  'vpc:DescribeSubnets': DescribeSubnetsRequest;
  'vpc:DescribeVpcs': DescribeVpcsRequest;
  'vpc:DescribeSecurityGroupExpandedPolicies': DescribeSecurityGroupExpandedPoliciesRequest;
  'vpc:DescribeSecurityGroupPolicies': DescribeSecurityGroupPoliciesRequest;
  'vpc:DescribeAddresses': DescribeAddressesRequest;
  'vpc:DescribeNetworkInterfaces': DescribeNetworkInterfacesRequest;
  'cvm:DescribeInstances': DescribeInstancesRequest;
  'tke:DescribeClusters': DescribeClustersRequest;
  'tke:DescribeIPAMD': DescribeIPAMDRequest;
  'tke:DescribeClusterInstances': DescribeClusterInstancesRequest;
}

const VERSIONS: Readonly<Record<string, string>> = {
  clb: '2018-03-17',
  vpc: '2017-03-12',
  cvm: '2017-03-12',
  tke: '2018-05-25',
  // The older version of this one knows nothing of native nodes' groups.
  'tke:DescribeClusterInstances': '2022-05-01',
  sts: '2018-08-13',
};

/** An action as it goes over the wire. */
export interface WireAction {
  /** As policies name it. */
  readonly action: string;
  readonly service: string;
  readonly name: string;
  readonly version: string;
}

/** Takes `clb:DescribeListeners` apart and adds the API version. */
export function wireAction(action: TencentAction | 'sts:AssumeRoleWithWebIdentity'): WireAction {
  const [service = '', name = ''] = action.split(':');
  return { action, service, name, version: VERSIONS[action] ?? VERSIONS[service] ?? '' };
}

/** Most ids that one request may name. */
export const MOST_IDS = {
  loadBalancers: 20,
  targetHealth: 30,
  instances: 100,
  addresses: 100,
  /** `Filter.Values` where the vendor's page gives no number. */
  filterValues: 5,
} as const;

/** Most objects of one page, everywhere. */
export const PAGE = 100;
