import type { ExitCode } from '../../src/cli/exit-codes.ts';
import type { ObjectRef, RawObject } from '../../src/kube/types.ts';
import type { CloudAddress, Dialect, Manner } from '../emulators/ccm.ts';
import type { CiliumOperatorOptions } from '../fake-api/cilium-operator.ts';
import type { DemoCluster } from './cluster.ts';

/** A cluster in trouble, what its user did so far, and what the program is expected to make of it. */
export interface Scenario {
  /** As `--scenario` takes it. */
  readonly name: string;
  /** One line for `--list`. */
  readonly title: string;
  /** What is there before anybody does anything: nodes, agents, Cilium's configuration. */
  readonly objects: readonly RawObject[];
  readonly cloud: Cloud;
  readonly operator?: CiliumOperatorOptions;
  /** What led to the state that the program finds, in order. */
  readonly past: readonly Act[];
  /** What the views show, and which entrypoint is meant for which Gateway. */
  readonly subjects: readonly Subject[];
  /** Flags besides `--once`, `--dry-run` and `--yes`: how a user of this cluster would call the program. */
  readonly flags: readonly string[];
  readonly expected: { readonly dryRun: ExitCode; readonly once: ExitCode };
  /** Shown with the controller running; without it that part is left out. */
  readonly change?: Act;
  /** Ends `--keep`'s list of commands to try. */
  readonly tryOut: readonly TryOut[];
}

/** The cloud controller of this cluster, and the load balancers that it knows. */
export interface Cloud {
  readonly name: string;
  readonly dialect: Dialect;
  readonly manner: Manner;
  /** By load balancer id. */
  readonly addresses: Readonly<Record<string, readonly CloudAddress[]>>;
}

/** Something that happens to the cluster: why, as which command, and how the demo does it. */
export interface Act {
  readonly why: string;
  readonly command: string;
  run(cluster: DemoCluster): Promise<void>;
  /** What came of it, in one line. */
  outcome(cluster: DemoCluster): string;
}

export interface Subject {
  readonly gateway: ObjectRef;
  /** The Service that Cilium makes for it. */
  readonly service: ObjectRef;
  readonly entrypoint: ObjectRef;
}

export interface TryOut {
  readonly what: string;
  readonly command: string;
}
