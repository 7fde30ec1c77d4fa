import { type ClientRequest, get, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { abortReason, type Clock } from '../lib/clock.ts';
import type { Attempt, ProbeOutcome, ProbeTarget, Untried } from './probe.types.ts';

export interface AttemptOptions {
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly userAgent: string;
}

/**
 * Makes one connection of its own, straight from this machine (no proxy), and closes it. HTTP is one `GET /` without a
 * body, whose answer is not read beyond its head.
 * @throws the signal's reason; nothing else
 */
export function attemptOnce(
  target: ProbeTarget,
  options: AttemptOptions,
  signal: AbortSignal,
): Promise<Attempt | Untried> {
  const { timeoutMs, clock } = options;
  const startedAt = clock.monotonic();
  return new Promise((resolve, reject) => {
    let opened: Socket | ClientRequest | undefined;
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      // What else it has to say comes too late, but must not be unheard.
      opened?.on('error', () => undefined);
      opened?.destroy();
      settle();
    };
    const finish = (outcome: ProbeOutcome, status = 0): void => {
      const latencyMs = outcome === 'answered' ? clock.monotonic() - startedAt : 0;
      end(() => resolve({ outcome, latencyMs, status }));
    };
    const onAbort = (): void => end(() => reject(abortReason(signal)));
    const timer = setTimeout(() => finish('timed-out'), timeoutMs);
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    opened = open(target, options.userAgent, finish);
    opened.once('error', (error: NodeJS.ErrnoException) => {
      const code = codeOf(error);
      const outcome = outcomeOf(code);
      if (outcome === 'not-tried') end(() => resolve({ outcome, code }));
      else finish(outcome);
    });
  });
}

function open(
  { speaks, address, port, hostname }: ProbeTarget,
  userAgent: string,
  finish: (outcome: ProbeOutcome, status?: number) => void,
): Socket | ClientRequest {
  switch (speaks) {
    case 'http': {
      const request: RequestOptions = {
        host: address,
        port,
        path: '/',
        agent: false,
        headers: { Host: hostHeader(hostname === '' ? address : hostname, port), 'User-Agent': userAgent },
      };
      const answered = ({ statusCode }: IncomingMessage): void => finish('answered', statusCode);
      return get(request, answered).once('upgrade', (response, socket) => {
        socket.destroy(); // it is no longer the request's
        answered(response);
      });
    }
    case 'tls': {
      const servername = hostname === '' ? address : hostname;
      const socket = connectTls({
        host: address,
        port,
        // A certificate for the name that clients use says nothing here: what is asked is whether somebody answers.
        rejectUnauthorized: false,
        ...(isIP(servername) === 0 ? { servername } : {}),
      });
      return socket.once('secureConnect', () => finish('answered')).once('close', () => finish('reset'));
    }
    case 'tcp':
      return connect({ host: address, port }, () => finish('answered'));
  }
}

/** As a browser would send it: without the port where that is 80, and IPv6 in brackets. */
function hostHeader(host: string, port: number): string {
  const name = isIP(host) === 6 ? `[${host}]` : host;
  // A NodePort is no port of the listener: a hostname goes without it.
  return isIP(host) === 0 || port === 80 ? name : `${name}:${port}`;
}

const OUTCOMES: Readonly<Record<string, ProbeOutcome>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timed-out',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  // A firewall on the way says so, by ICMPv6.
  EACCES: 'unreachable',
};

/** Nothing was sent: no port, no descriptor, no memory left, no such address family, or not allowed to connect at all. */
const LIMITS_OF_THIS_MACHINE: ReadonlySet<string> = new Set([
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EAGAIN',
  'EAFNOSUPPORT',
  'EPERM',
]);

function codeOf(error: Error): string {
  // Several addresses of one name: the last one's error stands for them.
  const one: unknown = error instanceof AggregateError ? error.errors.at(-1) : error;
  return one instanceof Error && 'code' in one ? String(one.code) : '';
}

/** What an error's code says of the connection. @param code of the system or of Node; empty: none */
export function outcomeOf(code: string): ProbeOutcome | Untried['outcome'] {
  if (LIMITS_OF_THIS_MACHINE.has(code)) return 'not-tried';
  // What answers in another language answers: by HTTP, by TLS, or by an alert of TLS.
  if (/^(?:HPE_|ERR_SSL_|EPROTO$)/.test(code)) return 'answered';
  return OUTCOMES[code] ?? 'failed';
}
