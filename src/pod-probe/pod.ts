import type { RawObject } from '../kube/types.ts';
import type { Measure, PodProbePlan } from './pod-probe.types.ts';
import { SCRIPT } from './script.ts';

/** On every Pod of ours: they are found by it, and removed. */
export const PROBE_LABEL = 'cilium-cloud-bridge.io/probe';
/** Which run of doctor made it. */
export const RUN_LABEL = 'cilium-cloud-bridge.io/probe-run';
/** The kubelet ends a Pod after so long, whatever became of doctor. */
export const POD_DEADLINE_S = 90;
const NOBODY = 65_534;
const CLUSTER_NAME = 'kubernetes.default.svc.cluster.local';
/** Pods measure the way to so many nodes at most. */
const MOST_PINGED = 10;

/** What each Pod measures. */
export function measuresOf({ names, targets, nodes }: PodProbePlan): readonly Pick<Measure, 'what' | 'subject'>[] {
  return [
    { what: 'cluster-dns', subject: CLUSTER_NAME },
    ...names.map((subject) => ({ what: 'public-dns', subject }) as const),
    ...[...new Set(targets.map(({ ip }) => ip))].map((subject) => ({ what: 'https', subject }) as const),
    ...nodes
      .filter(({ ip }) => ip !== '')
      .slice(0, MOST_PINGED)
      .map(({ ip }) => ({ what: 'node', subject: ip }) as const),
  ];
}

/**
 * A Pod for one node, by the restricted Pod security standard: not root, no privilege, nothing writable, no token of a
 * ServiceAccount. `nodeName` needs no scheduler, and the tolerations let it stay.
 */
export function probePod(plan: PodProbePlan, node: string, name: string, run: string): RawObject {
  const measures = measuresOf(plan);
  const list = (what: Measure['what']): string =>
    measures
      .filter((one) => one.what === what)
      .map(({ subject }) => subject)
      .join(' ');
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: plan.namespace,
      name,
      labels: { 'app.kubernetes.io/managed-by': 'cilium-cloud-bridge', [PROBE_LABEL]: 'pod', [RUN_LABEL]: run },
    },
    spec: {
      nodeName: node,
      restartPolicy: 'Never',
      activeDeadlineSeconds: POD_DEADLINE_S,
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      tolerations: [{ operator: 'Exists' }],
      securityContext: {
        runAsNonRoot: true,
        runAsUser: NOBODY,
        runAsGroup: NOBODY,
        seccompProfile: { type: 'RuntimeDefault' },
        // Lets ping work without a capability; one of the sysctls that Kubernetes calls safe.
        sysctls: [{ name: 'net.ipv4.ping_group_range', value: `${NOBODY} ${NOBODY}` }],
      },
      containers: [
        {
          name: 'probe',
          image: plan.image,
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', SCRIPT],
          env: [
            { name: 'CLUSTER_NAME', value: list('cluster-dns') },
            { name: 'PUBLIC_NAMES', value: list('public-dns') },
            { name: 'TARGETS', value: list('https') },
            { name: 'NODES', value: list('node') },
          ],
          resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '100m', memory: '64Mi' } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  };
}
