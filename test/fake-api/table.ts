import { type Json, type JsonObject, type KubeObject, listAt, objectAt, objectsAt, stringAt } from './json.ts';
import { type Kind, kindKey } from './kinds.ts';
import type { ListMeta } from './serialize.ts';

interface Column {
  readonly name: string;
  readonly type?: string;
  /** Above 0: only shown with `-o wide`. */
  readonly priority?: number;
  readonly cell: (object: KubeObject) => Json;
}

/** `kubectl get`'s table: columns and rows, each row with the object's metadata. */
export function tableOf(
  kind: Kind,
  objects: readonly KubeObject[],
  metadata: ListMeta | undefined,
  now: number,
): JsonObject {
  const columns = [NAME, ...(COLUMNS[kindKey(kind)] ?? []), ...(kindKey(kind) === 'events' ? [] : [AGE])];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { ...metadata },
    columnDefinitions: columns.map(({ name, type, priority }) => ({
      name,
      type: type ?? 'string',
      format: name === 'Name' ? 'name' : '',
      description: '',
      priority: priority ?? 0,
    })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => (column === AGE ? age(object, now) : column.cell(object))),
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
    })),
  };
}

const NAME: Column = { name: 'Name', cell: (object) => object.metadata.name };
const AGE: Column = { name: 'Age', cell: () => '' };

function text(name: string, ...path: readonly (string | number)[]): Column {
  return { name, cell: (object) => stringAt(object, ...path) || '<none>' };
}

function condition(name: string, type: string): Column {
  const find = (object: KubeObject): JsonObject | undefined =>
    objectsAt(object, 'status', 'conditions').find((candidate) => candidate.type === type);
  return { name, cell: (object) => stringAt(find(object), 'status') };
}

function addresses(object: KubeObject): string {
  const ingress = objectsAt(object, 'status', 'loadBalancer', 'ingress');
  return ingress.map((entry) => stringAt(entry, 'ip') || stringAt(entry, 'hostname')).join(',');
}

function externalIp(service: KubeObject): string {
  const pending = stringAt(service, 'spec', 'type') === 'LoadBalancer' ? '<pending>' : '<none>';
  return addresses(service) || pending;
}

function servicePorts(service: KubeObject): string {
  const one = (port: JsonObject): string => {
    const nodePort = port.nodePort === undefined ? '' : `:${String(port.nodePort)}`;
    return `${String(port.port)}${nodePort}/${stringAt(port, 'protocol')}`;
  };
  return objectsAt(service, 'spec', 'ports').map(one).join(',') || '<none>';
}

function nodeStatus(node: KubeObject): string {
  const ready = condition('', 'Ready').cell(node) === 'True' ? 'Ready' : 'NotReady';
  return objectAt(node, 'spec').unschedulable === true ? `${ready},SchedulingDisabled` : ready;
}

function podReady(pod: KubeObject): string {
  const ready = objectsAt(pod, 'status', 'containerStatuses').filter((status) => status.ready === true).length;
  return `${ready}/${listAt(pod, 'spec', 'containers').length}`;
}

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  services: [
    text('Type', 'spec', 'type'),
    text('Cluster-IP', 'spec', 'clusterIP'),
    { name: 'External-IP', cell: externalIp },
    { name: 'Port(s)', cell: servicePorts },
  ],
  nodes: [
    { name: 'Status', cell: nodeStatus },
    { name: 'Roles', cell: () => '<none>' },
    text('Version', 'status', 'nodeInfo', 'kubeletVersion'),
  ],
  pods: [
    { name: 'Ready', cell: podReady },
    text('Status', 'status', 'phase'),
    { ...text('IP', 'status', 'podIP'), priority: 1 },
    { ...text('Node', 'spec', 'nodeName'), priority: 1 },
  ],
  namespaces: [text('Status', 'status', 'phase')],
  configmaps: [{ name: 'Data', type: 'integer', cell: (map) => Object.keys(objectAt(map, 'data')).length }],
  events: [
    text('Type', 'type'),
    text('Reason', 'reason'),
    {
      name: 'Object',
      cell: (event) =>
        `${stringAt(event, 'involvedObject', 'kind').toLowerCase()}/${stringAt(event, 'involvedObject', 'name')}`,
    },
    text('Message', 'message'),
  ],
  'leases.coordination.k8s.io': [text('Holder', 'spec', 'holderIdentity')],
  'ingresses.networking.k8s.io': [text('Class', 'spec', 'ingressClassName'), { name: 'Address', cell: addresses }],
  'daemonsets.apps': [
    { name: 'Desired', type: 'integer', cell: (set) => objectAt(set, 'status').desiredNumberScheduled ?? 0 },
    { name: 'Ready', type: 'integer', cell: (set) => objectAt(set, 'status').numberReady ?? 0 },
  ],
  'gatewayclasses.gateway.networking.k8s.io': [
    text('Controller', 'spec', 'controllerName'),
    condition('Accepted', 'Accepted'),
  ],
  'gateways.gateway.networking.k8s.io': [
    text('Class', 'spec', 'gatewayClassName'),
    {
      name: 'Address',
      cell: (gateway) =>
        objectsAt(gateway, 'status', 'addresses')
          .map((address) => stringAt(address, 'value'))
          .join(','),
    },
    condition('Programmed', 'Programmed'),
  ],
};

function age(object: KubeObject, now: number): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(stringAt(object, 'metadata', 'creationTimestamp'))) / 1000));
  if (seconds < 120) {
    return `${seconds}s`;
  }
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) {
    return `${minutes}m`;
  }
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}
