import type { CloudLoadBalancer } from '../../../src/providers/provider.types.ts';
import { cloud, type Edit } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

function balancer(change: Partial<CloudLoadBalancer>): Edit {
  return cloud(({ loadBalancers }) => ({ loadBalancers: loadBalancers.map((one) => ({ ...one, ...change })) }));
}

export const scenarios: Scenarios = [
  {
    symptom: 'every connection times out since yesterday, and nothing was changed: the bill is not paid',
    reference: 'cce-overlay',
    broken: [
      balancer({
        state: 'frozen',
        stateText: 'provisioning_status ACTIVE, operating_status FROZEN',
        frozenReason: 'ARREAR',
      }),
    ],
    reason: 'LoadBalancerFrozen',
  },
  {
    symptom: 'the CLB was stopped in the console',
    reference: 'tke-overlay',
    broken: [balancer({ state: 'offline', stateText: 'Status 1, AttributeFlags Stop' })],
    reason: 'LoadBalancerOffline',
  },
  {
    symptom: 'a CLB that was just made does not answer yet',
    reference: 'tke-overlay',
    broken: [balancer({ state: 'pending', stateText: 'Status 0' })],
    verdict: 'warn',
    reason: 'LoadBalancerPending',
  },
  {
    symptom: 'the cloud has a new word for the state of a load balancer',
    reference: 'cce-overlay',
    broken: [balancer({ state: 'unknown', stateText: 'provisioning_status ARCHIVED' })],
    verdict: 'unknown',
    reason: 'LoadBalancerStateUnknown',
  },
];
