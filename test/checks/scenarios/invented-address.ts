import { type Edit, patch } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

/** As `kubectl patch --subresource=status` of the guide leaves it. */
function byHand(ip: string): Edit[] {
  const managedFields = [
    {
      manager: 'kubectl-patch',
      operation: 'Update',
      subresource: 'status',
      time: '2026-11-22T08:00:00Z',
      fieldsV1: { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } },
    },
  ];
  return [
    patch('Service default/cilium-gateway-ip-gateway', {
      metadata: { managedFields },
      status: { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } },
    }),
    patch('Gateway default/ip-gateway', { status: { addresses: [{ type: 'IPAddress', value: ip }] } }),
  ];
}

export const scenarios: Scenarios = [
  {
    symptom:
      'a hand-made 10.0.0.10 stands in the status: the Gateway is Programmed, and external-dns publishes nonsense',
    reference: 'cce-overlay',
    broken: byHand('10.0.0.10'),
    reason: 'AddressInvented',
  },
  {
    symptom: 'Pods do not reach a node on port 80 any more, since its address was written into the status',
    reference: 'cce-overlay',
    broken: byHand('10.2.128.12'),
    reason: 'AddressInvented',
  },
];
