import type { ClusterData } from '../cluster-data.ts';
import type { CloudData } from '../fake-cloud.ts';
import {
  backend,
  cilium,
  ciliumNode,
  controllerLease,
  gateway,
  gatewayClass,
  node,
  redirectCopy,
  service,
} from './parts.ts';

/*
 * CCE Standard, container network overlay_l2, Cilium as the guide sets it up, with the mends that doctor would ask for:
 * no trusted hop, a class of its own, the entrypoint annotated, a controller that keeps the redirect.
 */

const VPC = 'vpc-5c1c8a3e';
const SUBNET = '3e7a90d2-7d0e-4b1e-a8a1-6f6f6e1c2b44';
const NODE_GROUP = 'sg-node-7b3f';
export const CCE_ELB = '2f6cb9a1-0a38-4f39-a4e9-5a1f3d7e8c90';
const EIP = '122.9.70.186';
const VIP = '10.2.128.200';
const NAT_EIP = '122.9.70.10';

const PLACES = [11, 12, 13].map((last, index) => ({
  name: `10.2.128.${last}`,
  ip: `10.2.128.${last}`,
  machineId: `0c7f2f1a-99c2-4d5b-9a6e-0000000000${last}`,
  providerId: `06a5ea3a-0482-11ec-8e1a-0255ac1000${last}`,
  pods: `10.100.${index}`,
}));

const CONFIG = {
  'cluster-pool-ipv4-cidr': '10.100.0.0/16',
  'cluster-pool-ipv4-mask-size': '24',
  'cni-chaining-mode': 'none',
  'cni-exclusive': 'true',
  'enable-bpf-masquerade': 'true',
  'enable-envoy-config': 'true',
  'enable-gateway-api': 'true',
  'enable-gateway-api-proxy-protocol': 'false',
  'enable-ipv4': 'true',
  'enable-ipv4-masquerade': 'true',
  'enable-ipv6': 'false',
  'enable-l7-proxy': 'true',
  'enable-lb-ipam': 'true',
  'external-envoy-proxy': 'true',
  'gateway-api-hostnetwork-enabled': 'false',
  'gateway-api-xff-num-trusted-hops': '0',
  ipam: 'cluster-pool',
  'kube-proxy-replacement': 'true',
  'remove-cilium-node-taints': 'true',
  'routing-mode': 'tunnel',
  'set-cilium-is-up-condition': 'true',
  'tunnel-protocol': 'vxlan',
};

function objects(): ClusterData['objects'] {
  const addresses = [{ ip: EIP }, { ip: VIP }];
  const entrypoint = service('gateway-entrypoint', {
    namespace: 'kube-system',
    annotations: {
      'cilium-cloud-bridge.io/gateway': 'default/ip-gateway',
      'kubernetes.io/elb.class': 'union',
      'kubernetes.io/elb.id': CCE_ELB,
    },
    writtenBy: 'cloud-controller-manager',
    spec: {
      type: 'LoadBalancer',
      clusterIPs: ['10.247.91.3'],
      externalTrafficPolicy: 'Cluster',
      selector: { 'k8s-app': 'cilium' },
      ports: [{ name: 'http', port: 80, protocol: 'TCP', nodePort: 30080, targetPort: 32546 }],
    },
    ingress: addresses.map((entry) => ({ ...entry, ipMode: 'VIP' })),
  });
  const made = gateway('ip-gateway', { nodePort: 32546, addresses, route: { name: 'echo-ip-route', backend: 'echo' } });
  return [
    ...PLACES.map(({ name, ip, providerId, machineId }) =>
      node(name, {
        ip,
        providerId,
        machineId,
        labels: {
          'cce.cloud.com/cce-nodepool': 'pool-1',
          'node.kubernetes.io/subnetid': SUBNET,
          'topology.kubernetes.io/region': 'cn-north-4',
        },
      }),
    ),
    ...cilium({
      nodes: PLACES,
      registry: 'quay.io/cilium',
      config: CONFIG,
      operatorTolerations: [
        { key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' },
        { key: 'node.kubernetes.io/not-ready', operator: 'Exists' },
        { key: 'node.cloudprovider.kubernetes.io/uninitialized', operator: 'Exists' },
        { key: 'node.cilium.io/agent-not-ready', operator: 'Exists' },
      ],
    }),
    ...PLACES.map(({ name, pods }) => ciliumNode(name, { podCIDRs: [`${pods}.0/24`] })),
    ...gatewayClass(),
    ...made,
    entrypoint,
    redirectCopy(made, 'ip-gateway', entrypoint),
    controllerLease(),
    ...backend(
      'echo',
      'default',
      PLACES.slice(0, 2).map(({ name, pods }) => ({ node: name, ip: `${pods}.17` })),
    ),
  ];
}

const CLOUD: CloudData = {
  cloud: 'huawei',
  region: 'cn-north-4',
  cluster: {
    id: '5d0f6c7e-0482-11ec-8e1a-0255ac100099',
    name: 'prod',
    version: 'v1.33',
    networkMode: 'overlay_l2',
    cloudCilium: false,
    vpcId: VPC,
    podCidrs: ['10.100.0.0/16'],
    serviceCidrs: ['10.247.0.0/16'],
    podSubnetIds: [],
    nodeSecurityGroupIds: [NODE_GROUP],
    kubeProxyMode: 'iptables',
  },
  instances: PLACES.map(({ name, ip, machineId }) => ({
    nodeName: name,
    id: machineId,
    running: true,
    vpcId: VPC,
    subnetId: SUBNET,
    privateIps: [ip],
    publicIps: [],
    securityGroupIds: [NODE_GROUP],
  })),
  loadBalancers: [
    {
      id: CCE_ELB,
      name: 'gateway',
      state: 'active',
      stateText: 'provisioning_status ACTIVE, operating_status ONLINE',
      vpcId: VPC,
      kind: 'shared',
      addresses: { publicIps: [EIP], privateIps: [VIP], ipv6: [], hostname: '' },
      isPublic: true,
      admission: { probeSources: ['100.125.0.0/16'], clientTraffic: 'load-balancer' },
      securityGroupIds: undefined,
      frozenReason: '',
      changeProtected: undefined,
    },
  ],
  listeners: {
    [CCE_ELB]: [
      {
        id: 'listener-80',
        name: 'k8s_TCP_80',
        protocol: 'tcp',
        port: 80,
        endPort: 80,
        enabled: true,
        hasBackendGroup: true,
        healthCheck: { enabled: true },
      },
    ],
  },
  targets: {
    [CCE_ELB]: PLACES.map(({ ip, machineId }) => ({
      listenerId: 'listener-80',
      address: ip,
      port: 30080,
      weight: 1,
      health: 'healthy',
      reason: '',
      instanceId: machineId,
    })),
  },
  natGateways: [
    {
      id: 'nat-1',
      name: 'nodes',
      vpcId: VPC,
      state: 'running',
      stateText: 'ACTIVE',
      publicIps: [{ address: NAT_EIP, blocked: false }],
      sources: [
        { id: 'snat-1', state: 'active', stateText: 'ACTIVE', subnetId: SUBNET, cidr: '', publicIps: [NAT_EIP] },
      ],
    },
  ],
  routeTables: [
    {
      id: 'rtb-main',
      vpcId: VPC,
      main: true,
      subnetIds: [SUBNET],
      routes: [{ destination: '0.0.0.0/0', via: 'nat', target: 'nat-1', enabled: true }],
    },
  ],
  subnets: [{ id: SUBNET, name: 'nodes', vpcId: VPC, cidr: '10.2.128.0/17', routeTableId: 'rtb-main' }],
  vpc: { id: VPC, name: 'prod', cidrs: [{ cidr: '10.2.0.0/16', kind: 'main' }] },
  publicIps: [
    {
      id: 'eip-1',
      address: EIP,
      state: 'bound',
      stateText: 'ACTIVE',
      boundTo: { kind: 'load-balancer', id: CCE_ELB },
      privateAddress: VIP,
      bandwidthMbps: 10,
      plain: false,
    },
  ],
  securityGroups: [
    {
      id: NODE_GROUP,
      evaluation: 'priority',
      rules: [
        {
          id: 'rule-nodeport-tcp',
          direction: 'ingress',
          allow: true,
          priority: 1,
          family: 'ipv4',
          protocol: 'tcp',
          ports: [{ from: 30000, to: 32767 }],
          peer: { kind: 'cidrs', cidrs: ['0.0.0.0/0'] },
        },
        {
          id: 'rule-nodeport-udp',
          direction: 'ingress',
          allow: true,
          priority: 1,
          family: 'ipv4',
          protocol: 'udp',
          ports: [{ from: 30000, to: 32767 }],
          peer: { kind: 'cidrs', cidrs: ['0.0.0.0/0'] },
        },
        {
          id: 'rule-self',
          direction: 'ingress',
          allow: true,
          priority: 1,
          family: 'any',
          protocol: 'all',
          ports: 'all',
          peer: { kind: 'group', groupId: NODE_GROUP },
        },
        {
          id: 'rule-egress',
          direction: 'egress',
          allow: true,
          priority: 1,
          family: 'any',
          protocol: 'all',
          ports: 'all',
          peer: { kind: 'cidrs', cidrs: ['0.0.0.0/0', '::/0'] },
        },
      ],
    },
  ],
};

export const cceOverlay: ClusterData = { objects: objects(), cloud: CLOUD };
