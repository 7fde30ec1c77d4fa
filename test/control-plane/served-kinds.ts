/** One object of each kind that the fake API server serves, as a user would write it. */
export interface ServedKind {
  /** As kubectl takes it. */
  readonly kind: string;
  /** A short name, where there is one. */
  readonly short: string;
  readonly name: string;
  readonly yaml: string;
  /** Something that `kubectl describe` says of it. */
  readonly described: RegExp;
}

/** `body`: everything below metadata. */
function sample(apiVersion: string, kind: string, body: string, namespaced = true): string {
  const namespace = namespaced ? ', namespace: default' : '';
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: NAME${namespace}, labels: { step: first } }\n${body}\n`;
}

const GATEWAY_API = 'gateway.networking.k8s.io/v1';
const POD_TEMPLATE = 'template: { metadata: { labels: { app: a } }, spec: { containers: [{ name: c, image: i }] } }';
const WORKLOAD = `spec: { selector: { matchLabels: { app: a } }, ${POD_TEMPLATE} }`;
const BACKEND = 'backend: { service: { name: web, port: { number: 80 } } }';
const CRD_SPEC = `spec:
  group: example.com
  scope: Namespaced
  names: { plural: widgets, singular: widget, kind: Widget, listKind: WidgetList }
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]`;

const CLUSTER_WIDE: ReadonlySet<string> = new Set([
  'Node',
  'Namespace',
  'GatewayClass',
  'CiliumLoadBalancerIPPool',
  'CustomResourceDefinition',
]);

export const SERVED_KINDS: readonly ServedKind[] = (
  [
    [
      'service',
      'svc',
      'v1',
      'Service',
      'spec: { type: LoadBalancer, ports: [{ port: 80 }] }',
      /NodePort: +<unset> +3\d{4}\/TCP/,
    ],
    ['node', 'no', 'v1', 'Node', 'spec: { taints: [{ key: k, effect: NoSchedule }] }', /Taints: +k:NoSchedule/],
    ['pod', 'po', 'v1', 'Pod', 'spec: { containers: [{ name: c, image: i }] }', /Image: +i\n/],
    ['namespace', 'ns', 'v1', 'Namespace', '', /Status: +Active/],
    ['configmap', 'cm', 'v1', 'ConfigMap', 'data: { key: value }', /key:\n-+\nvalue/],
    [
      'endpoints',
      'ep',
      'v1',
      'Endpoints',
      'subsets: [{ addresses: [{ ip: 10.0.0.1 }], ports: [{ port: 80 }] }]',
      /10\.0\.0\.1/,
    ],
    [
      'event',
      'ev',
      'v1',
      'Event',
      'involvedObject: { kind: Service, namespace: default, name: web }\nreason: Seen\ntype: Normal',
      /Reason: +Seen/,
    ],
    ['daemonset', 'ds', 'apps/v1', 'DaemonSet', WORKLOAD, /Selector: +app=a/],
    ['deployment', 'deploy', 'apps/v1', 'Deployment', WORKLOAD, /Selector: +app=a/],
    ['lease', '', 'coordination.k8s.io/v1', 'Lease', 'spec: { holderIdentity: me }', /Holder Identity: +me/],
    [
      'ingress',
      'ing',
      'networking.k8s.io/v1',
      'Ingress',
      `spec: { ingressClassName: cilium, rules: [{ http: { paths: [{ path: /, pathType: Prefix, ${BACKEND} }] } }] }`,
      /Ingress Class: +cilium/,
    ],
    [
      'endpointslice',
      '',
      'discovery.k8s.io/v1',
      'EndpointSlice',
      'addressType: IPv4\nendpoints: [{ addresses: [10.0.0.1] }]\nports: [{ port: 80 }]',
      /AddressType: +IPv4/,
    ],
    [
      'gatewayclass',
      'gc',
      GATEWAY_API,
      'GatewayClass',
      'spec: { controllerName: example.com/nobody }',
      /Controller Name: +example\.com\/nobody/,
    ],
    [
      'gateway',
      'gtw',
      GATEWAY_API,
      'Gateway',
      'spec: { gatewayClassName: nobody, listeners: [{ name: http, port: 80, protocol: HTTP }] }',
      /Gateway Class Name: +nobody/,
    ],
    ['httproute', '', GATEWAY_API, 'HTTPRoute', 'spec: { hostnames: [a.example.com] }', /a\.example\.com/],
    [
      'ciliumenvoyconfig',
      'cec',
      'cilium.io/v2',
      'CiliumEnvoyConfig',
      'spec: { services: [{ name: web, namespace: default }] }',
      /Kind: +CiliumEnvoyConfig/,
    ],
    [
      'ciliumloadbalancerippool',
      'ippools',
      'cilium.io/v2alpha1',
      'CiliumLoadBalancerIPPool',
      'spec: { blocks: [{ cidr: 203.0.113.0/28 }] }',
      /203\.0\.113\.0\/28/,
    ],
    [
      'ciliumgatewayclassconfig',
      'cgcc',
      'cilium.io/v2alpha1',
      'CiliumGatewayClassConfig',
      'spec: { service: { type: LoadBalancer } }',
      /Type: +LoadBalancer/,
    ],
    [
      'customresourcedefinition',
      'crd',
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      CRD_SPEC,
      /Plural: +widgets/,
    ],
  ] as const
).map(([kind, short, apiVersion, type, body, described]) => {
  const namespaced = !CLUSTER_WIDE.has(type);
  const name = type === 'CustomResourceDefinition' ? 'widgets.example.com' : 'sample';
  return { kind, short, name, yaml: sample(apiVersion, type, body, namespaced).replace('NAME', name), described };
});
