import { hasPodMembers } from '../../gateway/exposure.ts';
import type { ServicePort } from '../../gateway/models/service.ts';
import type { CloudListener } from '../../providers/provider.types.ts';
import { pairsOf, type Served } from './balanced.ts';

/** Protocols of listeners that carry a Service port's protocol. */
const CARRIES: Readonly<Record<string, readonly string[]>> = {
  TCP: ['tcp', 'http', 'https', 'tls', 'terminated_https'],
  UDP: ['udp', 'quic'],
};

/** The listener for a port of an entrypoint. */
export function listenerFor(port: ServicePort, listeners: readonly CloudListener[]): CloudListener | undefined {
  return listeners.find(
    (one) => one.port <= port.port && port.port <= one.endPort && (CARRIES[port.protocol] ?? []).includes(one.protocol),
  );
}

/** Ports at which members of the load balancer must answer for a port of the entrypoint. */
export function memberPortOf(served: Served, port: ServicePort): number {
  if (served.exposure !== 'pod-ip' && !hasPodMembers(served.entrypoint)) return port.nodePort;
  const pair = pairsOf(served).find(
    ({ entrypoint }) => entrypoint.port === port.port && entrypoint.protocol === port.protocol,
  );
  if (pair === undefined) return 0;
  return served.exposure === 'host-network' ? pair.gateway.port : pair.gateway.nodePort;
}

/** `80/TCP`. */
export function portText({ port, protocol }: Pick<ServicePort, 'port' | 'protocol'>): string {
  return `${port}/${protocol}`;
}
