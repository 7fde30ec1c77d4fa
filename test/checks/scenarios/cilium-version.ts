import { type Edit, patch } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

function running(tag: string, pods = 'Pod kube-system/cilium-?'): Edit[] {
  const names = pods.endsWith('?') ? [0, 1, 2].map((index) => `${pods.slice(0, -1)}${index}`) : [pods];
  return names.map((name) =>
    patch(name, { spec: { containers: [{ name: 'cilium-agent', image: `quay.io/cilium/cilium:${tag}` }] } }),
  );
}

export const scenarios: Scenarios = [
  {
    symptom: 'an old Cilium, or one that is newer than this program',
    reference: 'tke-native',
    broken: running('v1.16.3'),
    verdict: 'warn',
    reason: 'VersionNotKnown',
  },
  {
    symptom: 'the listener of a load balancer has no backend group; MetalLB and cloud controllers find no endpoints',
    reference: 'cce-overlay',
    broken: running('v1.19.1'),
    verdict: 'warn',
    reason: 'VersionHasFault',
  },
  {
    symptom: 'an upgrade stopped halfway',
    reference: 'cce-overlay',
    broken: running('v1.19.6', 'Pod kube-system/cilium-1'),
    verdict: 'warn',
    reason: 'VersionsMixed',
  },
  {
    symptom: 'images of a registry of your own, with tags of your own',
    reference: 'cce-overlay',
    broken: running('prod-2026-11'),
    verdict: 'unknown',
    reason: 'VersionNotSaid',
  },
];
