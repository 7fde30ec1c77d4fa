import type { Meta, OwnerReference, RawObject } from './types.ts';

/*
 * Tolerant readers of JSON that nobody vouched for: an object of the wrong shape yields empty values, never an
 * exception, because one odd object must not stop the work for all others.
 */

const NOTHING: RawObject = Object.freeze({});
const NO_ITEMS: readonly unknown[] = Object.freeze([]);

/** The value when it is a string, else the fallback (''). */
export function asString(value: unknown, fallback = ''): string {
  return typeof value === 'string' ? value : fallback;
}

/** The value when it is a finite number, else the fallback (0). Strings that look like numbers are not numbers. */
export function asNumber(value: unknown, fallback = 0): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback;
}

/** The value when it is a boolean, else the fallback (false). */
export function asBoolean(value: unknown, fallback = false): boolean {
  return typeof value === 'boolean' ? value : fallback;
}

/** Whether the value is a JSON object: not null, not an array. */
export function isRecord(value: unknown): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value when it is a JSON object, else an empty one. */
export function asRecord(value: unknown): RawObject {
  return isRecord(value) ? value : NOTHING;
}

/** The value when it is an array, else an empty one. */
export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : NO_ITEMS;
}

/**
 * The string entries of a JSON object, as labels and annotations are; entries of other types are left out. An object
 * that has nothing else is not copied: thousands of them are held.
 */
export function asStringMap(value: unknown): Readonly<Record<string, string>> {
  const record = asRecord(value);
  if (isStringMap(record)) {
    return record;
  }
  return Object.fromEntries(Object.entries(record).filter((entry): entry is [string, string] => isString(entry[1])));
}

function isStringMap(record: RawObject): record is Readonly<Record<string, string>> {
  return Object.values(record).every(isString);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

/** The value at a path of keys and array indexes; undefined as soon as a step is missing or of another type. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof step === 'number') {
      current = asArray(current)[step];
    } else {
      current = isRecord(current) && Object.hasOwn(current, step) ? current[step] : undefined;
    }
  }
  return current;
}

/** `metadata` of any object, checked and defaulted. Never throws, whatever the shape. */
export function readMeta(raw: unknown): Meta {
  const metadata = asRecord(asRecord(raw).metadata);
  return {
    namespace: asString(metadata.namespace),
    name: asString(metadata.name),
    uid: asString(metadata.uid),
    resourceVersion: asString(metadata.resourceVersion),
    generation: asNumber(metadata.generation),
    creationTimestamp: asString(metadata.creationTimestamp),
    deleting: asString(metadata.deletionTimestamp) !== '',
    labels: asStringMap(metadata.labels),
    annotations: asStringMap(metadata.annotations),
    owners: asArray(metadata.ownerReferences).filter(isRecord).map(readOwner),
  };
}

function readOwner(owner: RawObject): OwnerReference {
  return {
    apiVersion: asString(owner.apiVersion),
    kind: asString(owner.kind),
    name: asString(owner.name),
    uid: asString(owner.uid),
    controller: owner.controller === true,
  };
}
