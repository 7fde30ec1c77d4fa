import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { isRecord } from '../../src/kube/read.ts';
import type { Scenario } from './scenario.types.ts';

const FOLDER = new URL('./scenarios/', import.meta.url);

/** Every scenario by the id of its check: a file `scenarios/<id>.ts` that exports `scenarios`. */
export async function loadScenarios(): Promise<ReadonlyMap<string, readonly Scenario[]>> {
  const names = readdirSync(FOLDER).toSorted();
  const loaded = await Promise.all(
    names.map(
      async (name) => [basename(name, '.ts'), scenariosOf(name, await import(new URL(name, FOLDER).href))] as const,
    ),
  );
  return new Map(loaded);
}

function scenariosOf(file: string, module: unknown): readonly Scenario[] {
  const scenarios: unknown = isRecord(module) ? module.scenarios : undefined;
  if (!Array.isArray(scenarios) || scenarios.length === 0 || !scenarios.every(isScenario)) {
    throw new Error(`${file} exports no scenarios`);
  }
  return scenarios;
}

function isScenario(value: unknown): value is Scenario {
  return isRecord(value) && typeof value.reason === 'string' && Array.isArray(value.broken);
}
