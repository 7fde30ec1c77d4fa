import type { Resource } from './resources.ts';
import type { ObjectRef, RawObject } from './types.ts';

/** What every request may carry. A request without `timeoutMs` ends after the client's default (10 s). */
export interface RequestOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface WriteOptions extends RequestOptions {
  readonly fieldManager: string;
  /** Sends `dryRun=All`: admission and validation run, nothing is stored. */
  readonly dryRun?: boolean;
  /**
   * Asked in the very tick in which the request is handed to the kernel, after credentials and connection are there:
   * no ends it with a NotSentError.
   */
  readonly maySend?: () => boolean;
}

export interface ListOptions extends RequestOptions {
  /** Empty or absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects a page; the client follows `continue` itself. Default: as many as make a page of 4 MB, 500 at most. */
  readonly pageSize?: number;
  /** So many of the first ones are enough: no more are asked for. */
  readonly most?: number;
  /** Told of each page before it is asked for. */
  readonly onPage?: (() => void) | undefined;
}

export interface ListResult {
  readonly items: readonly RawObject[];
  /** Of the whole list: where a watch goes on from. */
  readonly resourceVersion: string;
}

/** A list whose objects were mapped while its pages came in, so that the raw pages need not be kept. */
export interface MappedList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export type PatchBody =
  | { readonly type: 'merge'; readonly body: RawObject }
  | { readonly type: 'json'; readonly body: readonly JsonPatchOperation[] }
  | { readonly type: 'apply'; readonly body: RawObject; readonly force: boolean };

export interface JsonPatchOperation {
  readonly op: 'test' | 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

export interface PatchOptions extends WriteOptions {
  readonly subresource?: 'status';
}

export interface DeleteOptions extends WriteOptions {
  /** The delete fails with a conflict when the live object has another uid. */
  readonly uid?: string;
  /** The delete fails with a conflict when the live object has another version. */
  readonly resourceVersion?: string;
}

export interface WatchOptions extends RequestOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly resourceVersion: string;
  /** The server ends the watch after this many seconds; the loop then goes on from the last version. */
  readonly serverTimeoutSeconds: number;
  /** The stream is given up when nothing, not even a bookmark, came for so long (a half-open connection). */
  readonly idleTimeoutMs: number;
  /** Called when the server has accepted the watch, before the first event. */
  readonly onOpen?: () => void;
}

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: RawObject }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

/**
 * Kubernetes over HTTP. Every method rejects with a `KubeError` and with nothing else, except that an aborted signal
 * rejects with the signal's reason, and a `maySend` that says no with a NotSentError. Nothing is retried here, save `list` (which starts over once when its
 * continuation expires): a caller decides with the error's `category`.
 */
export interface KubeClient {
  /** The API server's URL, for messages. */
  readonly server: string;
  get(resource: Resource, ref: ObjectRef, options?: RequestOptions): Promise<RawObject>;
  list(resource: Resource, options?: ListOptions): Promise<ListResult>;
  /**
   * As `list`, but each object is mapped as soon as it has come in: memory is needed for one raw object only. When
   * the continuation expires the list starts over, and objects are mapped again. What `map` throws is thrown on.
   */
  listMapped<T>(resource: Resource, map: (raw: RawObject) => T, options?: ListOptions): Promise<MappedList<T>>;
  create(resource: Resource, object: RawObject, options: WriteOptions): Promise<RawObject>;
  patch(resource: Resource, ref: ObjectRef, patch: PatchBody, options: PatchOptions): Promise<RawObject>;
  delete(resource: Resource, ref: ObjectRef, options: DeleteOptions): Promise<void>;
  /** Yields events until the server ends the stream; an ERROR event (410 and others) rejects as a KubeError. */
  watch(resource: Resource, options: WatchOptions): AsyncIterable<WatchEvent>;
  /** `GET /version`, gitVersion such as `v1.33.13`. */
  version(options?: RequestOptions): Promise<string>;
  /** Closes idle connections; requests under way end as aborted. */
  close(): void;
}
