import { SERVICE_TYPE_ANNOTATION } from '../cilium/names.ts';
import { SERVICES } from '../kube/resources.ts';
import type { RawObject } from '../kube/types.ts';
import { finding, targetOf } from '../plan/make.ts';
import type { Action, Change, Finding, Json } from '../plan/plan.types.ts';
import type { ManagedSpec } from './managed.ts';
import type { ServiceModel, ServicePort } from './models/service.ts';
import type { ActionParts } from './plan-subject.types.ts';
import type { Subject } from './subjects.ts';
import type { PortTarget } from './target-ports.ts';

/** The write that makes a managed entrypoint. */
export function createManaged(
  subject: Subject,
  spec: ManagedSpec,
  targets: readonly PortTarget[],
  parts: ActionParts,
): Action {
  const ports = wantedPorts(spec, targets, undefined).map(portJson);
  const object: RawObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: spec.name, namespace: spec.namespace, labels: spec.labels, annotations: spec.annotations },
    spec: {
      type: 'LoadBalancer',
      selector: spec.selector,
      ports,
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
      { field: 'spec.ports', before: undefined, after: ports },
    ],
    reason: 'EntrypointCreated',
    message: `Make the entrypoint that ${subject.key} asks for.`,
    request: { verb: 'create', resource: SERVICES, object },
  };
}

interface WantedPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly targetPort: number | string;
  /** 0: the API server chooses. */
  readonly nodePort: number;
}

/**
 * The whole list of ports: a merge patch replaces it, so what was allocated is kept. A port whose NodePort on the Gateway
 * Service is missing stays as it is, or away.
 */
function wantedPorts(
  spec: ManagedSpec,
  targets: readonly PortTarget[],
  entrypoint: ServiceModel | undefined,
): WantedPort[] {
  return spec.ports.flatMap(({ name, nodePort, pair }) => {
    const current = entrypoint?.ports[pair.index];
    const targetPort = targets.find((target) => target.pair === pair)?.wanted ?? current?.targetPort;
    if (targetPort === undefined) return [];
    const { port, protocol } = pair.gateway;
    return [{ name, port, protocol, targetPort, nodePort: nodePort === 0 ? (current?.nodePort ?? 0) : nodePort }];
  });
}

function portJson(port: WantedPort): { [key: string]: Json } {
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
  targets: readonly PortTarget[],
  annotateType: boolean,
  findings: Finding[],
  parts: ActionParts,
): Action | undefined {
  const changes: Change[] = [];
  const metadata: { annotations?: Record<string, Json> } = {};
  const patch: { ports?: Json; selector?: Json } = {};
  const ports = wantedPorts(spec, targets, entrypoint);
  if (ports.length > 0 && !samePorts(ports, entrypoint)) {
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

function samePorts(ports: readonly WantedPort[], entrypoint: ServiceModel): boolean {
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

function currentPort(port: ServicePort): { [key: string]: Json } {
  return portJson({
    name: port.name,
    port: port.port,
    protocol: port.protocol,
    targetPort: port.targetPort ?? port.port,
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
