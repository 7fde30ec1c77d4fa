import { setImmediate } from 'node:timers/promises';
import { finding } from '../plan/make.ts';
import type { Finding, Verdict } from '../plan/plan.types.ts';
import type { Check, CheckOutcome, Diagnosis } from './check.types.ts';
import { causeOf } from './consequence.ts';
import type { DoctorWorld } from './world.types.ts';

/** The worst first. */
const VERDICTS: readonly Verdict[] = ['fail', 'warn', 'unknown', 'pass', 'not-applicable'];

/** Runs the checks over a world, in the order given, and names the first broken link. Pure; never throws. */
export function runChecks(checks: readonly Check[], world: DoctorWorld): Diagnosis {
  return diagnosisOf([...eachOutcome(checks, world)]);
}

/** The same, with others having their turn between checks: a controller has more to do. */
export async function runChecksInTurns(checks: readonly Check[], world: DoctorWorld): Promise<Diagnosis> {
  const outcomes: CheckOutcome[] = [];
  for (const outcome of eachOutcome(checks, world)) {
    outcomes.push(outcome);
    await setImmediate();
  }
  return diagnosisOf(outcomes);
}

function diagnosisOf(outcomes: readonly CheckOutcome[]): Diagnosis {
  const broken = outcomes.find(({ verdict, followsFrom }) => verdict === 'fail' && followsFrom === undefined);
  return { outcomes, brokenLink: broken?.check.id };
}

function* eachOutcome(checks: readonly Check[], world: DoctorWorld): Generator<CheckOutcome, void> {
  const failures = new Map<string, readonly Finding[]>();
  for (const check of checks) {
    const findings = findingsOf(check, world);
    const verdict = VERDICTS.find((one) => findings.some((each) => each.verdict === one)) ?? 'unknown';
    const isWrong = verdict === 'fail' || verdict === 'warn';
    const worst = findings.filter((found) => found.verdict === verdict);
    const followsFrom = isWrong ? causeOf(check, worst, failures, world) : undefined;
    if (verdict === 'fail') failures.set(check.id, worst);
    yield { check, findings, verdict, followsFrom };
  }
}

function findingsOf(check: Check, world: DoctorWorld): readonly Finding[] {
  const unread = [...check.needs, ...(check.needsBesides?.(world) ?? [])].flatMap((kind) => {
    const { served, complete, why, mend } = world.kube[kind];
    // A kind that the API server does not know has no objects: that is for the check to judge.
    return complete || !served ? [] : [notReadable(check, why, mend)];
  });
  if (unread.length > 0) return unread;
  try {
    const findings = check.run(world);
    return findings.length > 0 ? findings : [defect(check, 'it found nothing to say')];
  } catch (error) {
    return [defect(check, error instanceof Error ? error.message : String(error))];
  }
}

function notReadable(check: Check, why: string, mend: string): Finding {
  return finding(check.id, 'unknown', {
    reason: 'NotReadable',
    target: undefined,
    message: `It cannot be told: ${why}.`,
    fix: mend,
  });
}

/** One check that breaks must not take the report with it. */
function defect(check: Check, what: string): Finding {
  return finding(check.id, 'unknown', {
    reason: 'CheckBroke',
    target: undefined,
    message: `It cannot be told: the check itself broke (${what}).`,
    fix: 'This is a defect of cilium-cloud-bridge: please report it with the JSON report (-o json).',
  });
}
