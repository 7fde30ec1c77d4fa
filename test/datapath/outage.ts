import type { ProbeReport, TargetReport } from './answer.ts';

/** How many attempts were not answered, on all targets. */
export function failuresOf(report: ProbeReport): number {
  return report.targets.reduce((sum, { attempts, outcomes }) => sum + attempts - (outcomes.answered ?? 0), 0);
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
