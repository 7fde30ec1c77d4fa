import type { RawObject } from '../../../src/kube/types.ts';
import { patch, withObjects, without } from '../cluster-data.ts';
import { object } from '../reference/parts.ts';
import type { Scenarios } from '../scenario.types.ts';

const LOCKED = {
  endpointSelector: { matchLabels: { 'app.kubernetes.io/name': 'echo' } },
  ingress: [{ fromEndpoints: [{ matchLabels: { app: 'frontend' } }] }],
};

const ADMITS = {
  ...LOCKED,
  ingress: [
    ...LOCKED.ingress,
    { fromEntities: ['ingress'], toPorts: [{ ports: [{ port: '8080', protocol: 'TCP' }] }] },
  ],
};

const policy = (spec: object) =>
  withObjects(object('cilium.io/v2', 'CiliumNetworkPolicy', 'echo', { namespace: 'default' }, { spec }));

const clusterwide = (name: string, spec: RawObject) =>
  withObjects(object('cilium.io/v2', 'CiliumClusterwideNetworkPolicy', name, {}, { spec }));

export const scenarios: Scenarios = [
  {
    symptom: 'timeout or 503 through the Gateway, while Pods reach the backend: a policy was added',
    reference: 'cce-overlay',
    given: [policy(ADMITS)],
    broken: [patch('CiliumNetworkPolicy default/echo', { spec: LOCKED })],
    reason: 'PolicyShutsGatewayOut',
  },
  {
    symptom: 'the same: the policy admits the port of the Service, and Pods are asked at 8080',
    reference: 'cce-overlay',
    given: [policy(ADMITS)],
    broken: [
      patch('CiliumNetworkPolicy default/echo', {
        spec: {
          ingress: [{ fromEntities: ['ingress'], toPorts: [{ ports: [{ port: '80', protocol: 'TCP' }] }] }],
        },
      }),
    ],
    reason: 'PolicyShutsGatewayOut',
  },
  {
    symptom: 'the same, by a clusterwide policy that closes every namespace',
    reference: 'tke-overlay',
    broken: [
      withObjects(
        object(
          'cilium.io/v2',
          'CiliumClusterwideNetworkPolicy',
          'default-deny',
          {},
          {
            spec: {
              endpointSelector: { matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'default' } },
              ingress: [{}],
            },
          },
        ),
      ),
    ],
    reason: 'PolicyShutsGatewayOut',
  },
  {
    symptom: 'one policy admits the Gateway, and another denies it, which wins',
    reference: 'cce-overlay',
    given: [policy(ADMITS)],
    broken: [
      withObjects(
        object(
          'cilium.io/v2',
          'CiliumNetworkPolicy',
          'no-outside',
          { namespace: 'default' },
          { spec: { endpointSelector: {}, ingressDeny: [{ fromEntities: ['world', 'ingress'] }] } },
        ),
      ),
    ],
    reason: 'PolicyDeniesGateway',
  },
  {
    symptom: '403 for every request from outside, while Pods get through: a clusterwide policy admits the cluster only',
    reference: 'cce-overlay',
    given: [
      clusterwide('lock-down', { endpointSelector: {}, ingress: [{ fromEntities: ['cluster'] }] }),
      clusterwide('clients', {
        endpointSelector: { matchExpressions: [{ key: 'reserved:ingress', operator: 'Exists' }] },
        ingress: [{ fromEntities: ['world'] }],
      }),
    ],
    broken: [without('CiliumClusterwideNetworkPolicy clients')],
    reason: 'PolicyShutsClientsOut',
  },
];
