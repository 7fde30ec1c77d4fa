import type { Json, KubeObject } from './json.ts';
import type { RecordedRequest } from './requests.ts';

/**
 * What happens to a request instead of, or on top of, its honest answer.
 * - `answer`: this answer; the request is not carried out. Without `body` it is a Status object. With `cut` only its
 *   first bytes arrive, as with the fault `cut`.
 * - `drop`: not carried out and never answered: the connection is reset, or stays open without a word.
 * - `cut`: carried out, but only the first bytes of the answer arrive. `truncate` ends the HTTP message properly
 *   after them, `close` and `reset` end the connection, `hang` leaves it open.
 * - `delay`: waits, then goes on with `then` or the honest answer.
 * - `list`: the honest list, transformed (stale, empty, without one object).
 */
export type Fault =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly reason?: string;
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly cut?: { readonly afterBytes: number; readonly how: Cut };
    }
  | { readonly kind: 'drop'; readonly how: 'reset' | 'hang' }
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly how: Cut }
  | { readonly kind: 'delay'; readonly ms: number; readonly then?: Fault }
  | {
      readonly kind: 'list';
      readonly transform: (items: readonly KubeObject[]) => readonly KubeObject[];
      readonly resourceVersion?: string;
    };

export type Cut = 'truncate' | 'close' | 'reset' | 'hang';

/** Looks at a request before it is carried out; undefined lets it pass. */
export type Intercept = (request: RecordedRequest) => Fault | undefined;

export interface WatchMessage {
  readonly type: string;
  readonly object: Json;
}

/**
 * Stands between a change and a watcher: `[]` drops the event, `[event, event]` doubles it; to reorder, keep one and
 * return it behind a later one.
 */
export type WatchHook = (event: WatchMessage, watch: RecordedRequest) => readonly WatchMessage[];

/** The faults of a server, in the order in which they were added. */
export class Faults {
  readonly #intercepts = new Set<Intercept>();
  /** Filters what watchers get; undefined: the truth. */
  watchHook: WatchHook | undefined;

  /** Adds an intercept behind the others; the first one with a fault wins. Returns the way to remove it. */
  intercept(intercept: Intercept): () => void {
    this.#intercepts.add(intercept);
    return () => {
      this.#intercepts.delete(intercept);
    };
  }

  /** The next `times` requests that match meet the fault; then all is well again. */
  failNext(matches: (request: RecordedRequest) => boolean, fault: Fault, times = 1): () => void {
    let left = times;
    const remove = this.intercept((request) => {
      if (left === 0 || !matches(request)) {
        return undefined;
      }
      left -= 1;
      if (left === 0) {
        remove();
      }
      return fault;
    });
    return remove;
  }

  clear(): void {
    this.#intercepts.clear();
    this.watchHook = undefined;
  }

  next(request: RecordedRequest): Fault | undefined {
    for (const intercept of this.#intercepts) {
      const fault = intercept(request);
      if (fault !== undefined) {
        return fault;
      }
    }
    return undefined;
  }
}
