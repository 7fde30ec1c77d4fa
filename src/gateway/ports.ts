import { SERVICES } from '../kube/resources.ts';
import { finding, targetOf } from '../plan/make.ts';
import type { Finding } from '../plan/plan.types.ts';
import * as annotations from './annotations.ts';
import { malformedAnnotation } from './claims.ts';
import type { ServiceModel, ServicePort } from './models/service.ts';

/** An entrypoint port and the port of the Gateway Service that it leads to. */
export interface PortPair {
  /** Index in the entrypoint's `spec.ports`. */
  readonly index: number;
  readonly entrypoint: ServicePort;
  readonly gateway: ServicePort;
}

export interface PortMap {
  readonly pairs: readonly PortPair[];
  /** False: the annotation cannot be read, so that nothing is known of the ports. */
  readonly understood: boolean;
  readonly findings: readonly Finding[];
}

/**
 * Matches entrypoint ports to the Gateway Service's by protocol and number; the annotation
 * `cilium-cloud-bridge.io/ports` says otherwise where the numbers differ (design rule 12).
 */
export function matchPorts(entrypoint: ServiceModel, gateway: ServiceModel, subjectKey: string): PortMap {
  const findings: Finding[] = [];
  const target = targetOf(SERVICES, entrypoint.meta);
  const text = entrypoint.meta.annotations[annotations.PORTS];
  const parsed = text === undefined ? undefined : annotations.parsePortPairs(text);
  if (parsed !== undefined && !parsed.ok) {
    return {
      pairs: [],
      understood: false,
      findings: [malformedAnnotation(entrypoint.meta, annotations.PORTS, parsed)],
    };
  }
  const mapped = parsed?.value ?? new Map<number, number>();
  const pairs: PortPair[] = [];
  for (const [index, port] of entrypoint.ports.entries()) {
    const wanted = mapped.get(port.port) ?? port.port;
    if (port.port === 0) continue;
    const match = gateway.ports.find((candidate) => candidate.port === wanted && candidate.protocol === port.protocol);
    if (match !== undefined) pairs.push({ index, entrypoint: port, gateway: match });
  }
  const unmatched = entrypoint.ports.filter((port) => !pairs.some((pair) => pair.entrypoint === port));
  const listeners = gateway.ports.map(describePort).join(', ') || 'none';
  if (pairs.length === 0) {
    findings.push(
      finding('entrypoint-ports', 'fail', {
        reason: 'NoPortMatches',
        target,
        message: `No port of the entrypoint (${entrypoint.ports.map(describePort).join(', ') || 'none'}) is a port of ${subjectKey} (${listeners}).`,
        fix: `Say which leads where: kubectl -n ${entrypoint.meta.namespace} annotate service ${entrypoint.meta.name} ${annotations.PORTS}=<entrypoint port>=<listener port>`,
      }),
    );
  } else if (unmatched.length > 0) {
    findings.push(
      finding('entrypoint-ports', 'warn', {
        reason: 'PortNotMatched',
        target,
        message: `The entrypoint's ${unmatched.map(describePort).join(', ')} leads nowhere: ${subjectKey} has ${listeners}.`,
        fix: `Remove the port, or say where it leads: kubectl -n ${entrypoint.meta.namespace} annotate service ${entrypoint.meta.name} --overwrite ${annotations.PORTS}=<entrypoint port>=<listener port>`,
      }),
    );
  }
  const closed = gateway.ports.filter((port) => !pairs.some((pair) => pair.gateway === port));
  if (pairs.length > 0 && closed.length > 0) {
    findings.push(
      finding('listener-ports', 'warn', {
        reason: 'ListenerNotReachable',
        target,
        message: `The listener port ${closed.map(describePort).join(', ')} of ${subjectKey} has no port on the entrypoint, so the load balancer does not serve it.`,
        fix: `Add the port to the entrypoint's spec.ports.`,
      }),
    );
  }
  return { pairs, understood: true, findings };
}

/** `80/TCP`. */
export function describePort(port: ServicePort): string {
  return `${port.port}/${port.protocol}`;
}
