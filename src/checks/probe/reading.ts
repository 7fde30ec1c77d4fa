import type { SubjectState } from '../../gateway/plan-subject.types.ts';
import type { Json } from '../../plan/plan.types.ts';
import { figuresOf, type ProbeFigures } from '../../probe/figures.ts';
import type { ProbeMeasurement, ProbePlace, ProbeResult, ProbeTarget } from '../../probe/probe.types.ts';
import { subjectsOf } from '../facts/gateway-plan.ts';
import type { DoctorWorld } from '../world.types.ts';
import { refusedShares } from './targets.ts';

/** Less likely than this, a node that answered nothing was no bad luck. */
const NO_LUCK = 0.001;
/** One connection that got lost proves nothing. */
const FEWEST = 2;
const MOST_ROWS = 100;

export const NOT_PROBED = 'No connections were made: doctor --probe does.';
export const NO_TARGETS = 'There is no entrypoint to connect to.';

/** All targets of one port of one Gateway at one place. */
export interface ProbeGroup {
  readonly state: SubjectState;
  readonly place: ProbePlace;
  readonly listenerPort: number;
  readonly results: readonly ProbeResult[];
  readonly figures: ProbeFigures;
  /** Which share is refused at a node by the exposure; 0 at other places than the entrypoint. */
  readonly shareOf: (node: string) => number;
}

/** What a check says of places that were to be connected to, where no connection was begun. */
export const NOT_TRIED = {
  message: 'No connection was begun there: probe-ran says why.',
  fix: 'Do what probe-ran says, and run doctor --probe again.',
};

/** Whether there was anything to connect to at these places. */
export function wasPlanned({ results }: ProbeMeasurement, ...places: readonly ProbePlace[]): boolean {
  return results.some(({ target }) => places.includes(target.place));
}

/** What was measured, by place, Gateway and port; targets that no connection was begun to are left out. */
export function groupsOf(world: DoctorWorld, measurement: ProbeMeasurement): readonly ProbeGroup[] {
  const states = new Map(subjectsOf(world).map((state) => [state.subject.key, state]));
  const tried = measurement.results.filter(({ attempts }) => attempts.length > 0);
  const keyOf = ({ target }: ProbeResult): string => `${target.subject} ${target.place} ${target.listenerPort}`;
  return [...Map.groupBy(tried, keyOf).values()].flatMap((results): ProbeGroup[] => {
    const target = results[0]?.target;
    const state = target === undefined ? undefined : states.get(target.subject);
    if (target === undefined || state === undefined) return [];
    const shareOf = refusedShares(state, world);
    return [
      {
        state,
        place: target.place,
        listenerPort: target.listenerPort,
        results,
        figures: figuresOf(results.flatMap(({ attempts }) => attempts)),
        shareOf: target.place === 'entrypoint' ? shareOf : () => 0,
      },
    ];
  });
}

/** Results of nodes that answered nothing, though others answer there and chance cannot explain it. */
export function silentIn({ results, figures, shareOf }: ProbeGroup): readonly ProbeResult[] {
  if (figures.outcomes.answered === 0) return [];
  return results.filter(
    ({ target, attempts }) =>
      target.node !== '' &&
      attempts.length >= FEWEST &&
      attempts.every(({ outcome }) => outcome !== 'answered') &&
      shareOf(target.node) ** attempts.length < NO_LUCK,
  );
}

/** Names of the nodes that are silent in any of the groups. */
export function silentNodes(groups: readonly ProbeGroup[]): ReadonlySet<string> {
  return new Set(groups.flatMap(silentIn).map(({ target }) => target.node));
}

/** `port 30080 of 10.0.0.1`, for evidence: what became of the connections to each target. */
export function rowsOf(results: readonly ProbeResult[]): Json {
  return results.slice(0, MOST_ROWS).map(({ target, attempts }) => {
    const { outcomes, p50Ms, p99Ms, statuses } = figuresOf(attempts);
    return {
      ...(target.node === '' ? {} : { node: target.node }),
      to: addressOf(target),
      by: target.speaks === 'tls' ? 'TLS, certificate not verified' : target.speaks.toUpperCase(),
      ...(target.hostname === '' ? {} : { host: target.hostname }),
      connections: attempts.length,
      ...Object.fromEntries(Object.entries(outcomes).filter(([, count]) => count > 0)),
      ...(outcomes.answered === 0 ? {} : { p50Ms, p99Ms }),
      ...(Object.keys(statuses).length === 0 ? {} : { statuses }),
    };
  });
}

/** `10.0.0.1:30080`, `[fd00::1]:30080`. */
export function addressOf({ address, port }: ProbeTarget): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}
