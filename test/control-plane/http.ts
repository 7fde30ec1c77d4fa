import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
} from 'node:http';
import { Agent as HttpsAgent, type RequestOptions, request as requestTls } from 'node:https';

export interface Endpoint {
  /** `https://<address>:<port>`, as this process reaches it; `http://` for a server without TLS. */
  readonly server: string;
  /** CA certificate, PEM; unused without TLS. */
  readonly ca: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON; the text itself when it is none. */
  readonly body: unknown;
}

/** Sends one request and reads the whole answer; any HTTP status resolves. */
export type Send = (
  method: string,
  path: string,
  body?: unknown,
  contentType?: string,
  accept?: string,
) => Promise<Answer>;

const REQUEST_TIMEOUT_MS = 20_000;

/** Requests as the user whose bearer token it is. Connections are kept until `close`. */
export function createSender(endpoint: Endpoint, token: string): { send: Send; close: () => void } {
  const { agent, open } = transportOf(endpoint);
  const send: Send = (method, path, body, contentType = 'application/json', accept = 'application/json') =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const headers: Record<string, string> = { authorization: `Bearer ${token}`, accept };
      if (payload !== undefined) {
        headers['content-type'] = contentType;
        headers['content-length'] = String(Buffer.byteLength(payload)); // Node sends none with DELETE
      }
      const options = { agent, method, headers, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) };
      const sent = open(`${endpoint.server}${path}`, options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parsed(text) });
        });
      });
      sent.once('error', (error) => reject(new Error(`${method} ${path}: ${error.message}`, { cause: error })));
      sent.end(payload);
    });
  return { send, close: () => agent.destroy() };
}

interface Transport {
  readonly agent: HttpAgent;
  open(url: string, options: RequestOptions, onResponse: (response: IncomingMessage) => void): ClientRequest;
}

/** The connections to an endpoint, with or without TLS. */
export function transportOf(endpoint: Endpoint): Transport {
  return endpoint.server.startsWith('https:')
    ? { agent: new HttpsAgent({ keepAlive: true, ca: endpoint.ca }), open: requestTls }
    : { agent: new HttpAgent({ keepAlive: true }), open: request };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
