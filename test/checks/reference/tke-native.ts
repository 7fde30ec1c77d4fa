import type { ClusterData } from '../cluster-data.ts';
import { cilium, configMap, daemonSet, node, object, service } from './parts.ts';
import { identityOf, PLACES, POD_SUBNET, TKE_CLOUD, VPC } from './tke.ts';

/*
 * TKE with VPC-CNI: Pods get addresses of ENIs in a subnet of the VPC, Cilium is chained behind it and routes natively.
 * There is no Gateway: the agents refuse Envoy in that mode. Nodes have EIPs, and a NAT gateway serves the Pods' subnet.
 */

const CONFIG = {
  'cni-chaining-mode': 'generic-veth',
  'cni-exclusive': 'false',
  'custom-cni-conf': 'true',
  'enable-endpoint-routes': 'true',
  'enable-ipv4': 'true',
  'enable-ipv4-masquerade': 'false',
  'enable-ipv6': 'false',
  'enable-l7-proxy': 'true',
  'enable-local-redirect-policy': 'true',
  'external-envoy-proxy': 'true',
  ipam: 'delegated-plugin',
  'kube-proxy-replacement': 'true',
  'local-router-ipv4': '169.254.32.16',
  'routing-mode': 'native',
};

function objects(): ClusterData['objects'] {
  return [
    ...PLACES.map((place) => node(place.name, { ip: place.ip, externalIp: place.externalIp, ...identityOf(place) })),
    ...cilium({
      nodes: PLACES,
      registry: 'quay.tencentcloudcr.com/cilium',
      config: CONFIG,
      operatorTolerations: [
        { key: 'node.kubernetes.io/not-ready', operator: 'Exists' },
        { key: 'tke.cloud.tencent.com/uninitialized', operator: 'Exists' },
        { key: 'tke.cloud.tencent.com/eni-ip-unavailable', operator: 'Exists' },
      ],
    }),
    configMap('tke-config', { TKE_REGION: 'ap-guangzhou', TKE_VPC_ID: VPC }, 'tke'),
    configMap(
      'ip-masq-agent-config',
      { config: '{"NonMasqueradeCIDRs":["172.16.0.0/16"],"MasqLinkLocal":true}' },
      'tke',
    ),
    configMap(
      'cni-config',
      { 'cni-config': '{"name":"generic-veth","plugins":[{"type":"tke-route-eni"},{"type":"cilium-cni"}]}' },
      'kubectl',
    ),
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
      PLACES.length,
    ),
    ...PLACES.map(({ name }) =>
      object(
        'networking.tke.cloud.tencent.com/v1beta1',
        'NodeENIConfig',
        name,
        {},
        { status: { eniInfos: [{ eniID: `eni-${name}`, subnetID: POD_SUBNET, subnetCIDR: '172.16.16.0/20' }] } },
      ),
    ),
    service('kubernetes', {
      namespace: 'default',
      spec: {
        type: 'ClusterIP',
        clusterIPs: ['192.168.0.1'],
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 60002 }],
      },
    }),
  ];
}

export const tkeNative: ClusterData = { objects: objects(), cloud: TKE_CLOUD };
