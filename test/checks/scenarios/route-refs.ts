import { patch, without } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

function unresolved(name: string, reason: string, message: string) {
  return {
    parents: [
      {
        parentRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name },
        controllerName: 'io.cilium/gateway-controller',
        conditions: [
          { type: 'Accepted', status: 'True', reason: 'Accepted', message: '' },
          { type: 'ResolvedRefs', status: 'False', reason, message },
        ],
      },
    ],
  };
}

export const scenarios: Scenarios = [
  {
    symptom: '500 for every request: the backend Service was renamed',
    reference: 'cce-overlay',
    broken: [
      without('Service default/echo'),
      patch('HTTPRoute default/echo-ip-route', {
        status: unresolved('ip-gateway', 'BackendNotFound', 'services "echo" not found'),
      }),
    ],
    reason: 'RouteRefsUnresolved',
    follows: ['route-backend'],
  },
  {
    symptom: '500: the backend is in another namespace, which does not permit it',
    reference: 'tke-overlay',
    broken: [
      patch('HTTPRoute default/web', {
        spec: {
          rules: [
            { backendRefs: [{ kind: 'Service', name: 'kube-dns', namespace: 'kube-system', port: 53, weight: 0 }] },
          ],
        },
        status: unresolved('web', 'RefNotPermitted', 'Cross namespace references are not allowed'),
      }),
    ],
    reason: 'RouteRefsUnresolved',
  },
];
