import { patch, withObjects } from '../cluster-data.ts';
import { service } from '../reference/parts.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: 'agents log `frontend already owned by another service`; a change of the Gateway does not arrive',
    reference: 'cce-overlay',
    broken: [
      patch('Service default/cilium-gateway-ip-gateway', {
        status: {
          loadBalancer: {
            ingress: [
              { ip: '122.9.70.186', ipMode: 'VIP' },
              { ip: '10.2.128.200', ipMode: 'Proxy' },
            ],
          },
        },
      }),
    ],
    reason: 'AddressOwnedTwice',
  },
  {
    symptom: 'the same between the entrypoint and the Service of another team on the same load balancer',
    reference: 'cce-overlay',
    broken: [
      withObjects(
        service('other', {
          namespace: 'default',
          spec: {
            type: 'LoadBalancer',
            clusterIPs: ['10.247.91.7'],
            selector: { app: 'other' },
            ports: [{ name: 'http', port: 80, protocol: 'TCP', nodePort: 30997, targetPort: 80 }],
          },
          ingress: [{ ip: '122.9.70.186' }],
        }),
      ),
    ],
    reason: 'AddressOwnedTwice',
  },
];
