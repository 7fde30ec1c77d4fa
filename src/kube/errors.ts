/**
 * What kind of failure it is, so that a caller can decide without reading texts.
 * - `unreachable`: no HTTP answer (refused, reset, DNS, TLS, proxy)
 * - `timeout`: no answer in time
 * - `unauthorized` 401, `forbidden` 403, `not-found` 404 (object), `not-served` 404 (no such kind)
 * - `conflict`: 409, or a JSON patch whose `test` did not hold (the API server says 422 there)
 * - `exists`: 409 AlreadyExists on create
 * - `invalid`: 422 by validation or admission, 400, 415
 * - `gone`: 410, a resourceVersion or continuation that is too old
 * - `throttled`: 429; `unavailable`: 5xx; `garbled`: an answer that is no JSON of the expected kind
 */
export type KubeErrorCategory =
  | 'unreachable'
  | 'timeout'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'not-served'
  | 'conflict'
  | 'exists'
  | 'invalid'
  | 'gone'
  | 'throttled'
  | 'unavailable'
  | 'garbled';

const RETRYABLE: ReadonlySet<KubeErrorCategory> = new Set([
  'unreachable',
  'timeout',
  'conflict',
  'gone',
  'throttled',
  'unavailable',
  'garbled',
]);

export interface KubeErrorDetails {
  readonly category: KubeErrorCategory;
  /** HTTP status, 0 when there was no answer. */
  readonly status: number;
  /** `reason` of the API server's Status object, when it sent one. */
  readonly reason: string;
  /** What was tried, on what, for messages: `PATCH services/status kube-system/entry`. */
  readonly operation: string;
  /** From Retry-After, milliseconds. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** Whoever asked for a request did not want it any more at the moment of sending: nothing left this process. */
export class NotSentError extends Error {
  override readonly name = 'NotSentError';
}

/** A Kubernetes request that did not succeed. The message says what was tried, on what, and what came back. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly category: KubeErrorCategory;
  readonly status: number;
  readonly reason: string;
  readonly operation: string;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: KubeErrorDetails) {
    super(message, { cause: details.cause });
    this.category = details.category;
    this.status = details.status;
    this.reason = details.reason;
    this.operation = details.operation;
    this.retryAfterMs = details.retryAfterMs;
  }

  /** Whether looking again and trying anew can help without anybody changing anything. */
  get retryable(): boolean {
    return RETRYABLE.has(this.category);
  }
}
