import { CloudError } from '../errors.ts';
import type { CloudAnswer, CloudTarget } from '../provider.types.ts';
import { joinAnswers, mapAnswer, sources } from './answers.ts';
import type { Elb, ElbListener, ElbMember } from './elb.ts';

/**
 * Members of the backend group of each listener, once a listener: 2 calls; one a group instead of one for all where the region
 * does not serve the members of a whole load balancer, or does not say of them which group they are in.
 */
export async function readTargets(
  elb: Elb,
  id: string,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly CloudTarget[]>> {
  const [listeners, all] = await Promise.all([elb.listeners(id, signal), membersIfServed(elb, id, signal)]);
  const isSaid = (member: ElbMember): boolean => member.pool_id !== '' || (member.status ?? []).length > 0;
  const members = all?.value.every(isSaid) === true ? all : await membersByPool(elb, listeners.value, signal);
  return {
    value: members.value.flatMap((member) =>
      listeners.value.filter((listener) => serves(listener, member)).map((listener) => targetOf(member, listener.id)),
    ),
    from: sources(listeners, members),
  };
}

/** A listener uses its own group, and groups that its forwarding policies name: their members know it, too. */
function serves({ id, default_pool_id: poolId }: ElbListener, member: ElbMember): boolean {
  const isOwn = poolId !== '' && poolId === member.pool_id;
  return isOwn || (member.status ?? []).some(({ listener_id }) => listener_id === id);
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
  listeners: readonly ElbListener[],
  signal: AbortSignal,
): Promise<CloudAnswer<readonly ElbMember[]>> {
  const ids = new Set(listeners.map((listener) => listener.default_pool_id).filter((id) => id !== ''));
  const answers = await Promise.all([...ids].map((id) => elb.membersOfPool(id, signal)));
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
