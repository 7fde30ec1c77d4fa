import {
  type Json,
  type JsonObject,
  type KubeObject,
  listAt,
  objectAt,
  objectsAt,
  stringAt,
  stringMap,
} from './json.ts';

/** A column of `kubectl get`'s table. */
export interface Column {
  readonly name: string;
  /** Default text. `age`: the cell is a time, shown as how long ago that is. */
  readonly type?: 'integer' | 'boolean' | 'date' | 'age';
  /** Above 0: only shown with `-o wide`. */
  readonly priority?: number;
  readonly cell: (object: KubeObject) => Json;
}

const NONE = '<none>';

export const NAME: Column = { name: 'Name', cell: (object) => object.metadata.name };
export const AGE: Column = {
  name: 'Age',
  type: 'age',
  cell: (object) => stringAt(object, 'metadata', 'creationTimestamp'),
};

function text(name: string, ...path: readonly (string | number)[]): Column {
  return { name, cell: (object) => stringAt(object, ...path) || NONE };
}

function wide(column: Column): Column {
  return { ...column, priority: 1 };
}

function count(name: string, ...path: readonly (string | number)[]): Column {
  return { name, type: 'integer', cell: (object) => numberOr0(object, path) };
}

function numberOr0(object: KubeObject, path: readonly (string | number)[]): number {
  const value = path.reduce<Json | undefined>((here, key) => (here === undefined ? here : objectAt(here)[key]), object);
  return typeof value === 'number' ? value : 0;
}

/** A member as a CRD's column shows it: nothing where there is none. */
function member(name: string, ...path: readonly (string | number)[]): Column {
  return { name, cell: (object) => stringAt(object, ...path) || null };
}

function condition(name: string, type: string, key = 'status'): Column {
  const find = (object: KubeObject): JsonObject | undefined =>
    objectsAt(object, 'status', 'conditions').find((candidate) => candidate.type === type);
  return { name, cell: (object) => stringAt(find(object), key) || null };
}

function addresses(object: KubeObject): string {
  const ingress = objectsAt(object, 'status', 'loadBalancer', 'ingress');
  return [...new Set(ingress.map((entry) => stringAt(entry, 'ip') || stringAt(entry, 'hostname')))].join(',');
}

function externalIp(service: KubeObject): string {
  const given = listAt(service, 'spec', 'externalIPs').join(',');
  if (stringAt(service, 'spec', 'type') !== 'LoadBalancer') {
    return given || NONE;
  }
  return [addresses(service), given].filter((part) => part !== '').join(',') || '<pending>';
}

function servicePorts(service: KubeObject): string {
  const one = (port: JsonObject): string => {
    const nodePort = port.nodePort === undefined ? '' : `:${String(port.nodePort)}`;
    return `${String(port.port)}${nodePort}/${stringAt(port, 'protocol')}`;
  };
  return objectsAt(service, 'spec', 'ports').map(one).join(',') || NONE;
}

function pairs(value: Json | undefined): string {
  return (
    Object.entries(stringMap(value))
      .map(([key, item]) => `${key}=${item}`)
      .toSorted()
      .join(',') || NONE
  );
}

function nodeStatus(node: KubeObject): string {
  const ready = condition('', 'Ready').cell(node);
  const word = ready === null ? 'Unknown' : ready === 'True' ? 'Ready' : 'NotReady';
  return objectAt(node, 'spec').unschedulable === true ? `${word},SchedulingDisabled` : word;
}

function nodeRoles(node: KubeObject): string {
  const prefix = 'node-role.kubernetes.io/';
  const labels = Object.keys(stringMap(node.metadata.labels));
  return (
    labels
      .filter((label) => label.startsWith(prefix))
      .map((label) => label.slice(prefix.length))
      .toSorted()
      .join(',') || NONE
  );
}

function nodeAddress(name: string, type: string): Column {
  return {
    name,
    cell: (node) =>
      stringAt(
        objectsAt(node, 'status', 'addresses').find((address) => address.type === type),
        'address',
      ) || NONE,
  };
}

function podReady(pod: KubeObject): string {
  const ready = objectsAt(pod, 'status', 'containerStatuses').filter((status) => status.ready === true).length;
  return `${ready}/${listAt(pod, 'spec', 'containers').length}`;
}

function podStatus(pod: KubeObject): string {
  if (pod.metadata.deletionTimestamp !== undefined) {
    return 'Terminating';
  }
  const waiting = objectsAt(pod, 'status', 'containerStatuses')
    .map((status) => stringAt(status, 'state', 'waiting', 'reason'))
    .find((reason) => reason !== '');
  return waiting ?? (stringAt(pod, 'status', 'reason') || stringAt(pod, 'status', 'phase'));
}

function restarts(pod: KubeObject): string {
  const counts = objectsAt(pod, 'status', 'containerStatuses').map(({ restartCount }) =>
    typeof restartCount === 'number' ? restartCount : 0,
  );
  return String(counts.reduce((sum, one) => sum + one, 0));
}

function hosts(ingress: KubeObject): string {
  const named = objectsAt(ingress, 'spec', 'rules')
    .map((rule) => stringAt(rule, 'host'))
    .filter((host) => host !== '');
  const more = named.length > 3 ? ` + ${named.length - 3} more...` : '';
  return named.length === 0 ? '*' : `${named.slice(0, 3).join(',')}${more}`;
}

function containers(name: string, key: string): Column {
  return {
    name,
    priority: 1,
    cell: (object) =>
      objectsAt(object, 'spec', 'template', 'spec', 'containers')
        .map((container) => stringAt(container, key))
        .join(','),
  };
}

const WORKLOAD: readonly Column[] = [
  containers('Containers', 'name'),
  containers('Images', 'image'),
  {
    name: 'Selector',
    priority: 1,
    cell: (object) => pairs(objectAt(object, 'spec', 'selector').matchLabels),
  },
];

function eventTime(event: KubeObject): string {
  return (
    stringAt(event, 'series', 'lastObservedTime') ||
    stringAt(event, 'lastTimestamp') ||
    stringAt(event, 'eventTime') ||
    stringAt(event, 'firstTimestamp')
  );
}

function eventCount(event: KubeObject): number {
  const series = numberOr0(event, ['series', 'count']);
  return series > 0 ? series : Math.max(1, numberOr0(event, ['count']));
}

function eventSource(event: KubeObject): string {
  const component = stringAt(event, 'source', 'component') || stringAt(event, 'reportingComponent');
  const host = stringAt(event, 'source', 'host');
  return host === '' ? component : `${component}, ${host}`;
}

function eventObject(event: KubeObject): string {
  const { kind, name } = objectAt(event, 'involvedObject');
  return `${String(kind).toLowerCase()}/${String(name)}`;
}

function endpointsOf(endpoints: KubeObject): string {
  const all = objectsAt(endpoints, 'subsets').flatMap((subset) =>
    objectsAt(subset, 'addresses').flatMap((address) =>
      objectsAt(subset, 'ports').map((port) => `${stringAt(address, 'ip')}:${String(port.port)}`),
    ),
  );
  return shortened(all);
}

function shortened(all: readonly string[]): string {
  const more = all.length > 3 ? ` + ${all.length - 3} more...` : '';
  return all.length === 0 ? NONE : `${all.slice(0, 3).join(',')}${more}`;
}

/** Columns by kind, in order, as the API server's own printers have them, and as the CRDs say. */
export const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  services: [
    NAME,
    text('Type', 'spec', 'type'),
    text('Cluster-IP', 'spec', 'clusterIP'),
    { name: 'External-IP', cell: externalIp },
    { name: 'Port(s)', cell: servicePorts },
    AGE,
    wide({ name: 'Selector', cell: (service) => pairs(objectAt(service, 'spec').selector) }),
  ],
  nodes: [
    NAME,
    { name: 'Status', cell: nodeStatus },
    { name: 'Roles', cell: nodeRoles },
    AGE,
    { name: 'Version', cell: (node) => stringAt(node, 'status', 'nodeInfo', 'kubeletVersion') },
    wide(nodeAddress('Internal-IP', 'InternalIP')),
    wide(nodeAddress('External-IP', 'ExternalIP')),
    wide({ name: 'OS-Image', cell: (node) => stringAt(node, 'status', 'nodeInfo', 'osImage') || '<unknown>' }),
    wide({
      name: 'Kernel-Version',
      cell: (node) => stringAt(node, 'status', 'nodeInfo', 'kernelVersion') || '<unknown>',
    }),
    wide({
      name: 'Container-Runtime',
      cell: (node) => stringAt(node, 'status', 'nodeInfo', 'containerRuntimeVersion') || '<unknown>',
    }),
  ],
  pods: [
    NAME,
    { name: 'Ready', cell: podReady },
    { name: 'Status', cell: podStatus },
    { name: 'Restarts', cell: restarts },
    AGE,
    wide(text('IP', 'status', 'podIP')),
    wide(text('Node', 'spec', 'nodeName')),
    wide(text('Nominated Node', 'status', 'nominatedNodeName')),
    wide({ name: 'Readiness Gates', cell: () => NONE }),
  ],
  namespaces: [NAME, { name: 'Status', cell: (namespace) => stringAt(namespace, 'status', 'phase') }, AGE],
  configmaps: [NAME, { name: 'Data', cell: (map) => Object.keys(objectAt(map, 'data')).length }, AGE],
  endpoints: [NAME, { name: 'Endpoints', cell: endpointsOf }, AGE],
  events: [
    { name: 'Last Seen', type: 'age', cell: eventTime },
    { name: 'Type', cell: (event) => stringAt(event, 'type') },
    { name: 'Reason', cell: (event) => stringAt(event, 'reason') },
    { name: 'Object', cell: eventObject },
    wide({ name: 'Subobject', cell: (event) => stringAt(event, 'involvedObject', 'fieldPath') }),
    wide({ name: 'Source', cell: eventSource }),
    { name: 'Message', cell: (event) => stringAt(event, 'message').trim() },
    {
      name: 'First Seen',
      type: 'age',
      priority: 1,
      cell: (event) => stringAt(event, 'firstTimestamp') || stringAt(event, 'eventTime'),
    },
    wide({ name: 'Count', cell: eventCount }),
    wide(NAME),
  ],
  'leases.coordination.k8s.io': [
    NAME,
    { name: 'Holder', cell: (lease) => stringAt(lease, 'spec', 'holderIdentity') },
    AGE,
  ],
  'ingresses.networking.k8s.io': [
    NAME,
    text('Class', 'spec', 'ingressClassName'),
    { name: 'Hosts', cell: hosts },
    { name: 'Address', cell: addresses },
    { name: 'Ports', cell: (ingress) => (listAt(ingress, 'spec', 'tls').length > 0 ? '80, 443' : '80') },
    AGE,
  ],
  'endpointslices.discovery.k8s.io': [
    NAME,
    { name: 'AddressType', cell: (slice) => stringAt(slice, 'addressType') },
    {
      name: 'Ports',
      cell: (slice) =>
        shortened(objectsAt(slice, 'ports').map(({ port }) => (port === undefined ? '*' : String(port)))),
    },
    {
      name: 'Endpoints',
      cell: (slice) => shortened(objectsAt(slice, 'endpoints').flatMap((one) => listAt(one, 'addresses').map(String))),
    },
    AGE,
  ],
  'daemonsets.apps': [
    NAME,
    count('Desired', 'status', 'desiredNumberScheduled'),
    count('Current', 'status', 'currentNumberScheduled'),
    count('Ready', 'status', 'numberReady'),
    count('Up-to-date', 'status', 'updatedNumberScheduled'),
    count('Available', 'status', 'numberAvailable'),
    { name: 'Node Selector', cell: (set) => pairs(objectAt(set, 'spec', 'template', 'spec').nodeSelector) },
    AGE,
    ...WORKLOAD,
  ],
  'deployments.apps': [
    NAME,
    {
      name: 'Ready',
      cell: (deployment) =>
        `${numberOr0(deployment, ['status', 'readyReplicas'])}/${numberOr0(deployment, ['spec', 'replicas'])}`,
    },
    { name: 'Up-to-date', cell: (deployment) => numberOr0(deployment, ['status', 'updatedReplicas']) },
    { name: 'Available', cell: (deployment) => numberOr0(deployment, ['status', 'availableReplicas']) },
    AGE,
    ...WORKLOAD,
  ],
  'customresourcedefinitions.apiextensions.k8s.io': [
    NAME,
    { name: 'Created At', type: 'date', cell: (crd) => stringAt(crd, 'metadata', 'creationTimestamp') },
  ],
  'gatewayclasses.gateway.networking.k8s.io': [
    NAME,
    member('Controller', 'spec', 'controllerName'),
    condition('Accepted', 'Accepted'),
    AGE,
    wide(member('Description', 'spec', 'description')),
  ],
  'gateways.gateway.networking.k8s.io': [
    NAME,
    member('Class', 'spec', 'gatewayClassName'),
    // Of several addresses a real server shows the first.
    member('Address', 'status', 'addresses', 0, 'value'),
    condition('Programmed', 'Programmed'),
    AGE,
  ],
  'httproutes.gateway.networking.k8s.io': [
    NAME,
    {
      name: 'Hostnames',
      cell: (route) => {
        const { hostnames } = objectAt(route, 'spec');
        return hostnames === undefined ? null : JSON.stringify(hostnames);
      },
    },
    AGE,
  ],
  'ciliumloadbalancerippools.cilium.io': [
    NAME,
    { name: 'Disabled', type: 'boolean', cell: (pool) => objectAt(pool, 'spec').disabled ?? null },
    condition('Conflicting', 'cilium.io/PoolConflict'),
    condition('IPs Available', 'cilium.io/IPsAvailable', 'message'),
    AGE,
  ],
  'ciliumgatewayclassconfigs.cilium.io': [
    NAME,
    condition('Accepted', 'Accepted'),
    AGE,
    wide(member('Description', 'spec', 'description')),
  ],
};
