import { asRecord, asString } from '../../src/kube/read.ts';
import { ENVOY_CONFIGS, EVENTS, LEASES, NODES, type Resource, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import type { Send } from '../control-plane/http.ts';
import { resourcePath } from '../control-plane/objects.ts';
import { SOURCE } from '../control-plane/redirect-scene.ts';
import { GUIDE_ENTRYPOINT, GUIDE_SERVICE } from '../control-plane/scenario.ts';
import { ROUTE_TAINT } from '../taints/fixture.ts';
import {
  API_SERVER,
  CLAIMS_ELSEWHERE,
  copyOf,
  DNS,
  FOREIGN,
  FOREIGN_CONFIG,
  FOREIGN_EVENT,
  LIKE_OURS,
  MANAGED,
  MANAGED_ELB,
  NODE,
  NOT_SHARED,
  OUR_LABEL,
  OWN_COPY,
  OWN_EVENT,
  PRETENDER,
  SHARED,
} from './victims.ts';

/* What somebody tries who has a token of our ServiceAccount. RBAC lets each of these through: a policy has to deny it. */

/** uid of a Service of the scene. */
export type UidOf = (service: ObjectRef) => string;

export interface Attack {
  readonly what: string;
  /** How the message of the rule begins that denies it. */
  readonly rule: string;
  readonly resource: Resource;
  readonly ref: ObjectRef;
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly subresource?: string;
  /** A list is a JSON patch, an object a merge patch. */
  readonly body?: (uidOf: UidOf) => object;
}

const JSON_TYPE = 'application/json';
const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const OTHER_IP = '203.0.113.66';
const CONDITION = {
  type: 'Stolen',
  status: 'True',
  reason: 'Stolen',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};

const ONLY_COPIES = 'only redirect copies';
const OWN_NAMESPACE = 'only for Services of their own namespace';
const OWNER = 'only for the Service that owns the copy';
const ONLY_ENTRYPOINTS = 'only entrypoints are redirected';
const NO_MARKS = "no finalizers, no labels of Cilium's own";

/** A redirect copy for that Service, as the program makes one. */
function copyFor(service: ObjectRef, change: object = {}, metadata: object = {}): Attack['body'] {
  return (uidOf) => {
    const made = copyOf({ namespace: service.namespace, name: 'ccb-stolen' }, service, uidOf(service));
    return { ...made, metadata: { ...made.metadata, ...metadata }, spec: { ...asRecord(made.spec), ...change } };
  };
}

export const REDIRECTS: readonly Attack[] = [
  create('a redirect without our label', ONLY_COPIES, ENVOY_CONFIGS, copyFor(GUIDE_ENTRYPOINT, {}, { labels: {} })),
  create(
    'a redirect with another value of our label',
    ONLY_COPIES,
    ENVOY_CONFIGS,
    copyFor(GUIDE_ENTRYPOINT, {}, { labels: { [OUR_LABEL]: 'false' } }),
  ),
  create(
    'a redirect under another name',
    ONLY_COPIES,
    ENVOY_CONFIGS,
    copyFor(GUIDE_ENTRYPOINT, {}, { name: 'stolen' }),
  ),
  create(
    'a redirect of a Service in another namespace',
    OWN_NAMESPACE,
    ENVOY_CONFIGS,
    copyFor(GUIDE_ENTRYPOINT, { services: [{ name: GUIDE_ENTRYPOINT.name, namespace: 'default' }] }),
  ),
  create('a redirect of nothing', OWN_NAMESPACE, ENVOY_CONFIGS, copyFor(GUIDE_ENTRYPOINT, { services: [] })),
  create(
    'a redirect of another Service than its owner',
    OWNER,
    ENVOY_CONFIGS,
    copyFor(GUIDE_ENTRYPOINT, { services: [{ name: DNS.name, namespace: DNS.namespace }] }),
  ),
  create('a redirect that nothing owns', OWNER, ENVOY_CONFIGS, copyFor(DNS, {}, { ownerReferences: undefined })),
  create('a redirect that a Pod owns', OWNER, ENVOY_CONFIGS, (uidOf) => {
    const owner = { apiVersion: 'v1', kind: 'Pod', name: GUIDE_ENTRYPOINT.name, uid: uidOf(GUIDE_ENTRYPOINT) };
    return copyFor(GUIDE_ENTRYPOINT, {}, { ownerReferences: [owner] })?.(uidOf) ?? {};
  }),
  create('a redirect of the DNS of the cluster', ONLY_ENTRYPOINTS, ENVOY_CONFIGS, copyFor(DNS)),
  create('a redirect of a foreign LoadBalancer', ONLY_ENTRYPOINTS, ENVOY_CONFIGS, copyFor(FOREIGN)),
  create("a redirect of Cilium's shared Service", ONLY_ENTRYPOINTS, ENVOY_CONFIGS, copyFor(SHARED)),
  create("a redirect of Cilium's own Service", ONLY_ENTRYPOINTS, ENVOY_CONFIGS, copyFor(GUIDE_SERVICE)),
  create('a redirect of the API server', ONLY_ENTRYPOINTS, ENVOY_CONFIGS, copyFor(API_SERVER)),
  create(
    'a redirect of a Service that names a Gateway it may not serve',
    ONLY_ENTRYPOINTS,
    ENVOY_CONFIGS,
    copyFor(CLAIMS_ELSEWHERE),
  ),
  create('a redirect with a false uid of its owner', ONLY_ENTRYPOINTS, ENVOY_CONFIGS, (uidOf) => {
    return copyFor(GUIDE_ENTRYPOINT)?.((service) => uidOf(service === GUIDE_ENTRYPOINT ? DNS : service)) ?? {};
  }),
  patch('our own copy turned to the DNS of the cluster', ONLY_ENTRYPOINTS, ENVOY_CONFIGS, OWN_COPY, (uidOf) => {
    const { metadata, spec } = copyOf(OWN_COPY, DNS, uidOf(DNS));
    return { metadata: { ownerReferences: metadata.ownerReferences }, spec };
  }),
  create('a finalizer', NO_MARKS, ENVOY_CONFIGS, copyFor(GUIDE_ENTRYPOINT, {}, { finalizers: ['example.com/stolen'] })),
  create(
    "a label of Cilium's own",
    NO_MARKS,
    ENVOY_CONFIGS,
    copyFor(GUIDE_ENTRYPOINT, {}, { labels: { [OUR_LABEL]: 'true', 'io.cilium.gateway/owning-gateway': 'x' } }),
  ),
  patch("Cilium's own redirect changed", ONLY_COPIES, ENVOY_CONFIGS, SOURCE, [add('/spec/resources', [])]),
  patch("our label on Cilium's own redirect", ONLY_COPIES, ENVOY_CONFIGS, SOURCE, labels({ [OUR_LABEL]: 'true' })),
  patch('our label on a foreign one', ONLY_COPIES, ENVOY_CONFIGS, FOREIGN_CONFIG, labels({ [OUR_LABEL]: 'true' })),
  patch('our label taken from a copy', ONLY_COPIES, ENVOY_CONFIGS, OWN_COPY, labels({ [OUR_LABEL]: null })),
  remove("Cilium's own redirect deleted", ONLY_COPIES, ENVOY_CONFIGS, SOURCE),
  remove('a foreign redirect deleted', ONLY_COPIES, ENVOY_CONFIGS, FOREIGN_CONFIG),
];

const ONLY_CILIUMS = 'only the status of Services that Cilium makes';
const NO_METADATA = 'no metadata through the status';
const ADDRESS = { status: { loadBalancer: { ingress: [{ ip: OTHER_IP }] } } };

export const STATUSES: readonly Attack[] = [
  status("a foreign Service's address", ONLY_CILIUMS, FOREIGN, ADDRESS),
  status("the entrypoint's address", ONLY_CILIUMS, GUIDE_ENTRYPOINT, ADDRESS),
  status("the address of a user's Service with Cilium's kind of name", ONLY_CILIUMS, PRETENDER, ADDRESS),
  status("the address of a user's Service that is called like Cilium's shared one", ONLY_CILIUMS, NOT_SHARED, ADDRESS),
  status('a condition', 'nothing of the status but loadBalancer', GUIDE_SERVICE, {
    status: { conditions: [CONDITION] },
  }),
  status('a label through the status', NO_METADATA, GUIDE_SERVICE, labels({ stolen: 'true' })),
  status('an annotation through the status', NO_METADATA, GUIDE_SERVICE, annotations({ stolen: 'true' })),
];

const NOT_A_TARGET = 'only entrypoints and';
const SPEC = 'nothing of the spec but ports';
const PORTS = 'nothing of a port but where it leads';
const ANNOTATION = 'no annotation but service.cilium.io/type';
const KEPT_ANNOTATION = 'no annotation is removed';
const TYPE_VALUE = 'service.cilium.io/type becomes NodePort';
const METADATA = 'no labels, owners or finalizers';
const MADE = 'only managed entrypoints are made or deleted';

export const ENTRYPOINTS: readonly Attack[] = [
  service("a foreign Service's targetPort", NOT_A_TARGET, FOREIGN, [add('/spec/ports/0/targetPort', 6666)]),
  service("a foreign Service's ports", NOT_A_TARGET, FOREIGN, [add('/spec/ports/-', { name: 'more', port: 6666 })]),
  service('the selector of the DNS of the cluster', NOT_A_TARGET, DNS, { spec: { selector: { app: 'stolen' } } }),
  service('external addresses of the DNS of the cluster', NOT_A_TARGET, DNS, { spec: { externalIPs: [OTHER_IP] } }),
  service(
    'a foreign Service made an entrypoint',
    NOT_A_TARGET,
    FOREIGN,
    annotations({ 'cilium-cloud-bridge.io/gateway': 'default/x' }),
  ),
  service('a Service that names a Gateway it may not serve', NOT_A_TARGET, CLAIMS_ELSEWHERE, [
    add('/spec/ports/0/targetPort', 6666),
  ]),
  service("an entrypoint's selector", SPEC, GUIDE_ENTRYPOINT, { spec: { selector: { app: 'stolen' } } }),
  service("an entrypoint's selector taken away", SPEC, GUIDE_ENTRYPOINT, { spec: { selector: null } }),
  service("an entrypoint's externalIPs", SPEC, GUIDE_ENTRYPOINT, { spec: { externalIPs: [OTHER_IP] } }),
  service("an entrypoint's loadBalancerIP", SPEC, GUIDE_ENTRYPOINT, { spec: { loadBalancerIP: OTHER_IP } }),
  service("an entrypoint's type", SPEC, GUIDE_ENTRYPOINT, { spec: { type: 'ClusterIP' } }),
  service("an entrypoint's sources", SPEC, GUIDE_ENTRYPOINT, { spec: { loadBalancerSourceRanges: ['192.0.2.0/24'] } }),
  service("an entrypoint's external policy", SPEC, GUIDE_ENTRYPOINT, { spec: { externalTrafficPolicy: 'Local' } }),
  service("an entrypoint's internal policy", SPEC, GUIDE_ENTRYPOINT, { spec: { internalTrafficPolicy: 'Local' } }),
  service("an entrypoint's session affinity", SPEC, GUIDE_ENTRYPOINT, { spec: { sessionAffinity: 'ClientIP' } }),
  service("an entrypoint's unready addresses", SPEC, GUIDE_ENTRYPOINT, { spec: { publishNotReadyAddresses: true } }),
  service("an entrypoint's allocation of nodePorts", SPEC, GUIDE_ENTRYPOINT, {
    spec: { allocateLoadBalancerNodePorts: false },
  }),
  service("an entrypoint's nodePort", PORTS, GUIDE_ENTRYPOINT, [add('/spec/ports/0/nodePort', 32_001)]),
  service("an entrypoint's port", PORTS, GUIDE_ENTRYPOINT, [add('/spec/ports/0/port', 6666)]),
  service("an entrypoint's name of a port", PORTS, GUIDE_ENTRYPOINT, [add('/spec/ports/0/name', 'stolen')]),
  service("an entrypoint's protocol of a port", PORTS, GUIDE_ENTRYPOINT, [add('/spec/ports/0/appProtocol', 'stolen')]),
  service('one more port of an entrypoint', PORTS, GUIDE_ENTRYPOINT, [
    add('/spec/ports/-', { name: 'more', port: 6666, targetPort: 6666 }),
  ]),
  service("an entrypoint's load balancer", ANNOTATION, GUIDE_ENTRYPOINT, annotations({ 'kubernetes.io/elb.id': 'x' })),
  service(
    "an entrypoint's Gateway",
    ANNOTATION,
    GUIDE_ENTRYPOINT,
    annotations({ 'cilium-cloud-bridge.io/gateway': 'default/x' }),
  ),
  service('a host name for an entrypoint', ANNOTATION, GUIDE_ENTRYPOINT, annotations({ 'example.com/hostname': 'x' })),
  service(
    "an entrypoint's annotation taken away",
    KEPT_ANNOTATION,
    GUIDE_ENTRYPOINT,
    annotations({ 'kubernetes.io/elb.id': null }),
  ),
  service(
    'an entrypoint that Cilium serves with nothing',
    TYPE_VALUE,
    GUIDE_ENTRYPOINT,
    annotations({ 'service.cilium.io/type': 'ClusterIP' }),
  ),
  service("an entrypoint's label", METADATA, GUIDE_ENTRYPOINT, labels({ 'io.cilium.gateway/owning-gateway': 'x' })),
  service("an entrypoint's finalizer", METADATA, GUIDE_ENTRYPOINT, {
    metadata: { finalizers: ['example.com/stolen'] },
  }),
];

/** Where NodePorts are not pinned. */
export const UNPINNED: readonly Attack[] = [
  service("a Gateway Service's nodePort", NOT_A_TARGET, GUIDE_SERVICE, [add('/spec/ports/0/nodePort', 32_002)]),
  service("a Gateway Service's targetPort", NOT_A_TARGET, GUIDE_SERVICE, [add('/spec/ports/0/targetPort', 6666)]),
];

/** Where NodePorts are pinned and managed entrypoints allowed. */
export const PINNED_AND_MANAGED: readonly Attack[] = [
  service("a Gateway Service's targetPort", PORTS, GUIDE_SERVICE, [add('/spec/ports/0/targetPort', 6666)]),
  service("a Gateway Service's selector", SPEC, GUIDE_SERVICE, { spec: { selector: { app: 'stolen' } } }),
  service('an annotation of a Gateway Service', ANNOTATION, GUIDE_SERVICE, annotations({ stolen: 'true' })),
  service(
    'a Gateway Service that Cilium serves with less',
    ANNOTATION,
    GUIDE_SERVICE,
    annotations({ 'service.cilium.io/type': 'NodePort' }),
  ),
  service("a user's Service with Cilium's kind of name", NOT_A_TARGET, PRETENDER, [
    add('/spec/ports/0/nodePort', 32_002),
  ]),
  make('a Service without our label', MADE, { labels: {} }),
  make('a Service under another name', MADE, { name: 'stolen' }),
  make('a Service with a label of Cilium', 'a managed entrypoint is', {
    labels: { [OUR_LABEL]: 'true', 'io.cilium.gateway/owning-gateway': 'x' },
  }),
  make('a Service with a finalizer', 'a managed entrypoint is', { finalizers: ['example.com/stolen'] }),
  make('a Service of another type', 'a managed entrypoint is', {}, { type: 'ClusterIP' }),
  make('a Service with external addresses', 'a managed entrypoint is', {}, { externalIPs: [OTHER_IP] }),
  make('a Service with an address', 'a managed entrypoint is', {}, { loadBalancerIP: OTHER_IP }),
  make('a Service of a class', 'a managed entrypoint is', {}, { loadBalancerClass: 'example.com/stolen' }),
  make(
    'a Service that selects something else',
    'a managed entrypoint has the selector',
    {},
    { selector: { app: 'db' } },
  ),
  make('a Service with an annotation that is not allowed', ANNOTATION, { annotations: { stolen: 'true' } }),
  make('a Service on a foreign load balancer', ANNOTATION, { annotations: { 'kubernetes.io/elb.id': 'foreign' } }),
  make("a Service with another value of the configuration's annotation", ANNOTATION, {
    annotations: { 'example.com/owner': 'stolen' },
  }),
  service(
    'a managed entrypoint turned to a foreign load balancer',
    ANNOTATION,
    MANAGED,
    annotations({ 'kubernetes.io/elb.id': 'foreign' }),
  ),
  service('an annotation of a managed entrypoint', ANNOTATION, MANAGED, annotations({ stolen: 'true' })),
  service(
    'an annotation taken from a managed entrypoint',
    KEPT_ANNOTATION,
    MANAGED,
    annotations({ 'kubernetes.io/elb.id': null }),
  ),
  service("a managed entrypoint's label", METADATA, MANAGED, labels({ [OUR_LABEL]: null })),
  service("a managed entrypoint's type", SPEC, MANAGED, { spec: { type: 'ClusterIP' } }),
  service("a managed entrypoint's externalIPs", SPEC, MANAGED, { spec: { externalIPs: [OTHER_IP] } }),
  service("a managed entrypoint's selector", 'a managed entrypoint has the selector', MANAGED, {
    spec: { selector: { app: 'stolen' } },
  }),
  service('a Service of our kind of name that is not ours', NOT_A_TARGET, LIKE_OURS, [
    add('/spec/ports/0/targetPort', 6666),
  ]),
  remove('a Service of our kind of name deleted that is not ours', MADE, SERVICES, LIKE_OURS),
  remove('a foreign Service deleted', MADE, SERVICES, FOREIGN),
  remove('an adopted entrypoint deleted', MADE, SERVICES, GUIDE_ENTRYPOINT),
];

const NO_TAINT = 'no taint is added or changed';
const NODE_METADATA = 'nothing of the metadata';

export const NODE_WRITES: readonly Attack[] = [
  node('a taint added', NO_TAINT, [add('/spec/taints/-', { key: 'stolen', effect: 'NoExecute' })]),
  node('another effect of a taint', NO_TAINT, [add('/spec/taints/0/effect', 'NoExecute')]),
  node('another value of a taint', NO_TAINT, [add('/spec/taints/0/value', 'stolen')]),
  node('a foreign taint removed', 'only node.kubernetes.io/route-unreachable', [add('/spec/taints', [ROUTE_TAINT])]),
  node('all taints removed', 'only node.kubernetes.io/route-unreachable', [{ op: 'remove', path: '/spec/taints' }]),
  node('a node cordoned', 'nothing of the spec but taints', { spec: { unschedulable: true } }),
  node("a node's label", NODE_METADATA, labels({ stolen: 'true' })),
  node("a node's label taken away", NODE_METADATA, labels({ 'kubernetes.io/hostname': null })),
  node("a node's annotation", NODE_METADATA, annotations({ stolen: 'true' })),
  node("a node's finalizer", NODE_METADATA, { metadata: { finalizers: ['example.com/stolen'] } }),
];

export const EVENTS_AND_LEASES: readonly Attack[] = [
  create('an Event of the kubelet', 'only Events of its own', EVENTS, () => ({
    ...OWN_EVENT,
    metadata: { ...OWN_EVENT.metadata, name: 'stolen' },
    reportingComponent: 'kubelet',
  })),
  create("an Event with the kubelet's name in the old field", 'only Events of its own', EVENTS, () => ({
    ...OWN_EVENT,
    metadata: { ...OWN_EVENT.metadata, name: 'stolen' },
    source: { component: 'kubelet' },
  })),
  patch('a foreign Event', 'only Events of its own', EVENTS, FOREIGN_EVENT, {
    message: 'stolen',
    reportingComponent: 'cilium-cloud-bridge',
    source: { component: 'cilium-cloud-bridge' },
  }),
  create("another program's Lease", 'only the Lease kube-system/cilium-cloud-bridge', LEASES, () => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: 'kube-system', name: 'kube-controller-manager-of-mine' },
    spec: { holderIdentity: 'stolen' },
  })),
];

/** What the program does: the same account may. */
export const OWN_WRITES: readonly Attack[] = [
  service('', '', GUIDE_ENTRYPOINT, [add('/spec/ports/0/targetPort', 32_000)]),
  service('', '', GUIDE_ENTRYPOINT, annotations({ 'service.cilium.io/type': 'NodePort' })),
  status('', '', GUIDE_SERVICE, { status: { loadBalancer: { ingress: [{ ip: '203.0.113.9', ipMode: 'Proxy' }] } } }),
  status('', '', GUIDE_SERVICE, { status: { loadBalancer: { ingress: null } } }),
  status('', '', SHARED, { status: { loadBalancer: { ingress: [{ hostname: 'clb.example.com' }] } } }),
  node('', '', [{ op: 'remove', path: '/spec/taints/0' }]),
  create('', '', ENVOY_CONFIGS, copyFor(GUIDE_ENTRYPOINT)),
  create('', '', ENVOY_CONFIGS, copyFor(MANAGED)),
  patch('', '', ENVOY_CONFIGS, OWN_COPY, [add('/spec/resources', [])]),
  remove('', '', ENVOY_CONFIGS, OWN_COPY),
  create('', '', EVENTS, () => ({ ...OWN_EVENT, metadata: { ...OWN_EVENT.metadata, name: 'more' } })),
  patch('', '', EVENTS, { namespace: 'default', name: OWN_EVENT.metadata.name }, { count: 2 }),
  service('', '', GUIDE_SERVICE, [add('/spec/ports/0/nodePort', 32_002)]),
  make('', '', {}),
  make('', '', { annotations: { 'kubernetes.io/elb.id': MANAGED_ELB, 'example.com/owner': 'platform' } }),
  service('', '', MANAGED, { spec: { ports: [{ name: 'https', port: 443, targetPort: 32_443, protocol: 'TCP' }] } }),
  service(
    '',
    '',
    MANAGED,
    annotations({ 'kubernetes.io/elb.class': 'union', 'cilium-cloud-bridge.io/retain': 'true' }),
  ),
  remove('', '', SERVICES, MANAGED),
];

function create(what: string, rule: string, resource: Resource, body: Attack['body']): Attack {
  return { what, rule, resource, ref: { namespace: '', name: '' }, method: 'POST', ...(body && { body }) };
}

function patch(
  what: string,
  rule: string,
  resource: Resource,
  ref: ObjectRef,
  body: object | ((uidOf: UidOf) => object),
): Attack {
  return {
    what,
    rule,
    resource,
    ref,
    method: 'PATCH',
    body: (uidOf) => (body instanceof Function ? body(uidOf) : body),
  };
}

function remove(what: string, rule: string, resource: Resource, ref: ObjectRef): Attack {
  return { what, rule, resource, ref, method: 'DELETE' };
}

function status(what: string, rule: string, ref: ObjectRef, body: object): Attack {
  return { ...patch(what, rule, SERVICES, ref, body), subresource: 'status' };
}

function service(what: string, rule: string, ref: ObjectRef, body: object): Attack {
  return patch(what, rule, SERVICES, ref, body);
}

function node(what: string, rule: string, body: object): Attack {
  return patch(what, rule, NODES, NODE, body);
}

/** A Service as managed entrypoints are, with changes. */
function make(what: string, rule: string, metadata: object, spec: object = {}): Attack {
  return create(what, rule, SERVICES, () => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'kube-system', name: 'ccb-stolen', labels: { [OUR_LABEL]: 'true' }, ...metadata },
    spec: { type: 'LoadBalancer', selector: { 'k8s-app': 'cilium' }, ports: [{ port: 80 }], ...spec },
  }));
}

function add(path: string, value: unknown): object {
  return { op: 'add', path, value };
}

function labels(values: Readonly<Record<string, string | null>>): object {
  return { metadata: { labels: values } };
}

function annotations(values: Readonly<Record<string, string | null>>): object {
  return { metadata: { annotations: values } };
}

/** Sends it; `query` such as `?dryRun=All`. */
export function attempt(send: Send, attack: Attack, uidOf: UidOf, query: string): ReturnType<Send> {
  const { resource, ref, method, subresource } = attack;
  const body = attack.body?.(uidOf);
  const metadata = asRecord(asRecord(body).metadata);
  const where = method === 'POST' ? { namespace: asString(metadata.namespace) } : ref;
  const type = method === 'POST' ? JSON_TYPE : Array.isArray(body) ? JSON_PATCH : MERGE_PATCH;
  return send(method, resourcePath(resource, where, subresource) + query, body, type);
}
