import type { Config } from '../config/config.types.ts';
import type { CloudReader } from '../providers/provider.types.ts';
import type { Check, Diagnosis } from './check.types.ts';
import { questionsOf } from './cloud-questions.ts';
import { gatherCloud, withoutCloud } from './gather-cloud.ts';
import { gatherKube } from './gather-kube.ts';
import type { ObjectSource } from './object-source.ts';
import { runChecks } from './run.ts';
import type { DoctorWorld, KubeWorld } from './world.types.ts';

/** A cloud to ask, or why none is. */
export type CloudChoice = CloudReader | { readonly why: string };

export interface DiagnosePorts {
  readonly source: ObjectSource;
  /** Chooses the cloud by what the cluster says of itself. */
  readonly openCloud: (kube: KubeWorld) => Promise<CloudChoice>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told what is being read. */
  readonly onStage?: (stage: 'cluster' | 'cloud' | 'checks') => void;
  /** Adds what is measured only when somebody asks for it. */
  readonly measure?: ((world: DoctorWorld, signal: AbortSignal) => Promise<DoctorWorld>) | undefined;
}

/** What the checks came to, and what they looked at. */
export interface Examined extends Diagnosis {
  readonly world: DoctorWorld;
}

/**
 * Reads the cluster and its cloud once, and runs the checks over what was read. Changes nothing.
 * @throws KubeError when the cluster cannot be asked at all; the signal's reason
 */
export async function diagnose(
  checks: readonly Check[],
  config: Config,
  ports: DiagnosePorts,
  signal: AbortSignal,
): Promise<Examined> {
  const read = await gatherWorld(config, ports, signal);
  const world = ports.measure === undefined ? read : await ports.measure(read, signal);
  ports.onStage?.('checks');
  return { ...runChecks(checks, world), world };
}

/** Reads the cluster and its cloud once. */
export async function gatherWorld(config: Config, ports: DiagnosePorts, signal: AbortSignal): Promise<DoctorWorld> {
  ports.onStage?.('cluster');
  const kube = await gatherKube(ports.source, config, signal);
  const choice = await ports.openCloud(kube);
  if ('why' in choice) return { kube, cloud: withoutCloud(choice.why), config, now: ports.now() };
  ports.onStage?.('cloud');
  const questions = questionsOf(kube, config.cloud);
  const cloud = await gatherCloud(choice, questions, signal);
  return { kube, cloud, config, now: ports.now() };
}
