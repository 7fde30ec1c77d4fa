import type { ClusterData } from '../cluster-data.ts';
import {
  backend,
  cilium,
  ciliumNode,
  configMap,
  controllerLease,
  daemonSet,
  gateway,
  gatewayClass,
  node,
  object,
  service,
} from './parts.ts';
import { identityOf, PLACES, TKE_CLOUD, VPC } from './tke.ts';

/*
 * TKE with VPC-CNI parked and Cilium as an overlay. The CLB's members are the Pods of Envoy, which are on the nodes'
 * network (direct access), at the NodePort of the Gateway Service.
 */

export const TKE_CLB = 'lb-6swtk3yh';
const CLB_IP = '43.139.30.5';
const NODE_PORT = 31544;

const CONFIG = {
  'auto-create-cilium-pod-ip-pools': 'default=ipv4-cidrs:10.244.0.0/16;ipv4-mask-size:24',
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
  'external-envoy-proxy': 'true',
  'gateway-api-hostnetwork-enabled': 'false',
  'gateway-api-xff-num-trusted-hops': '0',
  ipam: 'multi-pool',
  'kube-proxy-replacement': 'true',
  'remove-cilium-node-taints': 'true',
  'routing-mode': 'tunnel',
  'tunnel-protocol': 'vxlan',
};

function objects(): ClusterData['objects'] {
  const addresses = [{ ip: CLB_IP }];
  return [
    ...PLACES.map((place) => node(place.name, { ip: place.ip, externalIp: place.externalIp, ...identityOf(place) })),
    ...cilium({
      nodes: PLACES,
      registry: 'quay.tencentcloudcr.com/cilium',
      config: CONFIG,
      operatorTolerations: [
        { key: 'node.kubernetes.io/not-ready', operator: 'Exists' },
        { key: 'node.cloudprovider.kubernetes.io/uninitialized', operator: 'Exists' },
        { key: 'tke.cloud.tencent.com/uninitialized', operator: 'Exists' },
        { key: 'tke.cloud.tencent.com/eni-ip-unavailable', operator: 'Exists' },
      ],
    }),
    ...PLACES.map(({ name, pods }) =>
      ciliumNode(name, { pools: { allocated: [{ pool: 'default', cidrs: [`${pods}.0/24`] }] } }),
    ),
    object(
      'cilium.io/v2alpha1',
      'CiliumPodIPPool',
      'default',
      {},
      { spec: { ipv4: { cidrs: ['10.244.0.0/16'], maskSize: 24 } } },
    ),
    configMap('tke-config', { TKE_REGION: 'ap-guangzhou', TKE_VPC_ID: VPC }, 'tke'),
    // Parked with a nodeSelector that no node has, as the guide does.
    daemonSet(
      'kube-proxy',
      { 'k8s-app': 'kube-proxy' },
      'kube-proxy',
      'ccr.ccs.tencentyun.com/tkeimages/hyperkube:v1.34.1',
      0,
    ),
    daemonSet(
      'tke-eni-agent',
      { 'k8s-app': 'tke-eni-agent' },
      'tke-eni-agent',
      'ccr.ccs.tencentyun.com/tkeimages/tke-eni-agent:v3.8.2',
      0,
    ),
    ...gatewayClass(),
    ...gateway('web', { nodePort: NODE_PORT, addresses, route: { name: 'web', backend: 'web' } }),
    service('web-lb', {
      namespace: 'kube-system',
      annotations: {
        'cilium-cloud-bridge.io/exposure': 'pod-ip',
        'cilium-cloud-bridge.io/gateway': 'default/web',
        // Inside the cluster, too, its address is the CLB's: Cilium does not answer for it.
        'service.cilium.io/type': 'NodePort',
        'service.cloud.tencent.com/direct-access': 'true',
        'service.kubernetes.io/loadbalance-id': TKE_CLB,
        'service.kubernetes.io/tke-existed-lbid': TKE_CLB,
      },
      writtenBy: 'service-controller',
      spec: {
        type: 'LoadBalancer',
        clusterIPs: ['192.168.11.3'],
        externalTrafficPolicy: 'Cluster',
        selector: { 'k8s-app': 'cilium-envoy' },
        ports: [{ name: 'http', port: 80, protocol: 'TCP', nodePort: 30113, targetPort: NODE_PORT }],
      },
      ingress: addresses,
    }),
    controllerLease(),
    ...backend(
      'web',
      'default',
      PLACES.slice(0, 2).map(({ name, pods }) => ({ node: name, ip: `${pods}.17` })),
    ),
  ];
}

export const tkeOverlay: ClusterData = {
  objects: objects(),
  cloud: {
    ...TKE_CLOUD,
    loadBalancers: [
      {
        id: TKE_CLB,
        name: 'web',
        state: 'active',
        stateText: 'Status 1',
        vpcId: VPC,
        kind: undefined,
        addresses: { publicIps: [CLB_IP], privateIps: [], ipv6: [], hostname: '' },
        isPublic: true,
        admission: { probeSources: ['100.64.0.0/10'], clientTraffic: 'client' },
        securityGroupIds: [],
        frozenReason: '',
        changeProtected: false,
      },
    ],
    listeners: {
      [TKE_CLB]: [
        {
          id: 'lbl-80',
          name: 'TKE-DEDICATED-LISTENER',
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
      [TKE_CLB]: PLACES.map(({ ip, id }) => ({
        listenerId: 'lbl-80',
        address: ip,
        port: NODE_PORT,
        weight: 10,
        health: 'healthy',
        reason: '',
        instanceId: id,
      })),
    },
    publicIps: [
      ...TKE_CLOUD.publicIps,
      {
        id: 'clb-vip',
        address: CLB_IP,
        state: 'bound',
        stateText: 'BIND',
        boundTo: { kind: 'load-balancer', id: TKE_CLB },
        privateAddress: '',
        bandwidthMbps: 10,
        plain: false,
      },
    ],
  },
};
