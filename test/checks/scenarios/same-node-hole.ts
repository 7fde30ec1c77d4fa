import { patch, without } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

const ENTRYPOINT = 'Service kube-system/gateway-entrypoint';
const NODE_PORT = { metadata: { annotations: { 'cilium-cloud-bridge.io/exposure': 'node-port' } } };

export const scenarios: Scenarios = [
  {
    symptom: 'one in three connections is refused, at random: the set-up of the guide',
    reference: 'cce-overlay',
    broken: [patch(ENTRYPOINT, NODE_PORT), without('CiliumEnvoyConfig kube-system/ccb-*')],
    verdict: 'warn',
    reason: 'NodePortExposureRefuses',
  },
  {
    symptom: 'all connections are refused since externalTrafficPolicy is Local',
    reference: 'cce-overlay',
    broken: [
      patch(ENTRYPOINT, { ...NODE_PORT, spec: { externalTrafficPolicy: 'Local' } }),
      without('CiliumEnvoyConfig kube-system/ccb-*'),
    ],
    reason: 'EveryConnectionRefused',
  },
  {
    symptom: 'from Pods, one in three calls to the public address is refused; from outside none is',
    reference: 'tke-overlay',
    broken: [patch('Service kube-system/web-lb', { metadata: { annotations: { 'service.cilium.io/type': null } } })],
    verdict: 'warn',
    reason: 'SameNodeHoleInside',
  },
];
