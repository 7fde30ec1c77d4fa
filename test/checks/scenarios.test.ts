import { beforeAll, describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/checks/all.ts';
import type { Diagnosis } from '../../src/checks/check.types.ts';
import { runChecks } from '../../src/checks/run.ts';
import { edited } from './cluster-data.ts';
import { loadScenarios } from './load-scenarios.ts';
import { REFERENCES } from './reference/all.ts';
import type { Scenario } from './scenario.types.ts';
import { worldOf } from './world-of.ts';

const SCENARIOS = await loadScenarios();
/** With the cloud there to be asked, nothing may be left open either. */
const NOT_WELL: ReadonlySet<string> = new Set(['fail', 'warn', 'unknown']);

/** The whole report of a cluster: every check runs, not only the one that a scenario is for. */
async function reportOn(scenario: Scenario, isBroken: boolean): Promise<Diagnosis> {
  const given = edited(REFERENCES[scenario.reference], scenario.given ?? []);
  return runChecks(CHECKS, await worldOf(isBroken ? edited(given, scenario.broken) : given));
}

describe('every check', () => {
  it('has a scenario, and every scenario has a check', () => {
    expect([...SCENARIOS.keys()].toSorted()).toEqual(CHECKS.map(({ id }) => id).toSorted());
  });

  it('has a scenario for each of its reasons', () => {
    const untold = CHECKS.flatMap(({ id, reasons }) => {
      const shown = new Set(SCENARIOS.get(id)?.map(({ reason }) => reason));
      return Object.keys(reasons)
        .filter((reason) => !shown.has(reason))
        .map((reason) => `${id}: ${reason}`);
    });
    expect(untold).toEqual([]);
  });

  it('follows only from checks before it', () => {
    const wrong = CHECKS.flatMap(({ id, causes }, index) => {
      const earlier = new Set(CHECKS.slice(0, index).map((check) => check.id));
      return causes.filter((cause) => !earlier.has(cause)).map((cause) => `${id} ← ${cause}`);
    });
    expect(wrong).toEqual([]);
  });
});

describe.each([...SCENARIOS])('%s', (id, scenarios) => {
  describe.each(scenarios.map((scenario) => ({ name: `${scenario.reason} on ${scenario.reference}`, scenario })))(
    '$name',
    ({ scenario }) => {
      let broken: Diagnosis;
      let twin: Diagnosis;

      beforeAll(async () => {
        broken = await reportOn(scenario, true);
        twin = await reportOn(scenario, false);
      });

      it('is named first, and nothing else is wrong that does not follow from it', () => {
        const wrong = broken.outcomes.filter(({ verdict }) => NOT_WELL.has(verdict));
        const besides = wrong.filter(({ check }) => check.id !== id && scenario.follows?.includes(check.id) !== true);
        expect(besides.map(({ check, findings }) => [check.id, findings])).toEqual([]);
        expect(wrong[0]?.check.id).toBe(id);
        expect(broken.brokenLink).toBe((scenario.verdict ?? 'fail') === 'fail' ? id : undefined);
      });

      it('says what follows from it', () => {
        const consequences = broken.outcomes.filter(({ check }) => scenario.follows?.includes(check.id) === true);
        expect(consequences.map(({ check, followsFrom }) => [check.id, followsFrom])).toEqual(
          broken.outcomes
            .filter(({ check }) => scenario.follows?.includes(check.id) === true)
            .map(({ check }) => [check.id, id]),
        );
        expect(consequences.map(({ check }) => check.id).toSorted()).toEqual([...(scenario.follows ?? [])].toSorted());
        expect(consequences.filter(({ verdict }) => verdict !== 'fail' && verdict !== 'warn')).toEqual([]);
      });

      it('comes with its reason, evidence and mend', () => {
        const findings = broken.outcomes.find(({ check }) => check.id === id)?.findings ?? [];
        const found = findings.find(({ reason }) => reason === scenario.reason);
        expect(found?.verdict).toBe(scenario.verdict ?? 'fail');
        expect(found?.fix).toMatch(/\S/);
        expect(Object.keys(found?.evidence ?? {})).not.toEqual([]);
      });

      it('is passed by name on the healthy twin', () => {
        const outcome = twin.outcomes.find(({ check }) => check.id === id);
        expect(outcome).toMatchObject({ verdict: 'pass' });
        expect(twin.outcomes.filter(({ verdict }) => verdict === 'fail').map(({ check }) => check.id)).toEqual([]);
      });
    },
  );
});
