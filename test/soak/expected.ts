import { ENVOY_CONFIGS, GATEWAYS, NODES, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import { canonicalJson } from '../../src/lib/canonical.ts';
import { addressesOf, portsOf, programmedOf } from '../demo/look.ts';
import { type KubeObject, listAt, objectAt, objectsAt, stringAt } from '../fake-api/json.ts';
import type { FakeApi } from '../fake-api/server.ts';
import { ENTRYPOINT_NAMESPACE, INVENTED, type Subject } from './cluster.ts';

/*
 * What the cluster must look like at the end, told from its objects by rules of their own: nothing here asks the
 * program or its planning.
 */

/** What is not as it should be, in one line each. */
export function differences(api: FakeApi, subjects: readonly Subject[]): string[] {
  return [
    ...subjects.flatMap((subject) => subjectDifferences(api, subject)),
    ...strayCopies(api, subjects),
    ...tainted(api),
  ];
}

/** The CiliumEnvoyConfigs that send a Service of their namespace straight to Envoy: Cilium's own, or a redirect copy. */
export function configsOf(api: FakeApi, service: ObjectRef): KubeObject[] {
  return api
    .list(ENVOY_CONFIGS, service.namespace)
    .filter((config) => objectsAt(config, 'spec', 'services').some(({ name }) => name === service.name));
}

function subjectDifferences(api: FakeApi, subject: Subject): string[] {
  const what = `${subject.kind} ${subject.ref.namespace}/${subject.ref.name}`;
  const service = api.get(SERVICES, subject.service);
  const entrypoint = api.get(SERVICES, subject.entrypoint);
  const wantsEntrypoint = subject.wantsEntrypoint && (subject.adopted || subject.exists);
  if ((service !== undefined) !== subject.exists) return [`${what}: Cilium's Service is not as it should be`];
  if ((entrypoint !== undefined) !== wantsEntrypoint) {
    return [`${what}: entrypoint ${subject.entrypoint.name} ${wantsEntrypoint ? 'is missing' : 'is still there'}`];
  }
  const found = [...addressDifferences(api, subject, service, entrypoint), ...portDifferences(service, entrypoint)];
  return [...found, ...copyDifferences(api, subject, entrypoint)].map((text) => `${what}: ${text}`);
}

function addressDifferences(
  api: FakeApi,
  subject: Subject,
  service: KubeObject | undefined,
  entrypoint: KubeObject | undefined,
): string[] {
  if (service === undefined) return [];
  const wanted = addressesOf(entrypoint);
  const shown = addressesOf(service);
  // Where no source gives an address, one that a person wrote stays.
  const right = wanted.join() === shown.join() || (wanted.length === 0 && shown.join() === INVENTED);
  if (!right) return [`shows [${shown.join(', ')}] instead of [${wanted.join(', ')}]`];
  const modes = objectsAt(service, 'status', 'loadBalancer', 'ingress').map((entry) => stringAt(entry, 'ipMode'));
  if (wanted.length > 0 && modes.some((mode) => mode !== 'Proxy')) return [`ipMode ${modes.join(', ')}`];
  if (subject.kind === 'Ingress') return [];
  const { status } = programmedOf(api.get(GATEWAYS, subject.ref));
  return (status === 'True') === shown.length > 0 ? [] : [`Programmed ${status} with ${shown.length} addresses`];
}

function portDifferences(service: KubeObject | undefined, entrypoint: KubeObject | undefined): string[] {
  const ports = portsOf(entrypoint);
  return portsOf(service).flatMap(({ port, nodePort }) => {
    const there = ports.find((one) => one.port === port);
    return there === undefined || there.targetPort === nodePort
      ? []
      : [`targetPort ${there.targetPort} of port ${port} instead of ${nodePort}`];
  });
}

function copyDifferences(api: FakeApi, subject: Subject, entrypoint: KubeObject | undefined): string[] {
  const source = subject.exists ? configsOf(api, subject.service)[0] : undefined;
  const copies = configsOf(api, subject.entrypoint);
  const wanted = entrypoint !== undefined && source !== undefined && subject.exposure === 'auto' ? 1 : 0;
  if (copies.length !== wanted) return [`${copies.length} redirect copies instead of ${wanted}`];
  return copies.some((copy) => contentOf(copy) !== contentOf(source))
    ? ['the redirect copy differs from its source']
    : [];
}

function contentOf(config: KubeObject | undefined): string {
  const { resources, backendServices } = objectAt(config, 'spec');
  return canonicalJson({ resources, backendServices });
}

/** Whatever serves no entrypoint that is there. */
function strayCopies(api: FakeApi, subjects: readonly Subject[]): string[] {
  const entrypoints = new Set(subjects.map(({ entrypoint }) => entrypoint.name));
  return api
    .list(ENVOY_CONFIGS, ENTRYPOINT_NAMESPACE)
    .filter((config) => !objectsAt(config, 'spec', 'services').some(({ name }) => entrypoints.has(String(name))))
    .map((config) => `CiliumEnvoyConfig ${config.metadata.name} serves nobody`);
}

function tainted(api: FakeApi): string[] {
  return api
    .list(NODES)
    .filter((node) => listAt(node, 'spec', 'taints').length > 0)
    .map((node) => `Node ${node.metadata.name} is still tainted`);
}
