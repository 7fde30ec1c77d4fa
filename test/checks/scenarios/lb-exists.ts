import { cloud } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: 'the ELB was deleted in the console: clients get no answer, and the Service still shows its address',
    reference: 'cce-overlay',
    broken: [cloud(() => ({ loadBalancers: [], listeners: {}, targets: {} }))],
    reason: 'LoadBalancerGone',
  },
  {
    symptom: 'the CLB was given back: the name in the annotation means nothing any more',
    reference: 'tke-overlay',
    broken: [cloud(() => ({ loadBalancers: [], listeners: {}, targets: {} }))],
    reason: 'LoadBalancerGone',
  },
];
