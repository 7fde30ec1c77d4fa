import type { HuaweiAction } from '../../../src/providers/huawei/actions.ts';
import type { CloudAnswer, CloudReader } from '../../../src/providers/provider.types.ts';
import { never } from './on-fake-huawei.ts';

/** One action on the wire: the request as it must be, and answers as the API references show them. */
export interface WireRow {
  readonly host: string;
  /** Without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly success: unknown;
  /** A refusal in the words of this service. */
  readonly refusal: unknown;
  readonly code: string;
  /** The read operation that asks it. */
  readonly read: (reader: CloudReader) => Promise<CloudAnswer<unknown>>;
  /** What of its answer comes from this action. */
  readonly brings: unknown;
  /** Refused, the operation goes on and answers this instead. Undefined: it is refused, too. */
  readonly without?: unknown;
}

export const PROJECT_ID = '05a3f0c1d80026102f0ac01b2c3d4e5f';
const HOST = 'cn-north-4.myhuaweicloud.com';
const LB = '3dbde7e5-c277-4ea3-a424-edd339357eff';
const VPC = 'b1f5e6d4-8d3c-4d6e-9a55-0c9c1f1d2e3f';
const SUBNET = 'd2a1c3b4-0a1b-4c2d-8e3f-4a5b6c7d8e9f';

const elb = { host: `elb.${HOST}`, refusal: { error_code: 'ELB.9802', error_msg: 'No policy' }, code: 'ELB.9802' };
const nat = {
  host: `nat.${HOST}`,
  refusal: { NeutronError: { type: 'PolicyNotAuthorized', message: 'no' } },
  code: 'PolicyNotAuthorized',
};
const vpc = { host: `vpc.${HOST}`, refusal: { code: 'VPC.0010', message: 'Rules on the policy' }, code: 'VPC.0010' };
const ecs = { host: `ecs.${HOST}`, refusal: { error: { code: 'Ecs.0001', message: 'no' } }, code: 'Ecs.0001' };
const cce = { host: `cce.${HOST}`, refusal: { errorCode: 'CCE.01403001', errorMessage: 'no' }, code: 'CCE.01403001' };

const SIX_IPS = Array.from({ length: 6 }, (_, n) => `121.36.0.${n}`);
const NODES = [{ name: 'n', providerId: 'cce-id', machineId: '', internalIps: ['192.168.0.9'] }];

/** A row for every action; a missing one does not compile. */
export const WIRE: Readonly<Record<HuaweiAction, WireRow>> = {
  'elb:loadbalancers:get': {
    ...elb,
    path: `/v3/${PROJECT_ID}/elb/loadbalancers/${LB}`,
    query: {},
    success: {
      loadbalancer: {
        id: LB,
        name: 'my_loadbalancer',
        description: '',
        provisioning_status: 'ACTIVE',
        operating_status: 'ONLINE',
        admin_state_up: true,
        provider: 'vlb',
        guaranteed: true,
        vip_address: '172.16.0.205',
        vip_port_id: 'b2a61cbb-5c2e-4c2a-8c5e-7d5f0c2d7a58',
        ipv6_vip_address: null,
        vpc_id: VPC,
        listeners: [{ id: '41937176-bf64-4b58-8e0d-9ff2d0d32c54' }],
        pools: [],
        eips: [{ eip_id: 'a6ded276-c88a-4c58-95e0-5b6d1d2297b3', eip_address: '121.36.0.1', ip_version: 4 }],
        publicips: [
          { publicip_id: 'a6ded276-c88a-4c58-95e0-5b6d1d2297b3', publicip_address: '121.36.0.1', ip_version: 4 },
        ],
        elb_virsubnet_ids: [SUBNET],
        ip_target_enable: false,
        frozen_scene: null,
        tags: [],
      },
      request_id: '010dad1e-32a3-4405-ab83-62a1fc5f8722',
    },
    read: (reader) => reader.loadBalancer(LB, never),
    brings: { id: LB, state: 'active', kind: 'dedicated', addresses: { publicIps: ['121.36.0.1'] } },
  },
  'elb:localPorts:list': {
    ...elb,
    path: `/v3/${PROJECT_ID}/elb/loadbalancers/${LB}/local-ports`,
    query: {},
    success: {
      request_id: 'f9a1f7d5',
      ports: [{ port_id: 'p', ip_address: '172.16.0.9', ipv6_address: null, type: 'l4_hc', virsubnet_id: SUBNET }],
    },
    read: (reader) => reader.loadBalancer(LB, never),
    brings: { admission: { probeSources: ['172.16.0.9/32'] } },
    without: { admission: { probeSources: ['192.168.0.0/20'] } },
  },
  'elb:listeners:list': {
    ...elb,
    path: `/v3/${PROJECT_ID}/elb/listeners`,
    query: { loadbalancer_id: LB, limit: '1000' },
    success: {
      listeners: [
        {
          id: 'L1',
          name: 'k8s_TCP_80',
          protocol: 'TCP',
          protocol_port: 80,
          admin_state_up: true,
          default_pool_id: 'P1',
          loadbalancers: [{ id: LB }],
          transparent_client_ip_enable: true,
        },
      ],
      page_info: { previous_marker: 'L1', current_count: 1 },
      request_id: '1b2c',
    },
    read: (reader) => reader.listeners(LB, never),
    brings: [{ id: 'L1', port: 80, protocol: 'tcp', hasBackendGroup: true }],
  },
  'elb:members:list': {
    ...elb,
    path: `/v3/${PROJECT_ID}/elb/members`,
    query: { loadbalancer_id: LB, limit: '1000' },
    success: {
      members: [
        {
          id: 'M1',
          pool_id: 'P1',
          address: '192.168.0.9',
          protocol_port: 30080,
          weight: 1,
          operating_status: 'OFFLINE',
          instance_id: 'server-1',
          reason: { reason_code: 'CONNECT_REFUSED', expected_response: null, healthcheck_response: null },
          status: [{ listener_id: 'L1', operating_status: 'OFFLINE', reason: { reason_code: 'CONNECT_REFUSED' } }],
        },
      ],
      page_info: { previous_marker: 'M1', current_count: 1 },
    },
    read: (reader) => reader.targets(LB, never),
    brings: [
      { address: '192.168.0.9', port: 30080, health: 'unhealthy', reason: 'CONNECT_REFUSED', instanceId: 'server-1' },
    ],
  },
  'nat:natGateways:list': {
    ...nat,
    path: `/v2/${PROJECT_ID}/nat_gateways`,
    query: { router_id: VPC, limit: '1000' },
    success: {
      nat_gateways: [
        {
          id: 'N1',
          tenant_id: PROJECT_ID,
          name: 'nat_001',
          spec: '1',
          router_id: VPC,
          internal_network_id: SUBNET,
          status: 'ACTIVE',
          admin_state_up: true,
          created_at: '2017-11-15 14:50:39.505112',
        },
      ],
    },
    read: (reader) => reader.natGateways(VPC, never),
    brings: [{ id: 'N1', name: 'nat_001', state: 'running', vpcId: VPC }],
  },
  'nat:snatRules:list': {
    ...nat,
    path: `/v2/${PROJECT_ID}/snat_rules`,
    query: { nat_gateway_id: 'N1', limit: '1000' },
    success: {
      snat_rules: [
        {
          id: 'S1',
          nat_gateway_id: 'N1',
          network_id: SUBNET,
          cidr: null,
          source_type: 0,
          floating_ip_id: 'bf99c679',
          floating_ip_address: '121.36.1.1',
          freezed_ip_address: '',
          status: 'ACTIVE',
          admin_state_up: true,
        },
      ],
    },
    read: (reader) => reader.natGateways(VPC, never),
    brings: [{ sources: [{ id: 'S1', subnetId: SUBNET, state: 'active', publicIps: ['121.36.1.1'] }] }],
  },
  'vpc:vpcs:get': {
    ...vpc,
    path: `/v3/${PROJECT_ID}/vpc/vpcs/${VPC}`,
    query: {},
    success: {
      request_id: '1a75',
      vpc: {
        id: VPC,
        name: 'vpc-1',
        description: '',
        cidr: '192.168.0.0/16',
        extend_cidrs: ['10.0.0.0/16'],
        status: 'ACTIVE',
      },
    },
    read: (reader) => reader.vpc(VPC, never),
    brings: {
      name: 'vpc-1',
      cidrs: [
        { cidr: '192.168.0.0/16', kind: 'main' },
        { cidr: '10.0.0.0/16', kind: 'secondary' },
      ],
    },
  },
  'vpc:subnets:list': {
    ...vpc,
    path: `/v1/${PROJECT_ID}/subnets`,
    query: { vpc_id: VPC, limit: '1000' },
    success: {
      subnets: [
        {
          id: SUBNET,
          name: 'subnet',
          cidr: '192.168.0.0/20',
          gateway_ip: '192.168.0.1',
          vpc_id: VPC,
          status: 'ACTIVE',
          neutron_network_id: SUBNET,
          neutron_subnet_id: '213cb9d',
        },
      ],
    },
    read: (reader) => reader.subnets(VPC, never),
    brings: [{ id: SUBNET, name: 'subnet', cidr: '192.168.0.0/20', vpcId: VPC, routeTableId: undefined }],
  },
  'vpc:routeTables:list': {
    ...vpc,
    path: `/v1/${PROJECT_ID}/routetables`,
    query: { vpc_id: VPC, limit: '1000' },
    success: { routetables: [{ id: 'R1', name: 'rtb', default: true, vpc_id: VPC, subnets: [{ id: SUBNET }] }] },
    read: (reader) => reader.routeTables(VPC, never),
    brings: [{ id: 'R1' }],
  },
  'vpc:routeTables:get': {
    ...vpc,
    path: `/v1/${PROJECT_ID}/routetables/R1`,
    query: {},
    success: {
      routetable: {
        id: 'R1',
        name: 'rtb',
        default: true,
        vpc_id: VPC,
        subnets: [{ id: SUBNET }],
        routes: [{ type: 'nat', destination: '0.0.0.0/0', nexthop: 'N1', description: '' }],
      },
    },
    read: (reader) => reader.routeTables(VPC, never),
    brings: [{ main: true, subnetIds: [SUBNET], routes: [{ destination: '0.0.0.0/0', via: 'nat', target: 'N1' }] }],
  },
  'vpc:securityGroupRules:list': {
    ...vpc,
    path: `/v3/${PROJECT_ID}/vpc/security-group-rules`,
    query: { security_group_id: 'SG1', limit: '1000' },
    success: {
      request_id: '80747d36e3376c0894ba8f9a9156355d',
      security_group_rules: [
        {
          id: 'rule-1',
          security_group_id: 'SG1',
          direction: 'ingress',
          protocol: 'tcp',
          ethertype: 'IPv4',
          multiport: '30000-32767',
          action: 'deny',
          priority: 5,
          remote_group_id: null,
          remote_ip_prefix: null,
          remote_address_group_id: 'AG1',
          enabled: true,
        },
      ],
      page_info: { previous_marker: 'rule-1', current_count: 1 },
    },
    read: (reader) => reader.securityGroup('SG1', never),
    brings: { rules: [{ id: 'rule-1', allow: false, priority: 5, ports: [{ from: 30000, to: 32767 }] }] },
  },
  'vpc:securityGroups:get': {
    ...vpc,
    path: `/v3/${PROJECT_ID}/vpc/security-groups/SG2`,
    query: {},
    success: {
      request_id: '1666b2708aaf849337572d6846dce781',
      security_group: { id: 'SG2', name: 'closed', security_group_rules: [] },
    },
    read: (reader) => reader.securityGroup('SG2', never),
    brings: { id: 'SG2', rules: [] },
  },
  'vpc:addressGroups:get': {
    ...vpc,
    path: `/v3/${PROJECT_ID}/vpc/address-groups/AG1`,
    query: {},
    success: {
      request_id: 'dd2',
      address_group: { id: 'AG1', name: 'office', ip_version: 4, ip_set: ['10.1.0.0/16'] },
    },
    read: (reader) => reader.securityGroup('SG1', never),
    brings: { rules: [{ peer: { kind: 'cidrs', cidrs: ['10.1.0.0/16'] } }] },
    without: { rules: [{ peer: { kind: 'unknown', name: 'address group AG1' } }] },
  },
  'vpc:ports:list': {
    ...vpc,
    path: `/v1/${PROJECT_ID}/ports`,
    query: { network_id: SUBNET, limit: '1000' },
    success: {
      ports: [
        {
          id: 'port-1',
          device_id: 'server-1',
          device_owner: 'compute:cn-north-4a',
          network_id: SUBNET,
          security_groups: ['SG2', 'SG1'],
          fixed_ips: [{ ip_address: '192.168.0.9', subnet_id: '213cb9d' }],
        },
      ],
    },
    read: (reader) => reader.instances(NODES, never),
    brings: [{ securityGroupIds: ['SG2', 'SG1'] }],
    without: [{ securityGroupIds: undefined }],
  },
  'vpc:publicIps:list': {
    ...vpc,
    path: `/v3/${PROJECT_ID}/eip/publicips`,
    query: { public_ip_address: '121.36.0.1', limit: '1000' },
    success: {
      publicips: [
        {
          id: 'E1',
          public_ip_address: '121.36.0.1',
          public_ipv6_address: null,
          status: 'ELB',
          lock_status: null,
          associate_instance_type: 'ELB',
          associate_instance_id: LB,
          vnic: { private_ip_address: '172.16.0.205', device_id: LB, port_id: 'p', vpc_id: VPC },
          bandwidth: { id: 'B0', size: 5, share_type: 'PER', charge_mode: 'bandwidth', name: 'bw', billing_info: '' },
        },
      ],
      page_info: { previous_marker: 'E1', current_count: 1 },
      total_count: 1,
      request_id: '4c57',
    },
    read: (reader) => reader.publicIps(['121.36.0.1'], never),
    brings: [{ id: 'E1', address: '121.36.0.1', boundTo: { kind: 'load-balancer', id: LB }, bandwidthMbps: 5 }],
  },
  'vpc:bandwidths:get': {
    ...vpc,
    path: `/v1/${PROJECT_ID}/bandwidths/B0`,
    query: {},
    success: { bandwidth: { id: 'B0', name: 'bw', size: 5, share_type: 'PER', status: 'FREEZED', publicip_info: [] } },
    read: (reader) => reader.publicIps(['121.36.0.1'], never),
    brings: [{ state: 'frozen', stateText: 'status ELB, bandwidth FREEZED' }],
    without: [{ state: 'bound', stateText: 'status ELB' }],
  },
  'vpc:bandwidths:list': {
    ...vpc,
    path: `/v1/${PROJECT_ID}/bandwidths`,
    query: { limit: '1000' },
    success: { bandwidths: SIX_IPS.map((_, n) => ({ id: `B${n}`, name: 'bw', size: 5, status: 'NORMAL' })) },
    read: (reader) => reader.publicIps(SIX_IPS, never),
    brings: SIX_IPS.map(() => ({ state: 'bound', stateText: 'status ELB, bandwidth NORMAL' })),
    without: SIX_IPS.map(() => ({ state: 'bound', stateText: 'status ELB' })),
  },
  'ecs:cloudServers:list': {
    ...ecs,
    path: `/v1/${PROJECT_ID}/cloudservers/detail`,
    query: { limit: '1000', offset: '1' },
    success: {
      servers: [
        {
          id: 'server-1',
          name: 'node',
          status: 'ACTIVE',
          metadata: { vpc_id: VPC, charging_mode: '0' },
          addresses: {
            [VPC]: [
              {
                addr: '192.168.0.9',
                version: '4',
                'OS-EXT-IPS:type': 'fixed',
                'OS-EXT-IPS:port_id': 'port-1',
                'OS-EXT-IPS-MAC:mac_addr': 'fa:16',
              },
              { addr: '121.36.5.5', version: '4', 'OS-EXT-IPS:type': 'floating', 'OS-EXT-IPS:port_id': 'port-1' },
            ],
          },
          security_groups: [
            { name: 'node', id: 'SG1' },
            { name: 'more', id: 'SG2' },
          ],
        },
      ],
      count: 1,
    },
    read: (reader) => reader.instances(NODES, never),
    brings: [{ nodeName: 'n', id: 'server-1', running: true, privateIps: ['192.168.0.9'], publicIps: ['121.36.5.5'] }],
  },
  'cce:cluster:get': {
    ...cce,
    path: `/api/v3/projects/${PROJECT_ID}/clusters/C1`,
    query: {},
    success: {
      kind: 'Cluster',
      apiVersion: 'v3',
      metadata: { uid: 'C1', name: 'mycluster', creationTimestamp: '2018-08-02 03:48:37' },
      spec: {
        category: 'CCE',
        type: 'VirtualMachine',
        flavor: 'cce.s1.small',
        version: 'v1.32',
        hostNetwork: { vpc: VPC, subnet: SUBNET, SecurityGroup: 'SG1' },
        containerNetwork: { mode: 'overlay_l2', cidr: '172.16.0.0/16', cidrs: [{ cidr: '172.16.0.0/16' }] },
        serviceNetwork: { IPv4CIDR: '10.247.0.0/16' },
        kubeProxyMode: 'iptables',
        extendParam: { 'alpha.cce/fixPoolMask': '25' },
      },
      status: { phase: 'Available', endpoints: [{ url: 'https://192.168.0.11:5443', type: 'Internal' }] },
    },
    read: (reader) => reader.cluster('C1', never),
    brings: { id: 'C1', name: 'mycluster', networkMode: 'overlay_l2', nodeSecurityGroupIds: ['SG1'] },
  },
  'cce:node:list': {
    ...cce,
    path: `/api/v3/projects/${PROJECT_ID}/clusters/C1/nodes`,
    query: {},
    success: {
      kind: 'List',
      apiVersion: 'v3',
      items: [
        {
          kind: 'Node',
          metadata: { name: 'n', uid: 'cce-id' },
          spec: { flavor: 'c6' },
          status: { phase: 'Active', serverId: 'server-1', privateIP: '192.168.0.9', publicIP: '' },
        },
      ],
    },
    // Without an address that anybody knows: only CCE can tell.
    read: (reader) => reader.instances([{ name: 'n', providerId: 'cce-id', machineId: '', internalIps: [] }], never),
    brings: [{ nodeName: 'n', id: 'server-1' }],
    without: [],
  },
};
