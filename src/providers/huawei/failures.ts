import { redactText } from '../../lib/redact.ts';
import { CloudError, type CloudErrorCategory } from '../errors.ts';
import { retryAfterMs } from '../retry-after.ts';
import { ACTIONS, type HuaweiAction } from './actions.ts';
import { readErrorBody } from './error-bodies.ts';
import type { HuaweiKeys, WireAnswer } from './transport.ts';

/** What was asked, for the words and the category of its failure. */
export interface Asked {
  /** An action of the table; or what the credentials need: `iam:tokens`, `metadata:securitykey`. */
  readonly action: string;
  readonly endpoint: URL;
  readonly region: string;
  /** Where the keys come from; never a key. */
  readonly credentials: string;
  /** Texts that must not come back in a message, whoever quotes them. */
  readonly secrets: readonly string[];
  readonly nowMs: number;
}

const LONGEST_QUOTE = 300;
/** A signature is refused when the clocks are further apart (API signing guide). */
const SKEW_LIMIT_MS = 15 * 60_000;

/** The keys as texts that must not come back. */
export function secretsOf({ accessKey, secretKey, securityToken }: HuaweiKeys): string[] {
  return [accessKey, secretKey, securityToken];
}

/** The error of an answer that is not 2xx. */
export function answerError(asked: Asked, answer: WireAnswer): CloudError {
  const { code, text, requestId } = readErrorBody(answer.body);
  const category = categoryOf(answer.status, code, text !== '');
  const waitMs = category === 'throttled' || category === 'unavailable' ? waitOf(answer, text, asked.nowMs) : undefined;
  const said = [`${answer.status}`, code].filter((part) => part !== '').join(' ');
  const quote = quoted(asked, text === '' ? withoutMarkup(answer.body) : text);
  const mend = mendFor(asked, category, answer, waitMs);
  return new CloudError(`${place(asked)}: ${said}${quote === '' ? '' : `: ${quote}`}. ${mend}`, {
    category,
    action: asked.action,
    code,
    status: answer.status,
    requestId: requestIdOf(answer) || requestId,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
  });
}

/** The error of an answer that is not what the API promises; `what` names the field. */
export function garbageError(asked: Asked, answer: WireAnswer, what: string): CloudError {
  return new CloudError(
    `${place(asked)}: the answer is not what the API promises (${quoted(asked, what)}). Check that the endpoint is Huawei Cloud's own; else report this with the request id.`,
    { category: 'garbage', action: asked.action, code: '', status: answer.status, requestId: requestIdOf(answer) },
  );
}

/** The error of a request that nobody answered; `words` are Node's. */
export function noAnswerError(asked: Asked, words: string): CloudError {
  const { action, endpoint } = asked;
  const noSuchHost = words.includes('ENOTFOUND');
  const tooLong = words.includes('maxContentLength');
  const category = noSuchHost ? 'unsupported' : tooLong ? 'garbage' : 'unavailable';
  const mend = noSuchHost
    ? `There is no such host: check the region (${asked.region}), the endpoint suffix and the DNS.`
    : `Check that ${endpoint.host} can be reached from here (network, proxy).`;
  return new CloudError(`${place(asked)}: no answer (${quoted(asked, words)}). ${mend}`, {
    category,
    action,
    code: '',
    status: 0,
    requestId: '',
  });
}

/** The id under which Huawei Cloud finds a request again. */
export function requestIdOf(answer: WireAnswer): string {
  return answer.header('x-request-id');
}

function place({ action, endpoint }: Asked): string {
  return `${action} at ${endpoint.host}`;
}

/** By code, then by status: a 404 alone is ambiguous, and gateways throttle and refuse under several statuses. */
function categoryOf(status: number, code: string, understood: boolean): CloudErrorCategory {
  const gateway = /^APIGW?\.(\d{4})$/.exec(code)?.[1] ?? '';
  switch (gateway) {
    case '0101':
      return 'unsupported';
    case '0301':
    case '0303':
    case '0307':
      return 'credentials';
    case '0308':
      return 'throttled';
    default:
      return statusCategory(status, understood);
  }
}

function statusCategory(status: number, understood: boolean): CloudErrorCategory {
  switch (status) {
    case 401:
      return 'credentials';
    case 403:
      return 'denied';
    case 404:
      // Without an error of the API's own, nobody there knows this path.
      return understood ? 'not-found' : 'unsupported';
    case 408:
      return 'unavailable';
    case 429:
      return 'throttled';
    default:
      return status >= 500 ? 'unavailable' : status >= 400 ? 'invalid' : 'garbage';
  }
}

function mendFor(asked: Asked, category: CloudErrorCategory, answer: WireAnswer, waitMs: number | undefined): string {
  switch (category) {
    case 'denied':
      return `Grant ${permissionsOf(asked.action)} to the credentials (${asked.credentials}).`;
    case 'credentials':
      return credentialsMend(asked, answer);
    case 'throttled':
      return waitMs === undefined
        ? 'Too many calls: try again later.'
        : `Too many calls: try again in ${Math.ceil(waitMs / 1000)} s.`;
    case 'not-found':
      return 'It is gone, or in another region or project: check the id, the region and the project id.';
    case 'unsupported':
      return `This API is not served in region ${asked.region}: check the region and the endpoint.`;
    case 'invalid':
      return 'The request is refused as it is: check the project id and the ids in the configuration.';
    case 'unavailable':
      return 'Huawei Cloud has trouble, or something between here and there: try again later.';
    case 'garbage':
      return `Check that ${asked.endpoint.host} is an endpoint of Huawei Cloud.`;
  }
}

function credentialsMend(asked: Asked, answer: WireAnswer): string {
  const theirs = Date.parse(answer.header('date'));
  const offMs = asked.nowMs - theirs;
  if (Number.isFinite(offMs) && Math.abs(offMs) > SKEW_LIMIT_MS) {
    const minutes = Math.round(Math.abs(offMs) / 60_000);
    return `The clock here is ${minutes} min ${offMs > 0 ? 'ahead of' : 'behind'} the cloud's: set it right.`;
  }
  return `Check the access key, the secret key and the project id (${asked.credentials}).`;
}

function permissionsOf(action: string): string {
  return isKnown(action) ? ACTIONS[action].permissions.join(' and ') : action;
}

function isKnown(action: string): action is HuaweiAction {
  return Object.hasOwn(ACTIONS, action);
}

/** Retry-After in seconds or as a date, else the window that the text names. In milliseconds. */
function waitOf(answer: WireAnswer, text: string, nowMs: number): number | undefined {
  return retryAfterMs(answer.header('retry-after'), nowMs) ?? windowOf(text);
}

const UNIT_MS = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** `policy user over ratelimit,limit:200,time:5 minute` → 300000. The window in which so many calls are let through. */
function windowOf(text: string): number | undefined {
  const match = /\btime:\s*(\d{1,4})\s*(second|minute|hour|day)s?\b/i.exec(text);
  const unit = match?.[2]?.toLowerCase();
  return unit === undefined || !isUnit(unit) ? undefined : Math.min(Number(match?.[1]) * UNIT_MS[unit], UNIT_MS.day);
}

function isUnit(text: string): text is keyof typeof UNIT_MS {
  return Object.hasOwn(UNIT_MS, text);
}

/** Foreign words on one line, cut, without a full stop, and without anything secret: a refusal quotes what was signed. */
function quoted({ secrets }: Asked, words: string): string {
  let text = words;
  for (const secret of secrets) {
    if (secret !== '') text = text.replaceAll(secret, '[redacted]');
  }
  text = redactText(text).replaceAll(/\s+/g, ' ').trim();
  return (text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text).replace(/[.\u3002]+$/, '');
}

function withoutMarkup(body: string): string {
  return body.slice(0, 10_000).replaceAll(/<(script|style)[\s\S]*?<\/\1>|<[^>]*>/gi, ' ');
}
