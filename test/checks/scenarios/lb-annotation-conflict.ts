import { cloud, patch, withObjects } from '../cluster-data.ts';
import { CCE_ELB } from '../reference/cce-overlay.ts';
import { service } from '../reference/parts.ts';
import { TKE_CLB } from '../reference/tke-overlay.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: '`elb.class: union` was copied from a guide, and the ELB is a dedicated one',
    reference: 'cce-overlay',
    broken: [
      cloud(({ loadBalancers }) => ({ loadBalancers: loadBalancers.map((one) => ({ ...one, kind: 'dedicated' })) })),
    ],
    reason: 'ElbClassMismatch',
  },
  {
    symptom: 'event `already has a listener with protocol_port` (ELB.8907), again and again',
    reference: 'cce-overlay',
    broken: [
      withObjects(
        service('old-nginx', {
          namespace: 'default',
          annotations: { 'kubernetes.io/elb.id': CCE_ELB, 'kubernetes.io/elb.class': 'union' },
          spec: {
            type: 'LoadBalancer',
            clusterIPs: ['10.247.91.9'],
            selector: { app: 'nginx' },
            ports: [{ name: 'http', port: 80, protocol: 'TCP', nodePort: 30999, targetPort: 80 }],
          },
        }),
      ),
    ],
    reason: 'ListenerWantedTwice',
  },
  {
    symptom: 'the same on a CLB: two Services, one port',
    reference: 'tke-overlay',
    broken: [
      withObjects(
        service('old-nginx', {
          namespace: 'default',
          annotations: { 'service.kubernetes.io/tke-existed-lbid': TKE_CLB },
          spec: {
            type: 'LoadBalancer',
            clusterIPs: ['192.168.11.9'],
            selector: { app: 'nginx' },
            ports: [{ name: 'http', port: 80, protocol: 'TCP', nodePort: 30999, targetPort: 80 }],
          },
        }),
      ),
    ],
    reason: 'ListenerWantedTwice',
  },
  {
    symptom: 'the Service was deleted, and the ELB that others use was gone with it',
    reference: 'cce-overlay',
    broken: [
      patch('Service kube-system/gateway-entrypoint', {
        metadata: {
          annotations: { 'kubernetes.io/elb.autocreate': '{"type":"public","bandwidth_size":10}' },
          managedFields: [
            {
              manager: 'helm',
              operation: 'Update',
              time: '2026-11-20T09:06:00Z',
              fieldsV1: {
                'f:metadata': {
                  'f:annotations': { 'f:kubernetes.io/elb.autocreate': {}, 'f:kubernetes.io/elb.id': {} },
                },
              },
            },
          ],
        },
      }),
    ],
    verdict: 'warn',
    reason: 'ElbIdBesideAutocreate',
  },
];
