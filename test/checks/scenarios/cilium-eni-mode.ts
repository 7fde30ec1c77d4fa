import { cloud, patch, withObjects } from '../cluster-data.ts';
import { daemonSet } from '../reference/parts.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: '`cilium endpoint list` shows ifindex=0 and a MAC of zeros; Pods are not managed',
    reference: 'cce-overlay',
    broken: [cloud(({ cluster }) => ({ cluster: { ...cluster, networkMode: 'eni' } }))],
    reason: 'EniModeWithCilium',
  },
  {
    symptom: 'the same, seen by a label of the nodes, where the cloud cannot be asked',
    reference: 'cce-overlay',
    broken: [
      cloud(({ cluster }) => ({ cluster: { ...cluster, networkMode: '' } })),
      patch('Node *', { metadata: { labels: { 'kubernetes.io/eniquota': '12' } } }),
    ],
    reason: 'EniModeWithCilium',
  },
  {
    symptom: "Helm values change nothing: the Cilium that runs is the cloud's",
    reference: 'cce-overlay',
    broken: [
      withObjects(daemonSet('yangtse-cilium', { app: 'yangtse-cilium' }, 'cilium-agent', 'swr/cilium:v1.17.6', 3)),
    ],
    verdict: 'warn',
    reason: 'CloudsOwnCilium',
  },
];
