import type { DiagnosePorts } from '../checks/diagnose.ts';
import { probeTargets } from '../checks/probe/targets.ts';
import type { DoctorWorld } from '../checks/world.types.ts';
import type { Clock } from '../lib/clock.ts';
import type { PodProbeChoice } from '../pod-probe/pod-probe.types.ts';
import { attemptOnce } from '../probe/attempt.ts';
import type { ProbeLimits, ProbeMeasurement } from '../probe/probe.types.ts';
import { runProbe } from '../probe/run.ts';
import { measureByPods, type PodProbeUi } from './doctor-pods.ts';
import { programVersion } from './version.ts';

export interface MeasureChoice {
  readonly probe?: ProbeLimits | undefined;
  readonly probePods?: PodProbeChoice | undefined;
}

export interface MeasurePorts {
  readonly clock: Clock;
  readonly progress: (text: string) => void;
  /** Absent for files: no Pods are made there. */
  readonly pods?: PodProbeUi | undefined;
}

/** What `--probe` and `--probe-pods` measure; undefined when nobody asked for any. */
export function createMeasure({ probe, probePods }: MeasureChoice, ports: MeasurePorts): DiagnosePorts['measure'] {
  if (probe === undefined && probePods === undefined) return undefined;
  const { pods } = ports;
  return async (world, signal) => ({
    ...world,
    // First what asks a question.
    ...(probePods === undefined || pods === undefined
      ? {}
      : { podProbe: await measureByPods(probePods, world, pods, signal) }),
    ...(probe === undefined ? {} : { probe: await measureByConnections(probe, world, ports, signal) }),
  });
}

async function measureByConnections(
  limits: ProbeLimits,
  world: DoctorWorld,
  { clock, progress }: MeasurePorts,
  signal: AbortSignal,
): Promise<ProbeMeasurement> {
  const targets = probeTargets(world);
  const options = { timeoutMs: limits.timeoutMs, clock, userAgent: `cilium-cloud-bridge/${programVersion()}` };
  progress(`Connecting to ${targets.length} addresses and ports`);
  return await runProbe(
    targets,
    limits,
    {
      clock,
      attempt: async (target, during) => await attemptOnce(target, options, during),
      onProgress: (begun, planned) => progress(`Connecting: ${begun} of ${planned}`),
    },
    signal,
  );
}
