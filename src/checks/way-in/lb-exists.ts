import { SERVICES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { requestsOf, unanswered } from '../asked.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { balancedOf, isGone, NO_ENTRYPOINT, servedOf } from '../facts/balanced.ts';

export const lbExists = defineCheck({
  id: 'lb-exists',
  section: 'way-in',
  link: 'load balancer',
  title: 'The load balancer of each entrypoint exists',
  looksAt: 'the annotations of the entrypoints that name their load balancer, and the load balancer in the cloud',
  docs: PAGES.loadBalancerServices,
  needs: ['services', 'gateways', 'gatewayClasses'],
  reasons: { LoadBalancerGone: 'The cloud has no load balancer of the id that the entrypoint names.' },
  run(world, say) {
    const balanced = balancedOf(world);
    if (balanced.length === 0) {
      return [
        say.notApplicable(servedOf(world).length === 0 ? NO_ENTRYPOINT : 'No entrypoint names a load balancer yet.'),
      ];
    }
    return balanced.map((one) => {
      const { id, entrypoint, asked } = one;
      const { namespace, name } = entrypoint.meta;
      const { loadBalancer } = asked;
      if (loadBalancer.state === 'answered') {
        return say.pass(`Load balancer ${id} of ${namespace}/${name} is there.`, {
          evidence: { state: loadBalancer.value.stateText, requests: requestsOf(loadBalancer.from) },
        });
      }
      if (!isGone(one)) return unanswered('lb-exists', loadBalancer);
      return say.fail('LoadBalancerGone', {
        target: targetOf(SERVICES, entrypoint.meta),
        message: `The entrypoint names load balancer ${id}, and ${world.cloud.region === '' ? 'the cloud' : world.cloud.region} has none of that id.`,
        fix: `Make the entrypoint anew with a load balancer that exists: kubectl -n ${namespace} get service ${name} -o yaml, change the annotation that names ${id}, delete the Service and apply it again.`,
        evidence: {
          loadBalancer: id,
          ...(loadBalancer.state === 'failed'
            ? { action: loadBalancer.action, requestId: loadBalancer.requestId }
            : {}),
        },
      });
    });
  },
});
