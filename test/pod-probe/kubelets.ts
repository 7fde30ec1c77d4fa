import { PODS } from '../../src/kube/resources.ts';
import { measuresOf, PROBE_LABEL } from '../../src/pod-probe/pod.ts';
import type { PodProbePlan } from '../../src/pod-probe/pod-probe.types.ts';
import { type KubeObject, stringAt } from '../fake-api/json.ts';
import type { FakeApi } from '../fake-api/server.ts';

/** What becomes of a Pod on a node: its status, as a kubelet writes it; undefined: the kubelet is away. */
export type Fate = (pod: KubeObject) => Record<string, unknown> | undefined;

/** The message of a Pod that measured everything, with the measurements that failed named `https 1.2.3.4`. */
export function messageOf(plan: PodProbePlan, failed: readonly string[] = [], by = 'ping'): string {
  const lines = measuresOf(plan).map(({ what, subject }) => {
    const bad = failed.includes(`${what} ${subject}`) || failed.includes(what);
    return `ccb1 ${what} ${subject} ${bad ? 'failed' : 'ok'} ${what === 'node' ? by : 'curl'}`;
  });
  return `${['ccb1 begin - ok none', ...lines, 'ccb1 end - ok none'].join('\n')}\n`;
}

/** A Pod that ended with a message. */
export function ended(message: string): Record<string, unknown> {
  const state = { terminated: { exitCode: 0, reason: 'Completed', message } };
  return { phase: 'Succeeded', containerStatuses: [{ name: 'probe', state }] };
}

/** A Pod whose container waits. */
export function waiting(reason: string, message: string): Record<string, unknown> {
  return { phase: 'Pending', containerStatuses: [{ name: 'probe', state: { waiting: { reason, message } } }] };
}

/** Stands in for the kubelets: runs each new Pod of the probe to its fate, and lets deleted ones end. */
export function startKubelets(api: FakeApi, fate: Fate): void {
  api.onChange(PODS, ({ type, object }) => {
    if (type === 'DELETED' || stringAt(object, 'metadata', 'labels', PROBE_LABEL) === '') return;
    const { namespace = '', name, deletionTimestamp } = object.metadata;
    const ref = { namespace: String(namespace), name };
    setImmediate(() => {
      if (deletionTimestamp !== undefined) {
        api.remove(PODS, ref);
        return;
      }
      const status = type === 'ADDED' ? fate(object) : undefined;
      if (status === undefined || api.get(PODS, ref) === undefined) return;
      api.update(PODS, ref, (pod) => Object.assign(pod, { status }), { subresource: 'status' });
    });
  });
}
