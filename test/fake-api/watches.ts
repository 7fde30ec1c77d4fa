import { ApiError, badRequest } from './api-error.ts';
import { apiVersionOf } from './catalog.ts';
import type { Faults, WatchMessage } from './faults.ts';
import type { KubeObject } from './json.ts';
import type { Kind } from './kinds.ts';
import { requestMatcher } from './lists.ts';
import type { RequestInfo } from './request-info.ts';
import type { RecordedRequest } from './requests.ts';
import type { Matcher } from './selectors.ts';
import { objectText } from './serialize.ts';
import type { Change, Store } from './store.ts';
import type { Wire } from './wire.ts';

/** A watch stream that is open now. */
export interface OpenWatch {
  readonly request: RecordedRequest;
  readonly kind: Kind;
  /** Ends the stream properly. */
  close(): void;
  /** Resets the connection. */
  reset(): void;
  /** Half-open: sends nothing any more and stays open. */
  freeze(): void;
  /** Sends an event that never happened, past the watch hook. */
  send(message: WatchMessage): void;
}

/** How an object is shown in an event: as it is, or as a table row. */
export type Render = (object: KubeObject, first: boolean) => string;

/** The open watches of a server. */
export class Watches {
  readonly #store: Store;
  readonly #faults: Faults;
  readonly #open = new Set<OpenWatch>();
  /** Between bookmarks on streams that asked for them. Read when a watch starts. */
  bookmarkIntervalMs: number;
  /**
   * Whether bookmarks move with the whole store, as they do where etcd notifies the API server of its progress.
   * Without it a kind that nobody touches has none.
   */
  progressNotify = false;

  constructor(store: Store, faults: Faults, bookmarkIntervalMs: number) {
    this.#store = store;
    this.#faults = faults;
    this.bookmarkIntervalMs = bookmarkIntervalMs;
  }

  all(): OpenWatch[] {
    return [...this.#open];
  }

  /** Answers a watch request; the stream goes on until it is closed, times out, or the client leaves. */
  start(kind: Kind, info: RequestInfo, request: RecordedRequest, wire: Wire, render: Render = objectText): void {
    const matches = requestMatcher(kind, info);
    const asked = info.query.get('resourceVersion') ?? '';
    if (asked !== '' && !/^\d+$/.test(asked)) {
      throw badRequest(`Invalid value: "${asked}": strconv.ParseUint: parsing "${asked}": invalid syntax`);
    }
    wire.open(200, { 'cache-control': 'no-cache, private' });
    const stream = new Stream(kind, request, wire, this.#faults, render);
    this.#open.add(stream);
    const version = Number(asked);
    try {
      if (version === 0) {
        for (const object of this.#store.list(kind).filter(matches)) {
          stream.emit('ADDED', object);
        }
      } else {
        for (const change of this.#store.changesSince(kind, version)) {
          emitChange(stream, change, matches);
        }
      }
    } catch (error) {
      // Once a watch is admitted its errors are events, not HTTP codes.
      if (error instanceof ApiError) {
        stream.send({ type: 'ERROR', object: error.toStatus() });
        stream.close();
      }
    }
    this.#follow(stream, kind, info, version, matches, wire);
  }

  #follow(stream: Stream, kind: Kind, info: RequestInfo, from: number, matches: Matcher, wire: Wire): void {
    const stop = this.#store.onChange(kind, (change) => {
      if (change.version > from) {
        emitChange(stream, change, matches);
      }
    });
    const bookmarks = info.query.get('allowWatchBookmarks') === 'true';
    const bookmark = (): void => {
      const version = this.progressNotify ? this.#store.version : this.#store.versionOf(kind);
      if (version > from) {
        stream.bookmark(String(version));
      }
    };
    const ticker = bookmarks ? setInterval(bookmark, this.bookmarkIntervalMs) : undefined;
    const left = Number(info.query.get('timeoutSeconds') ?? 0) * 1000;
    const early = left - LAST_BOOKMARK_MS;
    const last = bookmarks && early > 0 ? setTimeout(bookmark, early) : undefined;
    const deadline = left > 0 ? setTimeout(() => stream.close(), left) : undefined;
    wire.onClose(() => {
      stop();
      clearInterval(ticker);
      clearTimeout(last);
      clearTimeout(deadline);
      this.#open.delete(stream);
    });
  }
}

/** The last bookmark comes so long before the end. */
const LAST_BOOKMARK_MS = 2000;

class Stream implements OpenWatch {
  readonly kind: Kind;
  readonly request: RecordedRequest;
  readonly #wire: Wire;
  readonly #faults: Faults;
  readonly #render: Render;
  #first = true;

  constructor(kind: Kind, request: RecordedRequest, wire: Wire, faults: Faults, render: Render) {
    this.kind = kind;
    this.request = request;
    this.#wire = wire;
    this.#faults = faults;
    this.#render = render;
  }

  emit(type: Change['type'], object: KubeObject): void {
    const hook = this.#faults.watchHook;
    if (hook !== undefined) {
      for (const message of hook({ type, object }, this.request)) {
        this.send(message);
      }
      return;
    }
    this.#wire.write(`{"type":"${type}","object":${this.#render(object, this.#first)}}\n`);
    this.#first = false;
  }

  bookmark(resourceVersion: string): void {
    const { kind } = this;
    const object = {
      kind: kind.kind,
      apiVersion: apiVersionOf(kind),
      metadata: { resourceVersion, creationTimestamp: null },
    };
    this.send({ type: 'BOOKMARK', object });
  }

  send(message: WatchMessage): void {
    this.#wire.write(`${JSON.stringify(message)}\n`);
  }

  close(): void {
    this.#wire.end();
  }

  reset(): void {
    this.#wire.reset();
  }

  freeze(): void {
    this.#wire.freeze();
  }
}

/** An object that stops matching is DELETED for this watcher, one that starts to is ADDED. */
function emitChange(stream: Stream, change: Change, matches: Matcher): void {
  const before = change.previous !== undefined && matches(change.previous);
  const now = change.type !== 'DELETED' && matches(change.object);
  if (now) {
    stream.emit(before ? 'MODIFIED' : 'ADDED', change.object);
  } else if (before && change.previous !== undefined) {
    const { resourceVersion } = change.object.metadata;
    stream.emit('DELETED', { ...change.previous, metadata: { ...change.previous.metadata, resourceVersion } });
  }
}
