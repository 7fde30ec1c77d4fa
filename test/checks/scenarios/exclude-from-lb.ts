import { patch } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: 'the load balancer has no members, though every node is Ready',
    reference: 'cce-overlay',
    broken: [
      patch('Node *', { metadata: { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } } }),
    ],
    reason: 'EveryNodeExcluded',
  },
];
