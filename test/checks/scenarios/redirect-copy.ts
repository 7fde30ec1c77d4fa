import { patch, withObjects, without } from '../cluster-data.ts';
import { object } from '../reference/parts.ts';
import type { Scenarios } from '../scenario.types.ts';

const COPY = 'CiliumEnvoyConfig kube-system/ccb-*';
const LISTENER = '@type';

/** A CiliumEnvoyConfig that somebody made by hand. */
function byHand(name: string, namespace: string, service: string) {
  return withObjects(
    object(
      'cilium.io/v2',
      'CiliumEnvoyConfig',
      name,
      { namespace },
      {
        spec: {
          services: [{ name: service, namespace, ports: [80], listener: 'mine' }],
          resources: [{ [LISTENER]: 'type.googleapis.com/envoy.config.listener.v3.Listener', name: 'mine' }],
        },
      },
    ),
  );
}

export const scenarios: Scenarios = [
  {
    symptom: 'one in three connections is refused since somebody removed the copy, and the controller cannot write',
    reference: 'cce-overlay',
    broken: [without(COPY)],
    reason: 'RedirectCopyMissing',
  },
  {
    symptom: 'a route that was deleted an hour ago still answers',
    reference: 'cce-overlay',
    broken: [
      patch('CiliumEnvoyConfig default/cilium-gateway-ip-gateway', {
        spec: { backendServices: [{ name: 'echo-v2', namespace: 'default', number: ['80'] }] },
      }),
    ],
    reason: 'RedirectCopyOutdated',
  },
  {
    symptom: 'the same without a controller: the copy was made once, and the routes have changed since',
    reference: 'cce-overlay',
    broken: [
      without('Lease kube-system/cilium-cloud-bridge'),
      patch('CiliumEnvoyConfig default/cilium-gateway-ip-gateway', {
        spec: { backendServices: [{ name: 'echo-v2', namespace: 'default', number: ['80'] }] },
      }),
    ],
    reason: 'RedirectCopyStale',
  },
  {
    symptom: 'a CiliumEnvoyConfig that somebody wrote answers at the entrypoint, instead of the Gateway',
    reference: 'cce-overlay',
    broken: [without(COPY), byHand('my-listener', 'kube-system', 'gateway-entrypoint')],
    reason: 'ForeignEnvoyConfig',
    follows: ['same-node-hole'],
  },
  {
    symptom: 'now the Gateway answers, now something else: two CiliumEnvoyConfigs name its Service',
    reference: 'cce-overlay',
    broken: [byHand('my-listener', 'default', 'cilium-gateway-ip-gateway')],
    reason: 'RedirectRivals',
  },
  {
    symptom: 'the operator has made no CiliumEnvoyConfig for the Gateway',
    reference: 'cce-overlay',
    broken: [without('CiliumEnvoyConfig default/cilium-gateway-ip-gateway')],
    reason: 'NoSourceEnvoyConfig',
    follows: ['same-node-hole'],
  },
];
