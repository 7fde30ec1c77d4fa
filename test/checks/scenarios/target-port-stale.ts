import { patch } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

const NODE_PORT = { name: 'port-80', port: 80, protocol: 'TCP', nodePort: 30777 };

export const scenarios: Scenarios = [
  {
    symptom: 'after the Gateway was made anew, clients get timeouts: its NodePort is another one',
    reference: 'tke-overlay',
    broken: [patch('Service default/cilium-gateway-web', { spec: { ports: [NODE_PORT] } })],
    reason: 'TargetPortStale',
    follows: ['lb-backends'],
  },
  {
    symptom: 'the same where a redirect carries the traffic: nothing fails but in the moments when it is renewed',
    reference: 'cce-overlay',
    broken: [patch('Service default/cilium-gateway-ip-gateway', { spec: { ports: [NODE_PORT] } })],
    verdict: 'warn',
    reason: 'TargetPortBehind',
  },
  {
    symptom: 'HTTPS is on the Gateway, and the load balancer does not listen on 443',
    reference: 'cce-overlay',
    broken: [
      patch('Service default/cilium-gateway-ip-gateway', {
        spec: {
          ports: [
            { name: 'port-80', port: 80, protocol: 'TCP', nodePort: 32546 },
            { name: 'port-443', port: 443, protocol: 'TCP', nodePort: 32547 },
          ],
        },
      }),
    ],
    verdict: 'warn',
    reason: 'ListenerNotReachable',
  },
];
