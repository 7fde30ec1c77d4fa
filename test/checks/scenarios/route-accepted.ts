import { patch, without } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';
import { TLS_PASSTHROUGH } from '../variants/healthy.ts';

const ROUTE = 'HTTPRoute default/echo-ip-route';
const parentRef = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'ip-gateway' };

function refused(reason: string, message: string) {
  return {
    parents: [
      {
        parentRef,
        controllerName: 'io.cilium/gateway-controller',
        conditions: [
          { type: 'Accepted', status: 'False', reason, message },
          { type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', message: '' },
        ],
      },
    ],
  };
}

export const scenarios: Scenarios = [
  {
    symptom: '404 behind a good load balancer: the route is for a listener that the Gateway does not have',
    reference: 'cce-overlay',
    broken: [patch(ROUTE, { status: refused('NoMatchingParent', 'No matching parent listener for this route') })],
    reason: 'RouteNotAccepted',
  },
  {
    symptom: '404: the listener allows routes of its own namespace only, and the route is in another',
    reference: 'cce-overlay',
    broken: [
      patch(ROUTE, {
        metadata: { namespace: 'shop' },
        spec: {
          parentRefs: [{ ...parentRef, namespace: 'default' }],
          rules: [{ backendRefs: [{ kind: 'Service', name: 'echo', namespace: 'default', port: 80 }] }],
        },
        status: {
          parents: [
            {
              ...refused('NotAllowedByListeners', 'HTTPRoute is not allowed to attach to this Gateway').parents[0],
              parentRef: { ...parentRef, namespace: 'default' },
            },
          ],
        },
      }),
    ],
    reason: 'RouteNotAccepted',
  },
  {
    symptom: '404: a new route has no status at all',
    reference: 'cce-overlay',
    broken: [patch(ROUTE, { status: null })],
    reason: 'RouteNotLookedAt',
  },
  {
    symptom: '404: the parentRef has no namespace, so it means a Gateway of the namespace of the route',
    reference: 'cce-overlay',
    broken: [patch(ROUTE, { metadata: { namespace: 'shop' }, status: null })],
    reason: 'RouteParentMissing',
  },
  {
    symptom: '404 for every host',
    reference: 'tke-overlay',
    broken: [without('HTTPRoute default/web')],
    verdict: 'warn',
    reason: 'GatewayWithoutRoutes',
  },
  {
    symptom: 'TLS connections are reset: the TLSRoute is for a host name that its listener does not take',
    reference: 'cce-overlay',
    given: TLS_PASSTHROUGH,
    broken: [
      patch('TLSRoute default/shop', {
        status: {
          parents: [
            {
              parentRef: { ...parentRef, sectionName: 'tls' },
              controllerName: 'io.cilium/gateway-controller',
              conditions: [
                { type: 'Accepted', status: 'False', reason: 'NoMatchingListenerHostname', message: 'No host matches' },
              ],
            },
          ],
        },
      }),
    ],
    reason: 'RouteNotAccepted',
  },
];
