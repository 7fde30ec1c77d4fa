import { ENVOY_CONFIGS, GATEWAYS, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import { type KubeObject, objectsAt, stringAt } from '../fake-api/json.ts';
import type { FakeApi } from '../fake-api/server.ts';
import { addressesOf, gatewayAddresses, ingressOf, portsOf, programmedOf } from './look.ts';
import type { Subject } from './scenario.types.ts';

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

/**
 * The cluster as a person would like to read it. What is good is judged here from the objects alone, by rules that are
 * not the program's: the Gateway shows the load balancer's addresses, and the entrypoint leads to the Gateway's NodePort.
 */
export function viewOf(api: FakeApi, subjects: readonly Subject[]): Section[] {
  return subjects.flatMap((subject) => {
    const gateway = api.get(GATEWAYS, subject.gateway);
    const service = api.get(SERVICES, subject.service);
    const entrypoint = api.get(SERVICES, subject.entrypoint);
    return [
      section('Gateway', subject.gateway, '', gatewayRows(gateway, addressesOf(entrypoint))),
      section('Service', subject.service, 'made by Cilium', serviceRows(service)),
      section('Service', subject.entrypoint, 'on the load balancer', [
        ...entrypointRows(entrypoint, service),
        ...copyRows(api, subject.entrypoint),
      ]),
    ];
  });
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
  const invented = addresses.filter((address) => !real.includes(address));
  return [
    row('Programmed', status, status !== 'True' ? 'bad' : invented.length > 0 ? 'plain' : 'good', why),
    addresses.length === 0
      ? row('addresses', 'none', 'bad')
      : invented.length > 0
        ? row('addresses', addresses.join(', '), 'bad', 'no load balancer has this address')
        : row('addresses', addresses.join(', '), 'good', "the load balancer's"),
  ];
}

function serviceRows(service: KubeObject | undefined): Row[] {
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
      const right = targetPort === wanted.get(port);
      const value = `nodePort ${nodePort} → targetPort ${targetPort}`;
      const note = right ? "the Gateway's NodePort" : 'nothing listens there any more';
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

/** What is still wrong, in one line each. */
export function problemsOf(sections: readonly Section[]): string[] {
  return sections.flatMap(({ title, rows }) =>
    rows
      .filter(({ verdict }) => verdict === 'bad')
      .map(({ label, value, note }) => `${title}: ${label} ${value}${note === '' ? '' : ` (${note})`}`),
  );
}
