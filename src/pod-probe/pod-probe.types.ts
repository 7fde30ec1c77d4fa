/** What the user asks of `--probe-pods`. */
export interface PodProbeChoice {
  /** At most so many Pods, one a node. */
  readonly nodes: number;
  /** Undefined: the one that fits the cloud; `agent`: the image of Cilium's agent, which every node has already. */
  readonly image: string | undefined;
  readonly namespace: string;
  /** Public names: resolved inside by DNS, and resolved by doctor for connections by address alone. */
  readonly names: readonly string[];
  /** Does not ask first. */
  readonly yes: boolean;
}

/** An address outside, to which Pods connect without DNS. */
export interface PublicTarget {
  readonly name: string;
  readonly ip: string;
}

/** What is going to be created, before anything is. */
export interface PodProbePlan {
  readonly namespace: string;
  readonly image: string;
  /** One Pod each. */
  readonly nodes: readonly { readonly name: string; readonly ip: string }[];
  /** Nodes that get none, because there are more than may be. */
  readonly leftOut: number;
  readonly names: readonly string[];
  /** Those of the names that have an address. */
  readonly targets: readonly PublicTarget[];
}

export const MEASURES = ['cluster-dns', 'public-dns', 'https', 'node'] as const;

/** One measurement inside a Pod. */
export interface Measure {
  readonly what: (typeof MEASURES)[number];
  /** The name or address. */
  readonly subject: string;
  /** `unmeasured`: the image has no tool for it. */
  readonly result: 'ok' | 'failed' | 'unmeasured';
  /** The tool: `ping`, `tcp`, `curl`, `getent`, … */
  readonly by: string;
}

export interface PodProbeResult {
  readonly node: string;
  readonly pod: string;
  /** Undefined: the Pod came to nothing; then `why` says it. */
  readonly measures: readonly Measure[] | undefined;
  /** One clause: `it could not be created (…)`, `its image cannot be pulled (…)`. */
  readonly why: string;
}

export type PodProbeMeasurement =
  | {
      readonly state: 'measured';
      readonly plan: PodProbePlan;
      readonly results: readonly PodProbeResult[];
      readonly remains: readonly string[];
    }
  | { readonly state: 'not-measured'; readonly why: string; readonly mend: string };
