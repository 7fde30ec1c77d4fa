import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../../src/checks/all.ts';
import { runChecks } from '../../../src/checks/run.ts';
import { edited } from '../cluster-data.ts';
import { REFERENCES, type ReferenceName } from '../reference/all.ts';
import { worldOf } from '../world-of.ts';
import { VARIANTS } from './healthy.ts';

/** Checks that the reference itself passes by name. */
async function passedBy(reference: ReferenceName): Promise<string[]> {
  const { outcomes } = runChecks(CHECKS, await worldOf(REFERENCES[reference]));
  return outcomes.filter(({ verdict }) => verdict === 'pass').map(({ check }) => check.id);
}

describe.each(VARIANTS)('$reference with $name', ({ reference, edits, config, warns = [], silent = [] }) => {
  it('is well: no check fails or is left open', async () => {
    const cluster = edited(REFERENCES[reference], edits);
    const { outcomes } = runChecks(CHECKS, await worldOf(cluster, config === undefined ? {} : { config }));
    const wrong = outcomes.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'not-applicable');
    const said = wrong.map(({ check, verdict, findings }) => [
      check.id,
      verdict,
      findings.map(({ message }) => message),
    ]);
    expect(said.filter(([id, verdict]) => !(verdict === 'warn' && warns.some((one) => one === id)))).toEqual([]);
    expect(wrong.map(({ check }) => check.id)).toEqual(warns);
    const passed = outcomes.filter(({ verdict }) => verdict === 'pass').map(({ check }) => check.id);
    const asUsual = await passedBy(reference);
    expect(asUsual.filter((id) => !passed.includes(id) && !warns.includes(id))).toEqual(silent);
  });
});
