import { orAborted } from '../lib/abort.ts';
import type { Clock } from '../lib/clock.ts';

/** Answers that are asked for once: by all who ask at the same time, and by those who ask soon after. */
export interface AnswerCache {
  /**
   * The answer to `question`: a kept one, the one under way, or what `ask` brings. Rejects as `ask` does, or with the
   * signal's reason. `ask` is given up only when nobody waits any more. A failure is told to those who wait, and not kept.
   */
  get<T>(question: string, ask: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>;
}

interface Flight {
  readonly answer: Promise<unknown>;
  readonly abort: (reason: unknown) => void;
  waiting: number;
  /** Monotonic; undefined while it is under way. */
  keepUntil: number | undefined;
}

/** @param keepMs how long an answer is good for */
export function createAnswerCache(keepMs: number, clock: Clock): AnswerCache {
  const flights = new Map<string, Flight>();

  function forgetOld(): void {
    const now = clock.monotonic();
    for (const [question, { keepUntil }] of flights) {
      if (keepUntil !== undefined && keepUntil <= now) flights.delete(question);
    }
  }

  function start(question: string, ask: (signal: AbortSignal) => Promise<unknown>): Flight {
    const controller = new AbortController();
    const flight: Flight = {
      answer: ask(controller.signal),
      abort: (reason) => controller.abort(reason),
      waiting: 0,
      keepUntil: undefined,
    };
    flights.set(question, flight);
    flight.answer.then(
      () => {
        flight.keepUntil = clock.monotonic() + keepMs;
      },
      () => forget(question, flight),
    );
    return flight;
  }

  function forget(question: string, flight: Flight): void {
    if (flights.get(question) === flight) flights.delete(question);
  }

  return {
    async get<T>(question: string, ask: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
      forgetOld();
      const flight = flights.get(question) ?? start(question, ask);
      flight.waiting += 1;
      try {
        // Equal questions have answers of one type: the action is part of the question.
        return (await orAborted(flight.answer, signal)) as T;
      } finally {
        flight.waiting -= 1;
        if (flight.waiting === 0 && flight.keepUntil === undefined) {
          forget(question, flight);
          flight.abort(signal.reason);
        }
      }
    },
  };
}
