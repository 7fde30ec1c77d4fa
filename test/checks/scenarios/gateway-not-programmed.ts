import { ciliumConfig, type Edit, patch } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';
import { reworded } from '../variants/edits.ts';

const WAITING: Edit = patch('Gateway default/ip-gateway', {
  status: {
    addresses: null,
    conditions: [
      {
        type: 'Programmed',
        status: 'False',
        reason: 'AddressNotAssigned',
        message: 'Gateway waiting for address',
        observedGeneration: 1,
      },
    ],
  },
});

/** Envoy listens on the nodes; the entrypoint leads there. */
const HOST_NETWORK: Edit[] = [
  ciliumConfig({ 'gateway-api-hostnetwork-enabled': 'true' }),
  patch('Service kube-system/gateway-entrypoint', {
    spec: { ports: [{ name: 'http', port: 80, protocol: 'TCP', nodePort: 30080, targetPort: 80 }] },
  }),
  WAITING,
  patch('Service default/cilium-gateway-ip-gateway', {
    spec: { type: 'ClusterIP', loadBalancerClass: null },
    metadata: { managedFields: [] },
    status: { loadBalancer: null },
  }),
];

export const scenarios: Scenarios = [
  {
    symptom: '`Programmed: False / AddressNotAssigned / Gateway waiting for address`',
    reference: 'cce-overlay',
    broken: [
      WAITING,
      patch('Service default/cilium-gateway-ip-gateway', {
        metadata: { managedFields: [] },
        status: { loadBalancer: null },
      }),
    ],
    reason: 'GatewayAddressMissing',
  },
  {
    symptom: 'the Service has an address, and the Gateway has none',
    reference: 'cce-overlay',
    broken: [WAITING],
    reason: 'GatewayAddressNotTaken',
  },
  {
    symptom: "on the nodes' network a Gateway works and is never Programmed; external-dns waits",
    reference: 'cce-overlay',
    broken: HOST_NETWORK,
    verdict: 'warn',
    reason: 'HostNetworkNeverProgrammed',
  },
  {
    symptom: "on the nodes' network, with a Cilium that gives Gateways the nodes' addresses: none came",
    reference: 'cce-overlay',
    given: [reworded(['v1.19.5', 'v1.19.6'])],
    broken: HOST_NETWORK,
    reason: 'HostNetworkAddressMissing',
  },
];
