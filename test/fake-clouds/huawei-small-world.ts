import type {
  ClusterNode,
  HuaweiWorld,
  Listener,
  LoadBalancer,
  Member,
  Pool,
  PublicIp,
  SecurityGroup,
  SecurityGroupRule,
  Server,
} from './huawei-world.ts';

export interface WorldSize {
  readonly nodes: number;
  readonly loadBalancers: number;
  readonly securityGroups: number;
}

/** An id of the usual looks, the same for the same words. */
export function idOf(kind: number, n: number): string {
  return `${kind.toString(16).padStart(8, '0')}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

export const VPC_ID = idOf(1, 1);
export const SUBNET_ID = idOf(2, 1);
export const CLUSTER_ID = idOf(3, 1);
export const NODE_GROUP_ID = idOf(4, 1);
export const NAT_ID = idOf(5, 1);
const NEUTRON_SUBNET_ID = idOf(2, 0x1001);
const NAT_EIP = '121.36.1.1';
/** NodePort of the entrypoints. */
export const NODE_PORT = 30080;

export function loadBalancerId(n: number): string {
  return idOf(6, n);
}

export function serverId(n: number): string {
  return idOf(7, n);
}

export function nodeIp(n: number): string {
  return `192.168.${Math.floor(n / 250)}.${(n % 250) + 2}`;
}

export function groupId(n: number): string {
  return n === 0 ? NODE_GROUP_ID : idOf(4, n + 1);
}

/**
 * A healthy project: a CCE cluster in overlay mode whose nodes go out through a NAT gateway, and load balancers (the first shared,
 * the second dedicated, and so on) with an EIP, two listeners, and all nodes as healthy members.
 */
export function smallWorld(size: Partial<WorldSize> = {}): HuaweiWorld {
  const { nodes, loadBalancers, securityGroups } = { nodes: 3, loadBalancers: 2, securityGroups: 1, ...size };
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
  const balancers = numbers(loadBalancers).map(loadBalancer);
  const listeners = balancers.flatMap((lb, n) => [listener(lb, n, 0), listener(lb, n, 1)]);
  return {
    projectId: '05a3f0c1d80026102f0ac01b2c3d4e5f',
    loadBalancers: balancers,
    localPorts: Object.fromEntries(balancers.filter((lb) => lb.guaranteed).map((lb, n) => [lb.id, localPorts(n)])),
    listeners,
    pools: listeners.map(pool),
    members: listeners.flatMap((one, p) => numbers(nodes).map((n) => member(one, p, n))),
    natGateways: [
      {
        id: NAT_ID,
        name: 'nat',
        status: 'ACTIVE',
        admin_state_up: true,
        router_id: VPC_ID,
        internal_network_id: SUBNET_ID,
      },
    ],
    snatRules: [
      {
        id: idOf(11, 1),
        nat_gateway_id: NAT_ID,
        status: 'ACTIVE',
        admin_state_up: true,
        network_id: SUBNET_ID,
        cidr: null,
        source_type: 0,
        floating_ip_address: NAT_EIP,
        freezed_ip_address: '',
      },
    ],
    vpcs: [{ id: VPC_ID, name: 'vpc', cidr: '192.168.0.0/16', extend_cidrs: ['10.100.0.0/16'] }],
    subnets: [
      {
        id: SUBNET_ID,
        name: 'nodes',
        cidr: '192.168.0.0/20',
        vpc_id: VPC_ID,
        neutron_network_id: SUBNET_ID,
        neutron_subnet_id: NEUTRON_SUBNET_ID,
      },
      {
        id: idOf(2, 2),
        name: 'load-balancers',
        cidr: '192.168.200.0/24',
        vpc_id: VPC_ID,
        neutron_network_id: idOf(2, 2),
        neutron_subnet_id: idOf(2, 0x1002),
      },
    ],
    routeTables: [
      {
        id: idOf(12, 1),
        name: 'rtb-main',
        default: true,
        vpc_id: VPC_ID,
        subnets: [{ id: SUBNET_ID }, { id: idOf(2, 2) }],
        routes: [{ type: 'nat', destination: '0.0.0.0/0', nexthop: NAT_ID }],
      },
    ],
    securityGroups: numbers(securityGroups).map(securityGroup),
    addressGroups: [],
    publicIps: [...balancers.map(publicIp), natPublicIp()],
    bandwidths: numbers(loadBalancers + 1).map((n) => ({
      id: idOf(14, n),
      name: `bw-${n}`,
      size: 5,
      status: 'NORMAL',
    })),
    ports: numbers(nodes).map((n) => ({
      id: idOf(15, n),
      network_id: SUBNET_ID,
      device_id: serverId(n),
      device_owner: 'compute:cn-north-4a',
      security_groups: [groupId(n % securityGroups)],
      fixed_ips: [{ subnet_id: NEUTRON_SUBNET_ID, ip_address: nodeIp(n) }],
    })),
    servers: numbers(nodes).map((n) => server(n, groupId(n % securityGroups))),
    clusters: [
      {
        kind: 'Cluster',
        apiVersion: 'v3',
        metadata: { uid: CLUSTER_ID, name: 'cilium' },
        spec: {
          category: 'CCE',
          version: 'v1.32',
          hostNetwork: { vpc: VPC_ID, subnet: SUBNET_ID, SecurityGroup: NODE_GROUP_ID },
          containerNetwork: { mode: 'overlay_l2', cidr: '172.16.0.0/16', cidrs: [{ cidr: '172.16.0.0/16' }] },
          serviceNetwork: { IPv4CIDR: '10.247.0.0/16' },
          kubernetesSvcIpRange: '10.247.0.0/16',
          kubeProxyMode: 'iptables',
        },
        status: { phase: 'Available' },
      },
    ],
    clusterNodes: { [CLUSTER_ID]: numbers(nodes).map(clusterNode) },
  };
}

function loadBalancer(_: unknown, n: number): LoadBalancer {
  const dedicated = n % 2 === 1;
  return {
    id: loadBalancerId(n),
    name: `elb-${n}`,
    vpc_id: VPC_ID,
    provisioning_status: 'ACTIVE',
    operating_status: 'ONLINE',
    admin_state_up: true,
    guaranteed: dedicated,
    vip_address: `192.168.200.${n + 10}`,
    ipv6_vip_address: null,
    eips: [{ eip_id: idOf(13, n), eip_address: eipOf(n), ip_version: 4 }],
    publicips: [{ publicip_id: idOf(13, n), publicip_address: eipOf(n), ip_version: 4 }],
    ip_target_enable: false,
    elb_virsubnet_ids: dedicated ? [idOf(2, 2)] : [],
    frozen_scene: null,
  };
}

export function eipOf(n: number): string {
  return `123.60.0.${n + 1}`;
}

function localPorts(n: number): HuaweiWorld['localPorts'][string] {
  return [0, 1].map((port) => ({
    port_id: idOf(16, 2 * n + port),
    ip_address: `192.168.200.${100 + 2 * n + port}`,
    ipv6_address: null,
    type: 'l4_hc',
    virsubnet_id: idOf(2, 2),
  }));
}

function listener({ id }: LoadBalancer, n: number, which: 0 | 1): Listener {
  const port = which === 0 ? 80 : 443;
  return {
    id: idOf(8, 2 * n + which),
    name: `k8s_TCP_${port}`,
    loadbalancers: [{ id }],
    protocol: 'TCP',
    protocol_port: port,
    port_ranges: null,
    admin_state_up: true,
    default_pool_id: idOf(9, 2 * n + which),
    transparent_client_ip_enable: true,
  };
}

function pool({ loadbalancers }: Listener, n: number): Pool {
  return { id: idOf(9, n), name: `k8s_${n}`, loadbalancers };
}

function member({ id, protocol_port }: Listener, poolNumber: number, n: number): Member {
  return {
    id: idOf(17, poolNumber * 1000 + n),
    pool_id: idOf(9, poolNumber),
    address: nodeIp(n),
    protocol_port: protocol_port === 80 ? NODE_PORT : NODE_PORT + 1,
    weight: 1,
    operating_status: 'ONLINE',
    instance_id: serverId(n),
    reason: null,
    status: [{ listener_id: id, operating_status: 'ONLINE', reason: null }],
  };
}

function publicIp({ id, vip_address }: LoadBalancer, n: number): PublicIp {
  return {
    id: idOf(13, n),
    public_ip_address: eipOf(n),
    status: 'ELB',
    lock_status: null,
    associate_instance_type: 'ELB',
    associate_instance_id: id,
    vnic: { private_ip_address: vip_address ?? '', device_id: id, port_id: idOf(15, 0x2000 + n), vpc_id: VPC_ID },
    bandwidth: { id: idOf(14, n + 1), size: 5, share_type: 'PER', charge_mode: 'traffic' },
  };
}

function natPublicIp(): PublicIp {
  return {
    id: idOf(13, 0x1000),
    public_ip_address: NAT_EIP,
    status: 'ACTIVE',
    lock_status: null,
    associate_instance_type: 'NATGW',
    associate_instance_id: NAT_ID,
    vnic: null,
    bandwidth: { id: idOf(14, 0), size: 5, share_type: 'PER', charge_mode: 'traffic' },
  };
}

/** The rules that CCE itself makes for nodes. */
function securityGroup(_: unknown, n: number): SecurityGroup {
  const id = groupId(n);
  const rule = (number: number, change: Partial<SecurityGroupRule>): SecurityGroupRule => ({
    id: idOf(18, n * 100 + number),
    security_group_id: id,
    direction: 'ingress',
    action: 'allow',
    priority: 1,
    protocol: null,
    ethertype: 'IPv4',
    multiport: null,
    remote_ip_prefix: null,
    remote_group_id: null,
    remote_address_group_id: null,
    enabled: true,
    ...change,
  });
  return {
    id,
    name: `cilium-cce-node-${n}`,
    security_group_rules: [
      rule(1, { protocol: 'tcp', multiport: '30000-32767', remote_ip_prefix: '0.0.0.0/0' }),
      rule(2, { protocol: 'udp', multiport: '30000-32767', remote_ip_prefix: '0.0.0.0/0' }),
      rule(3, { remote_group_id: id }),
      rule(4, { direction: 'egress', remote_ip_prefix: '0.0.0.0/0' }),
    ],
  };
}

function server(n: number, group: string): Server {
  return {
    id: serverId(n),
    name: `cilium-node-${n}`,
    status: 'ACTIVE',
    metadata: { vpc_id: VPC_ID },
    addresses: {
      [VPC_ID]: [{ addr: nodeIp(n), version: '4', 'OS-EXT-IPS:type': 'fixed', 'OS-EXT-IPS:port_id': idOf(15, n) }],
    },
    security_groups: [{ name: 'cilium-cce-node', id: group }],
  };
}

function clusterNode(n: number): ClusterNode {
  return {
    metadata: { uid: idOf(19, n), name: `cilium-node-${n}` },
    status: { serverId: serverId(n), privateIP: nodeIp(n) },
  };
}
