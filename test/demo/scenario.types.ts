import type { ExitCode } from '../../src/cli/exit-codes.ts';
import type { ObjectRef, RawObject } from '../../src/kube/types.ts';
import type { CloudAddress, Dialect, Manner } from '../emulators/ccm.ts';
import type { CiliumOperatorOptions } from '../fake-api/cilium-operator.ts';
import type { FakeApi } from '../fake-api/server.ts';
import type { DemoCluster } from './cluster.ts';

/** A cluster, what happened to it, and what the program is expected to make of it. */
export interface Scenario {
  /** As `--scenario` takes it. */
  readonly name: string;
  /** One line for `--list`. */
  readonly title: string;
  /** What is there before anybody does anything: nodes, agents, Cilium's configuration. Times in it are of the call. */
  objects(): readonly RawObject[];
  readonly cloud: Cloud;
  /** `none`: this cluster's operator has no Gateway API and no Ingress switched on. */
  readonly operator?: CiliumOperatorOptions | 'none';
  /** What the cluster does by itself, such as schedule a Pod; returns the way to stop it. */
  live?(api: FakeApi): () => void;
  /** What the views show, and which entrypoint is meant for which Gateway or Ingress. */
  readonly subjects: readonly Subject[];
  /** Whether the views show the nodes and their taints; default no. */
  readonly nodes?: boolean;
  /** Flags besides `--once`, `--dry-run` and `--yes`: how a user of this cluster would call the program. */
  readonly flags: readonly string[];
  readonly story: readonly Chapter[];
  /** What the last view shows as wrong, beginnings of lines: nothing that the program could mend. Default: nothing. */
  readonly left?: readonly string[];
  /** Ends `--keep`'s list of commands to try. */
  readonly tryOut: readonly TryOut[];
}

/** The cloud controller of this cluster, and the load balancers that it knows. */
export interface Cloud {
  readonly name: string;
  readonly dialect: Dialect;
  readonly manner: Manner;
  /** Default: the emulator's. */
  readonly fieldManager?: string;
  /** By load balancer id. */
  readonly addresses: Readonly<Record<string, readonly CloudAddress[]>>;
}

/** One headed part of the story. `heading` and `text` have defaults. */
export type Chapter = Headed &
  (
    | { readonly kind: 'acts'; readonly acts: readonly Act[] }
    /** The cluster as a person would like to read it. */
    | { readonly kind: 'view' }
    /** `--once --dry-run`; it writes nothing. */
    | { readonly kind: 'dry-run'; readonly code: ExitCode; readonly meaning: string }
    /** `--once --yes`, and a view. */
    | {
        readonly kind: 'once';
        readonly code: ExitCode;
        readonly meaning: string;
        /** In any order, as `PATCH services/status default/web`: what belongs together is in order, subjects are not. */
        readonly writes: readonly string[];
      }
    /** The same once more, of which the last line is shown; it writes nothing. */
    | { readonly kind: 'again'; readonly code: ExitCode }
    /** `doctor --cloud=false`; it writes nothing. */
    | { readonly kind: 'doctor'; readonly code: ExitCode; readonly meaning: string }
    /** The controller, and what happens while it runs. */
    | {
        readonly kind: 'controller';
        readonly change?: Act;
        readonly until: { readonly what: string; reached(cluster: DemoCluster, log: readonly string[]): boolean };
        /** In any order. */
        readonly writes: readonly string[];
      }
  );

interface Headed {
  readonly heading?: string;
  readonly text?: string;
}

/** Something that happens to the cluster: why, as which command, and how the demo does it. */
export interface Act {
  readonly why: string;
  /** Undefined: nobody types this. */
  readonly command?: string;
  run(cluster: DemoCluster): Promise<void>;
  /** What came of it, in one line. */
  outcome(cluster: DemoCluster): string;
}

export interface Subject {
  readonly kind: 'Gateway' | 'Ingress';
  readonly ref: ObjectRef;
  /** The Service that Cilium makes for it. */
  readonly service: ObjectRef;
  readonly entrypoint: ObjectRef;
}

export interface TryOut {
  readonly what: string;
  readonly command: string;
}
