import type { Clock } from '../lib/clock.ts';
import { parseObject } from './answers.ts';
import type { RequestOptions, WriteOptions } from './client.types.ts';
import type { Connection, RequestSettings } from './connection.ts';
import { startDeadline } from './deadline.ts';
import { KubeError, type KubeErrorCategory } from './errors.ts';
import { type Attempt, answerError, credentialsError, resultOf, timeoutError } from './failures.ts';
import {
  type BodySink,
  type HttpAnswer,
  type HttpRequest,
  type HttpStream,
  openStream,
  readBody,
  send,
} from './http.ts';
import type { RawObject } from './types.ts';

export interface RequesterOptions {
  readonly connection: Connection;
  readonly userAgent: string;
  readonly clock: Clock;
  /** Of a request that brings none of its own. */
  readonly timeoutMs: number;
  /** Told the length of each answer before it is parsed. */
  readonly onText: (chars: number) => void;
  readonly onRequest?: RequestObserver | undefined;
}

/** Told of each exchange with the API server, for metrics. Throws nothing. */
export type RequestObserver = (seen: RequestSeen) => void;

/** One exchange with the API server. */
export interface RequestSeen {
  /** As RBAC names it: `get`, `list`, `watch`, `create`, `patch`, `delete`. */
  readonly verb: string;
  /** `services/status`, `gateways.gateway.networking.k8s.io`. */
  readonly resource: string;
  /** HTTP status; 0: no answer. */
  readonly code: number;
  /** `ok`, or what kind of failure it is. */
  readonly result: 'ok' | KubeErrorCategory;
  /** Until the whole answer was read; of a watch, until it was accepted. */
  readonly tookMs: number;
}

/** One request, before credentials. */
export interface Call {
  readonly attempt: Attempt;
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Takes the body of a 2xx answer; what it leaves is the answer. */
  readonly sink?: BodySink;
  readonly options: (RequestOptions & Pick<WriteOptions, 'maySend'>) | undefined;
}

/** Read to its end, or a stream. */
type Answer = Pick<HttpAnswer, 'status'> & { readonly body: HttpAnswer['body'] | HttpStream['body'] };

/** Sends requests with current credentials; what comes back is a success or a KubeError. */
export interface Requester {
  attempt(operation: string, shape?: Partial<Pick<Attempt, 'collection' | 'jsonPatch'>>): Attempt;
  /** The JSON object of a 2xx answer. */
  ask(call: Call): Promise<RawObject>;
  /** The body of a 200 answer as it comes in. */
  stream(call: Call): Promise<HttpStream>;
  close(): void;
}

export function createRequester(options: RequesterOptions): Requester {
  const { connection, userAgent, clock, timeoutMs, onText, onRequest } = options;
  const closed = new AbortController();

  /** Runs one exchange; after a 401 once more, if the credentials on disk or from the plugin are new. */
  async function exchange<T extends Answer>(
    call: Call,
    run: (request: HttpRequest) => Promise<T>,
    discard: (answer: T) => void,
  ): Promise<T> {
    const settings = connection.settings();
    const first = settings instanceof Promise ? await waitFor(settings, call) : settings;
    const answer = await seen(call, () => run(requestOf(call, first)));
    if (answer.status !== 401 || !connection.renew(first.generation)) {
      return answer;
    }
    discard(answer);
    const renewed = await waitFor(Promise.resolve(connection.settings()), call);
    return await seen(call, () => run(requestOf(call, renewed)));
  }

  /** Tells of an exchange once it has ended, unless the program itself gave it up. */
  async function seen<T extends Answer>(call: Call, run: () => Promise<T>): Promise<T> {
    if (onRequest === undefined) return await run();
    const [verb = '', resource = ''] = call.attempt.operation.split(' ');
    const startedAt = clock.monotonic();
    const tell = (code: number, result: RequestSeen['result']): void =>
      onRequest({ verb: verb.toLowerCase(), resource, code, result, tookMs: clock.monotonic() - startedAt });
    try {
      const answer = await run();
      const body = typeof answer.body === 'string' ? answer.body : '';
      tell(answer.status, resultOf(call.attempt, answer.status, body));
      return answer;
    } catch (error) {
      if (error instanceof KubeError) tell(0, error.category);
      throw error;
    }
  }

  async function waitFor(settings: Promise<RequestSettings>, call: Call): Promise<RequestSettings> {
    const limitMs = call.options?.timeoutMs ?? timeoutMs;
    const deadline = startDeadline(signalsOf(call), limitMs, () =>
      timeoutError(call.attempt, `the credentials were not ready within ${limitMs / 1000} s; nothing was asked`),
    );
    try {
      return await deadline.race(settings);
    } catch (error) {
      throw deadline.reason() ?? credentialsError(call.attempt, error);
    } finally {
      deadline.clear();
    }
  }

  function signalsOf(call: Call): readonly AbortSignal[] {
    return call.options?.signal === undefined ? [closed.signal] : [call.options.signal, closed.signal];
  }

  function requestOf(call: Call, settings: RequestSettings): HttpRequest {
    return {
      attempt: call.attempt,
      method: call.method,
      server: connection.server,
      path: call.path,
      settings,
      headers: { Accept: 'application/json', 'User-Agent': userAgent, ...call.headers },
      body: call.body === undefined ? undefined : JSON.stringify(call.body),
      timeoutMs: call.options?.timeoutMs ?? timeoutMs,
      signals: signalsOf(call),
      maySend: call.options?.maySend,
      sink: call.sink,
    };
  }

  /** What a refused stream says of it, as far as it comes in time: its status counts without that. */
  async function refusalOf(call: Call, stream: HttpStream): Promise<string> {
    const limitMs = call.options?.timeoutMs ?? timeoutMs;
    const deadline = startDeadline(signalsOf(call), limitMs, () =>
      timeoutError(call.attempt, `no whole answer within ${limitMs / 1000} s`),
    );
    try {
      return await deadline.race(readBody(call.attempt, stream.body));
    } catch (error) {
      if (signalsOf(call).some((signal) => signal.aborted)) throw error;
      return '';
    } finally {
      deadline.clear();
      stream.close();
    }
  }

  return {
    attempt: (operation, shape = {}) => ({
      operation,
      collection: false,
      jsonPatch: false,
      via: connection.description,
      host: connection.server.host,
      ...shape,
    }),
    async ask(call) {
      const answer = await exchange(call, send, () => undefined);
      if (answer.status < 200 || answer.status > 299) {
        throw answerError(call.attempt, answer, clock);
      }
      onText(answer.body.length);
      return parseObject(call.attempt, answer);
    },
    async stream(call) {
      const stream = await exchange(call, openStream, (refused) => refused.close());
      if (stream.status === 200) {
        return stream;
      }
      const body = await refusalOf(call, stream);
      throw answerError(call.attempt, { status: stream.status, retryAfter: stream.retryAfter, body }, clock);
    },
    close() {
      closed.abort(new Error('the Kubernetes client was closed'));
      connection.close();
    },
  };
}
