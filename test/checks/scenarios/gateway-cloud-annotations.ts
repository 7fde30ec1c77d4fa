import { patch } from '../cluster-data.ts';
import { CCE_ELB } from '../reference/cce-overlay.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: 'a listener without members on the ELB; the address of the Gateway comes and goes',
    reference: 'cce-overlay',
    given: [patch('Service default/cilium-gateway-ip-gateway', { spec: { loadBalancerClass: null } })],
    broken: [
      patch('Gateway default/ip-gateway', {
        spec: {
          infrastructure: { annotations: { 'kubernetes.io/elb.id': CCE_ELB, 'kubernetes.io/elb.class': 'union' } },
        },
      }),
      patch('Service default/cilium-gateway-ip-gateway', {
        metadata: { annotations: { 'kubernetes.io/elb.id': CCE_ELB, 'kubernetes.io/elb.class': 'union' } },
      }),
    ],
    reason: 'CloudAnnotationOnGateway',
  },
  {
    symptom: 'TKE buys a second CLB for the Service of the Gateway, which has no members',
    reference: 'tke-overlay',
    broken: [
      patch('Service default/cilium-gateway-web', {
        metadata: { annotations: { 'service.kubernetes.io/loadbalance-id': 'lb-0second0' } },
      }),
    ],
    reason: 'CloudAnnotationOnGateway',
  },
  {
    symptom: 'the Gateway asks for an internal CLB by annotation, and the CLB stays public',
    reference: 'tke-overlay',
    broken: [
      patch('Gateway default/web', {
        spec: {
          infrastructure: {
            annotations: { 'service.kubernetes.io/qcloud-loadbalancer-internal-subnetid': 'subnet-node1' },
          },
        },
      }),
    ],
    verdict: 'warn',
    reason: 'CloudAnnotationWithoutEffect',
  },
];
