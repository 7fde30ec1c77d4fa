import type { CloudAnswer, CloudHealthCheck, CloudListener, CloudTarget } from '../provider.types.ts';
import { ifPossible, sources } from './answers.ts';
import type { Elb, ElbListener } from './elb.ts';
import { readTargets } from './targets.ts';

/**
 * Listeners with whether their backends are probed, which the backends themselves tell: 2 calls, the same as for the
 * targets.
 */
export async function readListeners(
  elb: Elb,
  id: string,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly CloudListener[]>> {
  const [listeners, targets] = await Promise.all([elb.listeners(id, signal), ifPossible(readTargets(elb, id, signal))]);
  const byListener = Map.groupBy(targets.value ?? [], ({ listenerId }) => listenerId);
  return {
    value: listeners.value.flatMap((listener) => listenerOf(listener, healthCheckOf(byListener.get(listener.id)))),
    from: sources(listeners, targets),
  };
}

/** A backend of a group without health check, or with one that is switched off, is not probed. */
function healthCheckOf(targets: readonly CloudTarget[] | undefined): CloudHealthCheck {
  return { enabled: targets?.some(({ health }) => health !== 'unchecked') };
}

/** One listener a port range; mostly that is one. */
function listenerOf(raw: ElbListener, healthCheck: CloudHealthCheck): CloudListener[] {
  const { default_pool_id: poolId, protocol_port: port, port_ranges: ranges } = raw;
  const spans =
    port === 0 && ranges !== null && ranges !== undefined && ranges.length > 0
      ? ranges.map(({ start_port: from, end_port: to }) => ({ from, to }))
      : [{ from: port, to: port }];
  return spans.map(({ from, to }) => ({
    id: raw.id,
    name: raw.name ?? '',
    protocol: raw.protocol.toLowerCase(),
    port: from,
    endPort: to,
    enabled: raw.admin_state_up ?? true,
    hasBackendGroup: poolId !== '',
    healthCheck,
    proxyProtocol: raw.proxy_protocol_enable ?? undefined,
  }));
}
