import { type Attempt, PROBE_OUTCOMES, type ProbeOutcome } from './probe.types.ts';

/** Connections summed up. */
export interface ProbeFigures {
  readonly attempts: number;
  readonly outcomes: Readonly<Record<ProbeOutcome, number>>;
  /** Of those that were answered, milliseconds; 0: none was. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How often each HTTP status came. */
  readonly statuses: Readonly<Record<string, number>>;
}

export function figuresOf(attempts: readonly Attempt[]): ProbeFigures {
  const outcomes = { answered: 0, refused: 0, 'timed-out': 0, reset: 0, unreachable: 0, failed: 0 };
  const statuses: Record<string, number> = {};
  for (const { outcome, status } of attempts) {
    outcomes[outcome] += 1;
    if (status !== 0) statuses[status] = (statuses[status] ?? 0) + 1;
  }
  const latencies = attempts
    .filter(({ outcome }) => outcome === 'answered')
    .map(({ latencyMs }) => latencyMs)
    .toSorted((a, b) => a - b);
  return {
    attempts: attempts.length,
    outcomes,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    statuses,
  };
}

/** The smallest value that at least this share of all is not above; 0 of none. @param sorted ascending */
function percentile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return Math.round(value * 10) / 10;
}

/** `200 connections: 104 answered, 96 refused; 1.2 ms in the middle, 99 % within 4.1 ms`. */
export function describeFigures({ attempts, outcomes, p50Ms, p99Ms, statuses }: ProbeFigures): string {
  const parts = PROBE_OUTCOMES.filter((one) => outcomes[one] > 0).map(
    (one) => `${outcomes[one]} ${one.replace('-', ' ')}`,
  );
  const codes = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`);
  const said = codes.length === 0 ? '' : ` (HTTP ${codes.join(', ')})`;
  const latency = outcomes.answered === 0 ? '' : `; p50 ${p50Ms} ms, p99 ${p99Ms} ms`;
  return `${attempts} ${attempts === 1 ? 'connection' : 'connections'}: ${parts.join(', ') || 'none ended'}${said}${latency}`;
}
