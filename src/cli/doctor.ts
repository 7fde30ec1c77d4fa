import { CHECKS } from '../checks/all.ts';
import { chooseChecks } from '../checks/choose.ts';
import { findTargets, type TargetPorts } from '../checks/connectivity/targets.ts';
import { connectivityTestOf, wantsTargets } from '../checks/connectivity/test-line.ts';
import { type CloudChoice, diagnose } from '../checks/diagnose.ts';
import { cloudOfCluster } from '../checks/facts/network.ts';
import type { ObjectSource } from '../checks/object-source.ts';
import { POD_PROBE_CHECKS } from '../checks/pod-probe/all.ts';
import { PROBE_CHECKS } from '../checks/probe/all.ts';
import type { KubeWorld } from '../checks/world.types.ts';
import type { Config } from '../config/config.types.ts';
import type { Clock } from '../lib/clock.ts';
import type { DoctorOptions } from './args.types.ts';
import { CLOUD_NAMES } from './cloud.ts';
import { createMeasure } from './doctor-measure.ts';
import type { PodProbeUi } from './doctor-pods.ts';
import { buildDoctorReport } from './doctor-report.ts';
import type { DoctorReport } from './doctor-report.types.ts';
import { programVersion } from './version.ts';

export interface DoctorPorts {
  readonly source: ObjectSource;
  /** The kubeconfig's context; undefined inside a Pod and for files. */
  readonly context: string | undefined;
  /** Not called with `--cloud=false`. */
  readonly openCloud: (kube: KubeWorld) => Promise<CloudChoice>;
  readonly clock: Clock;
  /** When what files hold was read from its cluster, milliseconds since the epoch; absent: now. */
  readonly readAt?: number | undefined;
  /** For addresses that answer, where the cluster is in the Chinese mainland; absent: nothing is looked up. */
  readonly targets?: TargetPorts | undefined;
  /** Shows what is being done, while it is done. */
  readonly progress: (text: string) => void;
  /** For `--probe-pods`; absent for files. */
  readonly pods?: PodProbeUi | undefined;
}

const STAGES = {
  cluster: 'Reading the cluster',
  cloud: 'Asking the cloud',
  checks: 'Checking',
} as const;

/**
 * Looks at everything that a packet passes, and names the first broken link. Changes nothing, except
 * that `--probe-pods` makes and removes its own Pods.
 * @throws UsageError for an unknown check; KubeError when the cluster cannot be asked at all
 */
export async function runDoctor(
  options: DoctorOptions,
  config: Config,
  ports: DoctorPorts,
  signal: AbortSignal,
): Promise<DoctorReport> {
  const asked = [
    ...CHECKS,
    ...(options.probePods === undefined ? [] : POD_PROBE_CHECKS),
    ...(options.probe === undefined ? [] : PROBE_CHECKS),
  ];
  const checks = chooseChecks(asked, options);
  const { source, context, clock, progress } = ports;
  const startedAt = clock.now();
  const openCloud = options.cloud ? ports.openCloud : async () => ({ why: '--cloud=false was given' });
  const diagnosis = await diagnose(
    checks,
    config,
    {
      source,
      openCloud,
      now: () => ports.readAt ?? clock.now(),
      onStage: (stage) => progress(STAGES[stage]),
      measure: createMeasure(options, { clock, progress, pods: ports.pods }),
    },
    signal,
  );
  const { world } = diagnosis;
  const found =
    ports.targets !== undefined && wantsTargets(world) ? await findTargets(ports.targets, signal) : undefined;
  return buildDoctorReport({
    version: programVersion(),
    server: source.description,
    context,
    startedAt,
    diagnosis,
    cloud: world.cloud.cloud ?? CLOUD_NAMES[cloudOfCluster(world.kube)],
    connectivityTest: connectivityTestOf(world, found),
  });
}
