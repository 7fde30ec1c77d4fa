import type { AdoptChoice, Config } from '../config/config.types.ts';
import type { PodProbeChoice } from '../pod-probe/pod-probe.types.ts';
import type { ProbeLimits } from '../probe/probe.types.ts';

/** How a report is written to stdout. */
export type OutputFormat = 'table' | 'json';
/** How doctor's report is written to stdout. */
export type DoctorFormat = OutputFormat | 'html';

/** What every command that talks to a cluster takes. Absent flags are undefined. */
export interface CommonOptions {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** Path of the configuration file. */
  readonly config: string | undefined;
  /** Overrides `gateway.adopt` of the configuration. */
  readonly adopt: AdoptChoice | undefined;
  /** Overrides `logLevel` of the configuration. */
  readonly logLevel: Config['logLevel'] | undefined;
}

/** One pass from a laptop. */
export interface OnceOptions extends CommonOptions {
  readonly command: 'once';
  readonly dryRun: boolean;
  /** How long to wait for the Gateways after writing, milliseconds; 0: not at all. */
  readonly waitMs: number;
  readonly output: OutputFormat;
  readonly yes: boolean;
  readonly force: boolean;
  readonly allowStaticRedirect: boolean;
}

export interface ControllerOptions extends CommonOptions {
  readonly command: 'controller';
  /** Overrides `listen` of the configuration. */
  readonly listen: string | undefined;
}

/** A look at everything that a packet passes; nothing is changed. */
export interface DoctorOptions extends CommonOptions {
  readonly command: 'doctor';
  readonly output: DoctorFormat;
  /** Ids of checks; empty: all. */
  readonly only: readonly string[];
  readonly skip: readonly string[];
  /** Folder or archive that is read instead of a cluster. */
  readonly from: string | undefined;
  /** Whether the cloud is asked. */
  readonly cloud: boolean;
  /** What is well is told by name, too. */
  readonly verbose: boolean;
  /** How many connections are made; undefined: none. */
  readonly probe?: ProbeLimits | undefined;
  /** Which Pods are made to measure; undefined: none. */
  readonly probePods?: PodProbeChoice | undefined;
}

export type ParsedArgs =
  | { readonly command: 'help' }
  | { readonly command: 'version' }
  | OnceOptions
  | DoctorOptions
  | ControllerOptions;
