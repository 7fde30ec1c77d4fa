import { type CiliumPod, trimCiliumPod } from '../../cilium/agents.ts';
import { asArray, asBoolean, asNumber, asRecord, asString } from '../../kube/read.ts';
import type { RawObject } from '../../kube/types.ts';
import { type OperatorPod, trimOperatorPod } from '../../taints/models.ts';

/** A container of a Pod, with its status. */
export interface ContainerModel {
  readonly name: string;
  readonly image: string;
  readonly restarts: number;
  /** RFC 3339; empty when it does not run. */
  readonly startedAt: string;
  /** `CrashLoopBackOff`, …; empty when it does not wait. */
  readonly waiting: string;
  /** What the last run ended with: its message, else its reason; empty when it never ended. */
  readonly lastEnd: string;
}

/** A Pod. `version` is Cilium's, for its agents only. */
export interface DoctorPod extends CiliumPod, OperatorPod {
  readonly hostNetwork: boolean;
  readonly ips: readonly string[];
  readonly containers: readonly ContainerModel[];
}

export function trimDoctorPod(raw: RawObject): DoctorPod {
  const spec = asRecord(raw.spec);
  const status = asRecord(raw.status);
  const statuses = asArray(status.containerStatuses).map(asRecord);
  return {
    ...trimOperatorPod(raw),
    ...trimCiliumPod(raw),
    hostNetwork: asBoolean(spec.hostNetwork),
    ips: asArray(status.podIPs).map((entry) => asString(asRecord(entry).ip)),
    containers: asArray(spec.containers)
      .map(asRecord)
      .map((container) => {
        const name = asString(container.name);
        const state = statuses.find((one) => one.name === name) ?? {};
        const ended = asRecord(asRecord(state.lastState).terminated);
        return {
          name,
          image: asString(container.image),
          restarts: asNumber(state.restartCount),
          startedAt: asString(asRecord(asRecord(state.state).running).startedAt),
          waiting: asString(asRecord(asRecord(state.state).waiting).reason),
          lastEnd: asString(ended.message) || asString(ended.reason),
        };
      }),
  };
}
