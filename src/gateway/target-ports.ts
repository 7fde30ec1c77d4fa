import { SERVICE_TYPE_ANNOTATION } from '../cilium/names.ts';
import type { JsonPatchOperation } from '../kube/client.types.ts';
import { SERVICES } from '../kube/resources.ts';
import { finding, targetOf } from '../plan/make.ts';
import type { Action, Change, Finding } from '../plan/plan.types.ts';
import type { ServiceModel, ServicePort } from './models/service.ts';
import type { Exposure } from './plan-subject.types.ts';
import { describePort, type PortPair } from './ports.ts';
import type { Subject } from './subjects.ts';

/** Where each entrypoint port should lead. */
export interface PortTarget {
  readonly pair: PortPair;
  readonly wanted: number;
}

/** targetPort = gateway NodePort, or the listener's own port where Envoy listens on the nodes. */
export function wantedTargets(
  subject: Subject,
  service: ServiceModel,
  pairs: readonly PortPair[],
  exposure: Exposure,
  findings: Finding[],
): PortTarget[] {
  const targets: PortTarget[] = [];
  const without: string[] = [];
  for (const pair of pairs) {
    const wanted = exposure === 'host-network' ? pair.gateway.port : pair.gateway.nodePort;
    if (wanted === 0) without.push(describePort(pair.gateway));
    else targets.push({ pair, wanted });
  }
  if (without.length > 0) {
    findings.push(
      finding('gateway-node-port', 'fail', {
        reason: 'NodePortMissing',
        target: targetOf(SERVICES, service.meta),
        message: `The Service of ${subject.key} has no NodePort for ${without.join(', ')}, so the entrypoint cannot lead to it.`,
        fix: 'Let NodePorts be allocated: remove allocateLoadBalancerNodePorts: false from the CiliumGatewayClassConfig (or from the Service).',
      }),
    );
  }
  return targets;
}

/** One JSON patch, each value preceded by a `test`, for all ports that are off and the annotation of rule 2. */
export function patchEntrypoint(
  subject: Subject,
  entrypoint: ServiceModel,
  targets: readonly PortTarget[],
  annotateType: boolean,
  parts: Pick<Action, 'key' | 'related'>,
): Action | undefined {
  const operations: JsonPatchOperation[] = [];
  const changes: Change[] = [];
  for (const { pair, wanted } of targets) {
    const { entrypoint: port, index } = pair;
    if (port.targetPort === wanted) continue;
    const path = `/spec/ports/${index}`;
    operations.push({ op: 'test', path: `${path}/port`, value: port.port });
    if (port.targetPort === undefined) {
      operations.push({ op: 'add', path: `${path}/targetPort`, value: wanted });
    } else {
      operations.push({ op: 'test', path: `${path}/targetPort`, value: port.targetPort });
      operations.push({ op: 'replace', path: `${path}/targetPort`, value: wanted });
    }
    changes.push({ field: `spec.ports[${port.port}].targetPort`, before: port.targetPort, after: wanted });
  }
  const ports = changes.length;
  if (annotateType) {
    const current = entrypoint.meta.annotations[SERVICE_TYPE_ANNOTATION];
    operations.push(...annotationOperations(entrypoint, SERVICE_TYPE_ANNOTATION, 'NodePort'));
    changes.push({ field: `metadata.annotations[${SERVICE_TYPE_ANNOTATION}]`, before: current, after: 'NodePort' });
  }
  if (operations.length === 0) return undefined;
  operations.unshift({ op: 'test', path: '/metadata/uid', value: entrypoint.meta.uid });
  const why: string[] = [];
  if (ports > 0) why.push(`lead the entrypoint of ${subject.key} to where Envoy is reached`);
  if (annotateType) why.push('keep its address from being owned by two Services in Cilium');
  const sentence = why.join(', and ');
  return {
    ...parts,
    kind: 'patch-entrypoint',
    target: targetOf(SERVICES, entrypoint.meta),
    targetVersion: entrypoint.meta.resourceVersion,
    changes,
    reason: ports > 0 ? 'TargetPortSynced' : 'EntrypointAnnotated',
    message: `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`,
    request: {
      verb: 'patch',
      resource: SERVICES,
      ref: { namespace: entrypoint.meta.namespace, name: entrypoint.meta.name },
      patch: { type: 'json', body: operations },
    },
  };
}

const PORT_FIELD = /^\/spec\/ports\/(\d+)\/(port|targetPort)$/;

/**
 * Whether the entrypoint, as the watch shows it, has each targetPort that the action writes. False for a write of anything
 * else besides: only its answer tells what became of that.
 * @param entrypoint undefined: the watch shows none
 */
export function showsTargetPorts(entrypoint: ServiceModel | undefined, { target, request }: Action): boolean {
  if (entrypoint?.meta.uid !== target.uid || request.verb !== 'patch' || request.patch.type !== 'json') return false;
  const { body } = request.patch;
  return (
    body.some(({ op }) => op !== 'test') &&
    body.every(({ op, path, value }) => {
      const [, index, field] = PORT_FIELD.exec(path) ?? [];
      const port = entrypoint.ports[Number(index)];
      // What a targetPort was before is tested, too, and is no longer so.
      if (op === 'test') return field !== 'port' || port?.port === value;
      return field === 'targetPort' && port !== undefined && port.targetPort === value;
    })
  );
}

function annotationOperations(service: ServiceModel, key: string, value: string): JsonPatchOperation[] {
  if (Object.keys(service.meta.annotations).length === 0) {
    // `add` would replace annotations that came in between, so the version must be the one that was seen.
    return [
      { op: 'test', path: '/metadata/resourceVersion', value: service.meta.resourceVersion },
      { op: 'add', path: '/metadata/annotations', value: { [key]: value } },
    ];
  }
  const path = `/metadata/annotations/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const current = service.meta.annotations[key];
  return current === undefined
    ? [{ op: 'add', path, value }]
    : [
        { op: 'test', path, value: current },
        { op: 'replace', path, value },
      ];
}

/**
 * Where pinning is on: gives the Gateway Service the NodePort that the entrypoint leads to already, so that nothing
 * behind the load balancer changes. Only ports that no Service uses and that the API server did not refuse before.
 * Returns the targets as they are once that is done.
 * @param taken NodePorts that are in use; those that are pinned here are added, so that no two subjects get one
 */
export function pinNodePorts(
  subject: Subject,
  service: ServiceModel,
  targets: readonly PortTarget[],
  taken: Set<number>,
  refusedPins: ReadonlySet<string>,
  parts: Pick<Action, 'key' | 'related'>,
): { readonly action: Action | undefined; readonly targets: readonly PortTarget[] } {
  const pinned = new Map<ServicePort, number>();
  const operations: JsonPatchOperation[] = [];
  const changes: Change[] = [];
  for (const target of targets) {
    const { entrypoint, gateway } = target.pair;
    const old = entrypoint.targetPort;
    if (typeof old !== 'number' || old === target.wanted || old < 1024 || taken.has(old)) continue;
    if (pinned.has(gateway) || refusedPins.has(pinId(service.meta.uid, old))) continue;
    const index = service.ports.indexOf(gateway);
    const path = `/spec/ports/${index}/nodePort`;
    operations.push(
      { op: 'test', path: `/spec/ports/${index}/port`, value: gateway.port },
      { op: 'test', path, value: gateway.nodePort },
      { op: 'replace', path, value: old },
    );
    changes.push({ field: `spec.ports[${gateway.port}].nodePort`, before: gateway.nodePort, after: old });
    pinned.set(gateway, old);
    taken.add(old);
  }
  if (operations.length === 0) return { action: undefined, targets };
  const action: Action = {
    ...parts,
    kind: 'pin-node-port',
    target: targetOf(SERVICES, service.meta),
    targetVersion: service.meta.resourceVersion,
    changes,
    reason: 'NodePortPinned',
    message: `Give the Service of ${subject.key} its old NodePort back, to which the entrypoint leads already.`,
    request: {
      verb: 'patch',
      resource: SERVICES,
      ref: { namespace: service.meta.namespace, name: service.meta.name },
      patch: { type: 'json', body: [{ op: 'test', path: '/metadata/uid', value: service.meta.uid }, ...operations] },
    },
  };
  return {
    action,
    targets: targets.map(({ pair, wanted }) => ({ pair, wanted: pinned.get(pair.gateway) ?? wanted })),
  };
}

/** How a refused pin is remembered. */
export function pinId(serviceUid: string, nodePort: number): string {
  return `${serviceUid}/${nodePort}`;
}

/** Every NodePort that some Service holds. */
export function takenNodePorts(services: readonly ServiceModel[]): Set<number> {
  const taken = new Set<number>();
  for (const service of services) {
    for (const port of service.ports) taken.add(port.nodePort);
    taken.add(service.healthCheckNodePort);
  }
  taken.delete(0);
  return taken;
}
