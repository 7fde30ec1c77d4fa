import type { Finding, Json, Target, Verdict } from '../plan/plan.types.ts';
import type { CloudName } from '../providers/provider.types.ts';
import type { DoctorWorld, KubeKind } from './world.types.ts';

/** Where on the packet's way a check looks. */
export type Section = 'cluster' | 'way-in' | 'way-out' | 'probe';

/** The stations of a packet: from a client in to a Pod, and from a Pod out to the world. */
export const LINKS = [
  'public address',
  'load balancer',
  'listener',
  'target',
  'security group',
  'node',
  'Envoy',
  'Pod',
  'way out',
] as const;

export type Link = (typeof LINKS)[number];

/** The page for everybody, or for the users of each cloud. */
export type DocPages = string | Readonly<Record<CloudName, string>>;

/** One thing that doctor looks at. Pure: the same world gives the same findings. */
export interface Check {
  /** Stable, kebab-case; the same in report, metric, log line and docs. */
  readonly id: string;
  readonly section: Section;
  /** The station that is broken when it fails. */
  readonly link: Link;
  /** What is right when it passes, a few words: `Each node has addresses for its Pods`. */
  readonly title: string;
  /** What is looked at, for the docs: `ipam` of cilium-config, spec.podCIDR of each Node. */
  readonly looksAt: string;
  /** Page that explains it, https; one a cloud where each has its own. */
  readonly docs: DocPages;
  /** Ids of earlier checks of which a failure of this one may be a mere consequence. */
  readonly causes: readonly string[];
  /** Kinds without which nothing can be said: where one could not be read, the check is `unknown` and does not run. */
  readonly needs: readonly KubeKind[];
  /** Kinds that are needed as well where this world has something that uses them. */
  readonly needsBesides?: (world: DoctorWorld) => readonly KubeKind[];
  /** Every reason of its own, and what it means, one sentence each: `docs/reasons.md` is made from them. */
  readonly reasons: Readonly<Record<string, string>>;
  /** At least one finding, `pass` and `not-applicable` included. */
  run(world: DoctorWorld): readonly Finding[];
}

/** What a finding says besides its verdict and reason. */
export interface Said {
  /** One sentence: what is so. */
  readonly message: string;
  /** The object it is about; absent: the whole cluster. */
  readonly target?: Target | undefined;
  /** One sentence: how to mend it, with the exact command or Helm value. */
  readonly fix?: string;
  readonly evidence?: { readonly [key: string]: Json };
}

/** Makes the findings of one check. `R`: its reasons. */
export interface Say<R extends string> {
  fail(reason: R, said: Said & { readonly fix: string }): Finding;
  warn(reason: R, said: Said & { readonly fix: string }): Finding;
  /** Says what could not be read, and what would let it be. */
  unknown(reason: R, said: Said): Finding;
  pass(message: string, said?: Omit<Said, 'message' | 'fix'>): Finding;
  /** Says why there is nothing to look at. */
  notApplicable(message: string): Finding;
}

/** What one check came to. */
export interface CheckOutcome {
  readonly check: Check;
  readonly findings: readonly Finding[];
  /** The worst of its findings: fail, warn, unknown, pass, not-applicable. */
  readonly verdict: Verdict;
  /** Id of the failed check that this failure may follow from; undefined: it stands for itself. */
  readonly followsFrom: string | undefined;
}

/** What all checks came to. */
export interface Diagnosis {
  /** In the declared order. */
  readonly outcomes: readonly CheckOutcome[];
  /** The first failed check, in the declared order, that follows from no other; undefined: nothing fails. */
  readonly brokenLink: string | undefined;
}
