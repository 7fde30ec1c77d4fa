import type { KubeClient, ListOptions } from './client.types.ts';
import { KubeError } from './errors.ts';
import type { Resource } from './resources.ts';
import type { RawObject } from './types.ts';

const UNREADABLE = Symbol('unreadable');

/** What was read, or why it could not be: both are data, so that one unreadable kind does not stop the others. */
export type Read<T> =
  | {
      readonly ok: true;
      readonly items: readonly T[];
      readonly resourceVersion: string;
      /** Objects whose trimming failed: they are missing from `items`. */
      readonly unreadable: number;
    }
  | { readonly ok: false; readonly error: KubeError };

/**
 * Reads all objects of a kind once, trimmed as they come in; for `--once` and the doctor.
 * @param trim undefined leaves an object out; what it throws counts the object as unreadable
 * @throws the signal's reason when it is aborted; nothing else
 */
export async function readAll<T>(
  client: KubeClient,
  resource: Resource,
  options: ListOptions,
  trim: (raw: RawObject) => T | undefined,
): Promise<Read<T>> {
  function tolerant(raw: RawObject): T | undefined | typeof UNREADABLE {
    try {
      return trim(raw);
    } catch {
      return UNREADABLE;
    }
  }
  try {
    const list = await client.listMapped(resource, tolerant, options);
    const items = list.items.filter((item): item is T => item !== undefined && item !== UNREADABLE);
    const unreadable = list.items.filter((item) => item === UNREADABLE).length;
    return { ok: true, items, resourceVersion: list.resourceVersion, unreadable };
  } catch (error) {
    if (error instanceof KubeError) {
      return { ok: false, error };
    }
    throw error;
  }
}
