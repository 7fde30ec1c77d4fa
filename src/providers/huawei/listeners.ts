import type { CloudAnswer, CloudHealthCheck, CloudListener } from '../provider.types.ts';
import { chunks, ifPossible, joinAnswers, sources } from './answers.ts';
import type { Elb, ElbHealthMonitor, ElbListener, ElbPool } from './elb.ts';

/** So many ids fit into the query of one URL. */
const IDS_A_QUERY = 40;

/** Listeners with the health checks of their backend groups: 3 calls, 2 where nothing is probed. */
export async function readListeners(
  elb: Elb,
  id: string,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly CloudListener[]>> {
  const [listeners, pools] = await Promise.all([elb.listeners(id, signal), ifPossible(elb.pools(id, signal))]);
  const ids = new Set((pools.value ?? []).map((pool) => pool.healthmonitor_id).filter((monitor) => monitor !== ''));
  const asked = chunks([...ids], IDS_A_QUERY).map((part) => elb.healthMonitors(part, signal));
  const monitors = await ifPossible(Promise.all(asked).then(joinAnswers));
  const checks = new Map((monitors.value ?? []).flat().map((monitor) => [monitor.id, monitor]));
  const checkOf = (poolId: string): CloudHealthCheck => {
    const pool = pools.value?.find((candidate) => candidate.id === poolId);
    return pool === undefined ? UNKNOWN_CHECK : healthCheckOf(pool, checks);
  };
  return {
    value: listeners.value.flatMap((listener) => listenerOf(listener, checkOf)),
    from: sources(listeners, pools, monitors),
  };
}

const UNKNOWN_CHECK: CloudHealthCheck = { enabled: undefined, protocol: undefined, port: undefined };
const NO_CHECK: CloudHealthCheck = { enabled: false, protocol: undefined, port: undefined };

function healthCheckOf(
  { healthmonitor_id: id }: ElbPool,
  monitors: ReadonlyMap<string, ElbHealthMonitor>,
): CloudHealthCheck {
  if (id === '') return NO_CHECK;
  const monitor = monitors.get(id);
  if (monitor === undefined) return UNKNOWN_CHECK;
  return {
    enabled: monitor.admin_state_up ?? true,
    // UDP_CONNECT is ELB's word for UDP.
    protocol: monitor.type?.toLowerCase().replace('_connect', ''),
    port: monitor.monitor_port ?? undefined,
  };
}

/** One listener a port range; mostly that is one. */
function listenerOf(raw: ElbListener, checkOf: (poolId: string) => CloudHealthCheck): CloudListener[] {
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
    healthCheck: poolId === '' ? UNKNOWN_CHECK : checkOf(poolId),
  }));
}
