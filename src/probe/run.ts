import type { Clock } from '../lib/clock.ts';
import type { Attempt, ProbeLimits, ProbeMeasurement, ProbeTarget, Untried } from './probe.types.ts';

/** So many connections may be open at a time. */
const MAX_OPEN = 64;

export interface ProbePorts {
  readonly clock: Clock;
  /** Makes one connection. Rejects with the signal's reason only. */
  readonly attempt: (target: ProbeTarget, signal: AbortSignal) => Promise<Attempt | Untried>;
  /** Told how many connections have begun, of how many. */
  readonly onProgress?: (begun: number, planned: number) => void;
}

/**
 * Connects to the targets in turn, so that each has its share when the time is up, at an even pace.
 * @throws the signal's reason, at once: connections under way are given up
 */
export async function runProbe(
  targets: readonly ProbeTarget[],
  limits: ProbeLimits,
  { clock, attempt, onProgress }: ProbePorts,
  signal: AbortSignal,
): Promise<ProbeMeasurement> {
  const attempts = targets.map((): Attempt[] => []);
  const planned = targets.length * limits.count;
  const untried: Record<string, number> = {};
  const open = new Set<Promise<void>>();
  const startedAt = clock.monotonic();
  let begun = 0;
  let failure: { readonly error: unknown } | undefined;
  while (begun < planned && failure === undefined) {
    const dueAt = startedAt + (begun * 1000) / limits.perSecond;
    const waitMs = dueAt - clock.monotonic();
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    if (open.size >= MAX_OPEN) await Promise.race(open);
    signal.throwIfAborted();
    if (clock.monotonic() - startedAt >= limits.timeMs) break;
    const index = begun % targets.length;
    const target = targets[index];
    if (target === undefined) break;
    begun += 1;
    const running: Promise<void> = attempt(target, signal)
      .then(
        (one) => {
          if (one.outcome === 'not-tried') untried[one.code] = (untried[one.code] ?? 0) + 1;
          else attempts[index]?.push(one);
        },
        (error: unknown) => {
          failure = { error };
        },
      )
      .finally(() => open.delete(running));
    open.add(running);
    if (begun % 20 === 0) onProgress?.(begun, planned);
  }
  await Promise.all(open);
  if (failure !== undefined) throw failure.error;
  return {
    results: targets.map((target, index) => ({ target, attempts: attempts[index] ?? [] })),
    leftOut: planned - begun,
    untried,
  };
}
