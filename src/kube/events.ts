import pRetry from 'p-retry';
import { orAborted } from '../lib/abort.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { KubeClient } from './client.types.ts';
import { KubeError, NotSentError } from './errors.ts';
import { createEventLimiter } from './event-limiter.ts';
import {
  type EventSource,
  eventName,
  eventNamespace,
  eventObject,
  type KubeEvent,
  repeatPatch,
} from './event-object.ts';
import { EVENTS } from './resources.ts';

/** The same about the same object counts as a repetition for so long after the last time. */
const REPEAT_WINDOW_MS = 600_000;
const MAX_REMEMBERED = 4_096;
/** Each of 5,000 nodes freed at once has an Event. */
const MAX_WAITING = 10_000;
const CONCURRENCY = 2;
/** After a 403 no Event is tried for so long: somebody has to change the RBAC first. */
const FORBIDDEN_PAUSE_MS = 600_000;

export interface EventRecorderOptions {
  readonly client: KubeClient;
  readonly source: EventSource;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fieldManager?: string;
  /** Asked when an Event goes out: what is not told while this process leads is not told at all. */
  readonly maySend?: () => boolean;
}

/** Tells Kubernetes what happened, as well as it can: nothing depends on an Event, so none holds anything up. */
export interface EventRecorder {
  /** Returns at once and never throws. Repetitions are counted, floods dropped. */
  record(event: KubeEvent): void;
  /** Resolves when everything recorded so far was sent or given up; rejects with the signal's reason. */
  flush(signal: AbortSignal): Promise<void>;
  /** Gives up what waits; for the end of the program. */
  close(): void;
}

/** The Event that stands for all repetitions of one happening. */
interface Happening {
  readonly event: KubeEvent;
  /** Name of the stored Event; empty until it was created. */
  stored: string;
  count: number;
  /** What the stored Event says. */
  told: number;
  seenAt: number;
  /** In the queue, or being sent: two at once would store it twice. */
  busy: boolean;
}

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, source, clock, logger, fieldManager = source.component, maySend } = options;
  const limiter = createEventLimiter();
  const happenings = new Map<string, Happening>();
  const queue: Happening[] = [];
  const closed = new AbortController();
  let workers = 0;
  let idle = Promise.withResolvers<void>();
  let sequence = 0;
  let mutedUntil = Number.NEGATIVE_INFINITY;
  let warned = false;

  function record(event: KubeEvent): void {
    const now = clock.monotonic();
    if (closed.signal.aborted || now < mutedUntil) {
      return;
    }
    const { kind, namespace, name, uid } = event.target;
    const object = `${kind} ${namespace}/${name} ${uid}`;
    if (queue.length >= MAX_WAITING || !limiter.allow(object, now)) {
      logger.debug({ object, reason: event.reason }, 'event dropped: too many');
      return;
    }
    const key = [object, event.type, event.reason, event.action, event.message].join('\n');
    const happening = remember(key, event, now);
    happening.count += 1;
    happening.seenAt = now;
    if (!happening.busy) {
      happening.busy = true;
      queue.push(happening);
    }
    if (workers < CONCURRENCY) {
      workers += 1;
      void work();
    }
  }

  function remember(key: string, event: KubeEvent, now: number): Happening {
    const known = happenings.get(key);
    const happening =
      known !== undefined && now - known.seenAt < REPEAT_WINDOW_MS
        ? known
        : { event, stored: '', count: 0, told: 0, seenAt: now, busy: false };
    happenings.delete(key);
    happenings.set(key, happening);
    const oldest = happenings.keys().next();
    if (happenings.size > MAX_REMEMBERED && oldest.done !== true) {
      happenings.delete(oldest.value);
    }
    return happening;
  }

  async function work(): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const delivered = await deliver(next);
      // What was counted meanwhile follows at once; what was given up waits for the next repetition.
      next.busy = delivered && next.count > next.told && clock.monotonic() >= mutedUntil;
      if (next.busy) {
        queue.push(next);
      }
    }
    workers -= 1;
    if (workers === 0) {
      idle.resolve();
      idle = Promise.withResolvers<void>();
    }
  }

  /** Whether it was sent. */
  async function deliver(happening: Happening): Promise<boolean> {
    try {
      await pRetry(() => send(happening), {
        retries: 3,
        minTimeout: 250,
        maxTimeout: 5_000,
        randomize: true,
        signal: closed.signal,
        shouldRetry: ({ error }) => error instanceof KubeError && error.retryable,
      });
      return true;
    } catch (error) {
      giveUp(happening, error);
      return false;
    }
  }

  async function send(happening: Happening): Promise<void> {
    const { event, stored, count } = happening;
    const write = { fieldManager, signal: closed.signal, ...(maySend && { maySend }) };
    if (stored !== '') {
      const ref = { namespace: eventNamespace(event.target), name: stored };
      try {
        await client.patch(EVENTS, ref, { type: 'merge', body: repeatPatch(count, clock.now()) }, write);
        happening.told = count;
        return;
      } catch (error) {
        if (!(error instanceof KubeError && error.category === 'not-found')) {
          throw error;
        }
        // Events live for an hour only: this one begins anew.
        happening.stored = '';
      }
    }
    sequence += 1;
    const unique = (BigInt(clock.now()) * 1_000_000n + BigInt(sequence)).toString(16);
    const name = eventName(event.target, unique);
    const created = eventObject(event, source, clock.now(), name);
    await client.create(EVENTS, count > 1 ? { ...created, ...repeatPatch(count, clock.now()) } : created, write);
    happening.stored = name;
    happening.told = count;
  }

  function giveUp(happening: Happening, error: unknown): void {
    if (closed.signal.aborted || error instanceof NotSentError) {
      return;
    }
    if (error instanceof KubeError && error.category === 'forbidden') {
      mutedUntil = clock.monotonic() + FORBIDDEN_PAUSE_MS;
    }
    const fields = { reason: happening.event.reason, error: error instanceof Error ? error.message : String(error) };
    if (warned) {
      logger.debug(fields, 'event cannot be recorded');
    } else {
      logger.warn(fields, 'event cannot be recorded; going on without');
    }
    warned = true;
  }

  return {
    record,
    flush: (signal) => (workers === 0 ? Promise.resolve() : orAborted(idle.promise, signal)),
    close: () => closed.abort(new Error('the event recorder was closed')),
  };
}
