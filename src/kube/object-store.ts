import { asString, at } from './read.ts';
import { compareVersions, isNewer } from './resource-version.ts';
import type { ObjectRef, RawObject } from './types.ts';

/** What became of one object: added (no `before`), changed, or gone (no `after`). */
export interface Change<T> {
  readonly ref: ObjectRef;
  readonly before: T | undefined;
  readonly after: T | undefined;
}

export interface ObjectStoreOptions<T> {
  /** The fields that are read; undefined leaves the object out. An exception concerns this object only. */
  readonly trim: (raw: RawObject) => T | undefined;
  readonly onChange: (change: Change<T>) => void;
  /** An object that could not be trimmed, or whose change a handler could not take. */
  readonly onFailure: (ref: ObjectRef, what: 'trim' | 'handler', error: unknown) => void;
}

interface Entry<T> {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly model: T | undefined;
  readonly readable: boolean;
}

/** An object of a list, trimmed as its page came in. */
export type ListedObject<T> = Entry<T> & { readonly key: string };

/**
 * The objects of one kind, by name. Takes lists, watch events and answers to writes in whatever order they come: a
 * version that is older than what is held changes nothing.
 */
export interface ObjectStore<T> {
  get(ref: ObjectRef): T | undefined;
  models(): readonly T[];
  /** Objects whose newest version could not be trimmed. */
  unreadable(): number;
  put(raw: RawObject): void;
  remove(raw: RawObject): void;
  /** Trims an object of a list, unless that version is held already. Undefined when it has no name. */
  prepare(raw: RawObject): ListedObject<T> | undefined;
  /**
   * Takes a complete list of that version. What is held and newer than the list stays, unless `force` says that the
   * list counts whatever its version (etcd was restored from a backup); all else is as the list says, whatever an event
   * claimed before.
   */
  replace(items: readonly (ListedObject<T> | undefined)[], listVersion: string, force: boolean): void;
  clear(): void;
}

export function createObjectStore<T>({ trim, onChange, onFailure }: ObjectStoreOptions<T>): ObjectStore<T> {
  let entries = new Map<string, Entry<T>>();
  /** Versions of deletions: a late event or answer to a write must not bring the object back. */
  const tombstones = new Map<string, string>();
  /** Version of the last list: what is not newer and was not in it, is not there. */
  let listedAt = '';
  let unreadable = 0;

  function prepare(raw: RawObject): ListedObject<T> | undefined {
    const ref = refOf(raw);
    if (ref.name === '') {
      onFailure(ref, 'trim', new Error('an object without a name'));
      return undefined;
    }
    const key = keyOf(ref);
    const held = entries.get(key);
    const uid = asString(at(raw, 'metadata', 'uid'));
    const resourceVersion = versionOf(raw);
    if (held?.readable && held.uid === uid && held.resourceVersion === resourceVersion && resourceVersion !== '') {
      return { ...held, key };
    }
    try {
      return { key, ref, uid, resourceVersion, model: trim(raw), readable: true };
    } catch (error) {
      onFailure(ref, 'trim', error);
      const model = held?.uid === uid ? held.model : undefined;
      return { key, ref, uid, resourceVersion, model, readable: false };
    }
  }

  function notify(ref: ObjectRef, before: T | undefined, after: T | undefined): void {
    if (before === after) {
      return;
    }
    try {
      onChange({ ref, before, after });
    } catch (error) {
      onFailure(ref, 'handler', error);
    }
  }

  function set(key: string, entry: Entry<T>): void {
    const held = entries.get(key);
    entries.set(key, entry);
    tombstones.delete(key);
    unreadable += Number(!entry.readable) - Number(held !== undefined && !held.readable);
    notify(entry.ref, held?.model, entry.model);
  }

  function drop(key: string, held: Entry<T>): void {
    entries.delete(key);
    unreadable -= Number(!held.readable);
    notify(held.ref, held.model, undefined);
  }

  /** Not newer than what is known of the object. Versions that cannot be compared are news unless they are equal. */
  function isStale(key: string, resourceVersion: string): boolean {
    const held = entries.get(key);
    const known = held === undefined ? [tombstones.get(key) ?? '', listedAt] : [held.resourceVersion];
    return known.some((version) => version !== '' && (compareVersions(resourceVersion, version) ?? 1) <= 0);
  }

  function put(raw: RawObject): void {
    const key = keyOf(refOf(raw));
    if (isStale(key, versionOf(raw))) {
      return;
    }
    const entry = prepare(raw);
    if (entry !== undefined) {
      set(key, entry);
    }
  }

  function remove(raw: RawObject): void {
    const key = keyOf(refOf(raw));
    const resourceVersion = versionOf(raw);
    const held = entries.get(key);
    const order = held === undefined ? undefined : compareVersions(resourceVersion, held.resourceVersion);
    // An older deletion is that of an earlier object of this name.
    const former =
      order === undefined ? held !== undefined && held.uid !== asString(at(raw, 'metadata', 'uid')) : order < 0;
    if (former) {
      return;
    }
    if (held !== undefined) {
      drop(key, held);
    }
    if (!isNewer(tombstones.get(key) ?? '', resourceVersion)) {
      tombstones.set(key, resourceVersion);
    }
  }

  function replace(items: readonly (ListedObject<T> | undefined)[], listVersion: string, force: boolean): void {
    const listed = new Set<string>();
    for (const item of items) {
      if (item === undefined) {
        continue;
      }
      listed.add(item.key);
      const held = entries.get(item.key);
      const known = held?.resourceVersion ?? tombstones.get(item.key);
      if (force || known === undefined || !isNewer(known, listVersion)) {
        if (
          held === undefined ||
          held.resourceVersion !== item.resourceVersion ||
          held.uid !== item.uid ||
          !held.readable
        ) {
          set(item.key, item);
        }
      }
    }
    for (const [key, held] of [...entries]) {
      if (!listed.has(key) && (force || !isNewer(held.resourceVersion, listVersion))) {
        drop(key, held);
      }
    }
    listedAt = listVersion;
    for (const [key, deletedAt] of [...tombstones]) {
      if (force || !isNewer(deletedAt, listVersion)) {
        tombstones.delete(key);
      }
    }
  }

  function clear(): void {
    const former = entries;
    entries = new Map();
    tombstones.clear();
    listedAt = '';
    unreadable = 0;
    for (const held of former.values()) {
      notify(held.ref, held.model, undefined);
    }
  }

  return {
    get: (ref) => entries.get(keyOf(ref))?.model,
    models: () => [...entries.values()].flatMap(({ model }) => (model === undefined ? [] : [model])),
    unreadable: () => unreadable,
    put,
    remove,
    prepare,
    replace,
    clear,
  };
}

function keyOf(ref: ObjectRef): string {
  return `${ref.namespace}/${ref.name}`;
}

function refOf(raw: RawObject): ObjectRef {
  return { namespace: asString(at(raw, 'metadata', 'namespace')), name: asString(at(raw, 'metadata', 'name')) };
}

/** The version of an object; empty when it has none. */
export function versionOf(raw: RawObject): string {
  return asString(at(raw, 'metadata', 'resourceVersion'));
}
