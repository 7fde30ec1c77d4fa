import { isDeepStrictEqual } from 'node:util';
import { valuePaths } from './environment.ts';
import type { ConfigFile } from './schema.ts';

/** What a changed file changes at once, each with all keys under it. Every other key waits for a restart. */
const HOT: readonly string[] = [
  'readOnly',
  'gateway',
  'taints',
  'cloud.nonMasqueradeCidrs',
  'holdOff',
  'checks',
  'logLevel',
];

/** Off is obeyed at once, and so is on again; where it was off at the start, nothing watches the nodes. */
const OFF_AT_ONCE = 'taints.enabled';

/** How a change of a key takes effect. `off`: switched off at once, switched on by a restart. */
export type Reload = 'hot' | 'off' | 'restart';

/** How a change of this key takes effect; dotted: `gateway.managed.enabled`. */
export function reloadOf(key: string): Reload {
  if (key === OFF_AT_ONCE) return 'off';
  return HOT.some((hot) => key === hot || key.startsWith(`${hot}.`)) ? 'hot' : 'restart';
}

/** What a program that was started with one configuration does about a new one. */
export interface Settled {
  /** The new one, but with the old values of what needs a restart: never a mixture of anything else. */
  readonly file: ConfigFile;
  /** Keys whose new values wait for a restart. */
  readonly waiting: readonly string[];
}

/** Pure. @param started with which the process was started */
export function settleConfig(started: ConfigFile, next: ConfigFile): Settled {
  const paths = valuePaths().filter((path) => !isDeepStrictEqual(valueAt(started, path), valueAt(next, path)));
  const waiting = paths.filter((path) => {
    const reload = reloadOf(path.join('.'));
    return reload === 'restart' || (reload === 'off' && valueAt(started, path) === false);
  });
  const file = waiting.reduce((all, path) => withValueOf(all, started, path), next);
  return { file, waiting: waiting.map((path) => path.join('.')) };
}

/** The keys in which two configurations differ. */
export function changedKeys(before: ConfigFile, after: ConfigFile): readonly string[] {
  return valuePaths()
    .filter((path) => !isDeepStrictEqual(valueAt(before, path), valueAt(after, path)))
    .map((path) => path.join('.'));
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}

/** A copy of `into` that has the value of `from` at that place. */
function withValueOf<T extends object>(into: T, from: object, [key = '', ...rest]: readonly string[]): T {
  const old: unknown = Reflect.get(from, key);
  const inner: unknown = Reflect.get(into, key);
  const value = rest.length > 0 && isRecord(inner) && isRecord(old) ? withValueOf(inner, old, rest) : old;
  return { ...into, [key]: value };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
