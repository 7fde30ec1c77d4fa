import { type Edit, patch, withObjects } from '../cluster-data.ts';
import { object } from '../reference/parts.ts';
import type { Scenarios } from '../scenario.types.ts';

const GATEWAY_SERVICE = 'Service default/cilium-gateway-ip-gateway';
/** The Gateway Service without a class of its own, as the guide has it. */
const CLASSLESS: Edit = patch(GATEWAY_SERVICE, { spec: { loadBalancerClass: null } });

const status = (manager: string) => ({
  manager,
  operation: 'Update',
  subresource: 'status',
  time: '2026-11-25T11:58:00Z',
  fieldsV1: { 'f:status': { 'f:loadBalancer': {} } },
});

export const scenarios: Scenarios = [
  {
    symptom: 'the address of the Gateway comes and goes every minute',
    reference: 'cce-overlay',
    given: [CLASSLESS],
    broken: [
      patch(GATEWAY_SERVICE, {
        metadata: { managedFields: [status('cloud-controller-manager')] },
        status: { loadBalancer: null },
      }),
      patch('Gateway default/ip-gateway', {
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
      }),
    ],
    reason: 'StatusClearedByAnother',
    follows: ['gateway-not-programmed'],
  },
  {
    symptom: 'TKE bought a CLB for the Service of the Gateway, and writes its address over ours',
    reference: 'tke-overlay',
    given: [patch('Service default/cilium-gateway-web', { spec: { loadBalancerClass: null } })],
    broken: [
      patch('Service default/cilium-gateway-web', {
        metadata: { managedFields: [status('service-controller')] },
        status: { loadBalancer: { ingress: [{ ip: '43.139.99.9' }] } },
      }),
    ],
    reason: 'StatusClearedByAnother',
    follows: ['invented-address'],
  },
  {
    symptom: 'an address of a pool stands in the status as soon as the first CiliumLoadBalancerIPPool exists',
    reference: 'cce-overlay',
    given: [CLASSLESS],
    broken: [
      withObjects(
        object('cilium.io/v2', 'CiliumLoadBalancerIPPool', 'pool', {}, { spec: { blocks: [{ cidr: '10.9.0.0/24' }] } }),
      ),
    ],
    reason: 'OwnedByLbIpam',
  },
  {
    symptom: 'MetalLB is in the cluster, too, and gives the Gateway an address of its own',
    reference: 'cce-overlay',
    given: [CLASSLESS],
    broken: [patch(GATEWAY_SERVICE, { metadata: { annotations: { 'metallb.io/ip-allocated-from-pool': 'first' } } })],
    reason: 'OwnedByMetalLb',
  },
  {
    symptom: 'Argo CD sets the targetPort back after every sync: timeouts',
    reference: 'tke-overlay',
    broken: [
      patch('Service kube-system/web-lb', {
        metadata: {
          managedFields: [
            {
              manager: 'argocd-controller',
              operation: 'Apply',
              time: '2026-11-25T11:58:00Z',
              fieldsV1: { 'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { 'f:targetPort': {} } } } },
            },
          ],
        },
        spec: { ports: [{ name: 'http', port: 80, protocol: 'TCP', nodePort: 30113, targetPort: 32000 }] },
      }),
    ],
    reason: 'TargetPortSetBack',
    follows: ['target-port-stale'],
  },
  {
    symptom: 'the controller has given up for half an hour: event `SecondWriter`',
    reference: 'cce-overlay',
    broken: [
      withObjects(
        object(
          'v1',
          'Event',
          'cilium-gateway-ip-gateway.17f',
          { namespace: 'default' },
          {
            reason: 'SecondWriter',
            message:
              'Service default/cilium-gateway-ip-gateway is not written until 2026-11-25T12:20:00Z: cloud-controller-manager keeps undoing it. Best: use a class of its own.',
            reportingComponent: 'cilium-cloud-bridge',
            involvedObject: { kind: 'Service', namespace: 'default', name: 'cilium-gateway-ip-gateway' },
            eventTime: '2026-11-25T11:50:00.000000Z',
          },
        ),
      ),
    ],
    reason: 'HeldOff',
  },
];
