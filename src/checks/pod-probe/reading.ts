import type { Finding } from '../../plan/plan.types.ts';
import type { Measure, PodProbeMeasurement, PodProbeResult } from '../../pod-probe/pod-probe.types.ts';
import type { Say } from '../check.types.ts';
import type { DoctorWorld } from '../world.types.ts';

export const NO_PODS = 'No Pods were made to measure: doctor --probe-pods does.';

/** What one Pod measured of a kind. */
export interface Measured {
  readonly node: string;
  readonly ok: readonly Measure[];
  readonly failed: readonly Measure[];
}

/** The results; or the one finding where there are none. */
export function resultsOf(
  { podProbe }: DoctorWorld,
  say: Pick<Say<string>, 'notApplicable'>,
): { readonly measurement: Extract<PodProbeMeasurement, { state: 'measured' }> } | { readonly finding: Finding } {
  if (podProbe === undefined) return { finding: say.notApplicable(NO_PODS) };
  if (podProbe.state === 'not-measured') return { finding: say.notApplicable(`No Pods were made: ${podProbe.why}.`) };
  return { measurement: podProbe };
}

/** Nodes whose Pod measured something of the kind, and how it ended; what the image has no tool for is left out. */
export function measuredOf(results: readonly PodProbeResult[], what: Measure['what']): readonly Measured[] {
  return results.flatMap(({ node, measures }) => {
    const mine = (measures ?? []).filter((one) => one.what === what && one.result !== 'unmeasured');
    const by = (result: Measure['result']): Measure[] => mine.filter((one) => one.result === result);
    return mine.length === 0 ? [] : [{ node, ok: by('ok'), failed: by('failed') }];
  });
}

/** `n1: 10.0.0.2 failed (tcp)`, for evidence. */
export function describeMeasures(measured: readonly Measured[]): string[] {
  return measured.map(({ node, ok, failed }) => {
    const part = (measures: readonly Measure[], word: string): string[] =>
      measures.map(({ subject, by }) => `${subject} ${word} (${by})`);
    return `${node}: ${[...part(failed, 'failed'), ...part(ok, 'ok')].join(', ')}`;
  });
}
