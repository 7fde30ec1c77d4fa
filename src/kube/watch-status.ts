import { orAborted } from '../lib/abort.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { KubeError } from './errors.ts';
import type { CacheState } from './watch.types.ts';

export interface WatchStatusOptions {
  /** The kind, for the log: `gateways.gateway.networking.k8s.io`. */
  readonly kind: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly unreadable: () => number;
  readonly onState: (state: CacheState) => void;
}

/** What a watch cache knows of its own freshness; logs each transition once. */
export interface WatchStatus {
  current(): CacheState;
  /** A complete list was taken; `unproven` as in the state. */
  listed(objects: number, unproven: boolean): void;
  /** The server accepted a watch. */
  opened(): void;
  /** An event came. */
  alive(): void;
  /** A list or watch failed. */
  failed(error: KubeError, failures: number): void;
  /** The list in between failed, while the watch goes on. */
  relistFailed(error: KubeError): void;
  /** The kind is missing for good: its objects were dropped. */
  vanished(objects: number): void;
  /** Another number of objects cannot be read. */
  unreadableChanged(): void;
  /** Resolves with the first list, or when the kind turns out not to be served. */
  whenSettled(signal: AbortSignal): Promise<void>;
}

export function createWatchStatus(options: WatchStatusOptions): WatchStatus {
  const { kind, clock, logger } = options;
  const settled = Promise.withResolvers<void>();
  let state: Omit<CacheState, 'unreadable' | 'error'> = {
    synced: false,
    served: false,
    listsCompleted: 0,
    unproven: false,
    lastListAt: undefined,
    lastEventAt: undefined,
    watchesOpened: 0,
    failures: 0,
  };
  let watchError: KubeError | undefined;
  let relistError: KubeError | undefined;

  function current(): CacheState {
    return { ...state, unreadable: options.unreadable(), error: watchError ?? relistError };
  }

  function tell(): void {
    try {
      options.onState(current());
    } catch (err) {
      logger.warn({ resource: kind, err }, 'change of a cache state cannot be handled');
    }
  }

  return {
    current,
    listed(objects, unproven) {
      const now = clock.monotonic();
      const news = !state.synced || !state.served || relistError !== undefined || state.unproven !== unproven;
      relistError = undefined;
      state = {
        ...state,
        synced: true,
        served: true,
        listsCompleted: state.listsCompleted + 1,
        unproven,
        lastListAt: now,
        lastEventAt: now,
      };
      settled.resolve();
      if (news) {
        logger.debug({ resource: kind, objects }, 'list complete');
        tell();
      }
    },
    opened() {
      state = { ...state, lastEventAt: clock.monotonic(), watchesOpened: state.watchesOpened + 1 };
      if (watchError !== undefined) {
        watchError = undefined;
        logger.info({ resource: kind }, 'watch works again');
        tell();
      }
    },
    alive() {
      state = { ...state, lastEventAt: clock.monotonic() };
    },
    failed(error, failures) {
      const news = watchError?.category !== error.category;
      const fields = { resource: kind, category: error.category, error: error.message, failures };
      watchError = error;
      if (error.category === 'not-served') {
        state = { ...state, served: false };
        settled.resolve();
      } else {
        state = { ...state, failures: state.failures + 1 };
      }
      if (news && error.category === 'not-served' && !state.synced) {
        // A kind that this cluster never had is no trouble: who needs it says so.
        logger.debug(fields, 'kind is not served; asking again from time to time');
        tell();
      } else if (news) {
        logger.warn(fields, 'list or watch fails; trying again');
        tell();
      } else {
        logger.debug(fields, 'list or watch fails; trying again');
      }
    },
    relistFailed(error) {
      const news = relistError?.category !== error.category;
      relistError = error;
      state = { ...state, failures: state.failures + 1 };
      if (news) {
        logger.warn({ resource: kind, error: error.message }, 'periodic list fails; trying again');
        tell();
      }
    },
    vanished(objects) {
      state = { ...state, synced: false };
      logger.warn({ resource: kind, objects }, 'kind is no longer served; its objects were dropped');
      tell();
    },
    unreadableChanged: tell,
    whenSettled: (signal) => orAborted(settled.promise, signal),
  };
}
