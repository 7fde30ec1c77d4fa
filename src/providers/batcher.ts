import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../lib/clock.ts';
import { createAnswerCache } from './cache.ts';
import { CALLER_LIMITS } from './caller.ts';
import { CloudError } from './errors.ts';
import type { CloudAnswer } from './provider.types.ts';

/** Asks for several ids in one request; what is missing in the answer is not there. */
export type AskMany<V> = (ids: readonly string[], signal: AbortSignal) => Promise<CloudAnswer<ReadonlyMap<string, V>>>;

/** Joins questions about single ids into requests for many. */
export interface Batcher<V> {
  /** What is known of one id; undefined: it is not there. Rejects as `askMany` does, or with the signal's reason. */
  get(id: string, signal: AbortSignal): Promise<CloudAnswer<V | undefined>>;
}

interface Batch<V> {
  readonly ids: Set<string>;
  readonly answer: Promise<ReadonlyMap<string, Settled<V>>>;
  readonly abort: (reason: unknown) => void;
  waiting: number;
}

type Settled<V> = { readonly answer: CloudAnswer<V | undefined> } | { readonly error: unknown };

/**
 * Whoever asks in the same turn of the event loop shares requests of at most `most` ids; answers are kept as long as the
 * caller's own.
 */
export function createBatcher<V>(askMany: AskMany<V>, most: number, clock: Clock): Batcher<V> {
  const answers = createAnswerCache(CALLER_LIMITS.keepMs, clock);
  let open: Batch<V> | undefined;

  function openBatch(): Batch<V> {
    const ids = new Set<string>();
    const controller = new AbortController();
    const fill = async (): Promise<ReadonlyMap<string, Settled<V>>> => {
      await setImmediate();
      if (open === batch) open = undefined;
      return settleEach([...ids], askMany, controller.signal);
    };
    const batch: Batch<V> = { ids, answer: fill(), abort: (reason) => controller.abort(reason), waiting: 0 };
    return batch;
  }

  function join(id: string, signal: AbortSignal): Promise<CloudAnswer<V | undefined>> {
    if (open === undefined || open.ids.size >= most) open = openBatch();
    const batch = open;
    batch.ids.add(id);
    batch.waiting += 1;
    signal.addEventListener(
      'abort',
      () => {
        batch.waiting -= 1;
        if (batch.waiting === 0) batch.abort(signal.reason);
      },
      { once: true },
    );
    return batch.answer.then((settled) => answerOf(settled.get(id)));
  }

  return { get: (id, signal) => answers.get(id, (during) => join(id, during), signal) };
}

function answerOf<V>(settled: Settled<V> | undefined): CloudAnswer<V | undefined> {
  if (settled === undefined) return { value: undefined, from: [] };
  if ('error' in settled) throw settled.error;
  return settled.answer;
}

/**
 * Asks for all ids at once. Where the cloud refuses the whole request for one id that is wrong or gone, it is asked for
 * each half, so that the others get their answer.
 */
async function settleEach<V>(
  ids: readonly string[],
  askMany: AskMany<V>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Settled<V>>> {
  try {
    const { value, from } = await askMany(ids, signal);
    return new Map(ids.map((id) => [id, { answer: { value: value.get(id), from } }]));
  } catch (error) {
    if (ids.length === 1 || !isAboutAnId(error)) return new Map(ids.map((id) => [id, { error }]));
    const middle = Math.ceil(ids.length / 2);
    const halves = await Promise.all(
      [ids.slice(0, middle), ids.slice(middle)].map((half) => settleEach(half, askMany, signal)),
    );
    return new Map(halves.flatMap((half) => [...half]));
  }
}

/** Other refusals concern the whole request: asking for its halves would only bring more of them. */
function isAboutAnId(error: unknown): boolean {
  return (
    error instanceof CloudError &&
    (error.details.category === 'not-found' || /^Invalid(Parameter(Value)?|InstanceId)(\.|$)/.test(error.details.code))
  );
}
