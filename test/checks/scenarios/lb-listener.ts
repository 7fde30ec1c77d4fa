import type { CloudListener } from '../../../src/providers/provider.types.ts';
import { cloud, type Edit } from '../cluster-data.ts';
import { CCE_ELB } from '../reference/cce-overlay.ts';
import { TKE_CLB } from '../reference/tke-overlay.ts';
import type { Scenarios } from '../scenario.types.ts';

function listeners(id: string, change: (listeners: readonly CloudListener[]) => readonly CloudListener[]): Edit {
  return cloud((data) => ({ listeners: { ...data.listeners, [id]: change(data.listeners[id] ?? []) } }));
}

export const scenarios: Scenarios = [
  {
    symptom: 'clients get `connection refused`: the ELB listens on 8080, as somebody set it up by hand',
    reference: 'cce-overlay',
    broken: [listeners(CCE_ELB, (all) => all.map((one) => ({ ...one, port: 8080, endPort: 8080 })))],
    reason: 'ListenerMissing',
    follows: ['lb-backends'],
  },
  {
    symptom: 'the CLB has a UDP listener on the port, and none for TCP',
    reference: 'tke-overlay',
    broken: [listeners(TKE_CLB, (all) => all.map((one) => ({ ...one, protocol: 'udp' })))],
    reason: 'ListenerMissing',
    follows: ['lb-backends'],
  },
  {
    symptom: 'the listener was switched off for maintenance, and left so',
    reference: 'cce-overlay',
    broken: [listeners(CCE_ELB, (all) => all.map((one) => ({ ...one, enabled: false })))],
    reason: 'ListenerDisabled',
  },
  {
    symptom: 'the listener of the ELB has no backend server group',
    reference: 'cce-overlay',
    broken: [
      listeners(CCE_ELB, (all) => all.map((one) => ({ ...one, hasBackendGroup: false }))),
      cloud(() => ({ targets: { [CCE_ELB]: [] } })),
    ],
    reason: 'ListenerWithoutBackendGroup',
    follows: ['lb-backends'],
  },
];
