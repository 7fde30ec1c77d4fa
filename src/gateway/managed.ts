import { createHash } from 'node:crypto';
import { nameHash, SERVICE_TYPE_ANNOTATION } from '../cilium/names.ts';
import type { GatewayConfig } from '../config/config.types.ts';
import { GATEWAYS, SERVICES } from '../kube/resources.ts';
import type { RawObject } from '../kube/types.ts';
import { finding, targetOf } from '../plan/make.ts';
import type { Action, Change, Finding, Json } from '../plan/plan.types.ts';
import * as annotations from './annotations.ts';
import { malformedAnnotation } from './claims.ts';
import { LOAD_BALANCER_ID_ANNOTATIONS } from './collisions.ts';
import type { ServiceModel } from './models/service.ts';
import type { GatewayObservation } from './observation.ts';
import type { Subject } from './subjects.ts';

/** What a managed entrypoint should look like. */
export interface ManagedSpec {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly ManagedPort[];
}

export interface ManagedPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly targetPort: number;
  /** 0: the API server chooses. */
  readonly nodePort: number;
}

const MAX_BASE = 48;

/** `ccb-<gateway>-<hash>`: a DNS label of at most 63 characters, different for every namespace and name. */
export function managedName(namespace: string, name: string): string {
  const base = name.replaceAll('.', '-').slice(0, MAX_BASE).replace(/-+$/, '');
  return `ccb-${base}-${nameHash(`${namespace}/${name}`)}`;
}

/** Whether a Gateway asks for a managed entrypoint. A value that is not understood is a finding. */
export function asksForManaged(subject: Subject, findings: Finding[]): boolean {
  const text = subject.meta.annotations[annotations.ENTRYPOINT];
  if (text === undefined) return false;
  if (text.trim() === 'managed') return true;
  const parsed = { problem: `${annotations.quote(text)} is not "managed"`, example: 'managed' };
  findings.push(malformedAnnotation(subject.meta, annotations.ENTRYPOINT, parsed, GATEWAYS));
  return false;
}

/** Rule 13: what the Gateway's author asks for is checked against the configuration; undefined when refused. */
export function managedSpec(
  subject: Subject,
  service: ServiceModel,
  wantedPort: (port: number, nodePort: number) => number,
  observation: GatewayObservation,
  config: GatewayConfig,
  findings: Finding[],
): ManagedSpec | undefined {
  const before = findings.length;
  const { managed } = config;
  const refuse = (reason: string, message: string, fix: string): void => {
    findings.push(finding('managed-entrypoint', 'fail', { reason, target: subject.target, message, fix }));
  };
  if (!managed.enabled) {
    refuse(
      'ManagedNotEnabled',
      `${subject.key} asks for a managed entrypoint, but the configuration does not allow any.`,
      'Set gateway.managed.enabled: true and name the namespaces in gateway.managed.allowedNamespaces.',
    );
    return undefined;
  }
  if (!managed.allowedNamespaces.includes('*') && !managed.allowedNamespaces.includes(subject.namespace)) {
    refuse(
      'ManagedNamespaceNotAllowed',
      `${subject.key} asks for a managed entrypoint, but Gateways in namespace ${subject.namespace} may not.`,
      `Add "${subject.namespace}" to gateway.managed.allowedNamespaces.`,
    );
    return undefined;
  }
  const asked = readAskedAnnotations(subject, findings);
  for (const [key, value] of Object.entries(asked)) checkAskedAnnotation(key, value, subject, config, refuse);
  const nodePorts = readAskedNodePorts(subject, config, findings, refuse);
  if (findings.length > before) return undefined;
  return {
    name: managedName(subject.namespace, subject.name),
    namespace: observation.ciliumNamespace,
    labels: {
      'app.kubernetes.io/managed-by': 'cilium-cloud-bridge',
      [annotations.MANAGED_LABEL]: 'true',
      [`${annotations.PREFIX}gateway-namespace`]: subject.namespace,
      [`${annotations.PREFIX}gateway-uid`]: labelValue(subject.meta.uid),
    },
    annotations: {
      ...managed.annotations,
      ...asked,
      [annotations.GATEWAY]: `${subject.namespace}/${subject.name}`,
      ...(subject.meta.annotations[annotations.RETAIN] === 'true' ? { [annotations.RETAIN]: 'true' } : {}),
    },
    selector: managed.selector,
    ports: service.ports.map((port) => ({
      name: port.name === '' ? `port-${port.port}` : port.name,
      port: port.port,
      protocol: port.protocol,
      targetPort: wantedPort(port.port, port.nodePort),
      nodePort: nodePorts.get(port.port) ?? 0,
    })),
  };
}

/** A uid that is no label value (it always is one on a real server) is hashed. */
function labelValue(text: string): string {
  return /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(text)
    ? text
    : createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function readAskedAnnotations(subject: Subject, findings: Finding[]): Readonly<Record<string, string>> {
  const text = subject.meta.annotations[annotations.ENTRYPOINT_ANNOTATIONS];
  if (text === undefined) return {};
  const parsed = annotations.parseStringMap(text);
  if (parsed.ok) return parsed.value;
  findings.push(malformedAnnotation(subject.meta, annotations.ENTRYPOINT_ANNOTATIONS, parsed, GATEWAYS));
  return {};
}

type Refuse = (reason: string, message: string, fix: string) => void;

function checkAskedAnnotation(
  key: string,
  value: string,
  subject: Subject,
  config: GatewayConfig,
  refuse: Refuse,
): void {
  const { allowedAnnotations, allowedLoadBalancerIds } = config.managed;
  const allowed = allowedAnnotations.some((entry) =>
    entry.endsWith('*') ? key.startsWith(entry.slice(0, -1)) : key === entry,
  );
  if (!allowed || key.startsWith(annotations.PREFIX) || key === SERVICE_TYPE_ANNOTATION) {
    refuse(
      'ManagedAnnotationNotAllowed',
      `${subject.key} asks for the annotation ${annotations.quote(key)} on its entrypoint, which it may not set.`,
      `Remove it from ${annotations.ENTRYPOINT_ANNOTATIONS}, or add the key to gateway.managed.allowedAnnotations.`,
    );
    return;
  }
  const namesLoadBalancer = LOAD_BALANCER_ID_ANNOTATIONS.some((entry) => entry === key);
  if (namesLoadBalancer && !allowedLoadBalancerIds.includes(value)) {
    refuse(
      'ManagedLoadBalancerNotAllowed',
      `${subject.key} asks for the load balancer ${annotations.quote(value)}, which it may not use.`,
      'Name another, or add the id to gateway.managed.allowedLoadBalancerIds.',
    );
  }
}

function readAskedNodePorts(
  subject: Subject,
  config: GatewayConfig,
  findings: Finding[],
  refuse: Refuse,
): ReadonlyMap<number, number> {
  const text = subject.meta.annotations[annotations.ENTRYPOINT_NODE_PORTS];
  if (text === undefined) return new Map();
  const parsed = annotations.parsePortPairs(text);
  if (!parsed.ok) {
    findings.push(malformedAnnotation(subject.meta, annotations.ENTRYPOINT_NODE_PORTS, parsed, GATEWAYS));
    return new Map();
  }
  if (!config.managed.allowNodePorts) {
    refuse(
      'ManagedNodePortNotAllowed',
      `${subject.key} asks for fixed nodePorts, which the configuration does not allow.`,
      `Remove ${annotations.ENTRYPOINT_NODE_PORTS}, or set gateway.managed.allowNodePorts: true.`,
    );
  }
  return parsed.value;
}

/** Whether this Service is an entrypoint that we made: our label, our name for the Gateway that it names. */
export function isManaged(service: ServiceModel, observation: GatewayObservation): boolean {
  if (service.meta.labels[annotations.MANAGED_LABEL] !== 'true') return false;
  if (service.meta.namespace !== observation.ciliumNamespace) return false;
  const parsed = annotations.parseNamespacedName(service.meta.annotations[annotations.GATEWAY] ?? '');
  return parsed.ok && managedName(parsed.value.namespace, parsed.value.name) === service.meta.name;
}

export function createManaged(
  subject: Subject,
  spec: ManagedSpec,
  parts: Pick<Action, 'key' | 'related' | 'pausedBy'>,
): Action {
  const object: RawObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: spec.name, namespace: spec.namespace, labels: spec.labels, annotations: spec.annotations },
    spec: {
      type: 'LoadBalancer',
      selector: spec.selector,
      ports: spec.ports.map(portJson),
    },
  };
  return {
    ...parts,
    kind: 'create-entrypoint',
    target: { apiVersion: 'v1', kind: 'Service', namespace: spec.namespace, name: spec.name, uid: '' },
    targetVersion: '',
    changes: [
      { field: 'metadata.annotations', before: undefined, after: spec.annotations },
      { field: 'spec.selector', before: undefined, after: spec.selector },
      { field: 'spec.ports', before: undefined, after: spec.ports.map(portJson) },
    ],
    reason: 'EntrypointCreated',
    message: `Make the entrypoint that ${subject.key} asks for.`,
    request: { verb: 'create', resource: SERVICES, object },
  };
}

function portJson(port: ManagedPort): { [key: string]: Json } {
  const json: { [key: string]: Json } = {
    name: port.name,
    port: port.port,
    protocol: port.protocol,
    targetPort: port.targetPort,
  };
  if (port.nodePort !== 0) json.nodePort = port.nodePort;
  return json;
}

/** Brings a managed entrypoint's ports, selector and annotations to what is wanted; never removes what others added. */
export function updateManaged(
  subject: Subject,
  entrypoint: ServiceModel,
  spec: ManagedSpec,
  annotateType: boolean,
  findings: Finding[],
  parts: Pick<Action, 'key' | 'related' | 'pausedBy'>,
): Action | undefined {
  const changes: Change[] = [];
  const metadata: { annotations?: Record<string, Json> } = {};
  const patch: { ports?: Json; selector?: Json } = {};
  const ports = keepNodePorts(spec.ports, entrypoint);
  if (!samePorts(ports, entrypoint)) {
    patch.ports = ports.map(portJson);
    changes.push({ field: 'spec.ports', before: entrypoint.ports.map(currentPort), after: ports.map(portJson) });
  }
  const selector = selectorPatch(entrypoint.selector, spec.selector);
  if (selector !== undefined) {
    patch.selector = selector;
    changes.push({ field: 'spec.selector', before: entrypoint.selector, after: spec.selector });
  }
  const wanted = annotateType ? { ...spec.annotations, [SERVICE_TYPE_ANNOTATION]: 'NodePort' } : spec.annotations;
  for (const [key, value] of Object.entries(wanted)) {
    const current = entrypoint.meta.annotations[key];
    if (current === value) continue;
    if (key.startsWith('kubernetes.io/elb.')) {
      findings.push(elbAnnotationFrozen(entrypoint, key));
      continue;
    }
    metadata.annotations = { ...metadata.annotations, [key]: value };
    changes.push({ field: `metadata.annotations[${key}]`, before: current, after: value });
  }
  if (changes.length === 0) return undefined;
  return {
    ...parts,
    kind: 'patch-entrypoint',
    target: targetOf(SERVICES, entrypoint.meta),
    targetVersion: entrypoint.meta.resourceVersion,
    changes,
    reason: 'EntrypointUpdated',
    message: `Bring the managed entrypoint of ${subject.key} to what the Gateway and the configuration ask for.`,
    request: {
      verb: 'patch',
      resource: SERVICES,
      ref: { namespace: entrypoint.meta.namespace, name: entrypoint.meta.name },
      patch: {
        type: 'merge',
        body: {
          metadata: { ...metadata, uid: entrypoint.meta.uid, resourceVersion: entrypoint.meta.resourceVersion },
          ...(Object.keys(patch).length === 0 ? {} : { spec: patch }),
        },
      },
    },
  };
}

/** A merge patch replaces the whole list: the nodePorts that were allocated are kept for the ports that stay. */
function keepNodePorts(ports: readonly ManagedPort[], entrypoint: ServiceModel): ManagedPort[] {
  return ports.map((port) => {
    if (port.nodePort !== 0) return port;
    const current = entrypoint.ports.find((other) => other.port === port.port && other.protocol === port.protocol);
    return { ...port, nodePort: current?.nodePort ?? 0 };
  });
}

function samePorts(ports: readonly ManagedPort[], entrypoint: ServiceModel): boolean {
  return (
    ports.length === entrypoint.ports.length &&
    ports.every((port) =>
      entrypoint.ports.some(
        (other) =>
          other.port === port.port &&
          other.protocol === port.protocol &&
          other.targetPort === port.targetPort &&
          (port.nodePort === 0 || other.nodePort === port.nodePort),
      ),
    )
  );
}

function currentPort(port: ServiceModel['ports'][number]): { [key: string]: Json } {
  return portJson({
    name: port.name,
    port: port.port,
    protocol: port.protocol,
    targetPort: typeof port.targetPort === 'number' ? port.targetPort : port.port,
    nodePort: port.nodePort,
  });
}

/** A merge patch for a map: keys to set, and null for those to drop; undefined when nothing differs. */
function selectorPatch(
  current: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): { [key: string]: Json } | undefined {
  const patch: { [key: string]: Json } = {};
  for (const [key, value] of Object.entries(wanted)) if (current[key] !== value) patch[key] = value;
  for (const key of Object.keys(current)) if (wanted[key] === undefined) patch[key] = null;
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function elbAnnotationFrozen(entrypoint: ServiceModel, key: string): Finding {
  const { namespace, name } = entrypoint.meta;
  return finding('managed-entrypoint', 'fail', {
    reason: 'ElbAnnotationFrozen',
    target: targetOf(SERVICES, entrypoint.meta),
    message: `The annotation ${key} of the managed entrypoint differs from what is asked for, and CCE refuses to change it on an existing Service.`,
    fix: `Have it made anew: kubectl -n ${namespace} delete service ${name}   (its load balancer's listeners are made anew, too)`,
  });
}
