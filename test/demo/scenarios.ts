import type { Scenario } from './scenario.types.ts';
import { cceGuide } from './scenarios/cce-guide.ts';

/** Every scenario, as `--list` shows them; the first is the default. */
export const SCENARIOS: readonly [Scenario, ...Scenario[]] = [cceGuide];

export function findScenario(name: string | undefined): Scenario | undefined {
  return name === undefined ? SCENARIOS[0] : SCENARIOS.find((scenario) => scenario.name === name);
}
