import { patch } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: 'the Gateway is for the office only, and the whole world reaches it',
    reference: 'cce-overlay',
    given: [
      patch('Service kube-system/gateway-entrypoint', {
        spec: { loadBalancerSourceRanges: ['198.51.100.0/25', '198.51.100.128/25'] },
      }),
      patch('CiliumGatewayClassConfig kube-system/cloud', {
        spec: { service: { loadBalancerSourceRanges: ['198.51.100.0/24'] } },
      }),
    ],
    broken: [patch('Service kube-system/gateway-entrypoint', { spec: { loadBalancerSourceRanges: null } })],
    reason: 'SourceRangesNotOnEntrypoint',
  },
  {
    symptom: 'the same with the annotation in spec.infrastructure, and a wider list on the entrypoint',
    reference: 'tke-overlay',
    broken: [
      patch('Gateway default/web', {
        spec: {
          infrastructure: {
            annotations: {
              'service.beta.kubernetes.io/load-balancer-source-ranges': '198.51.100.0/24, 203.0.113.7/32',
            },
          },
        },
      }),
      patch('Service kube-system/web-lb', { spec: { loadBalancerSourceRanges: ['198.51.0.0/16'] } }),
    ],
    reason: 'SourceRangesNotOnEntrypoint',
  },
  {
    symptom: 'a range that the class denies reaches the Gateway all the same',
    reference: 'cce-overlay',
    given: [
      patch('CiliumGatewayClassConfig kube-system/cloud', {
        spec: { service: { loadBalancerSourceRanges: ['203.0.113.0/24'], loadBalancerSourceRangesPolicy: 'Deny' } },
      }),
      patch('Service kube-system/gateway-entrypoint', {
        metadata: {
          annotations: { 'kubernetes.io/elb.acl-id': 'ipgroup-1', 'kubernetes.io/elb.acl-type': 'black' },
        },
      }),
    ],
    broken: [
      patch('Service kube-system/gateway-entrypoint', {
        metadata: { annotations: { 'kubernetes.io/elb.acl-status': 'off' } },
      }),
    ],
    reason: 'SourceRangesNotOnEntrypoint',
  },
];
