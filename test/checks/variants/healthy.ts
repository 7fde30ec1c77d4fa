import { copyName } from '../../../src/gateway/redirect-copy.ts';
import { asArray, asRecord, readMeta } from '../../../src/kube/read.ts';
import type { RawObject } from '../../../src/kube/types.ts';
import { ciliumConfig, cloud, type Edit, patch, withObjects, without } from '../cluster-data.ts';
import type { ReferenceName } from '../reference/all.ts';
import { CCE_ELB } from '../reference/cce-overlay.ts';
import { node, object, pod, service } from '../reference/parts.ts';
import { TKE_CLB } from '../reference/tke-overlay.ts';
import { appended, at, balancedPort, copied, each, reworded } from './edits.ts';

/** A cluster in which nothing is wrong, unlike the references. */
export interface Variant {
  readonly name: string;
  readonly reference: ReferenceName;
  readonly edits: readonly Edit[];
  /** Of the configuration file. */
  readonly config?: object;
  /** Checks that may warn, because there is something to say. */
  readonly warns?: readonly string[];
  /** Checks that pass on the reference, and have nothing to look at here. */
  readonly silent?: readonly string[];
}

const GATEWAY_GROUP = 'gateway.networking.k8s.io';
const ENTRY = 'Service kube-system/gateway-entrypoint';
const COPY = copyName({ namespace: 'kube-system', name: 'gateway-entrypoint' });

function condition(type: string): RawObject {
  return { type, status: 'True', reason: type, message: '', observedGeneration: 1 };
}

const ACCEPTED = [condition('Accepted'), condition('ResolvedRefs')];

function parent(name: string, more: RawObject = {}): RawObject {
  return { group: GATEWAY_GROUP, kind: 'Gateway', name, ...more };
}

function route(
  kind: string,
  name: string,
  ref: RawObject,
  backend: RawObject | undefined,
  controllerName = 'io.cilium/gateway-controller',
  version = 'v1',
): RawObject {
  return object(
    `${GATEWAY_GROUP}/${version}`,
    kind,
    name,
    { namespace: 'default' },
    {
      spec: { parentRefs: [ref], rules: [backend === undefined ? {} : { backendRefs: [backend] }] },
      status: { parents: [{ parentRef: ref, controllerName, conditions: ACCEPTED }] },
    },
  );
}

/** Port 443 of a Gateway, its Service, its CiliumEnvoyConfig with the copy, and the entrypoint. */
function port443(gateway: string, entrypoint: string, listener: RawObject, nodePort: number, entry: number): Edit[] {
  return [
    appended('Gateway', gateway, ['spec', 'listeners'], listener),
    appended('Gateway', gateway, ['status', 'listeners'], { name: listener.name, conditions: ACCEPTED }),
    appended('Service', `cilium-gateway-${gateway}`, ['spec', 'ports'], {
      name: 'port-443',
      port: 443,
      protocol: 'TCP',
      nodePort,
    }),
    appended('Service', entrypoint, ['spec', 'ports'], {
      name: listener.name,
      port: 443,
      protocol: 'TCP',
      nodePort: entry,
      targetPort: nodePort,
    }),
    each('CiliumEnvoyConfig', (raw) =>
      at(raw, ['spec', 'services'], (services) =>
        asArray(services).map((one) => ({ ...asRecord(one), ports: [80, 443] })),
      ),
    ),
  ];
}

const HTTPS = {
  name: 'https',
  port: 443,
  protocol: 'HTTPS',
  hostname: 'shop.example.com',
  tls: { mode: 'Terminate', certificateRefs: [{ kind: 'Secret', name: 'shop-tls' }] },
  allowedRoutes: { namespaces: { from: 'Same' } },
};

/** A listener that passes TLS through, and a TLSRoute for it, in the version that Cilium 1.19 asks for. */
export const TLS_PASSTHROUGH: Edit[] = [
  ...port443(
    'ip-gateway',
    'gateway-entrypoint',
    {
      name: 'tls',
      port: 443,
      protocol: 'TLS',
      tls: { mode: 'Passthrough' },
      allowedRoutes: { namespaces: { from: 'Same' } },
    },
    32547,
    30443,
  ),
  balancedPort(CCE_ELB, 443, 30443),
  withObjects(
    route(
      'TLSRoute',
      'shop',
      parent('ip-gateway', { sectionName: 'tls' }),
      { name: 'echo', port: 80 },
      undefined,
      'v1alpha2',
    ),
  ),
];

/** A second Gateway, and all that belongs to it, beside the first. */
function secondGateway(...words: readonly (readonly [string, string])[]): Edit {
  const kinds = ['Gateway', 'HTTPRoute', 'CiliumEnvoyConfig'];
  return copied(
    (raw, text) =>
      text.includes('ip-gateway') &&
      (kinds.includes(String(raw.kind)) ||
        (raw.kind === 'Service' && readMeta(raw).name !== 'echo') ||
        (raw.kind === 'EndpointSlice' && readMeta(raw).name.startsWith('cilium-gateway'))),
    [COPY, copyName({ namespace: 'kube-system', name: 'admin-entrypoint' })],
    ['ip-gateway', 'admin-gateway'],
    ['gateway-entrypoint', 'admin-entrypoint'],
    ['echo-ip-route', 'admin-route'],
    ['32546', '32777'],
    ['30080', '30090'],
    ...words,
  );
}

/** Agents, operator and Envoy of another release. */
function release(version: string): Edit {
  return reworded(['v1.19.5', version]);
}

/** One node only, its server and its member. */
function onlyNode(name: string, others: readonly [string, string][]): Edit[] {
  return [
    ...others.flatMap(([other, index]) => [
      without(`Node ${other}`),
      without(`Pod kube-system/cilium-${index}`),
      without(`Pod kube-system/cilium-envoy-${index}`),
      without(`CiliumNode ${other}`),
    ]),
    without('Pod default/echo-1'),
    each('EndpointSlice', (raw) => at(raw, ['endpoints'], (all) => asArray(all).slice(0, 1))),
    cloud(({ instances, targets }) => ({
      instances: instances.filter(({ nodeName }) => nodeName === name),
      targets: { [CCE_ELB]: (targets[CCE_ELB] ?? []).filter(({ address }) => address === name) },
    })),
  ];
}

/** No EIP: clients are hosts of the VPC, and of what is connected to it. */
const INTERNAL_ELB: Edit[] = [
  each('Service', (raw) =>
    at(raw, ['status', 'loadBalancer', 'ingress'], (all) =>
      all === undefined ? undefined : asArray(all).filter((one) => asRecord(one).ip !== '122.9.70.186'),
    ),
  ),
  each('Gateway', (raw) => at(raw, ['status', 'addresses'], () => [{ type: 'IPAddress', value: '10.2.128.200' }])),
  cloud(({ loadBalancers }) => ({
    loadBalancers: loadBalancers.map((one) => ({
      ...one,
      isPublic: false,
      addresses: { ...one.addresses, publicIps: [] },
    })),
    publicIps: [],
  })),
];

/** A dedicated ELB, whose probes come from its backend subnet and whose clients no security group sees. */
const DEDICATED_ELB: Edit[] = [
  patch(ENTRY, { metadata: { annotations: { 'kubernetes.io/elb.class': 'performance' } } }),
  cloud(({ loadBalancers }) => ({
    loadBalancers: loadBalancers.map((one) => ({
      ...one,
      kind: 'dedicated',
      admission: { probeSources: ['10.2.128.0/17'], clientTraffic: 'bypasses' },
    })),
  })),
];

/** As CCE itself leaves a Service whose ELB it made: it writes the id and the EIP beside `elb.autocreate`. */
const AUTOCREATED: Edit = patch(ENTRY, {
  metadata: {
    annotations: {
      'kubernetes.io/elb.autocreate':
        '{"type":"public","bandwidth_name":"cce-gateway","bandwidth_chargemode":"traffic","bandwidth_size":5,"bandwidth_sharetype":"PER","eip_type":"5_bgp"}',
      'kubernetes.io/elb.eip-id': 'eip-1',
      'kubernetes.io/elb.mark': '0',
    },
    finalizers: ['service.kubernetes.io/load-balancer-cleanup'],
    managedFields: [
      {
        manager: 'kubectl-client-side-apply',
        operation: 'Update',
        time: '2026-11-20T09:06:00Z',
        fieldsV1: { 'f:metadata': { 'f:annotations': { '.': {}, 'f:kubernetes.io/elb.autocreate': {} } } },
      },
      {
        manager: 'cloud-controller-manager',
        operation: 'Update',
        time: '2026-11-20T09:06:05Z',
        fieldsV1: {
          'f:metadata': { 'f:annotations': { 'f:kubernetes.io/elb.eip-id': {}, 'f:kubernetes.io/elb.id': {} } },
        },
      },
      {
        manager: 'cloud-controller-manager',
        operation: 'Update',
        subresource: 'status',
        time: '2026-11-20T09:06:09Z',
        fieldsV1: { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } },
      },
    ],
  },
});

/** New public CLBs have a name, behind which the addresses move. */
const DOMAIN = 'lb-6swtk3yh-x.clb.gz-tencentclb.com';
const DOMAIN_CLB: Edit[] = [
  each('Service', (raw) =>
    at(raw, ['status', 'loadBalancer', 'ingress'], (all) => (all === undefined ? undefined : [{ hostname: DOMAIN }])),
  ),
  each('Gateway', (raw) => at(raw, ['status', 'addresses'], () => [{ type: 'Hostname', value: DOMAIN }])),
  cloud(({ loadBalancers, publicIps }) => ({
    loadBalancers: loadBalancers.map((one) => ({
      ...one,
      addresses: { publicIps: [], privateIps: [], ipv6: [], hostname: DOMAIN },
    })),
    publicIps: publicIps.filter(({ boundTo }) => boundTo?.kind !== 'load-balancer'),
  })),
];

/** Nodes with two addresses, Services with two families, and an IPv6 address of the load balancer. */
const DUAL_STACK: Edit[] = [
  ciliumConfig({ 'enable-ipv6': 'true', 'cluster-pool-ipv6-cidr': 'fd00:100::/104', 'enable-ipv6-masquerade': 'true' }),
  each('Node', (raw, index) =>
    at(raw, ['status', 'addresses'], (all) => [
      ...asArray(all),
      { type: 'InternalIP', address: `2407:c080:1:2::${11 + index}` },
    ]),
  ),
  each('Service', (raw) =>
    at(raw, ['status', 'loadBalancer', 'ingress'], (all) =>
      all === undefined ? undefined : [...asArray(all), { ...asRecord(asArray(all)[0]), ip: '2407:c080:1:2::200' }],
    ),
  ),
  each('Gateway', (raw) =>
    at(raw, ['status', 'addresses'], (all) => [...asArray(all), { type: 'IPAddress', value: '2407:c080:1:2::200' }]),
  ),
  cloud(({ loadBalancers, instances, subnets, vpc }) => ({
    loadBalancers: loadBalancers.map((one) => ({
      ...one,
      addresses: { ...one.addresses, ipv6: ['2407:c080:1:2::200'] },
    })),
    instances: instances.map((one, index) => ({
      ...one,
      privateIps: [...one.privateIps, `2407:c080:1:2::${11 + index}`],
    })),
    subnets,
    vpc,
  })),
];

/** Half of the nodes in a second pool: another subnet, another security group, each admitting the other's nodes. */
const TWO_POOLS: Edit[] = [
  cloud(({ instances, securityGroups, subnets, routeTables, natGateways }) => ({
    instances: instances.map((one, index) =>
      index === 0 ? one : { ...one, subnetId: 'subnet-pool-2', securityGroupIds: ['sg-pool-2'] },
    ),
    securityGroups: securityGroups.flatMap((group) => {
      const admits = {
        id: 'rule-other-pool',
        direction: 'ingress',
        allow: true,
        priority: 1,
        family: 'any',
        protocol: 'all',
        ports: 'all',
      } as const;
      return [
        { ...group, rules: [...group.rules, { ...admits, peer: { kind: 'group', groupId: 'sg-pool-2' } }] },
        {
          ...group,
          id: 'sg-pool-2',
          name: 'pool-2',
          rules: [
            ...group.rules.map((rule) =>
              rule.peer.kind === 'group' ? ({ ...rule, peer: { kind: 'group', groupId: 'sg-pool-2' } } as const) : rule,
            ),
            { ...admits, peer: { kind: 'group', groupId: group.id } },
          ],
        },
      ];
    }),
    subnets: [...subnets, ...subnets.slice(0, 1).map((one) => ({ ...one, id: 'subnet-pool-2', cidr: '10.2.64.0/18' }))],
    routeTables: routeTables.map((one) => ({ ...one, subnetIds: [...one.subnetIds, 'subnet-pool-2'] })),
    natGateways: natGateways.map((one) => ({
      ...one,
      sources:
        one.sources === 'routed'
          ? one.sources
          : [
              ...one.sources,
              ...one.sources.slice(0, 1).map((rule) => ({ ...rule, id: 'snat-2', subnetId: 'subnet-pool-2' })),
            ],
    })),
  })),
];

/** `default/admin-gateway` at port 8080 of the same load balancer, beside `default/ip-gateway`. */
export const TWO_GATEWAYS: Edit[] = [
  secondGateway(),
  each('Gateway', (raw) =>
    readMeta(raw).name === 'admin-gateway'
      ? at(raw, ['spec', 'listeners'], (all) => asArray(all).map((one) => ({ ...asRecord(one), port: 8080 })))
      : raw,
  ),
  each('Service', (raw) =>
    /admin/.test(readMeta(raw).name)
      ? at(raw, ['spec', 'ports'], (all) =>
          asArray(all).map((one) => ({
            ...asRecord(one),
            port: 8080,
            ...(readMeta(raw).name === 'admin-entrypoint'
              ? { nodePort: 30090, targetPort: 32777 }
              : { name: 'port-8080', nodePort: 32777 }),
          })),
        )
      : raw,
  ),
  each('CiliumEnvoyConfig', (raw) =>
    JSON.stringify(raw).includes('admin')
      ? at(raw, ['spec', 'services'], (all) => asArray(all).map((one) => ({ ...asRecord(one), ports: [8080] })))
      : raw,
  ),
  balancedPort(CCE_ELB, 8080, 30090),
];

const POLICY = (name: string, spec: RawObject): RawObject =>
  object('cilium.io/v2', 'CiliumNetworkPolicy', name, { namespace: 'default' }, { spec });
const ECHO = { matchLabels: { 'app.kubernetes.io/name': 'echo' } };

export const VARIANTS: readonly Variant[] = [
  {
    name: 'other ranges, another region',
    reference: 'cce-overlay',
    edits: [
      reworded(['10.2.', '192.168.'], ['10.100.', '172.20.'], ['10.247.', '10.96.'], ['cn-north-4', 'la-south-2']),
    ],
  },
  {
    name: 'other ranges, another region',
    reference: 'tke-overlay',
    edits: [reworded(['172.16.', '10.9.'], ['10.244.', '100.80.'], ['ap-guangzhou', 'ap-singapore'], ['"gz"', '"sg"'])],
  },
  {
    name: 'other ranges, another region',
    reference: 'tke-native',
    edits: [reworded(['172.16.', '10.9.'], ['ap-guangzhou', 'na-siliconvalley'])],
  },
  { name: 'two node pools', reference: 'cce-overlay', edits: TWO_POOLS },
  { name: 'two node pools', reference: 'tke-overlay', edits: TWO_POOLS },
  { name: 'two node pools', reference: 'tke-native', edits: TWO_POOLS },
  {
    name: 'one node',
    reference: 'cce-overlay',
    edits: onlyNode('10.2.128.11', [
      ['10.2.128.12', '1'],
      ['10.2.128.13', '2'],
    ]),
    silent: ['sg-node-to-node'],
  },
  { name: 'an internal load balancer only', reference: 'cce-overlay', edits: INTERNAL_ELB, silent: ['eip-state'] },
  { name: 'a dedicated load balancer', reference: 'cce-overlay', edits: DEDICATED_ELB },
  { name: 'an ELB that CCE made', reference: 'cce-overlay', edits: [AUTOCREATED] },
  { name: 'two families of addresses', reference: 'cce-overlay', edits: DUAL_STACK },
  {
    name: 'an HTTPS listener with a certificate',
    reference: 'cce-overlay',
    edits: [...port443('ip-gateway', 'gateway-entrypoint', HTTPS, 32547, 30443), balancedPort(CCE_ELB, 443, 30443)],
  },
  {
    name: 'a TLS listener passed through, with a TLSRoute',
    reference: 'cce-overlay',
    edits: TLS_PASSTHROUGH,
  },
  {
    name: 'two Gateways on one load balancer, on different ports',
    reference: 'cce-overlay',
    edits: TWO_GATEWAYS,
  },
  { name: 'Cilium 1.17', reference: 'cce-overlay', edits: [release('v1.17.9')] },
  { name: 'Cilium 1.18', reference: 'cce-overlay', edits: [release('v1.18.6')] },
  {
    name: 'Cilium 1.18, whose NodePorts alone stand in for kube-proxy',
    reference: 'tke-overlay',
    edits: [release('v1.18.6'), ciliumConfig({ 'kube-proxy-replacement': 'false', 'enable-node-port': 'true' })],
    silent: ['kube-proxy-leftovers'],
  },
  {
    name: 'hostPorts left to the plugin portmap',
    reference: 'cce-overlay',
    edits: [ciliumConfig({ 'cni-chaining-mode': 'portmap' })],
  },
  { name: 'Cilium 1.20', reference: 'cce-overlay', edits: [release('v1.20.2')] },
  { name: 'Cilium 1.20', reference: 'tke-native', edits: [release('v1.20.2')] },
  {
    name: 'Cilium in a namespace of its own',
    reference: 'cce-overlay',
    edits: [reworded([COPY, copyName({ namespace: 'cilium', name: 'gateway-entrypoint' })], ['kube-system', 'cilium'])],
    config: { cilium: { namespace: 'cilium' }, lease: { namespace: 'cilium' } },
  },
  {
    name: 'other load balancers, of workloads that have nothing to do with Gateways',
    reference: 'cce-overlay',
    edits: [
      withObjects(
        service('redis', {
          namespace: 'shop',
          annotations: { 'kubernetes.io/elb.id': 'elb-of-redis', 'kubernetes.io/elb.class': 'performance' },
          writtenBy: 'cloud-controller-manager',
          spec: {
            type: 'LoadBalancer',
            selector: { app: 'redis' },
            sessionAffinity: 'ClientIP',
            ports: [{ name: 'redis', port: 6379, protocol: 'TCP', nodePort: 31379, targetPort: 6379 }],
          },
          ingress: [{ ip: '10.2.129.7', ipMode: 'VIP' }],
        }),
        service('dns', {
          namespace: 'shop',
          annotations: { 'kubernetes.io/elb.id': 'elb-of-redis' },
          spec: {
            type: 'LoadBalancer',
            selector: { app: 'dns' },
            ports: [{ name: 'dns', port: 53, protocol: 'UDP', nodePort: 31053, targetPort: 53 }],
          },
          ingress: [{ ip: '10.2.129.7', ipMode: 'VIP' }],
        }),
      ),
    ],
  },
  {
    name: "routes of another controller's Gateway, of a mesh, and without a backend",
    reference: 'cce-overlay',
    edits: [
      withObjects(
        object(
          `${GATEWAY_GROUP}/v1`,
          'GatewayClass',
          'nginx',
          {},
          { spec: { controllerName: 'gateway.nginx.org/nginx' } },
        ),
        object(
          `${GATEWAY_GROUP}/v1`,
          'Gateway',
          'nginx',
          { namespace: 'default' },
          { spec: { gatewayClassName: 'nginx', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] } },
        ),
        route('HTTPRoute', 'of-nginx', parent('nginx'), { name: 'nowhere', port: 80 }, 'gateway.nginx.org/nginx'),
        route('HTTPRoute', 'of-mesh', { group: '', kind: 'Service', name: 'echo' }, { name: 'echo', port: 80 }),
        route(
          'HTTPRoute',
          'of-istio',
          { group: 'networking.istio.io', kind: 'Gateway', name: 'mesh' },
          { name: 'echo', port: 80 },
          'istio.io/gateway-controller',
        ),
        route('HTTPRoute', 'to-https', parent('ip-gateway'), undefined),
        route('HTTPRoute', 'off', parent('ip-gateway'), { name: 'gone', port: 80, weight: 0 }),
      ),
    ],
  },
  {
    name: 'policies that admit the Gateway in many ways',
    reference: 'cce-overlay',
    edits: [
      withObjects(
        POLICY('from-ingress', { endpointSelector: ECHO, ingress: [{ fromEntities: ['ingress'] }] }),
        POLICY('egress-only', { endpointSelector: ECHO, egress: [{ toEntities: ['all'] }] }),
        POLICY('of-others', { endpointSelector: { matchLabels: { app: 'redis' } }, ingress: [{}] }),
        object(
          'cilium.io/v2',
          'CiliumClusterwideNetworkPolicy',
          'nodes',
          {},
          { spec: { nodeSelector: {}, ingress: [{ fromEntities: ['cluster'] }] } },
        ),
        object(
          'cilium.io/v2',
          'CiliumClusterwideNetworkPolicy',
          'metrics',
          {},
          {
            spec: {
              endpointSelector: {},
              enableDefaultDeny: { ingress: false, egress: false },
              ingress: [{ fromEndpoints: [{ matchLabels: { app: 'prometheus' } }] }],
            },
          },
        ),
      ),
    ],
  },
  {
    name: 'an LB-IPAM pool for other Services, while the Gateways have a class of their own',
    reference: 'cce-overlay',
    edits: [
      withObjects(
        object('cilium.io/v2', 'CiliumLoadBalancerIPPool', 'lab', {}, { spec: { blocks: [{ cidr: '10.9.0.0/24' }] } }),
      ),
    ],
  },
  {
    name: 'super nodes and a registered node',
    reference: 'tke-overlay',
    edits: [
      withObjects(
        node('eklet-subnet-1', {
          ip: '172.16.9.9',
          providerId: 'qcloud:///100003/eklet-1',
          machineId: '',
          labels: { 'node.kubernetes.io/instance-type': 'eklet' },
        }),
        node('idc-1', {
          ip: '192.168.77.1',
          providerId: '',
          machineId: '',
          labels: { 'node.kubernetes.io/instance-type': 'external' },
        }),
      ),
    ],
  },
  {
    name: 'a Job that is over, and a backend with one Pod that is being replaced',
    reference: 'tke-overlay',
    edits: [
      withObjects(
        pod('migrate-1', {
          namespace: 'default',
          labels: { job: 'migrate' },
          node: '172.16.0.21',
          ip: '10.244.21.99',
          image: 'busybox',
          container: 'migrate',
          owner: 'Job',
        }),
      ),
      patch('Pod default/migrate-1', { status: { phase: 'Succeeded' } }),
      each('EndpointSlice', (raw) =>
        readMeta(raw).name.startsWith('web')
          ? at(raw, ['endpoints'], (all) =>
              asArray(all).map((one, index) =>
                index === 0 ? { ...asRecord(one), conditions: { ready: false, terminating: true } } : one,
              ),
            )
          : raw,
      ),
    ],
  },
  {
    name: 'nodes without EIP, behind the NAT gateway alone',
    reference: 'tke-overlay',
    edits: [
      each('Node', (raw) =>
        at(raw, ['status', 'addresses'], (all) => asArray(all).filter((one) => asRecord(one).type !== 'ExternalIP')),
      ),
      cloud(({ instances, publicIps }) => ({
        instances: instances.map((one) => ({ ...one, publicIps: [] })),
        publicIps: publicIps.filter(({ boundTo }) => boundTo?.kind === 'load-balancer'),
      })),
    ],
    silent: ['pod-to-node-eip'],
  },
  {
    name: 'the CLB admits by its own security group, and passes to the nodes',
    reference: 'tke-overlay',
    edits: [
      cloud(({ loadBalancers, securityGroups }) => ({
        loadBalancers: loadBalancers.map((one) => ({
          ...one,
          admission: { probeSources: ['100.64.0.0/10'], clientTraffic: 'bypasses' },
          securityGroupIds: ['sg-clb'],
        })),
        securityGroups: [
          ...securityGroups,
          ...securityGroups.map((group) => ({
            ...group,
            id: 'sg-clb',
            rules: group.rules.slice(0, 1).map((rule) => ({ ...rule, ports: 'all' as const })),
          })),
        ],
      })),
    ],
  },
  {
    name: 'a CLB that TKE made, named by its read-only annotation',
    reference: 'tke-overlay',
    edits: [
      patch('Service kube-system/web-lb', {
        metadata: {
          annotations: {
            'service.kubernetes.io/tke-existed-lbid': null,
            'service.kubernetes.io/loadbalance-id': TKE_CLB,
          },
        },
      }),
    ],
  },
  { name: 'a CLB that has a name and no fixed address', reference: 'tke-overlay', edits: DOMAIN_CLB },
  {
    name: 'the same, while the configuration names an address for the Gateway',
    reference: 'tke-overlay',
    edits: DOMAIN_CLB,
    config: { cloud: { clusterId: 'cls-6k2m9xq1' }, gateway: { addresses: { 'default/web': ['43.139.30.5'] } } },
    warns: ['lb-domain-only'],
  },
  {
    name: 'several Cilium operators, one of them starting',
    reference: 'cce-overlay',
    edits: [
      copied(
        (raw) => raw.kind === 'Pod' && readMeta(raw).name === 'cilium-operator-0',
        ['cilium-operator-0', 'cilium-operator-1'],
      ),
      patch('Pod kube-system/cilium-operator-1', {
        status: { phase: 'Pending', conditions: [{ type: 'Ready', status: 'False' }] },
      }),
    ],
  },
  {
    name: 'masquerading towards the internet alone, with NAT',
    reference: 'tke-native',
    edits: [
      ciliumConfig({
        'enable-ipv4-masquerade': 'true',
        'enable-bpf-masquerade': 'true',
        'enable-ip-masq-agent': 'true',
      }),
      withObjects(
        object(
          'v1',
          'ConfigMap',
          'ip-masq-agent',
          { namespace: 'kube-system' },
          { data: { config: 'nonMasqueradeCIDRs:\n- 172.16.0.0/17\n- 172.16.128.0/17\nmasqLinkLocal: true\n' } },
        ),
      ),
    ],
  },
  {
    name: 'a Gateway that has no route yet',
    reference: 'cce-overlay',
    edits: [without('HTTPRoute default/echo-ip-route')],
    warns: ['route-accepted'],
    silent: ['route-refs', 'route-backend', 'policy-admits-gateway'],
  },
];
