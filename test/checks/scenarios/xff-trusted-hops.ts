import { ciliumConfig, cloud } from '../cluster-data.ts';
import { CCE_ELB } from '../reference/cce-overlay.ts';
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
  {
    symptom: '400 for every request: the TLS listener of the ELB sends the PROXY protocol, which Envoy was not told of',
    reference: 'cce-overlay',
    broken: [
      cloud(({ listeners }) => ({
        listeners: {
          [CCE_ELB]: (listeners[CCE_ELB] ?? []).map((one) => ({ ...one, protocol: 'tls', proxyProtocol: true })),
        },
      })),
    ],
    reason: 'ProxyProtocolNotUnderstood',
  },
];
