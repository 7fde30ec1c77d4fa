import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** A request as it arrived, for checking its signature. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, as on the request line. */
  readonly target: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface KnownKey {
  readonly secretKey: string;
  /** Empty: a permanent key. */
  readonly securityToken: string;
}

/** Why the gateway refuses a request; `quote` is the canonical request that it prints along. */
export interface Refusal {
  readonly why: string;
  readonly quote: string;
}

const SIGNATURE_WINDOW_MS = 15 * 60_000;

/**
 * Checks SDK-HMAC-SHA256 as the API signing guide describes it, without any code of the SDK. Undefined: it is right.
 * https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm.html
 */
export function refuse(
  request: SignedRequest,
  keys: ReadonlyMap<string, KnownKey>,
  nowMs: number,
): Refusal | undefined {
  const { authorization = '', 'x-sdk-date': date = '', 'x-security-token': token = '' } = request.headers;
  if (authorization === '') return { why: 'Incorrect IAM authentication information: Get secretKey failed', quote: '' };
  const parts = /^SDK-HMAC-SHA256 Access=([^,\s]+), SignedHeaders=([^,\s]+), Signature=([0-9a-f]{64})$/.exec(
    authorization,
  );
  if (parts === null) return { why: 'Authorization format is incorrect', quote: '' };
  const [, access = '', signedHeaders = '', signature = ''] = parts;
  const key = keys.get(access);
  if (key === undefined) return { why: `Get secretKey failed, ak:${access}, err:ak not exist`, quote: '' };
  const sentAt = dateOf(date);
  if (sentAt === undefined || Math.abs(sentAt - nowMs) > SIGNATURE_WINDOW_MS) {
    return { why: `signature expired, x-sdk-date: ${date}`, quote: '' };
  }
  const names = signedHeaders.split(';');
  const must = ['host', 'x-sdk-date', ...(token === '' ? [] : ['x-security-token'])];
  const unsigned = must.filter((name) => !names.includes(name));
  if (unsigned.length > 0) return { why: `these headers must be signed: ${unsigned.join(', ')}`, quote: '' };
  const canonical = canonicalRequest(request, names);
  if (!isEqual(signatureOf(key.secretKey, stringToSign(date, canonical)), signature)) {
    return { why: 'verify aksk signature fail', quote: canonical };
  }
  if (token !== key.securityToken) return { why: 'the token is expired or is not of this ak', quote: canonical };
  return undefined;
}

/** The request in the form that is hashed; `names` are lower case. */
export function canonicalRequest({ method, target, headers, body }: SignedRequest, names: readonly string[]): string {
  const [path = '', query = ''] = target.split('?');
  const sorted = [...names].sort();
  return [
    method,
    canonicalPath(path),
    canonicalQuery(query),
    ...sorted.map((name) => `${name}:${(headers[name] ?? '').trim()}`),
    '',
    sorted.join(';'),
    createHash('sha256').update(body).digest('hex'),
  ].join('\n');
}

export function stringToSign(date: string, canonical: string): string {
  return ['SDK-HMAC-SHA256', date, createHash('sha256').update(canonical).digest('hex')].join('\n');
}

export function signatureOf(secretKey: string, text: string): string {
  return createHmac('sha256', secretKey).update(text).digest('hex');
}

/** Each part encoded, a slash at the end. */
function canonicalPath(path: string): string {
  const encoded = path
    .split('/')
    .map((part) => encode(decodeURIComponent(part)))
    .join('/');
  return encoded.endsWith('/') ? encoded : `${encoded}/`;
}

/** Sorted by name, then by value. */
function canonicalQuery(query: string): string {
  const pairs = query.split('&').filter((pair) => pair !== '');
  return pairs
    .map((pair) => pair.split('=').map((part) => encode(decodeURIComponent(part.replaceAll('+', ' ')))))
    .map(([name = '', value = '']) => `${name}=${value}`)
    .sort()
    .join('&');
}

/** RFC 3986: everything but letters, digits and `-_.~`. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** 20191115T033655Z */
function dateOf(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function isEqual(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
