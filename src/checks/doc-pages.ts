import type { CloudName } from '../providers/provider.types.ts';
import type { DocPages } from './check.types.ts';

const CILIUM = 'https://docs.cilium.io/en/stable';
const HUAWEI = 'https://support.huaweicloud.com/intl/en-us';
/** The ids of the pages are not those of cloud.tencent.com. */
const TENCENT = 'https://www.tencentcloud.com/document/product';

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
  networks: {
    huawei: `${HUAWEI}/usermanual-cce/cce_10_0281.html`,
    tencent: `${TENCENT}/457/38966`,
  },
  cceNetworks: `${HUAWEI}/usermanual-cce/cce_10_0281.html`,
  loadBalancerServices: {
    huawei: `${HUAWEI}/usermanual-cce/cce_10_0385.html`,
    tencent: `${TENCENT}/457/39142`,
  },
  tkeServices: `${TENCENT}/457/39142`,
  publicIps: {
    huawei: `${HUAWEI}/usermanual-eip/eip_0007.html`,
    tencent: `${TENCENT}/213/5733`,
  },
  natGateways: {
    huawei: `${HUAWEI}/qs-natgateway/nat_qs_0001.html`,
    tencent: `${TENCENT}/1015/30230`,
  },
} as const satisfies Readonly<Record<string, DocPages>>;

/** The page for the users of a cloud; where it is not known, that of the first. */
export function docPageOf(docs: DocPages, cloud: CloudName | undefined): string {
  return typeof docs === 'string' ? docs : docs[cloud ?? 'huawei'];
}
