import type { CacheState } from '../kube/watch.types.ts';
import { DEFAULT_TIMING } from '../kube/watch-timing.ts';
import type { LoopStatus } from './loop-observer.ts';

/** One thing that must be so. */
export interface HealthCheck {
  /** `watch/gateways/services`, `loop/taints`. */
  readonly name: string;
  /** Why it is not so, a few words; undefined: it is. */
  readonly failure: string | undefined;
}

/** A loop that is late by less may only be waiting for the processor. */
const LATE_MS = 60_000;
/**
 * A watch that was silent for longer is stale: it would have been opened anew before, and an answer would have come.
 * Bookmarks come each minute; a kind that nobody touches is silent for up to 144 s.
 */
export const STALE_MS = DEFAULT_TIMING.idleTimeoutMs * 1.2 + DEFAULT_TIMING.listTimeoutMs + 6_000;

/** Whether a loop turns: its passes end, and the next one begins in time. */
export function loopCheck(name: string, { turnsBy }: LoopStatus, now: number): HealthCheck {
  const late = turnsBy === undefined ? 0 : now - turnsBy;
  return { name: `loop/${name}`, failure: late > LATE_MS ? `it should have turned ${seconds(late)} ago` : undefined };
}

/**
 * Whether what a watch holds is current. A kind that is not served, or may not be read, is as current as it can be: the
 * program works without it, and says so in its log.
 */
export function watchCheck(name: string, state: CacheState, now: number): HealthCheck {
  return { name: `watch/${name}`, failure: whyStale(state, now) };
}

function whyStale({ synced, lastEventAt, error }: CacheState, now: number): string | undefined {
  if (!synced || lastEventAt === undefined) {
    const isAnswered = error !== undefined && ['not-served', 'forbidden'].includes(error.category);
    return isAnswered ? undefined : `not read yet${error === undefined ? '' : `: ${error.category}`}`;
  }
  const silent = now - lastEventAt;
  if (silent <= STALE_MS) return undefined;
  return `no sign of life for ${seconds(silent)}${error === undefined ? '' : `: ${error.category}`}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}

/** The answer of a health page, in the words of Kubernetes' own. */
export interface HealthAnswer {
  readonly isHealthy: boolean;
  readonly text: string;
}

/**
 * @param page `readyz`
 * @param verbose whether a page that is well lists its checks, too
 */
export function healthAnswer(page: string, checks: readonly HealthCheck[], verbose: boolean): HealthAnswer {
  const isHealthy = checks.every(({ failure }) => failure === undefined);
  if (isHealthy && !verbose) return { isHealthy, text: 'ok\n' };
  const lines = checks.map(({ name, failure }) =>
    failure === undefined ? `[+]${name} ok` : `[-]${name} failed: ${failure}`,
  );
  return { isHealthy, text: `${[...lines, `${page} check ${isHealthy ? 'passed' : 'failed'}`].join('\n')}\n` };
}
