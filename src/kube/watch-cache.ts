import { abortReason, type Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { KubeClient, MappedList, WatchEvent } from './client.types.ts';
import type { KubeError } from './errors.ts';
import { createListTrust } from './list-trust.ts';
import { type Change, createObjectStore, type ListedObject, versionOf } from './object-store.ts';
import { refName, resourceName } from './paths.ts';
import { isNewer } from './resource-version.ts';
import type { Resource } from './resources.ts';
import type { RawObject } from './types.ts';
import type { CacheState, Model, WatchCache } from './watch.types.ts';
import { createWatchStatus } from './watch-status.ts';
import { asKubeError, DEFAULT_TIMING, retryDelay, type WatchTiming } from './watch-timing.ts';

export interface WatchCacheOptions<T extends Model> {
  readonly client: KubeClient;
  readonly resource: Resource;
  /** Reads what the program needs; undefined leaves the object out. May throw: that concerns this object only. */
  readonly trim: (raw: RawObject) => T | undefined;
  /** Called at once and in order for each real change. May throw: that is logged. */
  readonly onChange?: (change: Change<T>) => void;
  /** Called when `synced`, `served`, `unreadable`, `unproven` or the category of `error` changed. */
  readonly onState?: (state: CacheState) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly pageSize?: number;
  readonly timing?: Partial<WatchTiming>;
  /** Yields 0 ≤ x < 1, for jitter. */
  readonly random?: () => number;
}

/**
 * A list+watch loop over one kind. It outlives whatever the server does: streams that end, hang, or carry garbage,
 * expired versions, refusals, a kind that is not served. What was read stays while reading fails.
 */
export function createWatchCache<T extends Model>(options: WatchCacheOptions<T>): WatchCache<T> {
  const { client, resource, clock, logger, random = Math.random } = options;
  const timing = { ...DEFAULT_TIMING, ...options.timing };
  const scope = {
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),
    ...(options.fieldSelector === undefined ? {} : { fieldSelector: options.fieldSelector }),
  };
  const kind = resourceName(resource);
  const store = createObjectStore<T>({
    trim: options.trim,
    onChange: (change) => options.onChange?.(change),
    onFailure: (ref, what, err) =>
      logger.warn(
        { resource: kind, object: refName(ref), err },
        what === 'trim' ? 'object cannot be read' : 'change of an object cannot be handled',
      ),
  });
  const status = createWatchStatus({
    kind,
    clock,
    logger,
    unreadable: store.unreadable,
    onState: (state) => options.onState?.(state),
  });

  /** Where the watch goes on; undefined: a list is needed first. */
  let position: string | undefined;
  let newestSeen = '';
  let failures = 0;
  let missingSince: number | undefined;
  let openedAt: number | undefined;
  let relistDueAt = 0;
  let firstListAt = 0;
  let listing: Promise<void> | undefined;
  let watching = new AbortController();
  let unreadable = 0;

  const trust = createListTrust(`LIST ${kind}`, timing.vanishedMs, clock);

  function relist(signal: AbortSignal): Promise<void> {
    listing ??= readList(signal).finally(() => {
      listing = undefined;
    });
    return listing;
  }

  async function readList(signal: AbortSignal): Promise<void> {
    const seenBefore = newestSeen;
    const { resourceVersion: version, items } = await fetchList(signal);
    const held = store.models().length;
    const wentBack = trust.judge({ version, seenBefore, listed: items.length, held });
    const unproven = isUnproven(items.length);
    if (wentBack) {
      logger.warn({ resource: kind, version, seenBefore }, 'versions went back; starting over');
      newestSeen = '';
      watching.abort(new Error('versions went back'));
    }
    if (items.length === 0 && held > 0) {
      logger.warn({ resource: kind, objects: held }, 'list stays empty; its objects were dropped');
    }
    store.replace(items, version, wentBack);
    if (wentBack || position === undefined) {
      position = version;
    }
    see(version);
    missingSince = undefined;
    const untilNext = timing.relistMs * (0.9 + 0.2 * random());
    relistDueAt = clock.monotonic() + (unproven ? Math.min(timing.vanishedMs, untilNext) : untilNext);
    status.listed(items.length, unproven);
    tellUnreadable();
  }

  /** Whether a list is empty that is the first, or came too soon after it to say more. */
  function isUnproven(listed: number): boolean {
    const { listsCompleted, unproven } = status.current();
    const now = clock.monotonic();
    if (listsCompleted === 0) firstListAt = now;
    return listed === 0 && (listsCompleted === 0 || (unproven && now - firstListAt < timing.vanishedMs));
  }

  async function fetchList(signal: AbortSignal): Promise<MappedList<ListedObject<T> | undefined>> {
    try {
      return await client.listMapped<ListedObject<T> | undefined>(resource, store.prepare, {
        ...scope,
        ...(options.pageSize === undefined ? {} : { pageSize: options.pageSize }),
        timeoutMs: timing.listTimeoutMs,
        signal,
      });
    } catch (error) {
      trust.failed();
      throw error;
    }
  }

  /** Whether absence is proven depends on it, even where no object that can be read changes. */
  function tellUnreadable(): void {
    if (unreadable === store.unreadable()) return;
    unreadable = store.unreadable();
    status.unreadableChanged();
  }

  function see(version: string): void {
    if (newestSeen === '' || isNewer(version, newestSeen)) {
      newestSeen = version;
    }
  }

  async function watch(from: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted(); // at the end of a list, say: a listener that is added now would never be called
    const mine = new AbortController();
    watching = mine;
    const onAbort = (): void => mine.abort(abortReason(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const events = client.watch(resource, {
        ...scope,
        resourceVersion: from,
        serverTimeoutSeconds: Math.round((timing.serverTimeoutMs * (1 + random())) / 1000),
        idleTimeoutMs: timing.idleTimeoutMs * (1 + 0.2 * random()),
        signal: mine.signal,
        onOpen: () => {
          openedAt = clock.monotonic();
          status.opened();
        },
      });
      for await (const event of events) {
        take(event);
      }
    } catch (error) {
      if (!mine.signal.aborted || signal.aborted) {
        throw error;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  function take(event: WatchEvent): void {
    status.alive();
    const version = event.type === 'BOOKMARK' ? event.resourceVersion : versionOf(event.object);
    if (event.type === 'DELETED') {
      store.remove(event.object);
    } else if (event.type !== 'BOOKMARK') {
      store.put(event.object);
    }
    see(version);
    tellUnreadable();
    // An event that comes late must not turn the watch back.
    if (version !== '' && position !== undefined && !isNewer(position, version)) {
      position = version;
    }
  }

  async function keepWatching(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      openedAt = undefined;
      let error: KubeError | undefined;
      try {
        if (position === undefined) {
          await relist(signal);
        }
        await watch(position ?? '', signal);
      } catch (caught) {
        error = asKubeError(caught, `WATCH ${kind}`);
      }
      const healthy = openedAt !== undefined && clock.monotonic() - openedAt >= timing.healthyMs;
      failures = healthy ? 0 : failures;
      if (healthy && error?.category === 'timeout') {
        // A kind that nobody touches is silent, bookmarks or not; so is a dead connection. A new one tells.
        logger.debug({ resource: kind }, 'watch was silent; opening it anew');
        error = undefined;
      }
      if (!signal.aborted && (error !== undefined || !healthy)) {
        failures += 1;
        await recover(error, signal);
      }
    }
  }

  /** Draws the conclusions from a failure, and waits for as long as it asks for. */
  async function recover(error: KubeError | undefined, signal: AbortSignal): Promise<void> {
    // A watch that has to begin anew is no trouble; a list that cannot be had is.
    const expired = error?.category === 'gone' && position !== undefined;
    if (error !== undefined && ['gone', 'garbled', 'invalid', 'not-served'].includes(error.category)) {
      position = undefined;
    }
    if (expired) {
      logger.debug({ resource: kind, failures }, 'version expired; listing again');
    } else if (error !== undefined) {
      status.failed(error, failures);
    }
    if (error?.category === 'gone' && failures === 1) {
      return;
    }
    if (error?.category === 'not-served') {
      dropWhenVanished();
    } else {
      missingSince = undefined;
    }
    await clock.sleep(retryDelay(failures, error, random), signal).catch(() => undefined);
  }

  /** One 404 may come from an API server that has not loaded its CRDs yet: only a lasting one empties the cache. */
  function dropWhenVanished(): void {
    const now = clock.monotonic();
    missingSince ??= now;
    if (status.current().synced && now - missingSince >= timing.vanishedMs) {
      const objects = store.models().length;
      store.clear();
      status.vanished(objects);
    }
  }

  /** The list in between goes beside the watch, so that there is no gap. */
  async function keepRelisting(signal: AbortSignal): Promise<void> {
    let attempts = 0;
    while (!signal.aborted) {
      try {
        await clock.sleep(Math.max(1_000, relistDueAt - clock.monotonic()), signal);
        if (position !== undefined && clock.monotonic() >= relistDueAt) {
          await relist(signal);
          attempts = 0;
        }
      } catch (caught) {
        if (!signal.aborted) {
          attempts += 1;
          const error = asKubeError(caught, `LIST ${kind}`);
          relistDueAt = clock.monotonic() + retryDelay(attempts, error, random);
          status.relistFailed(error);
        }
      }
    }
  }

  function upsert(raw: RawObject): void {
    store.put(raw);
    see(versionOf(raw));
    tellUnreadable();
  }

  return {
    resource,
    get: store.get,
    list: store.models,
    state: status.current,
    whenSynced: status.whenSettled,
    upsert,
    async run(signal) {
      await Promise.all([keepWatching(signal), keepRelisting(signal)]);
    },
  };
}
