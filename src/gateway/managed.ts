import { createHash } from 'node:crypto';
import { nameHash, SERVICE_TYPE_ANNOTATION } from '../cilium/names.ts';
import type { GatewayConfig } from '../config/config.types.ts';
import { GATEWAYS, type Resource } from '../kube/resources.ts';
import type { Meta } from '../kube/types.ts';
import { finding } from '../plan/make.ts';
import type { Finding } from '../plan/plan.types.ts';
import * as annotations from './annotations.ts';
import { malformedAnnotation } from './claims.ts';
import { LOAD_BALANCER_ID_ANNOTATIONS } from './load-balancers.ts';
import type { ServiceModel } from './models/service.ts';
import type { GatewayObservation } from './observation.ts';
import type { PortPair } from './ports.ts';
import type { Subject } from './subjects.ts';

/** What a managed entrypoint should look like. */
export interface ManagedSpec {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly ManagedPort[];
  /** Of each of its ports, and the Gateway Service's. */
  readonly pairs: readonly PortPair[];
}

export interface ManagedPort {
  readonly name: string;
  /** The asked nodePort; 0: the API server chooses. */
  readonly nodePort: number;
  /** `entrypoint` is the port as it is, or the Gateway Service's where there is none yet. */
  readonly pair: PortPair;
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
  if (subject.kind !== 'Gateway') {
    findings.push(onlyForGateways(subject));
    return false;
  }
  if (text.trim() === 'managed') return true;
  const parsed = { problem: `${annotations.quote(text)} is not "managed"`, example: 'managed' };
  findings.push(malformedAnnotation(subject.meta, annotations.ENTRYPOINT, parsed, GATEWAYS));
  return false;
}

function onlyForGateways(subject: Subject): Finding {
  const kind = subject.target.kind.toLowerCase();
  return finding('managed-entrypoint', 'fail', {
    reason: 'ManagedOnlyForGateways',
    target: subject.target,
    message: `${subject.key} asks for a managed entrypoint, but only a Gateway can.`,
    fix:
      `Make a LoadBalancer Service of your own, annotated ${annotations.INGRESS}; and remove the annotation: ` +
      `kubectl -n ${subject.namespace} annotate ${kind} ${subject.name} ${annotations.ENTRYPOINT}-`,
  });
}

/** Rule 13: what the Gateway's author asks for is checked against the configuration; undefined when refused. */
export function managedSpec(
  subject: Subject,
  service: ServiceModel,
  entrypoint: ServiceModel | undefined,
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
  const ports = managedPorts(service, entrypoint, nodePorts);
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
      ...(asksToRetain(subject.meta, GATEWAYS, findings) ? { [annotations.RETAIN]: 'true' } : {}),
    },
    selector: managed.selector,
    ports,
    pairs: ports.map((port) => port.pair),
  };
}

function managedPorts(
  service: ServiceModel,
  entrypoint: ServiceModel | undefined,
  nodePorts: ReadonlyMap<number, number>,
): ManagedPort[] {
  return service.ports.flatMap((port) => {
    if (port.port === 0) return [];
    const index =
      entrypoint?.ports.findIndex((other) => other.port === port.port && other.protocol === port.protocol) ?? -1;
    const current = entrypoint?.ports[index] ?? { ...port, targetPort: undefined, nodePort: 0 };
    return [
      {
        name: port.name === '' ? `port-${port.port}` : port.name,
        nodePort: nodePorts.get(port.port) ?? 0,
        pair: { index, entrypoint: current, gateway: port },
      },
    ];
  });
}

/** Whether a managed entrypoint is to outlive its Gateway. What cannot be understood keeps it, to be safe. */
export function asksToRetain(meta: Meta, resource: Resource, findings: Finding[]): boolean {
  const text = meta.annotations[annotations.RETAIN];
  if (text === undefined) return false;
  const parsed = annotations.parseFlag(text);
  if (!parsed.ok) findings.push(malformedAnnotation(meta, annotations.RETAIN, parsed, resource));
  return !parsed.ok || parsed.value;
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
