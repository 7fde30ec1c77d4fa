/**
 * Why a cloud call failed, as far as anybody acts on it. `denied`: one permission is missing. `credentials`: none, wrong,
 * or expired ones, or a clock that is off. `throttled`: too many calls. `not-found`: the thing is gone. `unsupported`: the
 * API or region is not served here. `invalid`: the request is wrong, and stays so. `unavailable`: 5xx, time-out, network.
 * `garbage`: an answer that is not what the API promises.
 */
export type CloudErrorCategory =
  | 'denied'
  | 'credentials'
  | 'throttled'
  | 'not-found'
  | 'unsupported'
  | 'invalid'
  | 'unavailable'
  | 'garbage';

/** What is known of a failed cloud call. None of it holds a key, a token or a header. */
export interface CloudErrorDetails {
  readonly category: CloudErrorCategory;
  /** The action, as policies name it. */
  readonly action: string;
  /** The cloud's code; empty when it gave none. */
  readonly code: string;
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  readonly requestId: string;
  /** How long the cloud asks to wait, milliseconds. */
  readonly retryAfterMs?: number;
}

/** A cloud call that failed. The message says where, what, and the mend. */
export class CloudError extends Error {
  override readonly name = 'CloudError';
  readonly details: CloudErrorDetails;

  constructor(message: string, details: CloudErrorDetails) {
    super(message);
    this.details = details;
  }
}
