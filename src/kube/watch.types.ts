import type { KubeError } from './errors.ts';
import type { Resource } from './resources.ts';
import type { Meta, ObjectRef, RawObject } from './types.ts';

/** Every cached object is a trimmed model that carries its metadata. */
export interface Model {
  readonly meta: Meta;
}

/** What a cache knows of its own freshness. Times are of the monotonic clock, milliseconds. */
export interface CacheState {
  /** A complete list was read at least once. */
  readonly synced: boolean;
  /** Rises with each complete list: absence from list N and N+1 is proof, a gap in a watch is not. */
  readonly listsCompleted: number;
  readonly lastListAt: number | undefined;
  /**
   * The API server serves this kind: its last answer to a list or watch was not "no such kind". False until the first
   * answer. When the kind vanishes the cache empties, and this is what tells that from "all objects were deleted".
   */
  readonly served: boolean;
  /** Objects whose newest version could not be trimmed; they keep their last readable version, or are missing. */
  readonly unreadable: number;
  /** The first list was empty, and no later one has said so yet: a server that is starting may have lied. */
  readonly unproven: boolean;
  /** Last sign of life of the stream: event, bookmark, or list. */
  readonly lastEventAt: number | undefined;
  /** Watches that the server accepted, from the first on. */
  readonly watchesOpened: number;
  /** Lists and watches that failed; a version that expired and a kind that is not served are none. */
  readonly failures: number;
  /** The failure that the loop is recovering from; undefined while list and watch work. */
  readonly error: KubeError | undefined;
}

/** A local copy of one kind of object, kept current by list+watch. */
export interface WatchCache<T extends Model> {
  readonly resource: Resource;
  get(ref: ObjectRef): T | undefined;
  /** In no particular order. */
  list(): readonly T[];
  state(): CacheState;
  /**
   * Resolves when the first complete list was read, or when the API server said that it does not serve this kind
   * (`synced` and `served` are false then); rejects when the signal is aborted.
   */
  whenSynced(signal: AbortSignal): Promise<void>;
  /**
   * Takes the object that a write of ours returned, so that the next plan sees it before the watch does.
   * A version that is not newer than the cached one is ignored.
   */
  upsert(object: RawObject): void;
  /** The loop; resolves only after an abort. Never rejects: failures go to `state().error` and the log. */
  run(signal: AbortSignal): Promise<void>;
}
