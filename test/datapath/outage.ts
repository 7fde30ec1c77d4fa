import type { ProbeReport, TargetReport } from './answer.ts';

/** How many connections were not answered, on all targets. */
export function lossesOf(report: ProbeReport): number {
  return report.targets.reduce((sum, { attempts, outcomes }) => sum + attempts - (outcomes.answered ?? 0), 0);
}

/**
 * How many were answered with a 5xx, on all targets. A route change that adds or removes a cluster brings some on any
 * listener: the agent sends clusters, their endpoints and routes without waiting for one another.
 */
export function errorsOf(report: ProbeReport): number {
  const kinds = report.targets.flatMap(({ answers }) => answers);
  return kinds.filter(({ status }) => status >= 500).reduce((sum, { count }) => sum + count, 0);
}

/**
 * Milliseconds from the start of the first attempt that failed to the start of the first after the last that failed:
 * the time in which a client had to be lucky. 0 when none failed.
 */
export function outageOf(target: TargetReport): number {
  const first = target.gaps.at(0);
  const last = target.gaps.at(-1);
  return first === undefined || last === undefined ? 0 : last.to - first.from;
}
