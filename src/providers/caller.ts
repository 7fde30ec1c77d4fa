import { orAborted } from '../lib/abort.ts';
import { abortReason, type Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { redactText } from '../lib/redact.ts';
import { createAnswerCache } from './cache.ts';
import type { CloudCaller, CloudRequest, CredentialSource, SentAnswer } from './caller.types.ts';
import { CloudError, type CloudErrorCategory } from './errors.ts';
import { createLimiter, type Limiter } from './limiter.ts';
import { type Budget, type RetryLimits, withRetries } from './retry.ts';

/** What bounds the requests of one credential. */
export interface CallerLimits extends RetryLimits {
  /** Time-out of one attempt, milliseconds. */
  readonly attemptMs: number;
  /** Of one service. */
  readonly perSecond: number;
  readonly concurrent: number;
  /** How long an answer is good for, milliseconds: longer than an audit takes. */
  readonly keepMs: number;
}

/** Far below the published limits (20 a second and more), which are shared with the cloud's own controllers. */
export const CALLER_LIMITS: CallerLimits = {
  attemptMs: 10_000,
  attempts: 4,
  baseWaitMs: 500,
  maxWaitMs: 8_000,
  totalMs: 30_000,
  perSecond: 5,
  concurrent: 4,
  keepMs: 60_000,
};

export interface CallerOptions {
  readonly credentials: Pick<CredentialSource<unknown>, 'refresh'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<CallerLimits>;
  /** Yields 0 ≤ x < 1; for tests. */
  readonly random?: () => number;
  readonly onCall?: CallObserver | undefined;
}

/** Told of each call that was sent, for metrics. Throws nothing. */
export type CallObserver = (seen: CallSeen) => void;

/** One attempt of one request. */
export interface CallSeen extends Pick<CloudRequest<unknown>, 'action' | 'service'> {
  readonly result: 'ok' | CloudErrorCategory;
  /** The cloud's own code of a failure; empty when it gave none. */
  readonly code: string;
  /** Where, what and the mend of a failure, without secrets; empty when there was none. */
  readonly message: string;
  readonly tookMs: number;
  /** In the queue before it, so as not to ask too often. */
  readonly queuedMs: number;
}

/** The caller of one credential; every feature shares it. */
export function createCaller(options: CallerOptions): CloudCaller {
  const { credentials, clock, logger, random = Math.random, onCall } = options;
  const limits = { ...CALLER_LIMITS, ...options.limits };
  const answers = createAnswerCache(limits.keepMs, clock);
  const limiters = new Map<string, Limiter>();

  function limiterOf(service: string): Limiter {
    const limiter = limiters.get(service) ?? createLimiter({ ...limits, clock });
    limiters.set(service, limiter);
    return limiter;
  }

  async function attempt<T>(
    request: CloudRequest<T>,
    limiter: Limiter,
    budget: Budget,
    signal: AbortSignal,
  ): Promise<SentAnswer<T>> {
    const { action, service } = request;
    const queuedAt = clock.monotonic();
    const restMs = budget.restMs();
    const release = await limiter.acquire(signal, (pauseMs) => {
      if (pauseMs >= restMs) throw pausedError(request, pauseMs);
    });
    const queuedMs = clock.monotonic() - queuedAt;
    budget.skip(queuedMs);
    logger.trace({ action: request.action, key: request.key, queuedMs: Math.round(queuedMs) }, 'cloud call goes out');
    const sentAt = clock.monotonic();
    const tell = (result: CallSeen['result'], code = '', message = ''): void =>
      onCall?.({ action, service, result, code, message, queuedMs, tookMs: clock.monotonic() - sentAt });
    try {
      const answer = await sendOnce(request, Math.min(limits.attemptMs, budget.restMs()), clock, signal);
      tell('ok');
      return answer;
    } catch (error) {
      const known = asCloudError(request, error, signal);
      if (known instanceof CloudError) tell(known.details.category, known.details.code, known.message);
      if (known instanceof CloudError && known.details.category === 'throttled') {
        limiter.pause(known.details.retryAfterMs ?? 0);
      }
      throw known;
    } finally {
      release();
    }
  }

  async function ask<T>(request: CloudRequest<T>, signal: AbortSignal): Promise<SentAnswer<T>> {
    const limiter = limiterOf(request.service);
    const { action } = request;
    const startedAt = clock.monotonic();
    const answer = await withRetries(
      (budget) => attempt(request, limiter, budget, signal),
      {
        limits,
        clock,
        random,
        refresh: (during) => credentials.refresh(during),
        onRetry: (error, tried, waitMs) =>
          logger.debug({ action, tried, waitMs: Math.round(waitMs), err: error }, 'cloud call failed; trying again'),
      },
      signal,
    ).catch((error: unknown) => {
      if (!signal.aborted) logger.debug({ action, key: request.key, err: error }, 'cloud call failed');
      throw error;
    });
    const tookMs = Math.round(clock.monotonic() - startedAt);
    logger.debug({ action, key: request.key, requestId: answer.requestId, tookMs }, 'cloud asked');
    return answer;
  }

  return {
    async call(request, signal) {
      const question = `${request.action} ${request.key}`;
      const { value, requestId } = await answers.get(question, (during) => ask(request, during), signal);
      return { value, from: [{ action: request.action, requestId }] };
    },
  };
}

/** One attempt, ended by the time-out or by the signal even where the sender does not listen. */
async function sendOnce<T>(
  request: CloudRequest<T>,
  timeoutMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<SentAnswer<T>> {
  const over = new AbortController();
  const stop = (): void => over.abort(abortReason(signal));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const timer = new AbortController();
  clock.sleep(timeoutMs, timer.signal).then(
    () => over.abort(timeoutError(request, timeoutMs)),
    () => undefined,
  );
  try {
    return await orAborted(request.send(over.signal), over.signal);
  } finally {
    timer.abort(new Error('answered'));
    signal.removeEventListener('abort', stop);
  }
}

/** The port promises CloudErrors: whatever else a vendor's code throws is an answer that it did not understand. */
function asCloudError({ action }: CloudRequest<unknown>, error: unknown, signal: AbortSignal): unknown {
  if (error instanceof CloudError || signal.aborted) return error;
  const text = redactText(error instanceof Error ? error.message : String(error));
  return new CloudError(`${action}: the answer could not be understood (${text}).`, {
    category: 'garbage',
    action,
    code: '',
    status: 0,
    requestId: '',
  });
}

function timeoutError({ action }: CloudRequest<unknown>, timeoutMs: number): CloudError {
  const seconds = Math.round(timeoutMs / 100) / 10;
  return new CloudError(
    `${action}: no answer within ${seconds} s. Check that the endpoint can be reached from here (network, proxy).`,
    { category: 'unavailable', action, code: '', status: 0, requestId: '' },
  );
}

function pausedError({ action }: CloudRequest<unknown>, pauseMs: number): CloudError {
  return new CloudError(
    `${action}: not asked, since the cloud asked to wait for another ${Math.ceil(pauseMs / 1_000)} s after too many calls.`,
    { category: 'throttled', action, code: '', status: 0, requestId: '', retryAfterMs: Math.ceil(pauseMs) },
  );
}
