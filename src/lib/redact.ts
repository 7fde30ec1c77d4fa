const REDACTED = '[redacted]';
const LONGEST_TEXT = 8000;
const DEEPEST = 8;
const MOST_ITEMS = 200;

/** Fields whose value is a secret, by the end of their name without `-`, `_` and `.`. */
const SECRET_FIELD =
  /(?:password|passwd|passphrase|secret|token|credentials?|secretid|secretkey|accesskey|accesskeyid|privatekey|apikey|authorization|cookie|signature|keydata|kubeconfig)$|^(?:ak|sk|auth)$/;

const SECRET_WORD =
  '(?:pass(?:word|wd|phrase)|secret(?:[-_]?(?:id|key))?|token|credentials?|(?:access|private|api)[-_]?key(?:[-_]?id)?|signature|key-data)';

/** What gives a secret away in running text, and what stays of it. */
const SECRET_TEXTS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g, REDACTED],
  [/\b((?:SDK|TC3|AWS4)-HMAC-[A-Z0-9]{3,8})\s+[^"'\n]+/g, `$1 ${REDACTED}`],
  [/\b((?:proxy-)?authorization|(?:set-)?cookie)(["']?\s*[=:]\s*["']?)[^"'\n]+/gi, `$1$2${REDACTED}`],
  [/\b(Bearer)\s+(?!tokens?\b)[^\s"',;]+/gi, `$1 ${REDACTED}`],
  [/\b(Basic)\s+[A-Za-z0-9+/=]{12,}/g, `$1 ${REDACTED}`],
  [/\beyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?/g, REDACTED],
  [/\b([a-z][a-z0-9+.-]{1,15}:\/\/)[^\s/@"']+@/gi, `$1${REDACTED}@`],
  [
    new RegExp(`((["']?)\\b[\\w.-]{0,40}?${SECRET_WORD}\\2\\s*[=:]\\s*)(?:"[^"]*"|'[^']*'|[^\\s"',;&}]+)`, 'gi'),
    `$1${REDACTED}`,
  ],
  [/\bAKID[A-Za-z0-9]{12,60}\b/g, REDACTED],
  // Huawei's keys: 20 capital letters and digits, and 40 letters and digits of every kind.
  [/\b(?=[A-Z0-9]*[A-Z])(?=[A-Z0-9]*\d)[A-Z0-9]{20}\b/g, REDACTED],
  [/\b(?=[A-Za-z0-9]*[a-z])(?=[A-Za-z0-9]*[A-Z])(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{40}\b/g, REDACTED],
];

/** A text without the secrets that can be told by their looks, and cut when it is very long. */
export function redactText(text: string): string {
  let safe = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}… (${text.length} characters)` : text;
  for (const [pattern, replacement] of SECRET_TEXTS) {
    safe = safe.replace(pattern, replacement);
  }
  return safe;
}

/** Whether a field of this name holds a secret: `X-Security-Token`, `secretKey`, `client-key-data`. */
export function isSecretField(name: string): boolean {
  return SECRET_FIELD.test(name.toLowerCase().replaceAll(/[-_.]/g, ''));
}

/** How an error is written down; `stack` only where somebody debugs. */
export interface ErrorOptions {
  readonly stack: boolean;
}

/**
 * A copy that is safe to write down: plain JSON data, secrets replaced at any depth, errors as
 * `{ type, message, category, operation, cause }`. Nothing of an error but known fields is taken, since HTTP clients
 * hang whole requests on theirs. Never throws.
 */
export function redactValue(value: unknown, options: ErrorOptions = { stack: false }): unknown {
  return copy(value, options, []);
}

function copy(value: unknown, options: ErrorOptions, parents: readonly object[]): unknown {
  switch (typeof value) {
    case 'string':
      return redactText(value);
    case 'bigint':
    case 'symbol':
      return String(value);
    case 'number':
    case 'boolean':
    case 'undefined':
      return value;
    case 'function':
      return undefined;
    case 'object':
      return value === null ? null : copyObject(value, options, parents);
  }
}

/** By its tag: to name the class would have Node load its HTTP client, of which nothing here is used. */
function isHeaders(value: object): value is Headers {
  return Object.prototype.toString.call(value) === '[object Headers]';
}

function copyObject(value: object, options: ErrorOptions, parents: readonly object[]): unknown {
  if (parents.includes(value)) {
    return '[circular]';
  }
  if (parents.length >= DEEPEST) {
    return '[deep]';
  }
  const path = [...parents, value];
  if (value instanceof Error) {
    return copyError(value, options, path);
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  }
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    return `[${value.byteLength} bytes]`;
  }
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].slice(0, MOST_ITEMS).map((item) => copy(item, options, path));
  }
  const entries: Iterable<[unknown, unknown]> =
    value instanceof Map || isHeaders(value) ? value.entries() : readableEntries(value);
  const result: Record<string, unknown> = {};
  for (const [key, item] of [...entries].slice(0, MOST_ITEMS)) {
    const secret = isSecretField(String(key)) && item !== null && item !== undefined && typeof item !== 'boolean';
    Object.defineProperty(result, String(key), {
      value: secret ? REDACTED : copy(item, options, path),
      enumerable: true,
    });
  }
  return result;
}

function readableEntries(value: object): [string, unknown][] {
  return Object.keys(value).map((key) => {
    try {
      return [key, Reflect.get(value, key)];
    } catch {
      return [key, '[unreadable]'];
    }
  });
}

const ERROR_FIELDS = ['category', 'operation', 'status', 'reason', 'code', 'retryAfterMs', 'requestId'] as const;

function copyError(error: Error, options: ErrorOptions, path: readonly object[]): Record<string, unknown> {
  const result: Record<string, unknown> = { type: error.name, message: redactText(error.message) };
  for (const field of ERROR_FIELDS) {
    const value: unknown = Reflect.get(error, field);
    if (value !== undefined && value !== '') {
      result[field] = copy(value, options, path);
    }
  }
  if (options.stack && error.stack !== undefined) {
    result.stack = redactText(error.stack);
  }
  if (error.cause !== undefined) {
    result.cause = copy(error.cause, options, path);
  }
  if (error instanceof AggregateError) {
    result.errors = copy(error.errors, options, path);
  }
  return result;
}
