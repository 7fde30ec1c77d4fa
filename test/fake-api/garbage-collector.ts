import type { Catalog } from './catalog.ts';
import { type Json, type KubeObject, listAt, objectsAt, stringAt } from './json.ts';
import { type Kind, kindKey } from './kinds.ts';
import type { Registry, WriteContext } from './registry.ts';
import type { Change, Store } from './store.ts';

interface Entry {
  readonly kind: Kind;
  readonly object: KubeObject;
}

/**
 * kube-controller-manager's garbage collection and namespace controller: dependents of owners that are gone, the
 * `orphan` and `foregroundDeletion` finalizers, and the contents of deleted namespaces. Works a tick after the
 * change, as its own writer.
 */
export class GarbageCollector {
  readonly #store: Store;
  readonly #catalog: Catalog;
  readonly #registry: Registry;
  readonly #live = new Map<string, Entry>();
  readonly #dependents = new Map<string, Set<string>>();
  readonly #queue = new Set<string>();
  readonly #stop: () => void;
  #timer: NodeJS.Immediate | undefined;
  /** Switched off, owners may go without their dependents, as on a server without the controller. */
  enabled = true;

  constructor(store: Store, catalog: Catalog, registry: Registry) {
    this.#store = store;
    this.#catalog = catalog;
    this.#registry = registry;
    this.#stop = store.onChange(undefined, (change) => this.#observe(change));
  }

  close(): void {
    this.#stop();
    clearImmediate(this.#timer);
  }

  #observe(change: Change): void {
    const uid = stringAt(change.object, 'metadata', 'uid');
    const owners = ownerUids(change.previous).concat(ownerUids(change.object));
    if (change.type === 'DELETED') {
      this.#live.delete(uid);
      for (const owner of owners) {
        this.#dependents.get(owner)?.delete(uid);
        this.#enqueue(owner);
      }
      for (const dependent of this.#dependents.get(uid) ?? []) {
        this.#enqueue(dependent);
      }
      if (kindKey(change.kind) !== 'events') {
        this.#enqueueNamespace(stringAt(change.object, 'metadata', 'namespace'));
      }
      return;
    }
    this.#live.set(uid, { kind: change.kind, object: change.object });
    for (const owner of ownerUids(change.object)) {
      const dependents = this.#dependents.get(owner) ?? new Set();
      this.#dependents.set(owner, dependents.add(uid));
    }
    if (owners.length > 0 || change.object.metadata.deletionTimestamp !== undefined) {
      this.#enqueue(uid);
    }
  }

  #enqueueNamespace(namespace: string): void {
    for (const [uid, { kind, object }] of this.#terminatingNamespaces()) {
      if (kindKey(kind) === 'namespaces' && object.metadata.name === namespace) {
        this.#enqueue(uid);
      }
    }
  }

  #terminatingNamespaces(): [string, Entry][] {
    const kind = this.#catalog.byKey('namespaces');
    const objects = kind === undefined ? [] : this.#store.list(kind);
    return objects
      .filter((object) => object.metadata.deletionTimestamp !== undefined)
      .flatMap((object) => (kind === undefined ? [] : [[stringAt(object, 'metadata', 'uid'), { kind, object }]]));
  }

  #enqueue(uid: string): void {
    this.#queue.add(uid);
    this.#timer ??= setImmediate(() => {
      this.#timer = undefined;
      const uids = [...this.#queue];
      this.#queue.clear();
      for (const next of uids) {
        const entry = this.#live.get(next);
        if (entry !== undefined && this.enabled) {
          this.#collect(next, entry);
        }
      }
    });
  }

  #collect(uid: string, { kind, object }: Entry): void {
    const finalizers = listAt(object, 'metadata', 'finalizers');
    const deleting = object.metadata.deletionTimestamp !== undefined;
    if (deleting && kindKey(kind) === 'namespaces') {
      this.#emptyNamespace(kind, object);
    } else if (deleting && finalizers.includes('orphan')) {
      for (const dependent of this.#dependentsOf(uid)) {
        this.#rewrite(dependent, (live) => withoutOwner(live, uid));
      }
      this.#rewrite({ kind, object }, (live) => withoutFinalizer(live, 'orphan'));
    } else if (deleting && finalizers.includes('foregroundDeletion')) {
      this.#deleteInForeground(uid, { kind, object });
    } else if (!deleting && this.#ownersAreGone(object)) {
      this.#delete({ kind, object });
    }
  }

  #deleteInForeground(uid: string, entry: Entry): void {
    const dependents = this.#dependentsOf(uid);
    for (const dependent of dependents.filter(({ object }) => object.metadata.deletionTimestamp === undefined)) {
      this.#delete(dependent);
    }
    if (this.#dependentsOf(uid).length === 0) {
      this.#rewrite(entry, (live) => withoutFinalizer(live, 'foregroundDeletion'));
    }
  }

  #emptyNamespace(kind: Kind, namespace: KubeObject): void {
    const { name } = namespace.metadata;
    const contents = this.#catalog
      .all()
      .filter((candidate) => candidate.namespaced)
      .flatMap((candidate) => this.#store.list(candidate).map((object) => ({ kind: candidate, object })))
      .filter(({ object }) => object.metadata.namespace === name);
    for (const entry of contents.filter(({ object }) => object.metadata.deletionTimestamp === undefined)) {
      this.#delete(entry);
    }
    const left = contents.some(({ kind: of, object }) => this.#store.get(of, name, object.metadata.name) !== undefined);
    if (!left) {
      this.#store.remove(kind, '', name);
    }
  }

  #dependentsOf(uid: string): Entry[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap((dependent) => this.#live.get(dependent) ?? []);
  }

  #ownersAreGone(object: KubeObject): boolean {
    const owners = ownerUids(object);
    return owners.length > 0 && owners.every((uid) => !this.#isOwner(uid, object));
  }

  /** An owner counts in the dependent's namespace or when it is cluster-scoped. */
  #isOwner(uid: string, dependent: KubeObject): boolean {
    const owner = this.#live.get(uid)?.object;
    return owner !== undefined && [undefined, dependent.metadata.namespace].includes(owner.metadata.namespace);
  }

  #delete({ kind, object }: Entry): void {
    const { name, namespace } = object.metadata;
    if (this.#store.get(kind, String(namespace ?? ''), name) !== undefined) {
      this.#registry.delete(kind, String(namespace ?? ''), name, { gracePeriodSeconds: 0 }, CONTEXT);
    }
  }

  #rewrite({ kind, object }: Entry, change: (live: KubeObject) => Json): void {
    const { name, namespace } = object.metadata;
    if (this.#store.get(kind, String(namespace ?? ''), name) !== undefined) {
      this.#registry.update(kind, String(namespace ?? ''), name, change, CONTEXT);
    }
  }
}

const CONTEXT: WriteContext = {
  manager: 'kube-controller-manager',
  subresource: '',
  dryRun: false,
  user: 'system:kube-controller-manager',
  admitted: false,
};

function ownerUids(object: KubeObject | undefined): string[] {
  return objectsAt(object, 'metadata', 'ownerReferences').map((owner) => stringAt(owner, 'uid'));
}

function withoutOwner(live: KubeObject, uid: string): Json {
  const ownerReferences = objectsAt(live, 'metadata', 'ownerReferences').filter((owner) => owner.uid !== uid);
  return { ...live, metadata: { ...live.metadata, ownerReferences } };
}

function withoutFinalizer(live: KubeObject, finalizer: string): Json {
  const finalizers = listAt(live, 'metadata', 'finalizers').filter((present) => present !== finalizer);
  return { ...live, metadata: { ...live.metadata, finalizers } };
}
