import { expired } from './api-error.ts';
import type { KubeObject } from './json.ts';
import { type Kind, kindKey } from './kinds.ts';

/** One committed write. `previous` is absent for an object that is new. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly version: number;
  readonly kind: Kind;
  readonly key: string;
  /** For DELETED the last state, with the version of the deletion, as etcd's watch has it. */
  readonly object: KubeObject;
  readonly previous: KubeObject | undefined;
}

export type ChangeListener = (change: Change) => void;

interface Table {
  readonly objects: Map<string, KubeObject>;
  /** Keys in etcd's order; undefined after a key came or went. */
  sorted: string[] | undefined;
  history: Change[];
  compactedAt: number;
  /** Revision of the last change of this kind. */
  lastChange: number;
  readonly listeners: Set<ChangeListener>;
}

const HISTORY_LIMIT = 20_000;
/** A server that was just started already has history that nobody can ask for. */
const FIRST_VERSION = 100;

/** `<namespace>/<name>`: sorts as etcd's keys do. */
export function objectKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** etcd in miniature: objects by kind, one revision counter, and the history that watches and pages read. */
export class Store {
  #version = FIRST_VERSION;
  readonly #tables = new Map<string, Table>();
  readonly #listeners = new Set<ChangeListener>();

  /** The revision of the last write. */
  get version(): number {
    return this.#version;
  }

  get(kind: Kind, namespace: string, name: string): KubeObject | undefined {
    return this.#table(kind).objects.get(objectKey(namespace, name));
  }

  /** All objects of a kind in key order, as they were at `version` (default: now). */
  list(kind: Kind, version: number = this.#version): KubeObject[] {
    const table = this.#table(kind);
    this.assertReadable(kind, version);
    const last = table.history.at(-1);
    if (last === undefined || last.version <= version) {
      table.sorted ??= [...table.objects.keys()].sort();
      return table.sorted.flatMap((key) => table.objects.get(key) ?? []);
    }
    return listAt(table, version);
  }

  /** Commits an object and returns it with its new resourceVersion. */
  put(kind: Kind, object: KubeObject): KubeObject {
    const table = this.#table(kind);
    const key = objectKey(String(object.metadata.namespace ?? ''), object.metadata.name);
    const previous = table.objects.get(key);
    const stored = this.#stamped(object);
    table.objects.set(key, stored);
    if (previous === undefined) {
      table.sorted = undefined;
    }
    const type = previous === undefined ? 'ADDED' : 'MODIFIED';
    this.#commit(table, { type, version: this.#version, kind, key, object: stored, previous });
    return stored;
  }

  /** Removes an object; returns its last state. */
  remove(kind: Kind, namespace: string, name: string): KubeObject | undefined {
    const table = this.#table(kind);
    const key = objectKey(namespace, name);
    const previous = table.objects.get(key);
    if (previous === undefined) {
      return undefined;
    }
    const object = this.#stamped(previous);
    table.objects.delete(key);
    table.sorted = undefined;
    this.#commit(table, { type: 'DELETED', version: this.#version, kind, key, object, previous });
    return object;
  }

  /** The changes after `version`, oldest first. Throws 410 when they are compacted away. */
  changesSince(kind: Kind, version: number): readonly Change[] {
    this.assertReadable(kind, version);
    const { history } = this.#table(kind);
    let index = history.length;
    while (index > 0 && (history[index - 1]?.version ?? 0) > version) {
      index -= 1;
    }
    return history.slice(index);
  }

  /** The revision of the last change of a kind. */
  versionOf(kind: Kind): number {
    return this.#table(kind).lastChange;
  }

  /** Throws the watch's 410 when `version` is older than the history. */
  assertReadable(kind: Kind, version: number): void {
    const { compactedAt } = this.#table(kind);
    if (version < compactedAt) {
      throw expired(`too old resource version: ${version} (${compactedAt})`);
    }
  }

  /** Forgets all history: watches and pages from before get 410. */
  compact(): void {
    for (const table of this.#tables.values()) {
      table.compactedAt = this.#version;
      table.history = [];
    }
  }

  /** Raises the revision without a change, as a write of a kind that isn't served here would. */
  advance(by: number): void {
    this.#version += by;
  }

  /** Calls the listener after each change, of one kind or of all. Returns the way to stop. */
  onChange(kind: Kind | undefined, listener: ChangeListener): () => void {
    const listeners = kind === undefined ? this.#listeners : this.#table(kind).listeners;
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  #stamped(object: KubeObject): KubeObject {
    this.#version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
  }

  #commit(table: Table, change: Change): void {
    table.history.push(change);
    table.lastChange = change.version;
    if (table.history.length > HISTORY_LIMIT) {
      const dropped = table.history.splice(0, HISTORY_LIMIT / 2);
      table.compactedAt = dropped.at(-1)?.version ?? table.compactedAt;
    }
    for (const listener of [...table.listeners, ...this.#listeners]) {
      listener(change);
    }
  }

  #table(kind: Kind): Table {
    const key = kindKey(kind);
    let table = this.#tables.get(key);
    if (table === undefined) {
      table = {
        objects: new Map(),
        sorted: undefined,
        history: [],
        compactedAt: FIRST_VERSION,
        lastChange: FIRST_VERSION,
        listeners: new Set(),
      };
      this.#tables.set(key, table);
    }
    return table;
  }
}

function listAt(table: Table, version: number): KubeObject[] {
  const objects = new Map(table.objects);
  for (const change of table.history.toReversed()) {
    if (change.version <= version) {
      break;
    }
    if (change.previous === undefined) {
      objects.delete(change.key);
    } else {
      objects.set(change.key, change.previous);
    }
  }
  return [...objects.entries()].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, object]) => object);
}
