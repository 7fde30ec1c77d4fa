import { asArray, asRecord, asString, at, isRecord } from './read.ts';
import type { RawObject } from './types.ts';

/** Who wrote a field, from `metadata.managedFields`. */
export interface FieldOwner {
  readonly manager: string;
  /** `Apply` or `Update`. */
  readonly operation: string;
  /** `status`, or empty for the object itself. */
  readonly subresource: string;
  /** RFC 3339; empty when unknown. */
  readonly time: string;
}

/** Answers who owns what in one object. Holds on to the raw object: ask while trimming, keep the answers. */
export interface FieldOwners {
  /**
   * Owners of the field at a path of managedFields keys, newest last.
   * @param path such as `f:status`, `f:loadBalancer`, `f:ingress`
   * @param subresource `status`, or '' for writes to the object itself
   */
  of(path: readonly string[], subresource: string): readonly FieldOwner[];
  /** Everybody who wrote through that subresource, newest last. */
  writers(subresource: string): readonly FieldOwner[];
}

interface Entry {
  readonly owner: FieldOwner;
  readonly fields: RawObject;
}

/** Reads `metadata.managedFields` (kubernetes.io/docs/reference/using-api/server-side-apply). Never throws. */
export function readFieldOwners(raw: RawObject): FieldOwners {
  const entries = asArray(at(raw, 'metadata', 'managedFields'))
    .filter(isRecord)
    .map(readEntry)
    .toSorted(byTime);
  return {
    of: (path, subresource) =>
      entries
        .filter(({ owner, fields }) => owner.subresource === subresource && owns(fields, path))
        .map(({ owner }) => owner),
    writers: (subresource) =>
      entries.filter(({ owner }) => owner.subresource === subresource).map(({ owner }) => owner),
  };
}

/** The newest writer through a subresource (`status`, or '' for the object itself); undefined when there is none. */
export function lastWriter(raw: RawObject, subresource: string): FieldOwner | undefined {
  return readFieldOwners(raw).writers(subresource).at(-1);
}

function readEntry(entry: RawObject): Entry {
  return {
    owner: {
      manager: asString(entry.manager),
      operation: asString(entry.operation),
      subresource: asString(entry.subresource),
      time: asString(entry.time),
    },
    fields: asRecord(entry.fieldsV1),
  };
}

/** Times have whole seconds: entries of one second keep the server's order. */
function byTime(a: Entry, b: Entry): number {
  return (Date.parse(a.owner.time) || 0) - (Date.parse(b.owner.time) || 0);
}

function owns(fields: RawObject, path: readonly string[]): boolean {
  let current: RawObject = fields;
  for (const [depth, key] of path.entries()) {
    const next = current[key];
    if (!isRecord(next)) {
      // A leaf above the path: the owner has that whole value, as lists and maps that are replaced as one.
      return depth > 0 && Object.keys(current).length === 0;
    }
    current = next;
  }
  return path.length > 0;
}
