import type { PatchBody } from '../kube/client.types.ts';
import type { Resource } from '../kube/resources.ts';
import type { ObjectRef, RawObject } from '../kube/types.ts';

/** Any JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** An object as people name it in a report, and as an Event refers to it. */
export interface Target extends ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly uid: string;
}

/** One line of a diff. */
export interface Change {
  /** As kubectl explain names it: `spec.ports[http].targetPort`. */
  readonly field: string;
  /** `undefined`: not there before, or not there afterwards. */
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** The one request that carries an action out. Its precondition is inside: a `test`, a resourceVersion, or a uid. */
export type WriteRequest =
  | {
      readonly verb: 'patch';
      readonly resource: Resource;
      readonly ref: ObjectRef;
      readonly subresource?: 'status';
      readonly patch: PatchBody;
    }
  | { readonly verb: 'create'; readonly resource: Resource; readonly object: RawObject }
  | CopyRequest
  | {
      readonly verb: 'delete';
      readonly resource: Resource;
      readonly ref: ObjectRef;
      readonly uid: string;
      readonly resourceVersion: string;
    };

/**
 * Creates or replaces an object whose bulk is taken from another at the moment of writing, so that the last state of a
 * busy source wins and nothing large is kept in memory.
 */
export interface CopyRequest {
  readonly verb: 'copy';
  readonly resource: Resource;
  readonly ref: ObjectRef;
  readonly source: ObjectRef;
  /** What of the source the plan rests on; when it reads otherwise at the moment of writing, it is planned anew. */
  readonly sourceServices: string;
  /** What would be copied of the source as the plan saw it, as its change says it. */
  readonly content: string;
  /** With this content the copy that exists is what it should be: nothing is written. Undefined: with none. */
  readonly satisfiedBy: string | undefined;
  /** The object without what is copied. */
  readonly skeleton: RawObject;
  /** The copy that is replaced; undefined: there is none. */
  readonly existing: { readonly uid: string; readonly resourceVersion: string } | undefined;
}

export type ActionKind =
  | 'write-redirect-copy'
  | 'delete-redirect-copy'
  | 'patch-entrypoint'
  | 'create-entrypoint'
  | 'delete-entrypoint'
  | 'pin-node-port'
  | 'publish-address'
  | 'clear-address'
  | 'remove-taints'
  | 'switch-class'
  | 'recreate-service';

/** One intended write. */
export interface Action {
  readonly kind: ActionKind;
  /** Actions with one key belong to one subject (`Gateway default/web`) and are carried out in order. */
  readonly key: string;
  readonly target: Target;
  /** resourceVersion of the target as the plan saw it; empty for an object that is to be made. */
  readonly targetVersion: string;
  readonly changes: readonly Change[];
  /** Stable CamelCase code: the same in log line, Event, metric label, JSON and docs. */
  readonly reason: string;
  /** One sentence for people: what is written and why. */
  readonly message: string;
  readonly request: WriteRequest;
  /** Where the Event of the write is shown, besides the target: the Gateway and the entrypoint. */
  readonly related: readonly Target[];
  /** The later actions of the subject do not rest on this one: they are tried even if it is refused. */
  readonly mayFail?: boolean;
  /** Does not rest on the action before it: may be sent while that one is under way. */
  readonly beside?: boolean;
  /** Set when `cilium-cloud-bridge.io/paused` is on one of the objects: which one. */
  readonly pausedBy?: Target;
}

export type Verdict = 'pass' | 'warn' | 'fail' | 'unknown' | 'not-applicable';

/** One diagnosed fact. */
export interface Finding {
  /** Stable id of the check, kebab-case: `entrypoint-address`. */
  readonly check: string;
  readonly verdict: Verdict;
  /** Stable CamelCase code of this outcome. */
  readonly reason: string;
  readonly target: Target | undefined;
  /** One sentence: what is so. */
  readonly message: string;
  /** One sentence: how to mend it, with the exact command or Helm value; empty when nothing is to be done. */
  readonly fix: string;
  readonly evidence: { readonly [key: string]: Json };
}

/** Pure result of an observation. */
export interface Plan {
  readonly actions: readonly Action[];
  readonly findings: readonly Finding[];
  /** Look again after so many milliseconds even if nothing changes; undefined: no need. */
  readonly nextLookMs: number | undefined;
}

/** An action that is not carried out now, and why. */
export interface Declined {
  readonly action: Action;
  /** `DryRun`, `Paused`, `ReadOnly`, `SecondWriter`, `OwnedByAnother`, `NotConfirmed`, … */
  readonly reason: string;
  readonly message: string;
}

/** What became of an action. */
export interface Outcome {
  readonly action: Action;
  /**
   * - `applied`: written; - `conflict`: the object had changed, observe again;
   * - `refused`: 403, 422 and the like, terminal until the object changes; - `failed`: no or a broken answer, try later;
   * - `declined`: not tried.
   */
  readonly status: 'applied' | 'conflict' | 'refused' | 'failed' | 'declined';
  /** Why it was declined, or the error's category. Empty when applied. */
  readonly reason: string;
  readonly message: string;
}
