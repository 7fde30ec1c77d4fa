import type { ReportInput } from '../../src/cli/report.ts';
import { SERVICES } from '../../src/kube/resources.ts';
import type { Action, Change, Finding, Target } from '../../src/plan/plan.types.ts';

/** The CCE guide's objects, as a plan over them sees them. */
export const GATEWAY: Target = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  namespace: 'default',
  name: 'ip-gateway',
  uid: 'uid-gateway',
};

export function service(namespace: string, name: string): Target {
  return { apiVersion: 'v1', kind: 'Service', namespace, name, uid: `uid-${name}` };
}

export const ENTRYPOINT = service('kube-system', 'gateway-entrypoint');
const GATEWAY_SERVICE = service('default', 'cilium-gateway-ip-gateway');

export function action(target: Target, changes: readonly Change[], parts: Partial<Action> = {}): Action {
  return {
    kind: 'patch-entrypoint',
    key: 'Gateway default/ip-gateway',
    target,
    targetVersion: '7',
    changes,
    reason: 'TargetPortSynced',
    message: 'Lead the entrypoint of Gateway default/ip-gateway to where Envoy is reached.',
    request: {
      verb: 'patch',
      resource: SERVICES,
      ref: { namespace: target.namespace, name: target.name },
      patch: { type: 'json', body: [] },
    },
    related: [],
    ...parts,
  };
}

export const SYNC_PORT = action(ENTRYPOINT, [{ field: 'spec.ports[80].targetPort', before: 30080, after: 31544 }]);

export const PUBLISH = action(
  GATEWAY_SERVICE,
  [
    {
      field: 'status.loadBalancer.ingress',
      before: [{ ip: '10.0.0.10' }],
      after: [
        { ip: '203.0.113.20', ipMode: 'Proxy' },
        { ip: '192.168.0.20', ipMode: 'Proxy' },
      ],
    },
  ],
  {
    kind: 'publish-address',
    reason: 'AddressPublished',
    message: 'Publish 203.0.113.20 and 192.168.0.20 for Gateway default/ip-gateway, replacing 10.0.0.10.',
  },
);

export const NO_ENTRYPOINT: Finding = {
  check: 'entrypoint',
  verdict: 'fail',
  reason: 'EntrypointAmbiguous',
  target: { ...GATEWAY, name: 'other' },
  message: 'Gateway default/other is not served: two Services look like its entrypoint.',
  fix: 'Choose one: kubectl -n kube-system annotate service entry-a cilium-cloud-bridge.io/gateway=default/other   or   kubectl -n kube-system annotate service entry-b cilium-cloud-bridge.io/gateway=default/other',
  evidence: { candidates: ['kube-system/entry-a', 'kube-system/entry-b'] },
};

export const HOLE: Finding = {
  check: 'same-node-hole',
  verdict: 'warn',
  reason: 'NodePortShare',
  target: ENTRYPOINT,
  message: 'The exposure node-port refuses 1 in 3 connections to Gateway default/ip-gateway.',
  fix: 'Let the load balancer send to Pod addresses.',
  evidence: {},
};

export function input(parts: Partial<ReportInput> = {}): ReportInput {
  return {
    version: '0.1.0',
    server: 'https://10.0.0.1:6443',
    context: 'cce-prod',
    mode: 'dry-run',
    startedAt: Date.UTC(2026, 10, 21, 12, 0, 0),
    subjects: [],
    actions: [],
    declined: [],
    outcomes: [],
    findings: [],
    ...parts,
  };
}
