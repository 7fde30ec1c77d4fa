import type { AdoptChoice, Config, NamespacedName } from '../config/config.types.ts';
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

/** Moves one Gateway to another GatewayClass, its Service made anew. */
export interface MigrateOptions extends CommonOptions {
  readonly command: 'migrate';
  readonly gateway: NamespacedName;
  /** Undefined: the one class whose Services get our loadBalancerClass. */
  readonly toClass: string | undefined;
  readonly dryRun: boolean;
  /** How long the steps may take that others have to do, milliseconds. */
  readonly waitMs: number;
  readonly output: OutputFormat;
  readonly yes: boolean;
  /** Also a Gateway that is not Programmed now. */
  readonly force: boolean;
}

/** Removes the redirect copies and keeps controllers from making them anew. */
export interface UninstallOptions extends CommonOptions {
  readonly command: 'uninstall';
  readonly dryRun: boolean;
  readonly output: OutputFormat;
  readonly yes: boolean;
}

/** What stays behind when the program is taken away; nothing is changed. */
export interface UninstallReportOptions extends CommonOptions {
  readonly command: 'uninstall-report';
  readonly output: OutputFormat;
}

export interface ControllerOptions extends CommonOptions {
  readonly command: 'controller';
  /** Overrides `listen` of the configuration. */
  readonly listen: string | undefined;
}

/** Asks whether everything is there that the controller needs; nothing is changed. */
export interface PreflightOptions extends CommonOptions {
  readonly command: 'preflight';
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
  | MigrateOptions
  | UninstallOptions
  | UninstallReportOptions
  | ControllerOptions
  | PreflightOptions;
