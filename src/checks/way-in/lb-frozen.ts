import { SERVICES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import type { CloudLoadBalancer } from '../../providers/provider.types.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { eachBalancer, withAnswer } from '../facts/balanced.ts';

export const lbFrozen = defineCheck({
  id: 'lb-frozen',
  section: 'way-in',
  link: 'load balancer',
  title: 'Each load balancer is active',
  looksAt: 'state of the load balancer in the cloud',
  docs: PAGES.loadBalancerServices,
  causes: ['lb-exists'],
  needs: ['services', 'gateways', 'gatewayClasses'],
  reasons: {
    LoadBalancerFrozen: 'The cloud has frozen or isolated the load balancer, mostly for unpaid bills.',
    LoadBalancerOffline: 'The load balancer is stopped, failed, or being deleted.',
    LoadBalancerPending: 'The cloud is still working on the load balancer.',
    LoadBalancerStateUnknown: 'The cloud tells a state that this program has no word for.',
  },
  run(world, say) {
    return eachBalancer(world, say, 'Each load balancer is active.', ({ entrypoint, asked }) =>
      withAnswer('lb-frozen', asked.loadBalancer, (balancer) => {
        const target = targetOf(SERVICES, entrypoint.meta);
        const evidence = { loadBalancer: balancer.id, state: balancer.stateText, why: balancer.frozenReason };
        const message = `Load balancer ${balancer.id} is ${stateOf(balancer)}.`;
        switch (balancer.state) {
          case 'active':
            return [];
          case 'frozen':
            return [
              say.fail('LoadBalancerFrozen', {
                target,
                message,
                fix: 'Settle what the cloud froze it for (bills, or a block of its security centre), in the console of the load balancer; it serves again by itself.',
                evidence,
              }),
            ];
          case 'offline':
          case 'failed':
          case 'deleting':
            return [
              say.fail('LoadBalancerOffline', {
                target,
                message,
                fix: 'Start it in the console of the load balancer; where it is being deleted, make the entrypoint anew with another one.',
                evidence,
              }),
            ];
          case 'pending':
            return [
              say.warn('LoadBalancerPending', {
                target,
                message,
                fix: 'Wait a minute and run doctor again; where it stays so, ask the cloud with the id of the load balancer.',
                evidence,
              }),
            ];
          case 'unknown':
            return [
              say.unknown('LoadBalancerStateUnknown', {
                target,
                message: `What the cloud says of load balancer ${balancer.id} is not known to this program: ${balancer.stateText}.`,
                fix: 'Look at the load balancer in the console, and report these words, so that they can be learnt.',
                evidence,
              }),
            ];
        }
      }),
    );
  },
});

function stateOf({ state, stateText, frozenReason }: CloudLoadBalancer): string {
  return frozenReason === '' ? `${state} (${stateText})` : `${state}: ${frozenReason}`;
}
