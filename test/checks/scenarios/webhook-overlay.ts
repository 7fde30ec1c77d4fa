import { type Edit, patch, withObjects } from '../cluster-data.ts';
import { object, pod, service } from '../reference/parts.ts';
import type { Scenarios } from '../scenario.types.ts';

/** An admission webhook on the nodes' network, as TKE needs it on an overlay. */
const GIVEN: readonly Edit[] = [
  withObjects(
    object(
      'admissionregistration.k8s.io/v1',
      'ValidatingWebhookConfiguration',
      'kyverno-resource-validating-webhook-cfg',
      {},
      {
        webhooks: [
          {
            name: 'validate.kyverno.svc-fail',
            failurePolicy: 'Fail',
            clientConfig: { service: { namespace: 'kyverno', name: 'kyverno-svc', path: '/validate', port: 443 } },
          },
        ],
      },
    ),
    service('kyverno-svc', {
      namespace: 'kyverno',
      spec: {
        type: 'ClusterIP',
        clusterIPs: ['192.168.30.8'],
        selector: { app: 'kyverno' },
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 9443 }],
      },
    }),
    pod('kyverno-0', {
      namespace: 'kyverno',
      labels: { app: 'kyverno' },
      node: '172.16.0.21',
      ip: '172.16.0.21',
      image: 'reg.kyverno.io/kyverno/kyverno:v1.15.2',
      container: 'kyverno',
      owner: 'ReplicaSet',
      hostNetwork: true,
    }),
  ),
];
const ON_OVERLAY = patch('Pod kyverno/kyverno-0', {
  spec: { hostNetwork: null },
  status: { podIPs: [{ ip: '10.244.21.40' }] },
});

export const scenarios: Scenarios = [
  {
    symptom: '`failed calling webhook … context deadline exceeded`; nothing can be created',
    reference: 'tke-overlay',
    given: GIVEN,
    broken: [ON_OVERLAY],
    reason: 'WebhookOnOverlay',
  },
  {
    symptom: 'every write takes ten seconds longer, and the webhook sees none of it',
    reference: 'tke-overlay',
    given: GIVEN,
    broken: [
      ON_OVERLAY,
      patch('ValidatingWebhookConfiguration kyverno-resource-validating-webhook-cfg', {
        webhooks: [
          {
            name: 'validate.kyverno.svc-ignore',
            failurePolicy: 'Ignore',
            clientConfig: { service: { namespace: 'kyverno', name: 'kyverno-svc' } },
          },
        ],
      }),
    ],
    verdict: 'warn',
    reason: 'WebhookOnOverlay',
  },
];
