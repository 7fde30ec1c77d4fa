import { STATUS_CODES } from 'node:http';
import type { Clock } from '../lib/clock.ts';
import { KubeError, type KubeErrorCategory } from './errors.ts';
import { asArray, asNumber, asRecord, asString, isRecord } from './read.ts';
import type { RawObject } from './types.ts';

/** Longest piece of a foreign text that gets into a message. */
const EXCERPT_CHARS = 300;
/** What the API server says of a JSON patch that does not apply, `test` or otherwise. */
const PATCH_NOT_APPLICABLE = 'the server rejected our request due to an error in our request';

/** Who is told to wait for longer asks after this: a wrong clock, or a page for people, may name a year. */
const MAX_RETRY_AFTER_MS = 120_000;

/** A request, as far as messages and decisions need it. */
export interface Attempt {
  /** `PATCH services/status kube-system/entry` */
  readonly operation: string;
  /** A list or watch: its 404 can only mean that the kind is not served. */
  readonly collection: boolean;
  readonly jsonPatch: boolean;
  /** `context "prod" of /home/me/.kube/config`, for messages about the connection. */
  readonly via: string;
  /** `host:port` of the API server. */
  readonly host: string;
}

/** An answer that was no success. */
export interface FailedAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/** An HTTP answer other than 2xx as a KubeError. */
export function answerError(attempt: Attempt, answer: FailedAnswer, clock: Pick<Clock, 'now'>): KubeError {
  const parsed = parseStatus(answer.body);
  const retryAfterMs = readRetryAfter(answer.retryAfter, parsed, clock.now());
  return statusError(attempt, answer.status, parsed, plainText(answer.body), retryAfterMs);
}

/** What kind of failure an answer is; `ok`: none. `body` may be empty where it was not read. */
export function resultOf(attempt: Attempt, status: number, body: string): 'ok' | KubeErrorCategory {
  return status >= 200 && status < 300 ? 'ok' : categoryOf(attempt, status, parseStatus(body));
}

/** A `Status` object, as an ERROR event of a watch carries it, as a KubeError. */
export function watchEventError(attempt: Attempt, status: RawObject): KubeError {
  return statusError(attempt, asNumber(status.code, 500), status, '', readRetryAfter(undefined, status, 0));
}

function statusError(
  attempt: Attempt,
  code: number,
  status: RawObject | undefined,
  text: string,
  retryAfterMs: number | undefined,
): KubeError {
  const category = categoryOf(attempt, code, status);
  const said = excerpt(status === undefined ? text : asString(status.message));
  const title = `${code} ${STATUS_CODES[code] ?? ''}`.trimEnd();
  const hint = hintFor(attempt, category);
  return new KubeError(`${attempt.operation}: ${title}${said === '' ? '' : `: ${said}`}${hint}`, {
    category,
    status: code,
    reason: asString(status?.reason),
    operation: attempt.operation,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function hintFor(attempt: Attempt, category: KubeErrorCategory): string {
  if (category === 'unauthorized') {
    return `. The API server ${attempt.host} does not accept the credentials of ${attempt.via}: log in again or renew the token`;
  }
  return category === 'not-served' ? '. The API server does not serve this kind (CRD not installed?)' : '';
}

const TOO_LARGE = /request is too large|message larger than max/;

function categoryOf(attempt: Attempt, code: number, status: RawObject | undefined): KubeErrorCategory {
  const reason = asString(status?.reason);
  switch (code) {
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 404:
      return namesAnObject(status) && !attempt.collection ? 'not-found' : 'not-served';
    case 408:
      return 'timeout';
    case 409:
      return reason === 'AlreadyExists' ? 'exists' : 'conflict';
    case 410:
      return 'gone';
    case 422:
      return attempt.jsonPatch && isPatchNotApplicable(status) ? 'conflict' : 'invalid';
    case 429:
      return 'throttled';
    default:
      // etcd's own limit comes as 500, and comes again each time.
      if (TOO_LARGE.test(asString(status?.message))) return 'invalid';
      return code >= 500 ? 'unavailable' : code >= 400 ? 'invalid' : 'garbled';
  }
}

/** A missing object is named in `details`; a missing kind is "404 page not found", or a Status without a name. */
function namesAnObject(status: RawObject | undefined): boolean {
  return asString(asRecord(status?.details).name) !== '';
}

function isPatchNotApplicable(status: RawObject | undefined): boolean {
  const causes = asArray(asRecord(status?.details).causes);
  return causes.length === 0 && asString(status?.message).startsWith(PATCH_NOT_APPLICABLE);
}

/** Retry-After in seconds or as a date, else `details.retryAfterSeconds`. In milliseconds, two minutes at most. */
function readRetryAfter(header: string | undefined, status: RawObject | undefined, now: number): number | undefined {
  const asked = askedToWait(header, status, now);
  return asked === undefined ? undefined : Math.min(asked, MAX_RETRY_AFTER_MS);
}

function askedToWait(header: string | undefined, status: RawObject | undefined, now: number): number | undefined {
  const seconds = Number(header ?? Number.NaN);
  if (Number.isFinite(seconds) && seconds >= 0) {
    return seconds * 1000;
  }
  const date = Date.parse(header ?? '');
  if (Number.isFinite(date)) {
    return Math.max(0, date - now);
  }
  const detail = asNumber(asRecord(status?.details).retryAfterSeconds, -1);
  return detail > 0 ? detail * 1000 : undefined;
}

function parseStatus(body: string): RawObject | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return isRecord(parsed) && parsed.kind === 'Status' ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** The answer of a proxy or login page without its markup. */
function plainText(body: string): string {
  return body.slice(0, 10_000).replaceAll(/<(script|style)[\s\S]*?<\/\1>|<[^>]*>/gi, ' ');
}

function excerpt(text: string): string {
  const line = redact(text).replaceAll(/\s+/g, ' ').trim();
  return line.length > EXCERPT_CHARS ? `${line.slice(0, EXCERPT_CHARS)}…` : line;
}

/** Foreign texts may quote what was sent to them. */
function redact(text: string): string {
  return text
    .replaceAll(/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 [redacted]')
    .replaceAll(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[redacted]');
}

/** An answer that is not what it should be. */
export function garbledError(attempt: Attempt, what: string, status = 0, cause?: unknown): KubeError {
  return new KubeError(`${attempt.operation}: ${attempt.host} answered ${what}`, {
    category: 'garbled',
    status,
    reason: '',
    operation: attempt.operation,
    cause,
  });
}

/** No answer in time. */
export function timeoutError(attempt: Attempt, what: string): KubeError {
  return new KubeError(`${attempt.operation}: ${what} from ${attempt.host} (${attempt.via})`, {
    category: 'timeout',
    status: 0,
    reason: '',
    operation: attempt.operation,
  });
}

/** The credentials could not be made ready: nothing was sent. */
export function credentialsError(attempt: Attempt, cause: unknown): KubeError {
  const said = credentialsCause(cause);
  return new KubeError(`${attempt.operation}: no credentials from ${attempt.via}: ${said}`, {
    category: 'unauthorized',
    status: 0,
    reason: '',
    operation: attempt.operation,
    cause,
  });
}

/** What an exec plugin said, or what is wrong with its answer; never the answer itself, which may hold a token. */
function credentialsCause(cause: unknown): string {
  if (cause instanceof SyntaxError) return 'the exec plugin answered something that is no JSON';
  if (cause instanceof TypeError) return 'the exec plugin answered without credentials (no `status`)';
  return (
    excerpt(cause instanceof Error ? cause.message : String(cause)) || 'the exec plugin failed and did not say why'
  );
}
