import { ciliumConfig, type Edit, edited, patch, without } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

/** Envoy inside the agents, as Helm `envoy.enabled=false` has it. */
const EMBEDDED: Edit = (cluster) =>
  edited(cluster, [
    ciliumConfig({ 'external-envoy-proxy': 'false' }),
    without('DaemonSet kube-system/cilium-envoy'),
    without('Pod kube-system/cilium-envoy-*'),
  ]);

export const scenarios: Scenarios = [
  {
    symptom: 'the load balancer has no members: `kubectl get pods -l k8s-app=cilium-envoy` finds nothing',
    reference: 'tke-overlay',
    broken: [EMBEDDED],
    reason: 'EnvoySelectorFindsNothing',
    follows: ['entrypoint-selector'],
  },
  {
    symptom: 'the same on CCE, after the selector of the entrypoint was copied from a guide for TKE',
    reference: 'cce-overlay',
    given: [EMBEDDED],
    broken: [patch('Service kube-system/gateway-entrypoint', { spec: { selector: { 'k8s-app': 'cilium-envoy' } } })],
    reason: 'EnvoySelectorFindsNothing',
    follows: ['entrypoint-selector'],
  },
];
