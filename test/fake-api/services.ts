import {
  duplicateValue,
  type FieldError,
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from './api-error.ts';
import {
  ensureObject,
  equal,
  isObject,
  type JsonObject,
  type KubeObject,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  stringAt,
} from './json.ts';
import { defaultIpModes, dropIpModes, loadBalancerErrors } from './load-balancer-status.ts';
import { allocateClusterIp, allocateNodePorts, mayHaveNodePorts, typeOf } from './service-allocation.ts';
import type { Strategy } from './strategy.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

/** Services as kube-apiserver's registry treats them (pkg/registry/core/service, pkg/apis/core/validation). */
export const SERVICE_STRATEGY: Strategy = {
  decode(service, env) {
    const spec = ensureObject(service, 'spec');
    defaultSpec(spec);
    const status = ensureObject(service, 'status');
    const loadBalancer = ensureObject(status, 'loadBalancer');
    if (listAt(loadBalancer, 'ingress').length === 0) {
      delete loadBalancer.ingress;
    }
    if (env.settings.dropsIpMode) {
      dropIpModes(loadBalancer);
    } else if (spec.type === 'LoadBalancer') {
      defaultIpModes(loadBalancer);
    }
  },

  prepareCreate(service, env) {
    service.status = { loadBalancer: {} };
    allocateClusterIp(service, env);
    allocateNodePorts(service, undefined, env);
  },

  prepareUpdate(service, live, env) {
    restoreAllocated(service, live);
    dropFieldsOfOldType(service, live);
    if (live.spec !== undefined && typeOf(live) === 'LoadBalancer' && typeOf(service) !== 'LoadBalancer') {
      service.status = { ...objectAt(service, 'status'), loadBalancer: {} };
    }
    allocateClusterIp(service, env);
    allocateNodePorts(service, live, env);
  },

  validate(service, live) {
    return [...portErrors(service), ...typeErrors(service), ...immutableErrors(service, live)];
  },

  validateStatus(service) {
    const path = 'status.loadBalancer.ingress';
    const ingress = objectsAt(service, 'status', 'loadBalancer', 'ingress');
    if (typeOf(service) !== 'LoadBalancer' && ingress.length > 0) {
      return [forbiddenValue(path, "may only be used when `spec.type` is 'LoadBalancer'")];
    }
    return loadBalancerErrors(ingress, path);
  },
};

function defaultSpec(spec: JsonObject): void {
  for (const member of ['clusterIP', 'loadBalancerIP', 'externalTrafficPolicy', 'externalName']) {
    if (spec[member] === '') {
      delete spec[member];
    }
  }
  for (const member of ['selector', 'clusterIPs', 'ports', 'ipFamilies', 'externalIPs', 'loadBalancerSourceRanges']) {
    const value = spec[member];
    if (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0) {
      delete spec[member];
    }
  }
  spec.sessionAffinity ??= 'None';
  spec.type ??= 'ClusterIP';
  for (const port of objectsAt(spec, 'ports')) {
    port.protocol ??= 'TCP';
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') {
      port.targetPort = numberAt(port, 'port');
    }
    if (port.nodePort === 0) {
      delete port.nodePort;
    }
    if (port.name === '') {
      delete port.name;
    }
  }
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') {
    spec.externalTrafficPolicy ??= 'Cluster';
  }
  if (spec.type !== 'ExternalName') {
    spec.internalTrafficPolicy ??= 'Cluster';
  }
  if (spec.type === 'LoadBalancer') {
    spec.allocateLoadBalancerNodePorts ??= true;
  }
}

/** What a writer left out and the server once gave comes back: NodePorts by the port's name, cluster IPs. */
function restoreAllocated(service: KubeObject, live: KubeObject): void {
  const spec = objectAt(service, 'spec');
  const before = objectAt(live, 'spec');
  for (const member of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) {
    if (spec[member] === undefined && before[member] !== undefined && typeOf(service) !== 'ExternalName') {
      spec[member] = before[member];
    }
  }
  if (hasHealthCheck(live) && hasHealthCheck(service)) {
    spec.healthCheckNodePort ??= before.healthCheckNodePort;
  }
  if (!mayHaveNodePorts(live) || !mayHaveNodePorts(service)) {
    return;
  }
  const ports = objectsAt(spec, 'ports');
  const used = new Set(ports.map((port) => numberAt(port, 'nodePort')));
  const byName = new Map(
    objectsAt(before, 'ports').map((port) => [stringAt(port, 'name'), numberAt(port, 'nodePort')]),
  );
  for (const port of ports) {
    const known = byName.get(stringAt(port, 'name')) ?? 0;
    if (port.nodePort === undefined && known !== 0 && !used.has(known)) {
      port.nodePort = known;
      used.add(known);
    }
  }
}

function hasHealthCheck(service: KubeObject): boolean {
  return typeOf(service) === 'LoadBalancer' && stringAt(service, 'spec', 'externalTrafficPolicy') === 'Local';
}

/** Fields that only made sense for the old type go, unless the writer changed them in the same write. */
function dropFieldsOfOldType(service: KubeObject, live: KubeObject): void {
  const spec = objectAt(service, 'spec');
  const before = objectAt(live, 'spec');
  const nodePorts = (of: JsonObject): number[] => objectsAt(of, 'ports').map((port) => numberAt(port, 'nodePort'));
  if (mayHaveNodePorts(live) && !mayHaveNodePorts(service) && equal(nodePorts(spec), nodePorts(before))) {
    for (const port of objectsAt(spec, 'ports')) {
      delete port.nodePort;
    }
  }
  const drop = (member: string, needed: boolean): void => {
    if (!needed && equal(spec[member], before[member])) {
      delete spec[member];
    }
  };
  drop('externalTrafficPolicy', mayHaveNodePorts(service));
  drop('allocateLoadBalancerNodePorts', typeOf(service) === 'LoadBalancer');
  drop('loadBalancerClass', typeOf(service) === 'LoadBalancer');
  drop('healthCheckNodePort', hasHealthCheck(service));
}

function portErrors(service: KubeObject): FieldError[] {
  const ports = objectsAt(service, 'spec', 'ports');
  const headless = stringAt(service, 'spec', 'clusterIP') === 'None';
  if (ports.length === 0) {
    return headless || typeOf(service) === 'ExternalName' ? [] : [requiredValue('spec.ports', '')];
  }
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const numbers = new Set<string>();
  const nodePorts = new Set<string>();
  ports.forEach((port, index) => {
    const path = `spec.ports[${index}]`;
    const name = stringAt(port, 'name');
    if (name === '' && ports.length > 1) {
      errors.push(requiredValue(`${path}.name`, ''));
    } else if (name !== '' && !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)) {
      errors.push(invalidValue(`${path}.name`, name, DNS_LABEL));
    } else if (name !== '' && names.has(name)) {
      errors.push(duplicateValue(`${path}.name`, name));
    }
    names.add(name);
    errors.push(...numberErrors(port, path));
    if (!PROTOCOLS.includes(stringAt(port, 'protocol'))) {
      errors.push(unsupportedValue(`${path}.protocol`, port.protocol, PROTOCOLS));
    }
    const key = `${stringAt(port, 'protocol')}/${numberAt(port, 'port')}`;
    if (numbers.has(key)) {
      errors.push(duplicateValue(path, { port: port.port, protocol: port.protocol }));
    }
    numbers.add(key);
    const nodePort = numberAt(port, 'nodePort');
    const nodeKey = `${stringAt(port, 'protocol')}/${nodePort}`;
    if (nodePort !== 0 && !mayHaveNodePorts(service)) {
      errors.push(forbiddenValue(`${path}.nodePort`, "may not be used when `type` is 'ClusterIP'"));
    } else if (nodePort !== 0 && nodePorts.has(nodeKey)) {
      errors.push(duplicateValue(`${path}.nodePort`, nodePort));
    }
    nodePorts.add(nodeKey);
  });
  return errors;
}

const DNS_LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

function numberErrors(port: JsonObject, path: string): FieldError[] {
  const inRange = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 65_535;
  const errors: FieldError[] = [];
  if (!inRange(numberAt(port, 'port'))) {
    errors.push(invalidValue(`${path}.port`, port.port ?? 0, 'must be between 1 and 65535, inclusive'));
  }
  if (typeof port.targetPort === 'number' && !inRange(port.targetPort)) {
    errors.push(invalidValue(`${path}.targetPort`, port.targetPort, 'must be between 1 and 65535, inclusive'));
  }
  return errors;
}

function typeErrors(service: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  const spec = objectAt(service, 'spec');
  const type = typeOf(service);
  if (!TYPES.includes(type)) {
    errors.push(unsupportedValue('spec.type', spec.type, TYPES));
  }
  if (spec.loadBalancerClass !== undefined && type !== 'LoadBalancer') {
    errors.push(forbiddenValue('spec.loadBalancerClass', "may only be used when `type` is 'LoadBalancer'"));
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined && type !== 'LoadBalancer') {
    errors.push(forbiddenValue('spec.allocateLoadBalancerNodePorts', "may only be used when `type` is 'LoadBalancer'"));
  }
  if (type === 'LoadBalancer' && spec.clusterIP === 'None') {
    errors.push(invalidValue('spec.clusterIPs[0]', 'None', "may not be set to 'None' for LoadBalancer services"));
  }
  if (spec.externalTrafficPolicy !== undefined && !mayHaveNodePorts(service)) {
    const detail = 'may only be set for externally-accessible services';
    errors.push(invalidValue('spec.externalTrafficPolicy', spec.externalTrafficPolicy, detail));
  }
  return errors;
}

function immutableErrors(service: KubeObject, live: KubeObject | undefined): FieldError[] {
  if (live === undefined) {
    return [];
  }
  const errors: FieldError[] = [];
  const spec = objectAt(service, 'spec');
  const before = objectAt(live, 'spec');
  const bothBalanced = typeOf(service) === 'LoadBalancer' && typeOf(live) === 'LoadBalancer';
  if (bothBalanced && spec.loadBalancerClass !== before.loadBalancerClass) {
    // A nil pointer is printed as a string there.
    const value = spec.loadBalancerClass ?? 'null';
    errors.push(invalidValue('spec.loadBalancerClass', value, 'may not change once set'));
  }
  const keepsIp = typeOf(service) !== 'ExternalName' && typeOf(live) !== 'ExternalName';
  if (keepsIp && spec.clusterIP !== before.clusterIP) {
    errors.push(invalidValue('spec.clusterIPs[0]', spec.clusterIPs, 'may not change once set'));
  }
  return errors;
}
