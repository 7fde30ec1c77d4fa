import { SERVICES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import type { Finding } from '../../plan/plan.types.ts';
import type { CloudTarget } from '../../providers/provider.types.ts';
import { requestsOf, unanswered } from '../asked.ts';
import type { Say } from '../check.types.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { type Balanced, eachBalancer } from '../facts/balanced.ts';
import { listenerFor, memberPortOf, portText } from '../facts/listeners.ts';
import { listOf } from '../facts/names.ts';
import type { DoctorWorld } from '../world.types.ts';

type Reason = 'NoMembers' | 'MembersWithoutWeight' | 'MemberPortWrong' | 'MemberNotANode';

export const lbBackends = defineCheck({
  id: 'lb-backends',
  section: 'way-in',
  link: 'target',
  title: 'Each listener leads to the nodes, at the port where traffic is expected',
  looksAt: "members of each listener, their ports and weights, against the entrypoint's NodePorts and the nodes",
  docs: PAGES.loadBalancerServices,
  causes: [
    'exclude-from-lb',
    'lb-exists',
    'lb-frozen',
    'lb-vpc',
    'lb-annotation-conflict',
    'entrypoint-selector',
    'target-port-stale',
    'lb-listener',
  ],
  needs: ['services', 'gateways', 'gatewayClasses', 'nodes'],
  reasons: {
    NoMembers: 'The listener has no member to send traffic to.',
    MembersWithoutWeight: 'Every member has the weight 0, so none gets traffic.',
    MemberPortWrong: 'Members are asked at another port than the one where traffic is expected.',
    MemberNotANode: 'A member is no node of the cluster (any more).',
  },
  run(world, say) {
    return eachBalancer(world, say, 'Each listener has members at the right port.', (one) => {
      const { listeners, targets } = one.asked;
      if (listeners.state !== 'answered') return [unanswered('lb-backends', listeners)];
      if (targets.state !== 'answered') return [unanswered('lb-backends', targets)];
      return one.entrypoint.ports.flatMap((port) => {
        const listener = listenerFor(port, listeners.value);
        const members = targets.value.filter(({ listenerId }) => listenerId === listener?.id);
        return judge(world, one, portText(port), memberPortOf(one, port), members, say).map((found) => ({
          ...found,
          evidence: { ...found.evidence, requests: requestsOf(targets.from) },
        }));
      });
    });
  },
});

function judge(
  { kube }: DoctorWorld,
  { entrypoint, id }: Balanced,
  port: string,
  expected: number,
  members: readonly CloudTarget[],
  say: Say<Reason>,
): Finding[] {
  const { namespace, name } = entrypoint.meta;
  const target = targetOf(SERVICES, entrypoint.meta);
  const evidence = { loadBalancer: id, port, members: members.slice(0, 20).map(memberText) };
  if (members.length === 0) {
    return [
      say.fail('NoMembers', {
        target,
        message: `The listener of load balancer ${id} for ${port} has no member: it answers nobody.`,
        fix: `See why the cloud controller adds none: kubectl -n ${namespace} describe service ${name}`,
        evidence,
      }),
    ];
  }
  if (members.every(({ weight }) => weight === 0)) {
    return [
      say.fail('MembersWithoutWeight', {
        target,
        message: `Every member of load balancer ${id} for ${port} has the weight 0: none gets traffic.`,
        fix: 'Give them a weight in the console of the load balancer, or take the annotation away that sets it to 0 (service.cloud.tencent.com/lb-rs-weight).',
        evidence,
      }),
    ];
  }
  const wrong = expected === 0 ? [] : members.filter((member) => member.port !== expected);
  if (wrong.length > 0) {
    return [
      say.fail('MemberPortWrong', {
        target,
        message: `${wrong.length} of ${members.length} members of load balancer ${id} for ${port} are asked at port ${listOf([...new Set(wrong.map((member) => String(member.port)))])}, and traffic is expected at ${expected}.`,
        fix: `Let the cloud controller set the members anew: see kubectl -n ${namespace} describe service ${name}; where somebody set them by hand, correct them in the console to port ${expected}.`,
        evidence: { ...evidence, expected },
      }),
    ];
  }
  const known = new Set(kube.nodes.items.flatMap(({ internalIps, externalIps }) => [...internalIps, ...externalIps]));
  const strangers = members.filter(({ address }) => address !== '' && !known.has(address));
  if (strangers.length === 0) return [];
  return [
    say.warn('MemberNotANode', {
      target,
      message: `${strangers.length} of ${members.length} members of load balancer ${id} for ${port} are no nodes of this cluster: ${listOf(strangers.map(({ address }) => address))}.`,
      fix: `Take them out in the console of the load balancer, if the cloud controller does not: kubectl -n ${namespace} describe service ${name}`,
      evidence: { ...evidence, strangers: strangers.slice(0, 20).map(memberText) },
    }),
  ];
}

function memberText({ address, instanceId, port, weight, health }: CloudTarget): string {
  return `${address || instanceId}:${port} weight ${weight} ${health}`;
}
