import { STATUS_CODES } from 'node:http';
import { printable } from '../../lib/printable.ts';
import { redactText } from '../../lib/redact.ts';
import { CloudError, type CloudErrorCategory } from '../errors.ts';
import { ACTIONS } from './actions.ts';

/** Longest piece of a foreign text that gets into a message. */
const EXCERPT_CHARS = 300;

/** A request, as far as messages need it. */
export interface Attempt {
  readonly action: string;
  readonly region: string;
  /** `host[:port]` that is asked. */
  readonly host: string;
  /** Keys and tokens that were sent: never part of a message, even when the cloud repeats them. */
  readonly secrets: readonly string[];
}

/** What an answer says besides its body. */
export interface AnswerHead {
  readonly status: number;
  /** Milliseconds that Retry-After asks for. */
  readonly retryAfterMs: number | undefined;
  /** The server's clock minus ours, milliseconds; undefined when it does not say. */
  readonly clockOffMs: number | undefined;
}

/** The `Error` of an answer, as API 3.0 words it, whatever the HTTP status. */
export function apiError(
  attempt: Attempt,
  head: AnswerHead,
  { Code: code, Message: message }: { readonly Code: string; readonly Message: string },
  requestId: string,
): CloudError {
  const category = categoryOfCode(code);
  return failure(attempt, category, `${code}: ${said(attempt, message)}`, mendOf(attempt, category, code, head), {
    ...head,
    code,
    requestId,
  });
}

/** An HTTP status other than 200 without an API error in it: a proxy, a gateway, a login page. */
export function httpError(attempt: Attempt, head: AnswerHead): CloudError {
  const category = categoryOfStatus(head.status);
  const title = `HTTP ${head.status} ${STATUS_CODES[head.status] ?? ''}`.trimEnd();
  return failure(attempt, category, `${title} from ${attempt.host}`, mendOf(attempt, category, '', head), head);
}

/** No answer: connection, TLS, name, time-out inside of the vendor's code, or a body that broke off. */
export function networkError(attempt: Attempt, error: unknown): CloudError {
  const message = error instanceof Error ? error.message : String(error);
  const reason = /reason: (.*)$/s.exec(message)?.[1] ?? message;
  return failure(attempt, 'unavailable', `cannot reach ${attempt.host} (${said(attempt, reason)})`, REACH_IT, {});
}

/** An answer that is not what the API promises. */
export function garbageError(attempt: Attempt, what: string, status: number, requestId: string): CloudError {
  const mend = requestId === '' ? ' Is a proxy or a login page between here and the cloud?' : '';
  return failure(attempt, 'garbage', `${attempt.host} answered ${what}`, mend, { status, requestId });
}

const REACH_IT = ' Check DNS, the network and HTTPS_PROXY/NO_PROXY, or set cloud.endpoints.';

/** The first that matches counts; TKE puts missing permissions and things that are gone below other codes. */
const CATEGORIES: readonly (readonly [pattern: RegExp, category: CloudErrorCategory])[] = [
  [/^RequestLimitExceeded(\.|$)/, 'throttled'],
  [/^(UnauthorizedOperation|AuthFailure\.UnauthorizedOperation|IpInBlacklist|IpNotInWhitelist)(\.|$)/, 'denied'],
  [/\.CamNoAuth$/, 'denied'],
  [/^AuthFailure(\.|$)/, 'credentials'],
  [/^ResourceNotFound(\.|$)|\.\w*NotFound$/, 'not-found'],
  [/^(InternalError|ServiceUnavailable)(\.|$)/, 'unavailable'],
  [/^Unsupported(Region|Operation|Protocol)(\.|$)/, 'unsupported'],
  [/^(InvalidAction|ActionOffline|NoSuchVersion|NoSuchProduct)(\.|$)/, 'unsupported'],
];

function categoryOfCode(code: string): CloudErrorCategory {
  return CATEGORIES.find(([pattern]) => pattern.test(code))?.[1] ?? 'invalid';
}

function categoryOfStatus(status: number): CloudErrorCategory {
  if (status === 429) return 'throttled';
  if (status === 408 || status >= 500) return 'unavailable';
  if (status === 401 || status === 403 || status === 407) return 'denied';
  return status >= 400 ? 'invalid' : 'garbage';
}

/** What to do about it: one sentence with a space before it, or nothing. */
function mendOf(attempt: Attempt, category: CloudErrorCategory, code: string, head: AnswerHead): string {
  switch (category) {
    case 'denied':
      return code === ''
        ? ' Is it a proxy that refuses?'
        : ` Allow ${permissionsOf(attempt.action)} in the CAM policy.`;
    case 'credentials':
      return mendOfCredentials(code, head);
    case 'throttled':
      return ' The limit is shared with everything else that uses the account.';
    case 'unsupported':
      return ` Check the region (${attempt.region}) and the endpoint (${attempt.host}).`;
    case 'unavailable':
      return code === '' ? REACH_IT : '';
    case 'not-found':
    case 'invalid':
    case 'garbage':
      return '';
  }
}

function permissionsOf(action: string): string {
  const use = Object.entries(ACTIONS).find(([name]) => name === action)?.[1];
  return (use?.permissions ?? [action]).join(' and ');
}

function mendOfCredentials(code: string, { clockOffMs }: AnswerHead): string {
  switch (code) {
    case 'AuthFailure.SignatureExpire':
      return ` This machine's clock is ${clockOffText(clockOffMs)}: set it, with NTP.`;
    case 'AuthFailure.TokenFailure':
      return ' The temporary keys have expired or were revoked: fetch new ones.';
    case 'AuthFailure.SignatureFailure':
      return ' TENCENTCLOUD_SECRET_KEY does not belong to TENCENTCLOUD_SECRET_ID: correct it.';
    case 'AuthFailure.SecretIdNotFound':
    case 'AuthFailure.InvalidSecretId':
      return ' TENCENTCLOUD_SECRET_ID is not, or no longer, a key of the account: correct it.';
    default:
      return ' Check the keys and that they are enabled.';
  }
}

function clockOffText(clockOffMs: number | undefined): string {
  const minutes = Math.round(Math.abs(clockOffMs ?? 0) / 60_000);
  if (clockOffMs === undefined || minutes === 0) return 'off by more than five minutes';
  return `${minutes} min ${clockOffMs > 0 ? 'behind' : 'ahead'}`;
}

function said({ secrets }: Attempt, text: string): string {
  let safe = text;
  for (const secret of secrets) {
    safe = safe.replaceAll(secret, '[redacted]');
  }
  const line = printable(redactText(safe).replaceAll(/\s+/g, ' ').trim());
  return (line.length > EXCERPT_CHARS ? `${line.slice(0, EXCERPT_CHARS)}…` : line).replace(/\.$/, '');
}

interface Known {
  readonly code?: string;
  readonly status?: number;
  readonly requestId?: string;
  readonly retryAfterMs?: number | undefined;
}

function failure(
  { action }: Attempt,
  category: CloudErrorCategory,
  what: string,
  mend: string,
  { code = '', status = 0, requestId = '', retryAfterMs }: Known,
): CloudError {
  const request = requestId === '' ? '' : ` (request ${requestId})`;
  return new CloudError(`${action}: ${what}${request}.${mend}`, {
    category,
    action,
    code,
    status,
    requestId,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
