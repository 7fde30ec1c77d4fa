import type { CloudAnswer } from './provider.types.ts';

/** One request of a read operation; a page of a list is a request of its own. */
export interface CloudRequest<T> {
  /** The action, as policies name it: `clb:DescribeListeners`, `elb:listeners:list`. */
  readonly action: string;
  /** The service whose limit it counts against: `clb`, `elb`. */
  readonly service: string;
  /** What is asked, as text: equal keys of one action are equal questions. */
  readonly key: string;
  /**
   * Sends it once, without any retry of its own. Rejects with a CloudError; or with the signal's reason. The signal fires
   * after the time-out of one attempt, or when the caller's own does.
   */
  readonly send: (signal: AbortSignal) => Promise<SentAnswer<T>>;
}

/** What one request brought. */
export interface SentAnswer<T> {
  readonly value: T;
  readonly requestId: string;
}

/**
 * Sends requests of one credential: at most so many at a time and a second for each service, each attempt with a time-out,
 * retried with full jitter where the category allows it (`throttled`, `unavailable`; `credentials` once after a refresh),
 * equal questions asked once within the cache's time.
 */
export interface CloudCaller {
  call<T>(request: CloudRequest<T>, signal: AbortSignal): Promise<CloudAnswer<T>>;
}

/** Keys for signing; every reader of one cloud shares one source. */
export interface CredentialSource<C> {
  /**
   * Credentials that are good for some minutes yet. Rejects with a CloudError of category `credentials` that names what is
   * missing; a failed fetch is not kept.
   */
  current(signal: AbortSignal): Promise<C>;
  /** The cloud refused the last ones: fetch or read anew. True when there is something new to try. */
  refresh(signal: AbortSignal): Promise<boolean>;
  /** Where they come from, for the log: `OIDC token /var/run/…`, `environment`. Never a key. */
  readonly description: string;
}
