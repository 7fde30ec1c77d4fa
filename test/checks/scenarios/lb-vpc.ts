import type { CloudLoadBalancer } from '../../../src/providers/provider.types.ts';
import { cloud, type Edit } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

function vpc(vpcId: CloudLoadBalancer['vpcId']): Edit {
  return cloud(({ loadBalancers }) => ({ loadBalancers: loadBalancers.map((one) => ({ ...one, vpcId })) }));
}

export const scenarios: Scenarios = [
  {
    symptom: 'the ELB of another project was named: it has listeners, and no member ever answers',
    reference: 'cce-overlay',
    broken: [vpc('vpc-of-the-test-project')],
    reason: 'LoadBalancerInOtherVpc',
  },
  {
    symptom: 'the cloud does not tell the VPC of the load balancer',
    reference: 'tke-overlay',
    broken: [vpc(undefined)],
    verdict: 'unknown',
    reason: 'LoadBalancerVpcUnknown',
  },
];
