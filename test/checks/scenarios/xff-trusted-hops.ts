import { ciliumConfig } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: 'clients name any address as their own: the guide trusts two hops behind a load balancer of layer 4',
    reference: 'cce-overlay',
    broken: [ciliumConfig({ 'gateway-api-xff-num-trusted-hops': '2' })],
    reason: 'ClientAddressForgeable',
  },
  {
    symptom: 'every connection through the load balancer is reset: Envoy waits for the PROXY protocol',
    reference: 'tke-overlay',
    broken: [ciliumConfig({ 'enable-gateway-api-proxy-protocol': 'true' })],
    verdict: 'warn',
    reason: 'ProxyProtocolOneSided',
  },
];
