import type { Edit } from './cluster-data.ts';
import type { ReferenceName } from './reference/all.ts';

/** One way to break a healthy cluster, and what doctor must say of it first. */
export interface Scenario {
  /** What people meet, for the docs: `CoreDNS: i/o timeout to 10.247.0.1:443`. */
  readonly symptom: string;
  /** The healthy cluster that is broken. */
  readonly reference: ReferenceName;
  /** Changes that leave it healthy, where the reference itself gives the check nothing to look at. */
  readonly given?: readonly Edit[];
  /** What breaks it. */
  readonly broken: readonly Edit[];
  /** Default `fail`. */
  readonly verdict?: 'fail' | 'warn' | 'unknown';
  readonly reason: string;
  /** Checks that may fail or warn besides, because they follow from it. */
  readonly follows?: readonly string[];
}

/** What a file in `scenarios/` exports as `scenarios`; its name is the check's id. */
export type Scenarios = readonly [Scenario, ...Scenario[]];
