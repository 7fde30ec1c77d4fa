import type { Meta } from '../../kube/types.ts';
import type { DoctorPod } from '../models/pod.ts';

/** An agent takes about a minute to start, images and BPF included. */
const START_MS = 3 * 60_000;

/** Whether an object is so young that what it lacks may be on its way. */
export function isYoung({ creationTimestamp }: Meta, now: number): boolean {
  return now - Date.parse(creationTimestamp) < START_MS;
}

/** Whether a Pod that is not Ready is merely starting, as in every rollout: it is young and nothing of it has failed yet. */
export function isStarting({ meta, containers }: DoctorPod, now: number): boolean {
  return (
    isYoung(meta, now) &&
    containers.every(
      ({ restarts, waiting }) => restarts === 0 && /^(?:|ContainerCreating|PodInitializing)$/.test(waiting),
    )
  );
}
