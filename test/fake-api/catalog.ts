import type { Resource } from '../../src/kube/resources.ts';
import { BUILT_IN_KINDS, type Kind, kindKey } from './kinds.ts';

/** Which kinds are served right now. */
export class Catalog {
  readonly #kinds = new Map<string, Kind>(BUILT_IN_KINDS.map((kind) => [kindKey(kind), kind]));

  /** All served kinds, built-in ones first. */
  all(): Kind[] {
    return [...this.#kinds.values()];
  }

  find(group: string, version: string, plural: string): Kind | undefined {
    const kind = this.#kinds.get(kindKey({ group, version, plural, kind: '', namespaced: true }));
    return kind?.version === version ? kind : undefined;
  }

  byKey(key: string): Kind | undefined {
    return this.#kinds.get(key);
  }

  /** The served kind of an object, by its apiVersion and kind. */
  ofObject(apiVersion: string, kind: string): Kind | undefined {
    return this.all().find((candidate) => apiVersionOf(candidate) === apiVersion && candidate.kind === kind);
  }

  serve(kind: Kind): void {
    this.#kinds.set(kindKey(kind), kind);
  }

  unserve(kind: Kind): void {
    this.#kinds.delete(kindKey(kind));
  }
}

export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}
