import { type Edit, patch, without } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

const STICKY: Edit = patch('Service kube-system/gateway-entrypoint', { spec: { sessionAffinity: 'ClientIP' } });

export const scenarios: Scenarios = [
  {
    symptom: 'nobody answers at the entrypoint since it has `sessionAffinity: ClientIP`',
    reference: 'cce-overlay',
    broken: [STICKY],
    reason: 'AffinityWithRedirect',
    follows: ['same-node-hole'],
  },
  {
    symptom: 'one in three connections is refused, and the controller makes no redirect',
    reference: 'cce-overlay',
    broken: [STICKY, without('CiliumEnvoyConfig kube-system/ccb-*')],
    reason: 'AffinityWithRedirect',
    follows: ['same-node-hole'],
  },
];
