/** One kind of object as the API serves it. */
export interface Resource {
  /** API group; empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Lower-case plural, as in the URL. */
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export const SERVICES: Resource = { group: '', version: 'v1', plural: 'services', kind: 'Service', namespaced: true };
export const PODS: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };
export const NODES: Resource = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false };
export const NAMESPACES: Resource = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
};
export const CONFIG_MAPS: Resource = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};
export const EVENTS: Resource = { group: '', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
export const DAEMON_SETS: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'daemonsets',
  kind: 'DaemonSet',
  namespaced: true,
};
export const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};
export const INGRESSES: Resource = {
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'ingresses',
  kind: 'Ingress',
  namespaced: true,
};
export const GATEWAYS: Resource = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  plural: 'gateways',
  kind: 'Gateway',
  namespaced: true,
};
export const GATEWAY_CLASSES: Resource = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  plural: 'gatewayclasses',
  kind: 'GatewayClass',
  namespaced: false,
};
export const ENVOY_CONFIGS: Resource = {
  group: 'cilium.io',
  version: 'v2',
  plural: 'ciliumenvoyconfigs',
  kind: 'CiliumEnvoyConfig',
  namespaced: true,
};
export const LB_IP_POOLS: Resource = {
  group: 'cilium.io',
  version: 'v2alpha1',
  plural: 'ciliumloadbalancerippools',
  kind: 'CiliumLoadBalancerIPPool',
  namespaced: false,
};
export const ENDPOINT_SLICES: Resource = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
};
export const HTTP_ROUTES: Resource = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  plural: 'httproutes',
  kind: 'HTTPRoute',
  namespaced: true,
};
export const GRPC_ROUTES: Resource = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  plural: 'grpcroutes',
  kind: 'GRPCRoute',
  namespaced: true,
};
export const TLS_ROUTES: Resource = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  plural: 'tlsroutes',
  kind: 'TLSRoute',
  namespaced: true,
};
export const TCP_ROUTES: Resource = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  plural: 'tcproutes',
  kind: 'TCPRoute',
  namespaced: true,
};
export const UDP_ROUTES: Resource = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  plural: 'udproutes',
  kind: 'UDPRoute',
  namespaced: true,
};
export const CLASS_CONFIGS: Resource = {
  group: 'cilium.io',
  version: 'v2alpha1',
  plural: 'ciliumgatewayclassconfigs',
  kind: 'CiliumGatewayClassConfig',
  namespaced: true,
};
export const POD_IP_POOLS: Resource = {
  group: 'cilium.io',
  version: 'v2alpha1',
  plural: 'ciliumpodippools',
  kind: 'CiliumPodIPPool',
  namespaced: false,
};
export const CILIUM_NODES: Resource = {
  group: 'cilium.io',
  version: 'v2',
  plural: 'ciliumnodes',
  kind: 'CiliumNode',
  namespaced: false,
};
export const NETWORK_POLICIES: Resource = {
  group: 'cilium.io',
  version: 'v2',
  plural: 'ciliumnetworkpolicies',
  kind: 'CiliumNetworkPolicy',
  namespaced: true,
};
export const CLUSTERWIDE_POLICIES: Resource = {
  group: 'cilium.io',
  version: 'v2',
  plural: 'ciliumclusterwidenetworkpolicies',
  kind: 'CiliumClusterwideNetworkPolicy',
  namespaced: false,
};
export const EGRESS_POLICIES: Resource = {
  group: 'cilium.io',
  version: 'v2',
  plural: 'ciliumegressgatewaypolicies',
  kind: 'CiliumEgressGatewayPolicy',
  namespaced: false,
};
export const ENI_CONFIGS: Resource = {
  group: 'networking.tke.cloud.tencent.com',
  version: 'v1beta1',
  plural: 'nodeeniconfigs',
  kind: 'NodeENIConfig',
  namespaced: false,
};
export const CUSTOM_RESOURCE_DEFINITIONS: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};
export const VALIDATING_WEBHOOKS: Resource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'validatingwebhookconfigurations',
  kind: 'ValidatingWebhookConfiguration',
  namespaced: false,
};
export const MUTATING_WEBHOOKS: Resource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'mutatingwebhookconfigurations',
  kind: 'MutatingWebhookConfiguration',
  namespaced: false,
};
export const SELF_SUBJECT_ACCESS_REVIEWS: Resource = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'selfsubjectaccessreviews',
  kind: 'SelfSubjectAccessReview',
  namespaced: false,
};
