import { suggest } from '../../src/lib/suggest.ts';
import type { Scenario } from './scenario.types.ts';
import { cceGuide } from './scenarios/cce-guide.ts';
import { healthy } from './scenarios/healthy.ts';
import { ingress } from './scenarios/ingress.ts';
import { secondWriter } from './scenarios/second-writer.ts';
import { taintedBootstrap } from './scenarios/tainted-bootstrap.ts';
import { taintedNodes } from './scenarios/tainted-nodes.ts';
import { tkeDomainClb } from './scenarios/tke-domain-clb.ts';
import { tkeNative } from './scenarios/tke-native.ts';
import { tkeOverlay } from './scenarios/tke-overlay.ts';

/** Every scenario, as `--list` shows them; the first is the default. */
export const SCENARIOS: readonly [Scenario, ...Scenario[]] = [
  cceGuide,
  taintedNodes,
  taintedBootstrap,
  secondWriter,
  ingress,
  tkeOverlay,
  tkeDomainClb,
  tkeNative,
  healthy,
];

/**
 * The scenario of that name; undefined: the default.
 * @throws Error that names the nearest one and lists all
 */
export function findScenario(name: string | undefined): Scenario {
  if (name === undefined) return SCENARIOS[0];
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  const near = suggest(
    name,
    SCENARIOS.map((scenario) => scenario.name),
  );
  throw new Error(`no scenario ${name}${near === undefined ? '' : `; did you mean ${near}?`}\n\n${listScenarios()}`);
}

/** A line for each. */
export function listScenarios(): string {
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length));
  return SCENARIOS.map(({ name, title }) => `${name.padEnd(width)}  ${title}`).join('\n');
}
