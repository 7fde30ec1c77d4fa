import { type Edit, patch, without } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

/** As it is when nobody has given the Gateway an address. */
function unprogrammed(name: string): Edit[] {
  return [
    patch(`Service default/cilium-gateway-${name}`, {
      metadata: { managedFields: [] },
      status: { loadBalancer: null },
    }),
    patch(`Gateway default/${name}`, {
      status: {
        addresses: null,
        conditions: [
          { type: 'Accepted', status: 'True', reason: 'Accepted', message: '', observedGeneration: 1 },
          {
            type: 'Programmed',
            status: 'False',
            reason: 'AddressNotAssigned',
            message: 'Gateway waiting for address',
            observedGeneration: 1,
          },
        ],
      },
    }),
  ];
}

export const scenarios: Scenarios = [
  {
    symptom: 'the listener of the ELB has no backend server group; the Gateway Service has `Endpoints: <none>`',
    reference: 'cce-overlay',
    broken: [
      without('Service kube-system/gateway-entrypoint'),
      without('CiliumEnvoyConfig kube-system/ccb-*'),
      ...unprogrammed('ip-gateway'),
    ],
    reason: 'NoEntrypoint',
    follows: ['gateway-not-programmed'],
  },
  {
    symptom: "the guide's entrypoint is there, and nothing says which Gateway it is for",
    reference: 'cce-overlay',
    broken: [
      patch('Service kube-system/gateway-entrypoint', {
        metadata: { annotations: { 'cilium-cloud-bridge.io/gateway': null } },
      }),
      without('CiliumEnvoyConfig kube-system/ccb-*'),
      ...unprogrammed('ip-gateway'),
    ],
    reason: 'EntrypointNotAnnotated',
    follows: ['gateway-not-programmed'],
  },
  {
    symptom: 'the Gateway is Programmed by hand, and no load balancer leads to it',
    reference: 'tke-overlay',
    broken: [
      without('Service kube-system/web-lb'),
      patch('Service default/cilium-gateway-web', { metadata: { managedFields: [] } }),
    ],
    verdict: 'warn',
    reason: 'AddressOfUnknownOrigin',
  },
];
