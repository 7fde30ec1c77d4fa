import { MANAGED_LABEL, PREFIX } from '../../../src/gateway/annotations.ts';
import { contentOf, trimEnvoyConfig } from '../../../src/gateway/models/envoy-config.ts';
import { trimGateway } from '../../../src/gateway/models/gateway.ts';
import { trimService } from '../../../src/gateway/models/service.ts';
import { copyName } from '../../../src/gateway/redirect-copy.ts';
import { asRecord, readMeta } from '../../../src/kube/read.ts';
import type { RawObject } from '../../../src/kube/types.ts';

/*
 * Builders of objects as a healthy cluster has them. What every cluster has in common is here; what makes a cluster CCE
 * or TKE is in the file of that reference.
 */

/** When every reference is looked at. */
export const NOW = Date.parse('2026-11-25T12:00:00Z');
/** The nodes were made, … */
const MADE = '2026-11-20T08:00:00Z';
/** … Cilium was installed, … */
const INSTALLED = '2026-11-20T09:00:00Z';
/** … and its Pods were started. */
const STARTED = '2026-11-20T09:05:00Z';

const CILIUM_VERSION = 'v1.19.5';

type Strings = Readonly<Record<string, string>>;

interface MetaParts {
  readonly namespace?: string;
  readonly labels?: Strings;
  readonly annotations?: Strings;
  readonly created?: string;
  readonly more?: RawObject;
}

export function object(apiVersion: string, kind: string, name: string, parts: MetaParts, rest: RawObject): RawObject {
  const { namespace, labels, annotations, created = INSTALLED, more } = parts;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid: `uid-${kind}-${namespace ?? ''}-${name}`,
      resourceVersion: '1000',
      generation: 1,
      creationTimestamp: created,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...more,
    },
    ...rest,
  };
}

export interface NodeParts {
  readonly ip: string;
  readonly externalIp?: string;
  readonly providerId: string;
  readonly machineId: string;
  readonly labels: Strings;
  readonly podCidr?: string;
}

export function node(name: string, parts: NodeParts): RawObject {
  const external = parts.externalIp === undefined ? [] : [{ type: 'ExternalIP', address: parts.externalIp }];
  return object(
    'v1',
    'Node',
    name,
    { labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', ...parts.labels }, created: MADE },
    {
      spec: {
        providerID: parts.providerId,
        ...(parts.podCidr === undefined ? {} : { podCIDR: parts.podCidr, podCIDRs: [parts.podCidr] }),
      },
      status: {
        addresses: [{ type: 'InternalIP', address: parts.ip }, { type: 'Hostname', address: name }, ...external],
        conditions: [
          {
            type: 'Ready',
            status: 'True',
            reason: 'KubeletReady',
            message: 'kubelet is posting ready status',
            lastTransitionTime: STARTED,
            lastHeartbeatTime: '2026-11-25T11:59:30Z',
          },
        ],
        nodeInfo: { machineID: parts.machineId, bootID: `boot-${name}`, kernelVersion: '5.15.0' },
      },
    },
  );
}

export interface PodParts {
  readonly namespace: string;
  readonly labels: Strings;
  readonly node: string;
  readonly ip: string;
  readonly image: string;
  readonly container: string;
  readonly owner: string;
  readonly hostNetwork?: boolean;
  readonly tolerations?: readonly RawObject[];
}

export function pod(name: string, parts: PodParts): RawObject {
  return object(
    'v1',
    'Pod',
    name,
    {
      namespace: parts.namespace,
      labels: parts.labels,
      created: STARTED,
      more: {
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: parts.owner, name: parts.container, uid: 'uid-owner', controller: true },
        ],
      },
    },
    {
      spec: {
        nodeName: parts.node,
        ...(parts.hostNetwork === true ? { hostNetwork: true } : {}),
        containers: [{ name: parts.container, image: parts.image }],
        tolerations: parts.tolerations ?? [{ operator: 'Exists' }],
      },
      status: {
        phase: 'Running',
        podIPs: [{ ip: parts.ip }],
        startTime: STARTED,
        conditions: [
          { type: 'PodScheduled', status: 'True', lastTransitionTime: STARTED },
          { type: 'Ready', status: 'True', lastTransitionTime: STARTED },
        ],
        containerStatuses: [
          { name: parts.container, image: parts.image, restartCount: 0, state: { running: { startedAt: STARTED } } },
        ],
      },
    },
  );
}

export interface PlaceOfNode {
  readonly name: string;
  readonly ip: string;
}

export interface CiliumParts {
  readonly nodes: readonly PlaceOfNode[];
  readonly registry: string;
  readonly config: Strings;
  readonly operatorTolerations: readonly RawObject[];
}

/** Cilium as its chart installs it: agents, Envoy where it runs apart, operator, ConfigMap, CiliumNodes. */
export function cilium({ nodes, registry, config, operatorTolerations }: CiliumParts): RawObject[] {
  const [first] = nodes;
  if (first === undefined) throw new Error('no node');
  const agent = {
    'k8s-app': 'cilium',
    'app.kubernetes.io/name': 'cilium-agent',
    'app.kubernetes.io/part-of': 'cilium',
  };
  const envoy = {
    'k8s-app': 'cilium-envoy',
    'app.kubernetes.io/name': 'cilium-envoy',
    'app.kubernetes.io/part-of': 'cilium',
  };
  const onNode = (place: PlaceOfNode, container: string, labels: Strings, image: string, index: number): RawObject =>
    pod(`${labels['k8s-app']}-${index}`, {
      namespace: 'kube-system',
      labels,
      node: place.name,
      ip: place.ip,
      image,
      container,
      owner: 'DaemonSet',
      hostNetwork: true,
    });
  const image = `${registry}/cilium:${CILIUM_VERSION}`;
  const envoyImage = `${registry}/cilium-envoy:v1.35.9-1770979049-232ed4a26881e4ab4f766f251f258ed424fff663`;
  const apart = config['external-envoy-proxy'] === 'true';
  return [
    configMap('cilium-config', config, 'helm'),
    daemonSet('cilium', { 'k8s-app': 'cilium' }, 'cilium-agent', image, nodes.length),
    ...nodes.map((place, index) => onNode(place, 'cilium-agent', agent, image, index)),
    ...(apart
      ? [
          daemonSet('cilium-envoy', { 'k8s-app': 'cilium-envoy' }, 'cilium-envoy', envoyImage, nodes.length),
          ...nodes.map((place, index) => onNode(place, 'cilium-envoy', envoy, envoyImage, index)),
        ]
      : []),
    pod('cilium-operator-0', {
      namespace: 'kube-system',
      labels: { 'io.cilium/app': 'operator', name: 'cilium-operator' },
      node: first.name,
      ip: first.ip,
      image: `${registry}/operator-generic:${CILIUM_VERSION}`,
      container: 'cilium-operator',
      owner: 'ReplicaSet',
      hostNetwork: true,
      tolerations: operatorTolerations,
    }),
  ];
}

export function ciliumNode(name: string, ipam: RawObject): RawObject {
  return object('cilium.io/v2', 'CiliumNode', name, {}, { spec: { ipam } });
}

export function configMap(name: string, data: Strings, manager: string, namespace = 'kube-system'): RawObject {
  const managedFields = [{ manager, operation: 'Update', time: INSTALLED, fieldsV1: { 'f:data': {} } }];
  return object('v1', 'ConfigMap', name, { namespace, more: { managedFields } }, { data });
}

export function daemonSet(name: string, labels: Strings, container: string, image: string, wanted: number): RawObject {
  return object(
    'apps/v1',
    'DaemonSet',
    name,
    { namespace: 'kube-system', labels, created: MADE },
    {
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: container, image }] } },
      },
      status: { desiredNumberScheduled: wanted, numberReady: wanted },
    },
  );
}

export interface ServiceParts {
  readonly namespace: string;
  readonly labels?: Strings;
  readonly annotations?: Strings;
  readonly spec: RawObject;
  readonly ingress?: readonly RawObject[];
  /** Field manager that owns the status. */
  readonly writtenBy?: string;
  readonly ownerReferences?: readonly RawObject[];
}

export function service(name: string, parts: ServiceParts): RawObject {
  const managedFields =
    parts.writtenBy === undefined
      ? []
      : [
          {
            manager: parts.writtenBy,
            operation: 'Update',
            subresource: 'status',
            time: STARTED,
            fieldsV1: { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } },
          },
        ];
  return object(
    'v1',
    'Service',
    name,
    {
      namespace: parts.namespace,
      ...(parts.labels === undefined ? {} : { labels: parts.labels }),
      ...(parts.annotations === undefined ? {} : { annotations: parts.annotations }),
      more: { managedFields, ownerReferences: parts.ownerReferences ?? [] },
    },
    {
      spec: parts.spec,
      status: { loadBalancer: parts.ingress === undefined ? {} : { ingress: parts.ingress } },
    },
  );
}

export interface SliceParts {
  readonly namespace: string;
  readonly service: string;
  readonly labels?: Strings;
  readonly port: { readonly name: string; readonly port: number };
  readonly endpoints: readonly { readonly ip: string; readonly node?: string; readonly pod?: string }[];
}

function slice(name: string, parts: SliceParts): RawObject {
  return object(
    'discovery.k8s.io/v1',
    'EndpointSlice',
    name,
    { namespace: parts.namespace, labels: { 'kubernetes.io/service-name': parts.service, ...parts.labels } },
    {
      addressType: 'IPv4',
      ports: [{ ...parts.port, protocol: 'TCP' }],
      endpoints: parts.endpoints.map(({ ip, node: nodeName, pod: podName }) => ({
        addresses: [ip],
        conditions: { ready: true },
        ...(nodeName === undefined ? {} : { nodeName }),
        ...(podName === undefined
          ? {}
          : { targetRef: { kind: 'Pod', namespace: parts.namespace, name: podName, uid: `uid-Pod-${podName}` } }),
      })),
    },
  );
}

/** A Deployment's Pods with their Service and EndpointSlice. */
export function backend(
  name: string,
  namespace: string,
  pods: readonly { readonly node: string; readonly ip: string }[],
): RawObject[] {
  const labels = { 'app.kubernetes.io/name': name };
  return [
    ...pods.map((one, index) =>
      pod(`${name}-${index}`, {
        namespace,
        labels,
        ...one,
        image: 'nginx:1.29.3',
        container: name,
        owner: 'ReplicaSet',
        tolerations: [],
      }),
    ),
    service(name, {
      namespace,
      spec: {
        type: 'ClusterIP',
        clusterIPs: ['10.247.17.4'],
        selector: labels,
        ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }],
      },
    }),
    slice(`${name}-x7k2p`, {
      namespace,
      service: name,
      port: { name: 'http', port: 8080 },
      endpoints: pods.map((one, index) => ({ ip: one.ip, node: one.node, pod: `${name}-${index}` })),
    }),
  ];
}

const CLASS = 'cilium-cloud';
const GATEWAY_GROUP = 'gateway.networking.k8s.io/v1';
const CONTROLLER = 'io.cilium/gateway-controller';

/** The set-up that the README recommends: a class of which nobody else serves the Services. */
export function gatewayClass(): RawObject[] {
  return [
    object(
      GATEWAY_GROUP,
      'GatewayClass',
      CLASS,
      {},
      {
        spec: {
          controllerName: CONTROLLER,
          parametersRef: {
            group: 'cilium.io',
            kind: 'CiliumGatewayClassConfig',
            namespace: 'kube-system',
            name: 'cloud',
          },
        },
        status: { conditions: [condition('Accepted', 'Accepted')] },
      },
    ),
    object(
      'cilium.io/v2alpha1',
      'CiliumGatewayClassConfig',
      'cloud',
      { namespace: 'kube-system' },
      { spec: { service: { type: 'LoadBalancer', loadBalancerClass: 'cilium-cloud-bridge.io/entrypoint' } } },
    ),
  ];
}

export interface GatewayParts {
  readonly nodePort: number;
  readonly addresses: readonly { readonly ip?: string; readonly hostname?: string }[];
  readonly route: { readonly name: string; readonly backend: string };
}

/** A programmed Gateway with one HTTP listener, all that Cilium made for it, and a route. */
export function gateway(name: string, parts: GatewayParts): RawObject[] {
  const namespace = 'default';
  const owner = {
    apiVersion: GATEWAY_GROUP,
    kind: 'Gateway',
    name,
    uid: `uid-Gateway-${namespace}-${name}`,
    controller: true,
  };
  const labels = { 'io.cilium.gateway/owning-gateway': name, 'gateway.networking.k8s.io/gateway-name': name };
  const made = `cilium-gateway-${name}`;
  const parentRef = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name };
  return [
    object(
      GATEWAY_GROUP,
      'Gateway',
      name,
      { namespace },
      {
        spec: {
          gatewayClassName: CLASS,
          listeners: [{ name: 'http', port: 80, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'Same' } } }],
        },
        status: {
          addresses: parts.addresses.map(({ ip, hostname }) =>
            ip === undefined ? { type: 'Hostname', value: hostname } : { type: 'IPAddress', value: ip },
          ),
          conditions: [condition('Accepted', 'Accepted'), condition('Programmed', 'Programmed')],
          listeners: [
            {
              name: 'http',
              attachedRoutes: 1,
              conditions: [condition('Accepted', 'Accepted'), condition('ResolvedRefs', 'ResolvedRefs')],
            },
          ],
        },
      },
    ),
    service(made, {
      namespace,
      labels,
      ownerReferences: [owner],
      writtenBy: 'cilium-cloud-bridge',
      spec: {
        type: 'LoadBalancer',
        loadBalancerClass: 'cilium-cloud-bridge.io/entrypoint',
        clusterIPs: ['10.247.40.2'],
        externalTrafficPolicy: 'Cluster',
        ports: [{ name: 'port-80', port: 80, protocol: 'TCP', nodePort: parts.nodePort }],
      },
      ingress: parts.addresses.map((entry) => (entry.ip === undefined ? entry : { ...entry, ipMode: 'Proxy' })),
    }),
    slice(made, {
      namespace,
      service: made,
      labels,
      port: { name: '', port: 9999 },
      endpoints: [{ ip: '192.192.192.192' }],
    }),
    object(
      'cilium.io/v2',
      'CiliumEnvoyConfig',
      made,
      { namespace, labels, more: { ownerReferences: [owner] } },
      {
        spec: {
          services: [{ name: made, namespace, ports: [80], listener: 'listener' }],
          backendServices: [{ name: parts.route.backend, namespace, number: ['80'] }],
          resources: [
            {
              '@type': 'type.googleapis.com/envoy.config.listener.v3.Listener',
              name: 'listener',
              filterChains: [{ filterChainMatch: { transportProtocol: 'raw_buffer' }, filters: [] }],
            },
          ],
        },
      },
    ),
    object(
      GATEWAY_GROUP,
      'HTTPRoute',
      parts.route.name,
      { namespace },
      {
        spec: {
          parentRefs: [parentRef],
          rules: [{ backendRefs: [{ kind: 'Service', name: parts.route.backend, port: 80, weight: 1 }] }],
        },
        status: {
          parents: [
            {
              parentRef,
              controllerName: CONTROLLER,
              conditions: [condition('Accepted', 'Accepted'), condition('ResolvedRefs', 'ResolvedRefs')],
            },
          ],
        },
      },
    ),
    ...[
      'gatewayclasses',
      'gateways',
      'httproutes',
      'grpcroutes',
      'referencegrants',
      'tlsroutes',
      'backendtlspolicies',
    ].map(gatewayCrd),
  ];
}

/** The redirect copy that sends an entrypoint straight to Envoy, as the controller keeps it. */
export function redirectCopy(objects: readonly RawObject[], gatewayName: string, entrypoint: RawObject): RawObject {
  const source = objects.find(
    (raw) => raw.kind === 'CiliumEnvoyConfig' && readMeta(raw).name === `cilium-gateway-${gatewayName}`,
  );
  const owner = objects.find((raw) => raw.kind === 'Gateway' && readMeta(raw).name === gatewayName);
  if (source === undefined || owner === undefined) throw new Error('there is no such Gateway');
  const { meta, ports } = trimService(entrypoint);
  const from = trimEnvoyConfig(source).meta;
  const gatewayMeta = trimGateway(owner).meta;
  return object(
    'cilium.io/v2',
    'CiliumEnvoyConfig',
    copyName(meta),
    {
      namespace: meta.namespace,
      labels: {
        'app.kubernetes.io/managed-by': 'cilium-cloud-bridge',
        [MANAGED_LABEL]: 'true',
        'cilium.io/use-original-source-address': 'false',
      },
      annotations: {
        'cec.cilium.io/use-original-source-address': 'false',
        [`${PREFIX}source`]: `${from.namespace}/${from.name}`,
        [`${PREFIX}subject`]: `Gateway ${gatewayMeta.namespace}/${gatewayMeta.name}`,
      },
      more: {
        ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: meta.name, uid: meta.uid }],
      },
    },
    {
      spec: {
        ...asRecord(contentOf(source)),
        services: [
          {
            name: meta.name,
            namespace: meta.namespace,
            ports: ports.map(({ port }) => port),
            listener: trimEnvoyConfig(source).services[0]?.listener ?? '',
          },
        ],
      },
    },
  );
}

/** Of the controller of ours that keeps all this in sync. */
export function controllerLease(): RawObject {
  return object(
    'coordination.k8s.io/v1',
    'Lease',
    'cilium-cloud-bridge',
    { namespace: 'kube-system' },
    {
      spec: {
        holderIdentity: 'cilium-cloud-bridge-7d9c5',
        leaseDurationSeconds: 15,
        renewTime: '2026-11-25T11:59:58.000000Z',
      },
    },
  );
}

function gatewayCrd(plural: string): RawObject {
  return object(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    `${plural}.gateway.networking.k8s.io`,
    { annotations: { 'gateway.networking.k8s.io/bundle-version': 'v1.4.1' }, created: MADE },
    {
      spec: {
        group: 'gateway.networking.k8s.io',
        versions: [
          { name: 'v1', served: true, storage: true },
          { name: 'v1beta1', served: true, storage: false },
        ],
      },
    },
  );
}

function condition(type: string, reason: string, status = 'True'): RawObject {
  return { type, status, reason, message: '', observedGeneration: 1, lastTransitionTime: STARTED };
}
