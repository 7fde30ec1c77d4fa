import type { Listener, LoadBalancer } from 'tencentcloud-sdk-nodejs/tencentcloud/services/clb/v20180317/clb_models.js';
import type { Instance } from 'tencentcloud-sdk-nodejs/tencentcloud/services/cvm/v20170312/cvm_models.js';
import type {
  Cluster,
  DescribeIPAMDResponse,
} from 'tencentcloud-sdk-nodejs/tencentcloud/services/tke/v20180525/tke_models.js';
import type { Instance as ClusterNode } from 'tencentcloud-sdk-nodejs/tencentcloud/services/tke/v20220501/tke_models.js';
import type {
  Address,
  NatGateway,
  NetworkInterface,
  RouteTable,
  SecurityGroupPolicy,
  Subnet,
  Vpc,
} from 'tencentcloud-sdk-nodejs/tencentcloud/services/vpc/v20170312/vpc_models.js';

/** A backend of a listener; the fake answers targets and health from it. */
export interface WorldTarget {
  loadBalancerId: string;
  listenerId: string;
  /** Rule of a layer-7 listener; empty at layer 4. */
  locationId: string;
  instanceId: string;
  ip: string;
  port: number;
  weight: number;
  health: 'Alive' | 'Dead' | 'Unknown' | 'Close';
}

/** Rules as they are written; the expanded answer resolves the templates below. */
export interface WorldSecurityGroup {
  ingress: SecurityGroupPolicy[];
  egress: SecurityGroupPolicy[];
}

/** Everything that the fake cloud holds, in the vendor's own shapes. Tests edit it in place, at any time. */
export interface TencentWorld {
  regions: string[];
  loadBalancers: LoadBalancer[];
  /** By load balancer. */
  listeners: Record<string, Listener[]>;
  targets: WorldTarget[];
  natGateways: NatGateway[];
  routeTables: RouteTable[];
  subnets: Subnet[];
  vpcs: Vpc[];
  securityGroups: Record<string, WorldSecurityGroup>;
  /** `ipm-…` or `ipmg-…` → CIDRs. */
  addressTemplates: Record<string, string[]>;
  /** `ppm-…` → `tcp:80`, `udp:1-2`. */
  serviceTemplates: Record<string, string[]>;
  addresses: Address[];
  networkInterfaces: NetworkInterface[];
  instances: Instance[];
  clusters: Cluster[];
  /** By cluster; native nodes are only here. */
  clusterNodes: Record<string, ClusterNode[]>;
  ipamd: Record<string, DescribeIPAMDResponse>;
}

export const REGION = 'ap-guangzhou';
const VPC = 'vpc-main0001';
const CLUSTER = 'cls-demo0001';

/** A public CLB with an address of its own. */
export function clb(id: string, more: Partial<LoadBalancer> = {}): LoadBalancer {
  return {
    LoadBalancerId: id,
    LoadBalancerName: `name of ${id}`,
    LoadBalancerType: 'OPEN',
    Forward: 1,
    Domain: '',
    LoadBalancerVips: ['203.0.113.10'],
    Status: 1,
    VpcId: VPC,
    Isolation: 0,
    SecureGroups: [],
    AddressIPVersion: 'ipv4',
    LoadBalancerPassToTarget: false,
    IsBlock: false,
    IsBlockTime: '0000-00-00 00:00:00',
    AttributeFlags: ['DeleteProtect'],
    LoadBalancerDomain: '',
    ...more,
  };
}

export function listener(id: string, port: number, more: Partial<Listener> = {}): Listener {
  return {
    ListenerId: id,
    ListenerName: 'TKE-DEDICATED-LISTENER',
    Protocol: 'TCP',
    Port: port,
    EndPort: 0,
    HealthCheck: { HealthSwitch: 1, CheckType: 'TCP', CheckPort: -1, SourceIpType: 1 },
    ...more,
  };
}

export function target(loadBalancerId: string, listenerId: string, more: Partial<WorldTarget> = {}): WorldTarget {
  return {
    loadBalancerId,
    listenerId,
    locationId: '',
    instanceId: 'ins-node0001',
    ip: '10.0.1.11',
    port: 31080,
    weight: 10,
    health: 'Alive',
    ...more,
  };
}

export function eip(address: string, more: Partial<Address> = {}): Address {
  return {
    AddressId: `eip-${address.replaceAll('.', '')}`,
    AddressIp: address,
    AddressStatus: 'BIND',
    AddressType: 'EIP',
    InstanceId: '',
    NetworkInterfaceId: '',
    PrivateAddressIp: '',
    IsArrears: false,
    IsBlocked: false,
    Bandwidth: 5,
    ...more,
  };
}

export function cvm(id: string, ip: string, more: Partial<Instance> = {}): Instance {
  return {
    InstanceId: id,
    InstanceState: 'RUNNING',
    PrivateIpAddresses: [ip],
    PublicIpAddresses: [],
    SecurityGroupIds: ['sg-node0001'],
    VirtualPrivateCloud: { VpcId: VPC, SubnetId: 'subnet-node001' },
    ...more,
  };
}

export function nativeNode(machine: string, ip: string, more: Partial<ClusterNode> = {}): ClusterNode {
  return {
    InstanceId: machine,
    InstanceRole: 'WORKER',
    InstanceState: 'running',
    LanIP: ip,
    NodeType: 'Native',
    Native: {
      MachineName: machine,
      MachineType: 'Native',
      InstanceId: `eks-${machine.slice(-8)}`,
      LanIp: ip,
      WanIp: '',
      SecurityGroupIDs: ['sg-node0001'],
      VpcId: VPC,
      SubnetId: 'subnet-node001',
    },
    ...more,
  };
}

export function eni(
  id: string,
  instanceId: string,
  ip: string,
  more: Partial<NetworkInterface> = {},
): NetworkInterface {
  return {
    NetworkInterfaceId: id,
    Primary: true,
    VpcId: VPC,
    SubnetId: 'subnet-node001',
    GroupSet: ['sg-node0001'],
    PrivateIpAddressSet: [{ PrivateIpAddress: ip, Primary: true, PublicIpAddress: '' }],
    Attachment: { InstanceId: instanceId },
    ...more,
  };
}

export function rule(index: number, more: Partial<SecurityGroupPolicy> = {}): SecurityGroupPolicy {
  return {
    PolicyIndex: index,
    Protocol: 'TCP',
    Port: 'ALL',
    CidrBlock: '0.0.0.0/0',
    Ipv6CidrBlock: '',
    SecurityGroupId: '',
    AddressTemplate: { AddressId: '', AddressGroupId: '' },
    ServiceTemplate: { ServiceId: '', ServiceGroupId: '' },
    Action: 'ACCEPT',
    ...more,
  };
}

/**
 * A VPC with a NAT gateway, a VPC-CNI cluster with two CVM nodes (an EIP, a plain public address) and a native one, and
 * three CLBs: with an address, with a domain only, internal with an EIP. Everything is in order.
 */
export function smallWorld(): TencentWorld {
  return {
    regions: [REGION, 'ap-hongkong'],
    loadBalancers: [
      clb('lb-public01', { SecureGroups: ['sg-clb00001'], LoadBalancerPassToTarget: true }),
      clb('lb-domain01', {
        LoadBalancerVips: [],
        LoadBalancerDomain: 'lb-domain01-abc.clb.gz-tencentclb.com',
        Domain: 'lb-domain01-abc.clb.gz-tencentclb.com',
        AttributeFlags: ['IsDomainCLB'],
      }),
      clb('lb-inner001', {
        LoadBalancerType: 'INTERNAL',
        LoadBalancerVips: ['10.0.1.200'],
        SubnetId: 'subnet-node001',
      }),
    ],
    listeners: {
      'lb-public01': [listener('lbl-http0001', 80), listener('lbl-https001', 443)],
      'lb-domain01': [listener('lbl-domain80', 80)],
      'lb-inner001': [
        listener('lbl-inner080', 80, {
          HealthCheck: { HealthSwitch: 1, CheckType: 'TCP', CheckPort: -1, SourceIpType: 0 },
        }),
      ],
    },
    targets: [
      target('lb-public01', 'lbl-http0001'),
      target('lb-public01', 'lbl-http0001', { instanceId: 'ins-node0002', ip: '10.0.1.12' }),
      target('lb-public01', 'lbl-https001', { port: 31443 }),
      target('lb-domain01', 'lbl-domain80'),
      target('lb-inner001', 'lbl-inner080'),
    ],
    natGateways: [
      {
        NatGatewayId: 'nat-main0001',
        NatGatewayName: 'way out',
        VpcId: VPC,
        State: 'AVAILABLE',
        NetworkState: 'AVAILABLE',
        RestrictState: 'NORMAL',
        PublicIpAddressSet: [{ AddressId: 'eip-nat00001', PublicIpAddress: '203.0.113.50', IsBlocked: false }],
        NatProductVersion: 2,
        StrictSnatMode: false,
        SourceIpTranslationNatRuleSet: [],
      },
    ],
    routeTables: [
      {
        VpcId: VPC,
        RouteTableId: 'rtb-main0001',
        Main: true,
        AssociationSet: [{ SubnetId: 'subnet-node001', RouteTableId: 'rtb-main0001' }],
        RouteSet: [{ DestinationCidrBlock: '10.9.0.0/16', GatewayType: 'CCN', GatewayId: 'ccn-0001', Enabled: true }],
      },
      {
        VpcId: VPC,
        RouteTableId: 'rtb-pods0001',
        Main: false,
        AssociationSet: [{ SubnetId: 'subnet-pods001', RouteTableId: 'rtb-pods0001' }],
        RouteSet: [{ DestinationCidrBlock: '0.0.0.0/0', GatewayType: 'NAT', GatewayId: 'nat-main0001', Enabled: true }],
      },
    ],
    subnets: [
      {
        VpcId: VPC,
        SubnetId: 'subnet-node001',
        SubnetName: 'nodes',
        CidrBlock: '10.0.1.0/24',
        RouteTableId: 'rtb-main0001',
      },
      {
        VpcId: VPC,
        SubnetId: 'subnet-pods001',
        SubnetName: 'pods',
        CidrBlock: '10.0.64.0/18',
        RouteTableId: 'rtb-pods0001',
      },
    ],
    vpcs: [
      {
        VpcId: VPC,
        VpcName: 'main',
        CidrBlock: '10.0.0.0/16',
        Ipv6CidrBlock: '',
        AssistantCidrSet: [
          { VpcId: VPC, CidrBlock: '10.1.0.0/16', AssistantType: 0 },
          { VpcId: VPC, CidrBlock: '172.16.0.0/16', AssistantType: 1 },
        ],
      },
    ],
    securityGroups: {
      'sg-node0001': {
        ingress: [
          rule(0, { Protocol: 'ALL', CidrBlock: '10.0.0.0/8' }),
          rule(1, { Protocol: 'TCP', Port: '30000-32768' }),
          rule(2, { Protocol: 'ICMP' }),
        ],
        egress: [rule(0, { Protocol: 'ALL' })],
      },
      'sg-clb00001': { ingress: [rule(0, { Port: '80,443' })], egress: [rule(0, { Protocol: 'ALL' })] },
    },
    addressTemplates: {},
    serviceTemplates: {},
    addresses: [
      eip('203.0.113.21', {
        InstanceId: 'ins-node0001',
        NetworkInterfaceId: 'eni-node0001',
        PrivateAddressIp: '10.0.1.11',
      }),
      eip('203.0.113.22', {
        AddressId: 'eip-wan00002',
        AddressType: 'WanIP',
        InstanceId: 'ins-node0002',
        PrivateAddressIp: '10.0.1.12',
      }),
      eip('203.0.113.30', { InstanceId: 'lb-inner001', PrivateAddressIp: '10.0.1.200' }),
      eip('203.0.113.50', { AddressId: 'eip-nat00001', InstanceId: 'nat-main0001' }),
    ],
    networkInterfaces: [
      eni('eni-node0001', 'ins-node0001', '10.0.1.11'),
      eni('eni-node0002', 'ins-node0002', '10.0.1.12'),
      eni('eni-node0003', 'eks-nat00003', '10.0.1.13'),
    ],
    instances: [
      cvm('ins-node0001', '10.0.1.11', { PublicIpAddresses: ['203.0.113.21'] }),
      cvm('ins-node0002', '10.0.1.12', { PublicIpAddresses: ['203.0.113.22'] }),
    ],
    clusters: [
      {
        ClusterId: CLUSTER,
        ClusterName: 'demo',
        ClusterVersion: '1.34.1',
        Property: JSON.stringify({ NodeNameType: 'lan-ip', NetworkType: 'VPC-CNI', VpcCniType: 'tke-route-eni' }),
        ClusterNetworkSettings: {
          VpcId: VPC,
          ClusterCIDR: '',
          ServiceCIDR: '192.168.0.0/17',
          Subnets: ['subnet-pods001'],
          Cni: true,
          Ipvs: true,
          KubeProxyMode: '',
          DataPlaneV2: false,
          CiliumMode: '',
        },
      },
    ],
    clusterNodes: { [CLUSTER]: [nativeNode('np-demo0001-nat00003', '10.0.1.13')] },
    ipamd: {
      [CLUSTER]: { EnableIPAMD: true, Phase: 'running', SubnetIds: ['subnet-pods001'], DisableVpcCniMode: false },
    },
  };
}
