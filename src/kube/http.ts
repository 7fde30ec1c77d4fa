import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { KEEP_ALIVE_MS, type RequestSettings } from './connection.ts';
import { type Deadline, onAbort, startDeadline } from './deadline.ts';
import { KubeError, NotSentError } from './errors.ts';
import { type Attempt, garbledError, timeoutError } from './failures.ts';
import { codeOf, transportError } from './transport-failures.ts';

/** An answer larger than this is refused: V8 cannot hold it as one string, and no API server sends it in a page. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;

export interface HttpRequest {
  readonly attempt: Attempt;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly server: URL;
  /** Path and query, below the server's own path. */
  readonly path: string;
  readonly settings: RequestSettings;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Of the whole exchange; for a stream, until its headers are there. */
  readonly timeoutMs: number;
  /** Any of them ends the exchange. */
  readonly signals: readonly AbortSignal[];
  /** Asked when the connection is there, in the tick in which the request goes out; undefined: nobody minds. */
  readonly maySend: (() => boolean) | undefined;
  /** Takes the body of a 2xx answer; what it leaves stands for the body. Undefined: it is kept. */
  readonly sink: BodySink | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/**
 * Sends one request and reads the whole answer, whatever its status.
 * @throws KubeError `unreachable`, `timeout` or `garbled`; the signal's reason when it is aborted
 */
export async function send(options: HttpRequest): Promise<HttpAnswer> {
  const deadline = deadlineOf(options);
  try {
    const response = await open(options, deadline);
    const status = response.statusCode ?? 0;
    const sink = status >= 200 && status <= 299 ? options.sink : undefined;
    const body = await readBody(options.attempt, decoded(response), sink);
    return { status, retryAfter: response.headers['retry-after'], body };
  } catch (error) {
    throw explain(options, deadline, error);
  } finally {
    deadline.clear();
  }
}

/** A stream whose headers have arrived. `close` must be called by whoever stops reading. */
export interface HttpStream {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Readable;
  /** Why the stream ended early, when a signal did it. */
  readonly abortedBy: () => Error | undefined;
  readonly close: () => void;
}

/**
 * Sends one request and hands over the answer's body as it comes in. An abort of the signal destroys it.
 * @throws as `send`
 */
export async function openStream(options: HttpRequest): Promise<HttpStream> {
  const deadline = deadlineOf(options);
  try {
    const response = await open(options, deadline);
    let aborted: Error | undefined;
    const unlisten = onAbort(options.signals, (reason) => {
      aborted = reason;
      response.destroy(reason);
    });
    return {
      status: response.statusCode ?? 0,
      retryAfter: response.headers['retry-after'],
      body: response,
      abortedBy: () => aborted,
      close: () => {
        unlisten();
        response.destroy();
      },
    };
  } catch (error) {
    throw explain(options, deadline, error);
  } finally {
    deadline.clear();
  }
}

/** Takes the body of an answer as it comes in. */
export interface BodySink {
  /** What it throws ends the exchange. */
  write(chunk: Buffer): void;
  /** The body has ended. Returns what is left of it, as UTF-8, and keeps nothing: a socket in wait may hold the sink. */
  end(): string;
}

/** Keeps the whole body. */
function createTextSink(): BodySink {
  const chunks: Buffer[] = [];
  return {
    write: (chunk) => chunks.push(chunk),
    end: () => Buffer.concat(chunks.splice(0)).toString('utf8'),
  };
}

/**
 * Reads a body to its end; resolves with what the sink leaves of it. By events: async iteration costs as much as the rest
 * of a small request.
 */
export function readBody(attempt: Attempt, body: Readable, sink: BodySink = createTextSink()): Promise<string> {
  return new Promise((resolve, reject) => {
    let target: BodySink | undefined = sink;
    let size = 0;
    const giveUp = (error: Error): void => {
      target = undefined;
      body.destroy(error);
    };
    body.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) giveUp(garbledError(attempt, `more than ${MAX_BODY_BYTES / 1024 / 1024} MB`));
      try {
        target?.write(chunk);
      } catch (error) {
        giveUp(error instanceof Error ? error : new Error(String(error)));
      }
    });
    body.once('end', () => {
      resolve(target?.end() ?? '');
      target = undefined;
    });
    body.once('error', reject);
    body.once('close', () => {
      target = undefined;
      if (!body.readableEnded) {
        reject(new Error('the connection was closed'));
      }
    });
  });
}

function deadlineOf({ attempt, signals, timeoutMs }: HttpRequest): Deadline {
  return startDeadline(signals, timeoutMs, () => timeoutError(attempt, `no answer within ${timeoutMs / 1000} s`));
}

/** What ended the request, in our own words. */
function explain({ attempt }: HttpRequest, deadline: Deadline, error: unknown): unknown {
  const isOurs = error instanceof KubeError || error instanceof NotSentError;
  return deadline.reason() ?? (isOurs ? error : transportError(attempt, error));
}

async function open(options: HttpRequest, deadline: Deadline): Promise<IncomingMessage> {
  try {
    return await openOnce(options, deadline);
  } catch (error) {
    // The server closed an idle connection at the moment we took it. Reading again does no harm; a write might.
    if (options.method === 'GET' && error instanceof StaleConnection && deadline.reason() === undefined) {
      return await openOnce(options, deadline);
    }
    throw error instanceof StaleConnection ? error.cause : error;
  }
}

class StaleConnection extends Error {}

function openOnce(options: HttpRequest, deadline: Deadline): Promise<IncomingMessage> {
  const { server, settings, body } = options;
  return new Promise((resolve, reject) => {
    const send = server.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(
      {
        protocol: server.protocol,
        hostname: server.hostname.replace(/^\[(.*)\]$/, '$1'),
        port: server.port,
        path: server.pathname.replace(/\/$/, '') + options.path,
        method: options.method,
        agent: settings.agent,
        headers: {
          ...settings.headers,
          ...options.headers,
          ...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
        },
      },
      (response) => {
        // A stream that is destroyed before anybody reads it has nobody else to tell.
        response.on('error', () => undefined);
        resolve(response);
      },
    );
    // A peer that is gone without a word is noticed by the kernel: libuv probes ten times, a second apart.
    request.on('socket', (socket) => {
      if (!request.reusedSocket) {
        socket.setKeepAlive(true, KEEP_ALIVE_MS);
      }
    });
    request.on('error', (error) => {
      const stale = request.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(codeOf(error));
      reject(stale ? new StaleConnection('the connection was stale', { cause: error }) : error);
    });
    deadline.onOver((reason) => request.destroy(reason));
    const { maySend } = options;
    if (maySend === undefined) {
      request.end(body);
      return;
    }
    onceConnected(request, () => {
      if (maySend()) request.end(body);
      else request.destroy(new NotSentError(`${options.attempt.operation}: not sent any more`));
    });
  });
}

/** Calls back in the tick in which what is written to the request reaches the kernel. */
function onceConnected(request: ClientRequest, then: () => void): void {
  request.once('socket', (socket) => {
    const isSecuring = 'secureConnecting' in socket && socket.secureConnecting === true;
    if (isSecuring) socket.once('secureConnect', then);
    else if (socket.connecting) socket.once('connect', then);
    else process.nextTick(then); // node itself is not done with the event yet
  });
}

function decoded(response: IncomingMessage): Readable {
  if (response.headers['content-encoding'] !== 'gzip') {
    return response;
  }
  const gunzip = createGunzip();
  response.once('error', (error) => gunzip.destroy(error));
  gunzip.once('close', () => response.destroy());
  return response.pipe(gunzip);
}
