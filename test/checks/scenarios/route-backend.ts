import { patch, without } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';
import { TLS_PASSTHROUGH } from '../variants/healthy.ts';

export const scenarios: Scenarios = [
  {
    symptom: '503 `no healthy upstream`: the Pods of the backend are not ready',
    reference: 'cce-overlay',
    broken: [
      patch('EndpointSlice default/echo-x7k2p', {
        endpoints: [{ addresses: ['10.100.0.17'], conditions: { ready: false } }],
      }),
    ],
    reason: 'BackendNotReady',
  },
  {
    symptom: '503: the selector of the backend Service matches no Pod',
    reference: 'tke-overlay',
    broken: [patch('EndpointSlice default/web-x7k2p', { endpoints: [] })],
    reason: 'BackendNotReady',
  },
  {
    symptom: '500: the route names the port of the Pod, 8080, and the Service has 80',
    reference: 'cce-overlay',
    broken: [
      patch('HTTPRoute default/echo-ip-route', {
        spec: { rules: [{ backendRefs: [{ kind: 'Service', name: 'echo', port: 8080, weight: 1 }] }] },
      }),
    ],
    reason: 'BackendPortMissing',
  },
  {
    symptom: '500 since the backend Service was deleted; the operator is not up to say so',
    reference: 'tke-overlay',
    broken: [without('Service default/web')],
    reason: 'BackendMissing',
  },
  {
    symptom: 'TLS connections are closed: the TLSRoute sends to a port that the Service does not have',
    reference: 'cce-overlay',
    given: TLS_PASSTHROUGH,
    broken: [
      patch('TLSRoute default/shop', {
        spec: { rules: [{ backendRefs: [{ kind: 'Service', name: 'echo', port: 443 }] }] },
      }),
    ],
    reason: 'BackendPortMissing',
  },
];
