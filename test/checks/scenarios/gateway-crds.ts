import { ciliumConfig, patch, without } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: 'Gateways are ignored in silence: the Gateway API is not switched on',
    reference: 'cce-overlay',
    broken: [ciliumConfig({ 'enable-gateway-api': null })],
    reason: 'GatewayApiOff',
  },
  {
    symptom: 'Gateways are ignored in silence: a CRD is missing',
    reference: 'cce-overlay',
    broken: [without('CustomResourceDefinition grpcroutes.gateway.networking.k8s.io')],
    reason: 'GatewayCrdMissing',
  },
  {
    symptom: 'Gateways are ignored in silence: the CRDs were installed after Cilium',
    reference: 'tke-overlay',
    broken: [
      patch('CustomResourceDefinition gateways.gateway.networking.k8s.io', {
        metadata: { creationTimestamp: '2026-11-21T10:00:00Z' },
      }),
    ],
    reason: 'GatewayCrdNewerThanOperator',
  },
];
