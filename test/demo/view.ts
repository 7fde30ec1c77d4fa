import { ENVOY_CONFIGS, GATEWAYS, INGRESSES, NODES, PODS, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import { type KubeObject, objectsAt, stringAt } from '../fake-api/json.ts';
import type { FakeApi } from '../fake-api/server.ts';
import { addressesOf, gatewayAddresses, ingressOf, isTrue, portsOf, programmedOf, taintsOf } from './look.ts';
import { ENI_IP_UNAVAILABLE, ROUTE_UNREACHABLE } from './nodes.ts';
import type { Scenario, Subject } from './scenario.types.ts';

/** One line about an object. `bad` is what a user suffers from, `good` what it should be. */
export interface Row {
  readonly label: string;
  readonly value: string;
  readonly verdict: 'good' | 'bad' | 'plain';
  readonly note: string;
}

export interface Section {
  readonly title: string;
  readonly note: string;
  readonly rows: readonly Row[];
}

/** What of a scenario's cluster is shown. */
export type Viewed = Pick<Scenario, 'subjects' | 'nodes'>;

/**
 * The cluster as a person would like to read it. What is good is judged here from the objects alone, by rules that are
 * not the program's: the Gateway or Ingress shows the load balancer's addresses, the entrypoint leads to the NodePort
 * of Cilium's Service, and no node whose Cilium is up carries a taint that says it were not.
 */
export function viewOf(api: FakeApi, { subjects, nodes = false }: Viewed): Section[] {
  return [...subjects.flatMap((subject) => subjectSections(api, subject)), ...(nodes ? nodeSections(api) : [])];
}

function subjectSections(api: FakeApi, { kind, ref, service: of, entrypoint: at }: Subject): Section[] {
  const service = api.get(SERVICES, of);
  const entrypoint = api.get(SERVICES, at);
  const real = addressesOf(entrypoint);
  const rows =
    kind === 'Gateway' ? gatewayRows(api.get(GATEWAYS, ref), real) : ingressRows(api.get(INGRESSES, ref), real);
  return [
    section(kind, ref, '', rows),
    section('Service', of, 'made by Cilium', serviceRows(service)),
    section('Service', at, 'on the load balancer', [...entrypointRows(entrypoint, service), ...copyRows(api, at)]),
  ];
}

function section(kind: string, { namespace, name }: ObjectRef, note: string, rows: readonly Row[]): Section {
  return { title: `${kind} ${namespace}/${name}`, note, rows };
}

function row(label: string, value: string, verdict: Row['verdict'] = 'plain', note = ''): Row {
  return { label, value, verdict, note };
}

function gatewayRows(gateway: KubeObject | undefined, real: readonly string[]): Row[] {
  const { status, why } = programmedOf(gateway);
  const addresses = gatewayAddresses(gateway);
  const invented = addresses.some((address) => !real.includes(address));
  return [
    row('Programmed', status, status !== 'True' ? 'bad' : invented ? 'plain' : 'good', why),
    addressRow(addresses, real),
  ];
}

function ingressRows(ingress: KubeObject | undefined, real: readonly string[]): Row[] {
  return [addressRow(addressesOf(ingress), real)];
}

function addressRow(addresses: readonly string[], real: readonly string[]): Row {
  if (addresses.length === 0) return row('addresses', 'none', 'bad');
  return addresses.some((address) => !real.includes(address))
    ? row('addresses', addresses.join(', '), 'bad', 'no load balancer has this address')
    : row('addresses', addresses.join(', '), 'good', "the load balancer's");
}

function serviceRows(service: KubeObject | undefined): Row[] {
  if (service === undefined) return [row('status', 'not there', 'bad', 'Cilium has not made it')];
  return [
    row('status', ingressOf(service).join(', ') || 'no address'),
    ...portsOf(service).map(({ port, nodePort }) => row(`port ${port}`, `nodePort ${nodePort}`)),
  ];
}

function entrypointRows(entrypoint: KubeObject | undefined, service: KubeObject | undefined): Row[] {
  const wanted = new Map(portsOf(service).map(({ port, nodePort }) => [port, nodePort]));
  return [
    row('status', addressesOf(entrypoint).join(', ') || 'no address', 'plain', 'from the cloud'),
    ...portsOf(entrypoint).map(({ port, nodePort, targetPort }) => {
      if (!wanted.has(port))
        return row(`port ${port}`, `nodePort ${nodePort} → targetPort ${targetPort}`, 'bad', 'nowhere to lead');
      const right = targetPort === wanted.get(port);
      const value = `nodePort ${nodePort} → targetPort ${targetPort}`;
      const note = right ? "where Cilium's Service is" : 'nothing listens there';
      return row(`port ${port}`, value, right ? 'good' : 'bad', note);
    }),
  ];
}

function copyRows(api: FakeApi, { namespace, name }: ObjectRef): Row[] {
  const copy = api
    .list(ENVOY_CONFIGS, namespace)
    .find((config) => objectsAt(config, 'spec', 'services').some((service) => stringAt(service, 'name') === name));
  return copy === undefined ? [] : [row('redirect', copy.metadata.name, 'good', 'straight to Envoy, on every node')];
}

const OBSOLETE: readonly string[] = [ROUTE_UNREACHABLE.key, ENI_IP_UNAVAILABLE.key];

function nodeSections(api: FakeApi): Section[] {
  const agents = api
    .list(PODS, 'kube-system')
    .filter(({ metadata }) => stringAt(metadata, 'labels', 'k8s-app') === 'cilium');
  return api.list(NODES).map((node) => {
    const { name } = node.metadata;
    const agent = agents.find((pod) => stringAt(pod, 'spec', 'nodeName') === name);
    const up = isTrue(agent, 'Ready') && isTrue(node, 'Ready');
    return {
      title: `Node ${name}`,
      note: '',
      rows: [
        row('Cilium', up ? 'up' : isTrue(agent, 'Ready') ? 'up, but the node is not Ready' : 'not Ready'),
        taintRow(node, up),
      ],
    };
  });
}

function taintRow(node: KubeObject, up: boolean): Row {
  const taints = taintsOf(node);
  if (taints.length === 0) return row('taints', 'none', 'good');
  const named = taints.filter((taint) => OBSOLETE.some((key) => taint.startsWith(key)));
  const leaving = taints.length > named.length || stringAt(node, 'spec', 'unschedulable') !== '';
  if (named.length === 0 || leaving) return row('taints', taints.join(', '), 'plain', 'not ours to remove');
  return up
    ? row('taints', taints.join(', '), 'bad', 'obsolete, and keeps Pods away')
    : row('taints', taints.join(', '), 'plain', 'right, as long as Cilium is not up');
}

/** What is still wrong, in one line each. */
export function problemsOf(sections: readonly Section[]): string[] {
  return sections.flatMap(({ title, rows }) =>
    rows
      .filter(({ verdict }) => verdict === 'bad')
      .map(({ label, value, note }) => `${title}: ${label} ${value}${note === '' ? '' : ` (${note})`}`),
  );
}
