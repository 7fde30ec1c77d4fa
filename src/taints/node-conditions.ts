import { fail, type Judgement, type NodeFacts, notApplicable, PASS } from './judgement.ts';
import { leavingMark } from './marks.ts';
import { givenUp, type NodeMemory } from './memory.ts';
import type { AgentPod } from './models.ts';
import { NOT_READY_TAINT } from './models.ts';
import { formatTaint, taintId } from './rules.ts';

/**
 * The status of a Pod cannot be older than the boot of its node when the node has been Ready for so long: the kubelet
 * reports its Pods within seconds of its start.
 */
const STALE_STATUS_MS = 120_000;

/** What the kubelet says while it waits for a CNI configuration, which Cilium's agent writes. */
const NETWORK_NOT_READY = /cni plugin not initialized|network plugin is not ready|NetworkPluginNotReady/i;

/** No autoscaler, cloud controller or administrator is taking the node away. */
export function staying({ node }: NodeFacts): Judgement {
  const mark = leavingMark(node);
  return mark === undefined ? PASS : fail('NodeLeaving', mark);
}

/** The kubelet reports the node as Ready. */
export function nodeReady({ node: { ready } }: NodeFacts): Judgement {
  if (ready.status === 'True') return PASS;
  if (NETWORK_NOT_READY.test(`${ready.reason} ${ready.message}`)) {
    return fail('NodeAwaitsNetwork', 'the node waits for its network plugin');
  }
  return fail('NodeNotReady', ready.status === '' ? 'the node has no condition Ready' : `Ready is ${ready.status}`);
}

/** It has been Ready for a while: by our own clock where we saw it become so, since the node's may be wrong. */
export function pastGrace({ node: { ready }, memory, config, now, wallNow }: NodeFacts): Judgement {
  if (ready.status !== 'True') return notApplicable('NodeNotReady', 'the node is not Ready');
  const left = config.graceMs - readyForMs(ready.since, memory, now, wallNow);
  return left <= 0 ? PASS : fail('NodeJustReady', `the node is Ready only since ${ready.since || 'now'}`, left);
}

/** What our own observation says; of a change that we did not see, the longer of that and the clocks. */
function readyForMs(
  since: string,
  { readySeenAt, readyChanged }: Pick<NodeMemory, 'readySeenAt' | 'readyChanged'>,
  now: number,
  wallNow: number,
): number {
  const age = readyChanged ? Number.NaN : wallNow - Date.parse(since);
  return Math.max(Number.isNaN(age) ? 0 : age, now - readySeenAt);
}

/** Cilium's agent on the node is Ready now. */
export function agentReady({ agents }: NodeFacts): Judgement {
  const own = agents.filter((agent) => agent.ofDaemonSet);
  if (own.length === 0) return fail('AgentMissing', 'no agent of Cilium runs on the node');
  if (readyAgent(own) !== undefined) return PASS;
  return own.every((agent) => agent.meta.deleting)
    ? fail('AgentTerminating', `the agent ${nameOf(own)} is being stopped`)
    : fail('AgentNotReady', `the agent ${nameOf(own)} is not Ready`);
}

/** The agent that counts: Ready, not on its way out; the newest of several. */
export function readyAgent(agents: readonly AgentPod[]): AgentPod | undefined {
  return agents
    .filter((agent) => agent.ofDaemonSet && agent.ready && agent.running && !agent.meta.deleting)
    .toSorted((a, b) => a.startedAt.localeCompare(b.startedAt) || a.meta.name.localeCompare(b.meta.name))
    .at(-1);
}

/** What is reported of the agent is of this boot of the node, and not what was true before a quick reboot. */
export function agentOfThisBoot({ node, agents, memory, now, wallNow }: NodeFacts): Judgement {
  const agent = readyAgent(agents);
  if (agent === undefined) return notApplicable('AgentNotReady', 'no agent is Ready');
  const startedAt = Date.parse(agent.startedAt);
  const boot = memory.bootHeartbeat;
  if (agent.containerId !== '' && !memory.containersBefore.includes(agent.containerId)) return PASS;
  if (startedAt >= boot || Date.parse(agent.readySince) >= boot) return PASS;
  if (memory.rebooted) {
    return fail(
      'AgentFromBeforeBoot',
      `the agent ${agent.meta.name} is reported as started at ${agent.startedAt || 'an unknown time'}, before the node's last boot`,
    );
  }
  // The boot was there before us: only the node's condition tells of it.
  if (startedAt >= Date.parse(node.ready.since)) return PASS;
  const left = STALE_STATUS_MS - readyForMs(node.ready.since, memory, now, wallNow);
  if (left <= 0) return PASS;
  return fail(
    'AgentFromBeforeBoot',
    `the agent ${agent.meta.name} started at ${agent.startedAt || 'an unknown time'}, before the node became Ready at ${node.ready.since}: its status may be from before a reboot`,
    left,
  );
}

/** Cilium's operator has not marked the agent as not ready. */
export function noAgentTaint({ node, cluster }: NodeFacts): Judgement {
  const key = cluster.settings?.notReadyTaint ?? NOT_READY_TAINT;
  const found = node.taints.find((taint) => taint.key === key || taint.key === NOT_READY_TAINT);
  return found === undefined ? PASS : fail('AgentNotReadyTaint', `it carries ${formatTaint(found)}`);
}

/** Nobody has set the taint again so often in this boot that we leave it to them. */
export function notFought({ node, memory, config, ruled }: NodeFacts): Judgement {
  const lost = givenUp(memory, config.removalsPerBoot);
  if (lost.size === 0 || ruled.some((taint) => !lost.has(taintId(taint)))) return PASS;
  const writer = node.taintWriter?.manager ?? 'somebody';
  return fail(
    'TaintKeepsComingBack',
    `${writer} has set ${ruled.map(formatTaint).join(', ')} again after each of ${config.removalsPerBoot} removals in this boot`,
  );
}

/** All of the above has held for some seconds. */
export function heldForAWhile({ memory, config, now }: NodeFacts): Judgement {
  const left = config.confirmAfterMs - (now - (memory.fitSince ?? now));
  return left <= 0 ? PASS : fail('SecondLookDue', 'everything held at the first look; a second one is due', left);
}

function nameOf(agents: readonly AgentPod[]): string {
  return agents[0]?.meta.name ?? '';
}
