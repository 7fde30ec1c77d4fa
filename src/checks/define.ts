import { finding } from '../plan/make.ts';
import type { Finding, Verdict } from '../plan/plan.types.ts';
import type { Check, Said, Say } from './check.types.ts';
import type { DoctorWorld } from './world.types.ts';

interface CheckParts<R extends string> extends Omit<Check, 'reasons' | 'run' | 'causes'> {
  readonly causes?: readonly string[];
  readonly reasons: Readonly<Record<R, string>>;
  run(world: DoctorWorld, say: Say<R>): readonly Finding[];
}

/** A check whose findings can only have the reasons that it declares. */
export function defineCheck<const R extends string>(parts: CheckParts<R>): Check {
  const say = sayFor<R>(parts.id);
  return { causes: [], ...parts, run: (world) => parts.run(world, say) };
}

function sayFor<R extends string>(id: string): Say<R> {
  const make = (verdict: Verdict, reason: string, said: Said): Finding =>
    finding(id, verdict, { ...said, reason, target: said.target });
  return {
    fail: (reason, said) => make('fail', reason, said),
    warn: (reason, said) => make('warn', reason, said),
    unknown: (reason, said) => make('unknown', reason, said),
    pass: (message, said) => make('pass', 'AsItShouldBe', { ...said, message }),
    notApplicable: (message) => make('not-applicable', 'NotApplicable', { message }),
  };
}
