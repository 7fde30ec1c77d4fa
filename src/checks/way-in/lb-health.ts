import { SERVICES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import type { Finding } from '../../plan/plan.types.ts';
import type { CloudTarget } from '../../providers/provider.types.ts';
import { requestsOf, unanswered } from '../asked.ts';
import type { Say } from '../check.types.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { type Balanced, eachBalancer } from '../facts/balanced.ts';
import { listenerFor, portText } from '../facts/listeners.ts';
import { listOf } from '../facts/names.ts';

type Reason = 'NoHealthyMember' | 'SomeMembersUnhealthy' | 'HealthPending' | 'HealthUnknown';

export const lbHealth = defineCheck({
  id: 'lb-health',
  section: 'way-in',
  link: 'target',
  title: 'The load balancer finds its members healthy',
  looksAt: "health of each listener's members, with the cloud's reason",
  docs: PAGES.loadBalancerServices,
  causes: [
    'agents-ready',
    'exclude-from-lb',
    'lb-exists',
    'lb-frozen',
    'lb-vpc',
    'entrypoint-selector',
    'session-affinity',
    'target-port-stale',
    'same-node-hole',
    'redirect-copy',
    'lb-listener',
    'lb-backends',
    'sg-nodeport',
    'sg-node-to-node',
  ],
  needs: ['services', 'gateways', 'gatewayClasses'],
  reasons: {
    NoHealthyMember: 'No member passes the health check.',
    SomeMembersUnhealthy: 'Some members fail the health check, and get no traffic.',
    HealthPending: 'The load balancer has not probed its members yet.',
    HealthUnknown: 'The cloud does not say how the members are.',
  },
  run(world, say) {
    return eachBalancer(world, say, 'Every member is healthy.', (one) => {
      const { listeners, targets } = one.asked;
      if (listeners.state !== 'answered') return [unanswered('lb-health', listeners)];
      if (targets.state !== 'answered') return [unanswered('lb-health', targets)];
      return one.entrypoint.ports.flatMap((port) => {
        const listener = listenerFor(port, listeners.value);
        const members = targets.value.filter(({ listenerId }) => listenerId === listener?.id);
        return judge(one, portText(port), members, say).map((found) => ({
          ...found,
          evidence: { ...found.evidence, requests: requestsOf(targets.from) },
        }));
      });
    });
  },
});

/** No member at all is told by lb-backends. */
function judge(
  { entrypoint, id }: Balanced,
  port: string,
  members: readonly CloudTarget[],
  say: Say<Reason>,
): Finding[] {
  const withHealth = (...wanted: CloudTarget['health'][]): CloudTarget[] =>
    members.filter(({ health }) => wanted.includes(health));
  const bad = withHealth('unhealthy');
  const good = withHealth('healthy', 'unchecked');
  const target = targetOf(SERVICES, entrypoint.meta);
  const evidence = {
    loadBalancer: id,
    port,
    unhealthy: bad.slice(0, 20).map(({ address, port: at, reason }) => `${address}:${at} ${reason}`.trim()),
  };
  if (members.length === 0) return [];
  const mend = `Look at one of them: nc -vz ${bad[0]?.address || '<node>'} ${bad[0]?.port ?? '<port>'} from another host of the VPC; then kubectl -n kube-system exec ds/cilium -- cilium-dbg service list`;
  if (bad.length > 0 && good.length === 0) {
    return [
      say.fail('NoHealthyMember', {
        target,
        message: `No member of load balancer ${id} for ${port} is healthy: ${listOf(bad.map(({ address, reason }) => (reason === '' ? address : `${address} (${reason})`)))}.`,
        fix: mend,
        evidence,
      }),
    ];
  }
  if (bad.length > 0) {
    const local = entrypoint.externalTrafficPolicy === 'Local';
    // With Local, nodes without a Pod of the Service answer no probe: that is how it is meant.
    if (local) return [];
    return [
      say.warn('SomeMembersUnhealthy', {
        target,
        message: `${bad.length} of ${members.length} members of load balancer ${id} for ${port} are not healthy: ${listOf(bad.map(({ address, reason }) => (reason === '' ? address : `${address} (${reason})`)))}.`,
        fix: mend,
        evidence,
      }),
    ];
  }
  if (good.length > 0) return [];
  if (withHealth('pending').length > 0) {
    return [
      say.warn('HealthPending', {
        target,
        message: `Load balancer ${id} has not probed the members for ${port} yet.`,
        fix: 'Wait half a minute and run doctor again.',
        evidence,
      }),
    ];
  }
  const why = [...new Set(members.map(({ reason }) => reason))].filter((reason) => reason !== '').join(' ');
  return [
    say.unknown('HealthUnknown', {
      target,
      message: `The cloud does not say how the members of load balancer ${id} for ${port} are${why === '' ? '.' : `: ${why}`}`,
      fix: 'Look at the health of the members in the console; on Tencent Cloud, allow clb:DescribeTargetHealth.',
      evidence,
    }),
  ];
}
