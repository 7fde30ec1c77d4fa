import { CloudError } from '../errors.ts';
import type { CloudAnswer, CloudTarget } from '../provider.types.ts';
import { joinAnswers, mapAnswer, sources } from './answers.ts';
import type { Elb, ElbMember, ElbPool } from './elb.ts';

/**
 * Members of every backend group that a listener uses, once a listener: 2 calls; one a group instead of one for all where
 * the region does not serve the members of a whole load balancer.
 */
export async function readTargets(
  elb: Elb,
  id: string,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly CloudTarget[]>> {
  const [pools, all] = await Promise.all([elb.pools(id, signal), membersIfServed(elb, id, signal)]);
  const members = all ?? (await membersByPool(elb, pools.value, signal));
  const listenersOf = new Map(pools.value.map((pool) => [pool.id, pool.listeners]));
  return {
    value: members.value.flatMap((member) =>
      (listenersOf.get(member.pool_id) ?? []).map((listenerId) => targetOf(member, listenerId)),
    ),
    from: sources(pools, members),
  };
}

async function membersIfServed(
  elb: Elb,
  id: string,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly ElbMember[]> | undefined> {
  try {
    return await elb.members(id, signal);
  } catch (error) {
    if (error instanceof CloudError && error.details.category === 'unsupported') return undefined;
    throw error;
  }
}

async function membersByPool(
  elb: Elb,
  pools: readonly ElbPool[],
  signal: AbortSignal,
): Promise<CloudAnswer<readonly ElbMember[]>> {
  const answers = await Promise.all(pools.map((pool) => elb.membersOfPool(pool.id, signal)));
  return mapAnswer(joinAnswers(answers), (lists) => lists.flat());
}

/** What one listener sees of a member wins over what the group sees. */
function targetOf(member: ElbMember, listenerId: string): CloudTarget {
  const own = member.status?.find((status) => status.listener_id === listenerId);
  const status = own?.operating_status ?? member.operating_status ?? '';
  const health = HEALTH[status.toUpperCase()] ?? 'unknown';
  return {
    listenerId,
    address: member.address,
    port: member.protocol_port,
    weight: member.weight ?? 1,
    health,
    reason: health === 'healthy' ? '' : ((own?.reason ?? member.reason)?.reason_code ?? ''),
    instanceId: member.instance_id,
  };
}

const HEALTH: Readonly<Record<string, CloudTarget['health']>> = {
  ONLINE: 'healthy',
  OFFLINE: 'unhealthy',
  INITIAL: 'pending',
  NO_MONITOR: 'unchecked',
};
