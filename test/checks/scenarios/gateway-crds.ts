import { readMeta } from '../../../src/kube/read.ts';
import { ciliumConfig, patch, without } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';
import { copied, reworded } from '../variants/edits.ts';

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
  {
    symptom: 'the same: the CRDs are those of an old release, with GRPCRoute in v1alpha2 only',
    reference: 'cce-overlay',
    broken: [
      patch('CustomResourceDefinition grpcroutes.gateway.networking.k8s.io', {
        spec: { versions: [{ name: 'v1alpha2', served: true, storage: true }] },
      }),
    ],
    reason: 'GatewayCrdMissing',
  },
  {
    symptom: 'Cilium was upgraded to 1.20, and the CRDs were not: TLSRoute is there in v1alpha2 only',
    reference: 'cce-overlay',
    given: [reworded(['v1.19.5', 'v1.20.2'])],
    broken: [
      patch('CustomResourceDefinition tlsroutes.gateway.networking.k8s.io', {
        spec: { versions: [{ name: 'v1alpha2', served: true, storage: true }] },
      }),
    ],
    reason: 'GatewayCrdMissing',
  },
  {
    symptom: 'Gateways come and go with the operator: one of its Pods has not seen the CRDs, the other has',
    reference: 'tke-overlay',
    broken: [
      patch('CustomResourceDefinition gateways.gateway.networking.k8s.io', {
        metadata: { creationTimestamp: '2026-11-21T10:00:00Z' },
      }),
      copied(
        (raw) => raw.kind === 'Pod' && readMeta(raw).name === 'cilium-operator-0',
        ['cilium-operator-0', 'cilium-operator-1'],
        ['2026-11-20T09:05:00Z', '2026-11-22T09:00:00Z'],
      ),
    ],
    verdict: 'warn',
    reason: 'GatewayCrdNewerThanOperator',
  },
];
