import type { CloudData } from '../fake-cloud.ts';

/*
 * What both TKE references have in common: a VPC with a subnet for nodes and one for Pods, a NAT gateway, nodes with an
 * EIP each, and a security group for them.
 */

export const VPC = 'vpc-8q3f0zk1';
export const NODE_SUBNET = 'subnet-node1';
export const POD_SUBNET = 'subnet-pod1';
const NODE_GROUP = 'sg-tke0node';
const NAT = 'nat-4hx2';
const NAT_EIP = '43.139.10.10';

export const PLACES = [21, 22, 23].map((last) => ({
  name: `172.16.0.${last}`,
  ip: `172.16.0.${last}`,
  externalIp: `43.139.20.${last}`,
  id: `ins-node${last}`,
  pods: `10.244.${last}`,
}));

/** Node labels and providerID as TKE sets them. */
export function identityOf({ id }: { readonly id: string }) {
  return {
    providerId: `qcloud:///100003/${id}`,
    machineId: `machine-${id}`,
    labels: {
      'cloud.tencent.com/node-instance-id': id,
      'node.kubernetes.io/instance-type': 'SA5.LARGE8',
      'topology.com.tencent.cloud.csi.cbs/zone': 'ap-guangzhou-3',
      'topology.kubernetes.io/region': 'gz',
    },
  };
}

export const TKE_CLOUD: CloudData = {
  cloud: 'tencent',
  region: 'ap-guangzhou',
  cluster: {
    id: 'cls-6k2m9xq1',
    name: 'prod',
    version: '1.34.1',
    networkMode: 'VPC-CNI',
    cloudCilium: false,
    vpcId: VPC,
    podCidrs: [],
    serviceCidrs: ['192.168.0.0/17'],
    podSubnetIds: [POD_SUBNET],
    nodeSecurityGroupIds: [NODE_GROUP],
    kubeProxyMode: 'iptables',
  },
  instances: PLACES.map(({ name, ip, externalIp, id }) => ({
    nodeName: name,
    id,
    running: true,
    vpcId: VPC,
    subnetId: NODE_SUBNET,
    privateIps: [ip],
    publicIps: [externalIp],
    securityGroupIds: [NODE_GROUP],
  })),
  loadBalancers: [],
  listeners: {},
  targets: {},
  natGateways: [
    {
      id: NAT,
      name: 'exit',
      vpcId: VPC,
      state: 'running',
      stateText: 'AVAILABLE, NetworkState AVAILABLE, RestrictState NORMAL',
      publicIps: [{ address: NAT_EIP, blocked: false }],
      sources: 'routed',
    },
  ],
  routeTables: [
    {
      id: 'rtb-main',
      vpcId: VPC,
      main: true,
      subnetIds: [NODE_SUBNET, POD_SUBNET],
      routes: [{ destination: '0.0.0.0/0', via: 'nat', target: NAT, enabled: true }],
    },
  ],
  subnets: [
    { id: NODE_SUBNET, name: 'nodes', vpcId: VPC, cidr: '172.16.0.0/20', routeTableId: 'rtb-main' },
    { id: POD_SUBNET, name: 'pods', vpcId: VPC, cidr: '172.16.16.0/20', routeTableId: 'rtb-main' },
  ],
  vpc: { id: VPC, name: 'prod', cidrs: [{ cidr: '172.16.0.0/16', kind: 'main' }] },
  publicIps: PLACES.map(({ ip, externalIp, id }) => ({
    id: `eip-${id}`,
    address: externalIp,
    state: 'bound',
    stateText: 'BIND',
    boundTo: { kind: 'instance', id },
    privateAddress: ip,
    bandwidthMbps: 10,
    plain: false,
  })),
  securityGroups: [
    {
      id: NODE_GROUP,
      evaluation: 'first-match',
      rules: [
        {
          id: '0',
          direction: 'ingress',
          allow: true,
          priority: 0,
          family: 'ipv4',
          protocol: 'tcp',
          ports: [{ from: 30000, to: 32768 }],
          peer: { kind: 'cidrs', cidrs: ['0.0.0.0/0'] },
        },
        {
          id: '1',
          direction: 'ingress',
          allow: true,
          priority: 0,
          family: 'ipv4',
          protocol: 'udp',
          ports: [{ from: 30000, to: 32768 }],
          peer: { kind: 'cidrs', cidrs: ['0.0.0.0/0'] },
        },
        {
          id: '2',
          direction: 'ingress',
          allow: true,
          priority: 0,
          family: 'ipv4',
          protocol: 'icmp',
          ports: 'all',
          peer: { kind: 'cidrs', cidrs: ['0.0.0.0/0'] },
        },
        {
          id: '3',
          direction: 'ingress',
          allow: true,
          priority: 0,
          family: 'ipv4',
          protocol: 'all',
          ports: 'all',
          peer: { kind: 'cidrs', cidrs: ['172.16.0.0/16', '10.244.0.0/16'] },
        },
        {
          id: '0',
          direction: 'egress',
          allow: true,
          priority: 0,
          family: 'any',
          protocol: 'all',
          ports: 'all',
          peer: { kind: 'cidrs', cidrs: ['0.0.0.0/0', '::/0'] },
        },
      ],
    },
  ],
};
