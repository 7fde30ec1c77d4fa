/** Figures of one series, in its own unit. */
export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export function summarise(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { count: sorted.length, min: at(0), median: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

/** `1.2 / 3.4 / 5.6 / 7.8 / 9.0 ms (n = 30)`: min / median / p90 / p99 / max. */
export function describe(summary: Summary, unit: string): string {
  const figures = [summary.min, summary.median, summary.p90, summary.p99, summary.max];
  return `${figures.map((value) => value.toFixed(1)).join(' / ')} ${unit} (n = ${summary.count})`;
}

/** One line of the result: a figure against what it is measured beside, and the target. */
export interface Result {
  readonly what: string;
  readonly figures: readonly string[];
  readonly target: string;
  readonly reached: boolean;
}

export function ratio(
  what: string,
  ours: Summary,
  theirs: Summary,
  names: readonly [string, string],
  limit: number,
): Result {
  const value = ours.median / theirs.median;
  return {
    what,
    figures: [
      `${names[0]}: ${describe(ours, 'ms')}`,
      `${names[1]}: ${describe(theirs, 'ms')}`,
      `ratio of the medians: ${value.toFixed(2)}`,
    ],
    target: `≤ ${limit} × ${names[1]}`,
    reached: value <= limit,
  };
}
