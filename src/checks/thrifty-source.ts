import { asArray, asRecord } from '../kube/read.ts';
import { CUSTOM_RESOURCE_DEFINITIONS } from '../kube/resources.ts';
import type { RawObject } from '../kube/types.ts';
import type { Clock } from '../lib/clock.ts';
import type { ObjectSource } from './object-source.ts';
import type { Reading } from './world.types.ts';

/** What hardly ever changes is read again after so long. */
const REMEMBERED_MS = 3_600_000;
/** Between two lists, so that others at the API server come first. */
const PAUSE_MS = 50;

interface Memory {
  readonly reading: Reading<never>;
  /** Makes the items again from what was kept of them. */
  readonly objects: readonly RawObject[];
  readonly at: number;
}

/**
 * A source for checks that run again and again in the background: one list at a time with a rest after each; definitions
 * of kinds, and that a kind is not served, are remembered for an hour.
 */
export function thriftySource(source: ObjectSource, clock: Clock): ObjectSource {
  const known = new Map<string, Memory>();
  let turn: Promise<unknown> = Promise.resolve();

  async function inTurn<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const mine = turn.then(work);
    turn = mine.then(async () => await clock.sleep(PAUSE_MS, signal)).catch(() => undefined);
    return await mine;
  }

  return {
    description: source.description,
    list: async (resource, trim, scope, signal) => {
      const key = JSON.stringify([resource.group, resource.version, resource.plural, scope]);
      const memory = known.get(key);
      if (memory !== undefined && clock.monotonic() - memory.at < REMEMBERED_MS) {
        return { ...memory.reading, items: memory.objects.map(trim) };
      }
      const isDefinition = resource.plural === CUSTOM_RESOURCE_DEFINITIONS.plural;
      const objects: RawObject[] = [];
      const noting = (raw: RawObject): ReturnType<typeof trim> => {
        const item = trim(raw);
        if (isDefinition) objects.push(withoutSchemas(raw));
        return item;
      };
      const reading = await inTurn(async () => await source.list(resource, noting, scope, signal), signal);
      known.delete(key);
      if (!reading.served || (isDefinition && reading.complete)) {
        known.set(key, { reading: { ...reading, items: [] }, objects, at: clock.monotonic() });
      }
      return reading;
    },
  };
}

/** A definition's schemas are most of it, and no check reads them. */
function withoutSchemas(raw: RawObject): RawObject {
  const spec = asRecord(raw.spec);
  const versions = asArray(spec.versions)
    .map(asRecord)
    .map(({ name, served }) => ({ name, served }));
  return { ...raw, spec: { ...spec, versions } };
}
