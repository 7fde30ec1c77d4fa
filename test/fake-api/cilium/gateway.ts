import { isIP } from 'node:net';
import { ENVOY_CONFIGS, GATEWAY_CLASSES, GATEWAYS, SERVICES } from '../../../src/kube/resources.ts';
import type { ObjectRef } from '../../../src/kube/types.ts';
import {
  type Json,
  type JsonObject,
  type KubeObject,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  stringAt,
  stringMap,
} from '../json.ts';
import { ENDPOINT_SLICES, GATEWAY_CLASS_CONFIGS } from '../kinds.ts';
import type { FakeApi } from '../server.ts';
import { type Condition, withCondition } from './conditions.ts';
import { envoySpec, portsOf } from './envoy-config.ts';
import {
  CONTROLLER,
  ensure,
  getIfServed,
  type ListenerModel,
  type OperatorSettings,
  ownerReference,
  writeStatus,
} from './model.ts';
import { shortened } from './names.ts';
import { listenerStatuses, routesOf, writeRouteStatuses } from './routes.ts';

/** GatewayClass: accepted when it is Cilium's, and its parameters are there. */
export function reconcileGatewayClass(api: FakeApi, name: string): void {
  const gatewayClass = getIfServed(api, GATEWAY_CLASSES, { namespace: '', name });
  if (gatewayClass === undefined || stringAt(gatewayClass, 'spec', 'controllerName') !== CONTROLLER) {
    return;
  }
  const named = objectAt(gatewayClass, 'spec').parametersRef !== undefined;
  const valid = !named || classConfig(api, gatewayClass) !== undefined;
  const conditions = withCondition(listAt(gatewayClass, 'status', 'conditions'), {
    type: 'Accepted',
    status: valid ? 'True' : 'False',
    reason: valid ? 'Accepted' : 'InvalidParameters',
    message: valid ? 'Valid GatewayClass' : 'Invalid GatewayClass',
    observedGeneration: numberAt(gatewayClass, 'metadata', 'generation'),
  });
  writeStatus(api, GATEWAY_CLASSES, gatewayClass, { ...objectAt(gatewayClass, 'status'), conditions });
}

/** Gateway: Service, dummy EndpointSlice, CiliumEnvoyConfig, and the status from the Service's addresses. */
export function reconcileGateway(api: FakeApi, ref: ObjectRef, settings: OperatorSettings): void {
  const gateway = getIfServed(api, GATEWAYS, ref);
  if (gateway === undefined || gateway.metadata.deletionTimestamp !== undefined) {
    return;
  }
  const gatewayClass = getIfServed(api, GATEWAY_CLASSES, {
    namespace: '',
    name: stringAt(gateway, 'spec', 'gatewayClassName'),
  });
  if (gatewayClass === undefined || stringAt(gatewayClass, 'spec', 'controllerName') !== CONTROLLER) {
    return;
  }
  writeRouteStatuses(api, gateway);
  const listeners = listenersOf(api, gateway);
  const verdict =
    listeners.length === 0
      ? UNTRANSLATABLE
      : (wrongAddress(gateway) ?? makeObjects(api, gateway, listeners, classConfig(api, gatewayClass), settings));
  const outcome = verdict ?? addressOutcome(api, gateway);
  writeGatewayStatus(api, gateway, outcome);
}

interface Outcome {
  readonly accepted: Verdict;
  readonly programmed: Verdict;
  /** Undefined: what is there stays. */
  readonly addresses?: Json[];
}

interface Verdict {
  readonly status: Condition['status'];
  readonly reason: string;
  readonly message: string;
}

const ACCEPTED: Verdict = { status: 'True', reason: 'Accepted', message: 'Gateway successfully scheduled' };

function no(reason: string, message: string): Verdict {
  return { status: 'False', reason, message };
}

const UNTRANSLATABLE: Outcome = {
  accepted: no('NoResources', 'Unable to translate resources'),
  programmed: no('ListenersNotValid', 'Unable to translate resources'),
};

function listenersOf(api: FakeApi, gateway: KubeObject): ListenerModel[] {
  const { namespace } = gateway.metadata;
  return objectsAt(gateway, 'spec', 'listeners')
    .filter((listener) => ['HTTP', 'HTTPS'].includes(stringAt(listener, 'protocol')))
    .map((listener) => ({
      port: numberAt(listener, 'port'),
      secure: stringAt(listener, 'protocol') === 'HTTPS',
      hostname: stringAt(listener, 'hostname'),
      secrets: objectsAt(listener, 'tls', 'certificateRefs').map(
        (secret) => `${stringAt(secret, 'namespace') || String(namespace)}-${stringAt(secret, 'name')}`,
      ),
      routes: routesOf(api, gateway, listener),
    }));
}

function wrongAddress(gateway: KubeObject): Outcome | undefined {
  for (const address of objectsAt(gateway, 'spec', 'addresses')) {
    const type = stringAt(address, 'type');
    const value = stringAt(address, 'value');
    const unset = value === '' ? 'address value is not set' : 'invalid ip address';
    const wrong = type !== '' && type !== 'IPAddress' ? 'address type is not supported' : unset;
    if (wrong !== unset || isIP(value) === 0) {
      return {
        accepted: no('UnsupportedAddress', `Unsupported Gateway address, ${wrong}`),
        programmed: no('ListenersNotReady', 'Address is not ready'),
      };
    }
  }
  return undefined;
}

function makeObjects(
  api: FakeApi,
  gateway: KubeObject,
  listeners: readonly ListenerModel[],
  config: KubeObject | undefined,
  settings: OperatorSettings,
): Outcome | undefined {
  const name = shortened(`cilium-gateway-${gateway.metadata.name}`);
  const ports = portsOf(listeners);
  const labels = stringMap(objectAt(gateway, 'spec', 'infrastructure').labels);
  const annotations = stringMap(objectAt(gateway, 'spec', 'infrastructure').annotations);
  const addresses = objectsAt(gateway, 'spec', 'addresses').map((address) => stringAt(address, 'value'));
  if (addresses.length > 0) {
    annotations['io.cilium/lb-ipam-ips'] ??= addresses.join(',');
  }
  const short = shortened(gateway.metadata.name);
  const gatewayName = { 'gateway.networking.k8s.io/gateway-name': short };
  const metadata = {
    name,
    namespace: String(gateway.metadata.namespace),
    labels: { 'io.cilium.gateway/owning-gateway': short, ...gatewayName, ...labels },
    annotations,
    ownerReferences: [ownerReference(gateway)],
  };
  const live = api.get(SERVICES, { namespace: metadata.namespace, name });
  const spec = serviceSpec(ports, config, settings, live);
  try {
    ensure(api, SERVICES, { apiVersion: 'v1', kind: 'Service', metadata, spec }, ['spec']);
  } catch {
    return {
      accepted: no('NoResources', 'Unable to create Service resource'),
      programmed: no('NoResources', 'Unable to create Service resource'),
    };
  }
  const serviceName = { 'kubernetes.io/service-name': name };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { ...metadata.labels, ...serviceName } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['192.192.192.192'], conditions: { ready: true } }],
    ports: [{ name: '', port: 9999, protocol: 'TCP' }],
  };
  ensure(api, ENDPOINT_SLICES, slice, ['endpoints', 'ports']);
  if (api.serves(ENVOY_CONFIGS)) {
    ensure(api, ENVOY_CONFIGS, envoyConfig(metadata, { ...gatewayName, ...labels }, listeners, settings), ['spec']);
  }
  return undefined;
}

function envoyConfig(
  metadata: JsonObject & { name: string; namespace: string },
  labels: JsonObject,
  listeners: readonly ListenerModel[],
  settings: OperatorSettings,
): KubeObject {
  const { name, namespace } = metadata;
  const annotations = { ...stringMap(metadata.annotations), 'cec.cilium.io/use-original-source-address': 'false' };
  const services = [{ name, namespace, ports: portsOf(listeners) }];
  const spec = { ...envoySpec(listeners, settings.hostNetwork), services };
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumEnvoyConfig',
    metadata: { ...metadata, labels, annotations },
    spec,
  };
}

/** An existing Service keeps its loadBalancerClass, whatever the class configuration says by now. */
function serviceSpec(
  ports: readonly number[],
  config: KubeObject | undefined,
  settings: OperatorSettings,
  live: KubeObject | undefined,
): JsonObject {
  const wanted = objectAt(config, 'spec', 'service');
  const type = settings.hostNetwork ? 'ClusterIP' : stringAt(wanted, 'type') || 'LoadBalancer';
  const policy = stringAt(wanted, 'externalTrafficPolicy') || 'Cluster';
  const balanced = type === 'LoadBalancer';
  const loadBalancerClass = live === undefined ? wanted.loadBalancerClass : objectAt(live, 'spec').loadBalancerClass;
  const { allocateLoadBalancerNodePorts, loadBalancerSourceRanges } = wanted;
  return {
    type,
    ipFamilies: ['IPv4'],
    ports: ports.map((port) => ({ name: `port-${port}`, port, protocol: 'TCP' })),
    ...(type === 'ClusterIP' ? {} : { externalTrafficPolicy: policy }),
    ...(balanced && loadBalancerClass !== undefined ? { loadBalancerClass } : {}),
    ...(balanced && allocateLoadBalancerNodePorts !== undefined ? { allocateLoadBalancerNodePorts } : {}),
    ...(balanced && loadBalancerSourceRanges !== undefined ? { loadBalancerSourceRanges } : {}),
  };
}

function classConfig(api: FakeApi, gatewayClass: KubeObject): KubeObject | undefined {
  const parameters = objectAt(gatewayClass, 'spec', 'parametersRef');
  if (parameters.kind !== 'CiliumGatewayClassConfig' || parameters.namespace === undefined) {
    return undefined;
  }
  const ref = { namespace: stringAt(parameters, 'namespace'), name: stringAt(parameters, 'name') };
  return getIfServed(api, GATEWAY_CLASS_CONFIGS, ref);
}

/** The first Service with the Gateway's label decides, whoever made it. */
function addressOutcome(api: FakeApi, gateway: KubeObject): Outcome {
  const label = shortened(gateway.metadata.name);
  const service = api
    .list(SERVICES, String(gateway.metadata.namespace))
    .find((candidate) => stringMap(candidate.metadata.labels)['io.cilium.gateway/owning-gateway'] === label);
  const ingress = objectsAt(service, 'status', 'loadBalancer', 'ingress');
  if (ingress.length === 0) {
    return { accepted: ACCEPTED, programmed: no('AddressNotAssigned', 'Gateway waiting for address') };
  }
  const addresses: Json[] = ingress.flatMap((entry) => [
    ...(stringAt(entry, 'ip') === '' ? [] : [{ type: 'IPAddress', value: stringAt(entry, 'ip') }]),
    ...(stringAt(entry, 'hostname') === '' ? [] : [{ type: 'Hostname', value: stringAt(entry, 'hostname') }]),
  ]);
  const ips = new Set(ingress.map((entry) => stringAt(entry, 'ip')));
  const unusable = objectsAt(gateway, 'spec', 'addresses').some((wanted) => !ips.has(stringAt(wanted, 'value')));
  const programmed: Verdict = unusable
    ? no('AddressNotUsable', "StaticAddress can't be used")
    : { status: 'True', reason: 'Programmed', message: 'Gateway Programmed' };
  return { accepted: ACCEPTED, programmed, addresses };
}

function writeGatewayStatus(api: FakeApi, gateway: KubeObject, outcome: Outcome): void {
  const observedGeneration = numberAt(gateway, 'metadata', 'generation');
  let conditions = listAt(gateway, 'status', 'conditions');
  conditions = withCondition(conditions, { type: 'Accepted', ...outcome.accepted, observedGeneration });
  conditions = withCondition(conditions, { type: 'Programmed', ...outcome.programmed, observedGeneration });
  const status: JsonObject = {
    ...objectAt(gateway, 'status'),
    conditions,
    listeners: listenerStatuses(api, gateway),
    ...(outcome.addresses === undefined ? {} : { addresses: outcome.addresses }),
  };
  try {
    writeStatus(api, GATEWAYS, gateway, status);
  } catch {
    // More than 16 addresses: the API server refuses the whole status, and the operator tries again for ever.
  }
}
