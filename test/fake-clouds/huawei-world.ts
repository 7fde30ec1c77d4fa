/**
 * What a project of Huawei Cloud holds, in the words of its APIs. Plain data: tests edit it as they like, the fake cloud
 * serves what is there at the time of the request.
 */
export interface HuaweiWorld {
  projectId: string;
  loadBalancers: LoadBalancer[];
  /** Where dedicated load balancers talk to backends from, by the id of the load balancer. */
  localPorts: Record<string, LocalPort[]>;
  listeners: Listener[];
  pools: Pool[];
  members: Member[];
  natGateways: NatGateway[];
  snatRules: SnatRule[];
  vpcs: Vpc[];
  subnets: Subnet[];
  routeTables: RouteTable[];
  securityGroups: SecurityGroup[];
  addressGroups: AddressGroup[];
  publicIps: PublicIp[];
  bandwidths: Bandwidth[];
  ports: Port[];
  servers: Server[];
  clusters: Cluster[];
  /** By the id of the cluster. */
  clusterNodes: Record<string, ClusterNode[]>;
}

export interface LoadBalancer {
  id: string;
  name: string;
  vpc_id: string | null;
  provisioning_status: string;
  operating_status: string;
  admin_state_up: boolean;
  guaranteed: boolean;
  vip_address: string | null;
  ipv6_vip_address: string | null;
  eips: { eip_id: string; eip_address: string; ip_version: number }[];
  publicips: { publicip_id: string; publicip_address: string; ip_version: number }[];
  ip_target_enable: boolean;
  elb_virsubnet_ids: string[];
  frozen_scene: string | null;
}

export interface LocalPort {
  port_id: string;
  ip_address: string | null;
  ipv6_address?: string | null;
  type: string;
  virsubnet_id: string;
}

export interface Listener {
  id: string;
  name: string;
  loadbalancers: { id: string }[];
  protocol: string;
  protocol_port: number;
  port_ranges?: { start_port: number; end_port: number }[] | null;
  admin_state_up: boolean;
  default_pool_id: string | null;
  transparent_client_ip_enable: boolean;
}

export interface Pool {
  id: string;
  name: string;
  loadbalancers: { id: string }[];
}

export interface Member {
  id: string;
  pool_id: string;
  address: string;
  protocol_port: number;
  weight: number;
  operating_status: string;
  instance_id: string | null;
  reason?: { reason_code: string } | null;
  status: { listener_id: string; operating_status: string; reason?: { reason_code: string } | null }[];
}

export interface NatGateway {
  id: string;
  name: string;
  status: string;
  admin_state_up: boolean;
  router_id: string;
  internal_network_id: string;
}

export interface SnatRule {
  id: string;
  nat_gateway_id: string;
  status: string;
  admin_state_up: boolean;
  network_id: string | null;
  cidr: string | null;
  source_type: number;
  floating_ip_address: string;
  freezed_ip_address: string;
}

export interface Vpc {
  id: string;
  name: string;
  cidr: string;
  extend_cidrs: string[];
}

export interface Subnet {
  id: string;
  name: string;
  cidr: string;
  vpc_id: string;
  neutron_network_id: string;
  neutron_subnet_id: string;
}

export interface RouteTable {
  id: string;
  name: string;
  default: boolean;
  vpc_id: string;
  subnets: { id: string }[];
  routes: { type: string; destination: string; nexthop: string }[];
}

export interface SecurityGroupRule {
  id: string;
  security_group_id: string;
  direction: string;
  action: string;
  priority: number;
  protocol: string | null;
  ethertype: string;
  multiport: string | null;
  remote_ip_prefix: string | null;
  remote_group_id: string | null;
  remote_address_group_id: string | null;
  enabled: boolean;
}

export interface SecurityGroup {
  id: string;
  name: string;
  security_group_rules: SecurityGroupRule[];
}

export interface AddressGroup {
  id: string;
  name: string;
  ip_version: number;
  ip_set: string[];
}

export interface PublicIp {
  id: string;
  public_ip_address: string;
  status: string;
  lock_status?: string | null;
  associate_instance_type: string | null;
  associate_instance_id: string | null;
  vnic: { private_ip_address: string; device_id: string; port_id: string; vpc_id: string } | null;
  bandwidth: { id: string; size: number; share_type: string; charge_mode: string };
}

export interface Bandwidth {
  id: string;
  name: string;
  size: number;
  status: string;
}

export interface Port {
  id: string;
  network_id: string;
  device_id: string;
  device_owner: string;
  security_groups: string[];
  fixed_ips: { subnet_id: string; ip_address: string }[];
}

export interface ServerAddress {
  addr: string;
  version: string;
  'OS-EXT-IPS:type': string;
  'OS-EXT-IPS:port_id': string;
}

export interface Server {
  id: string;
  name: string;
  status: string;
  metadata: { vpc_id: string };
  addresses: Record<string, ServerAddress[]>;
  security_groups: { name: string; id: string }[];
}

export interface Cluster {
  kind: string;
  apiVersion: string;
  metadata: { uid: string; name: string };
  spec: {
    category: string;
    version: string;
    hostNetwork: { vpc: string; subnet: string; SecurityGroup: string };
    containerNetwork: { mode: string; cidr?: string; cidrs?: { cidr: string }[] };
    eniNetwork?: { eniSubnetId?: string; subnets?: { subnetID: string }[] };
    serviceNetwork?: { IPv4CIDR: string };
    kubernetesSvcIpRange?: string;
    kubeProxyMode: string;
  };
  status: { phase: string };
}

export interface ClusterNode {
  metadata: { uid: string; name: string };
  status: { serverId: string; privateIP: string };
}
