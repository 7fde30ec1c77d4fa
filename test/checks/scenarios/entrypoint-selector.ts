import { type Edit, patch, withObjects, without } from '../cluster-data.ts';
import { service } from '../reference/parts.ts';
import type { Scenarios } from '../scenario.types.ts';

/** The entrypoint in a namespace of its own, where no Pod of Cilium's is. */
function movedTo(namespace: string): Edit[] {
  return [
    without('Service kube-system/web-lb'),
    withObjects(
      service('web-lb', {
        namespace,
        annotations: {
          'cilium-cloud-bridge.io/exposure': 'pod-ip',
          'cilium-cloud-bridge.io/gateway': 'default/web',
          'service.cloud.tencent.com/direct-access': 'true',
          'service.cilium.io/type': 'NodePort',
          'service.kubernetes.io/loadbalance-id': 'lb-6swtk3yh',
        },
        writtenBy: 'service-controller',
        spec: {
          type: 'LoadBalancer',
          clusterIPs: ['192.168.11.3'],
          selector: { 'k8s-app': 'cilium-envoy' },
          ports: [{ name: 'http', port: 80, protocol: 'TCP', nodePort: 30113, targetPort: 31544 }],
        },
        ingress: [{ ip: '43.139.30.5' }],
      }),
    ),
  ];
}

export const scenarios: Scenarios = [
  {
    symptom: '`Endpoints: <none>` on the entrypoint, which was made beside the Gateway',
    reference: 'tke-overlay',
    broken: movedTo('default'),
    reason: 'EntrypointReachesNoEnvoy',
  },
  {
    symptom: 'the ELB gets no members: the selector has a slip of the pen',
    reference: 'cce-overlay',
    broken: [patch('Service kube-system/gateway-entrypoint', { spec: { selector: { 'k8s-app': 'cillium' } } })],
    reason: 'EntrypointSelectsNothing',
  },
  {
    symptom: 'event `does not provide Selector, services custom endpoints are not supported`',
    reference: 'cce-overlay',
    broken: [patch('Service kube-system/gateway-entrypoint', { spec: { selector: null } })],
    reason: 'EntrypointWithoutSelector',
  },
  {
    symptom: 'the entrypoint names a Gateway that was renamed: nothing follows its NodePort',
    reference: 'cce-overlay',
    broken: [
      withObjects(
        service('old-entrypoint', {
          namespace: 'kube-system',
          annotations: { 'cilium-cloud-bridge.io/gateway': 'default/gateway-of-yesterday' },
          spec: {
            type: 'LoadBalancer',
            clusterIPs: ['10.247.91.8'],
            selector: { 'k8s-app': 'cilium' },
            ports: [{ name: 'http', port: 80, protocol: 'TCP', nodePort: 30998, targetPort: 32000 }],
          },
        }),
      ),
    ],
    reason: 'SubjectNotFound',
  },
];
