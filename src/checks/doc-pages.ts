const CILIUM = 'https://docs.cilium.io/en/stable';

/** Pages that explain what checks look at. */
export const PAGES = {
  ciliumConfig: `${CILIUM}/network/kubernetes/configuration/`,
  gatewayApi: `${CILIUM}/network/servicemesh/gateway-api/gateway-api/`,
  ipam: `${CILIUM}/network/concepts/ipam/`,
  masquerading: `${CILIUM}/network/concepts/masquerading/`,
  routing: `${CILIUM}/network/concepts/routing/`,
  kubeProxyFree: `${CILIUM}/network/kubernetes/kubeproxy-free/`,
  taints: `${CILIUM}/installation/taints/`,
  chaining: `${CILIUM}/installation/cni-chaining/`,
  egressGateway: `${CILIUM}/network/egress-gateway/egress-gateway/`,
  policies: `${CILIUM}/security/policy/`,
  upgrade: `${CILIUM}/operations/upgrade/`,
  gatewayGuides: 'https://gateway-api.sigs.k8s.io/guides/',
  excludeFromLb:
    'https://kubernetes.io/docs/reference/labels-annotations-taints/#node-kubernetes-io-exclude-from-external-load-balancers',
  webhooks: 'https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/',
  cceNetworks: 'https://support.huaweicloud.com/intl/en-us/usermanual-cce/cce_10_0281.html',
  cceServices: 'https://support.huaweicloud.com/intl/en-us/usermanual-cce/cce_10_0385.html',
  publicIps: 'https://www.tencentcloud.com/document/product/213/5733',
  natGateways: 'https://www.tencentcloud.com/document/product/1015/30230',
  tkeServices: 'https://www.tencentcloud.com/document/product/457/51258',
} as const;
