import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ListenAddress } from '../config/config.types.ts';
import { usageError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';

/** What a page answers. */
export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface StatusServerOptions {
  readonly listen: ListenAddress;
  /** By path. They get what follows the `?`, and may reject: that is answered with 500 and logged. */
  readonly pages: Readonly<Record<string, (query: URLSearchParams) => Page | Promise<Page>>>;
  readonly logger: Logger;
  /** Of headers, of a request, and of an answer that nobody takes. Default 5 s. */
  readonly timeoutMs?: number;
}

/** A small HTTP server for kubelets and Prometheus: it reads GET and HEAD without a body, and nothing else. */
export interface StatusServer {
  /** The port that it has. */
  readonly port: number;
  /** Ends connections that are idle at once, the others with their answer. */
  close(): Promise<void>;
}

const TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 64;
const MAX_HEADER_BYTES = 8_192;
const TEXT = 'text/plain; charset=utf-8';

/**
 * Starts to serve.
 * @throws UsageError when the address cannot be had
 */
export async function startStatusServer(options: StatusServerOptions): Promise<StatusServer> {
  const { listen, pages, logger, timeoutMs = TIMEOUT_MS } = options;
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      keepAliveTimeout: timeoutMs,
      connectionsCheckingInterval: timeoutMs / 5,
    },
    (request, response) => {
      void answer(request, pages, logger).then((page) => send(request, response, page));
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(timeoutMs);
  await listening(server, listen);
  server.on('error', (err) => logger.warn({ err }, 'the status server has trouble'));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : listen.port;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 1_000).unref();
      }),
  };
}

async function answer(request: IncomingMessage, pages: StatusServerOptions['pages'], logger: Logger): Promise<Page> {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'Only GET and HEAD.\n');
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (page === undefined) return text(404, `There are ${Object.keys(pages).join(', ')}.\n`);
  try {
    return await page(new URLSearchParams(query));
  } catch (err) {
    logger.error({ err, path }, 'a status page could not be made');
    return text(500, 'It could not be made: see the log.\n');
  }
}

/** A page of plain text. */
export function text(status: number, body: string): Page {
  return { status, contentType: TEXT, body };
}

function send(request: IncomingMessage, response: ServerResponse, { status, contentType, body }: Page): void {
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
    // Nobody reads what a client sends along: its connection ends with the answer.
    ...(hasBody(request) ? { Connection: 'close' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function listening(server: Server, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(host, port, error)));
    server.listen({ port, ...(host === '' ? {} : { host }) }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is used by another program (or another Pod on the network of this node)',
  EACCES: 'may not be used by this user',
  EADDRNOTAVAIL: 'is no address of this machine',
};

function listenError(host: string, port: number, error: Error): Error {
  const code = 'code' in error ? String(error.code) : '';
  return usageError(
    `listen ${host}:${port}`,
    LISTEN_PROBLEMS[code] ?? `cannot be listened on (${code || error.message})`,
    'Choose another with --listen or the key listen of the configuration, or none.',
    error,
  );
}
