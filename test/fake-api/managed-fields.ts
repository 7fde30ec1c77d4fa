import { ApiError } from './api-error.ts';
import { type Comparison, compareObjects, fieldsOf } from './compare.ts';
import {
  difference,
  emptySet,
  type FieldSet,
  fromFieldsV1,
  intersection,
  isEmpty,
  paths,
  pathText,
  toFieldsV1,
  touches,
  union,
  withoutRoot,
} from './field-set.ts';
import { equal, type Json, type JsonObject, type KubeObject, objectsAt, stringAt } from './json.ts';
import type { Kind } from './kinds.ts';
import { mergeApplied, removePath } from './server-side-apply.ts';

/** Who writes, as field ownership records it. */
export interface Writer {
  readonly manager: string;
  readonly subresource: '' | 'status';
  /** RFC 3339, seconds. */
  readonly time: string;
}

interface Entry {
  readonly manager: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string;
  readonly fields: FieldSet;
}

/** The `managedFields` that an Update (create, PUT, patch) leaves behind. */
export function afterUpdate(kind: Kind, live: KubeObject | undefined, next: KubeObject, writer: Writer): Json[] {
  const before: JsonObject = live ?? { ...kind.blank, metadata: {} };
  const changes = ownChanges(kind, writer, before, next);
  const taken = union(changes.added, changes.modified);
  const given = entriesOf(next);
  const entries = given.length > 0 ? given : entriesOf(live);
  const self = entries.find((entry) => isSelf(entry, 'Update', next.apiVersion, writer));
  const others = entries
    .filter((entry) => entry !== self)
    .map((entry) => ({ ...entry, fields: difference(difference(entry.fields, taken), changes.removed) }));
  const ownFields = union(difference(self?.fields ?? emptySet(), changes.removed), taken);
  const own: Entry = {
    manager: writer.manager,
    operation: 'Update',
    apiVersion: next.apiVersion,
    subresource: writer.subresource,
    time: isEmpty(taken) ? (self?.time ?? writer.time) : writer.time,
    fields: ownFields,
  };
  return encode([...others, own]);
}

/** The outcome of a server-side apply: the merged object, with its new `managedFields`. */
export function afterApply(
  kind: Kind,
  live: KubeObject | undefined,
  configuration: KubeObject,
  writer: Writer,
  force: boolean,
): KubeObject {
  const entries = entriesOf(live);
  const self = entries.find((entry) => isSelf(entry, 'Apply', configuration.apiVersion, writer));
  const others = entries.filter((entry) => entry !== self);
  const applied = withoutReset(kind, writer, fieldsOf(configuration, kind.shape));
  let merged = mergeApplied(live, configuration, kind.shape);
  for (const path of paths(difference(self?.fields ?? emptySet(), applied)).toReversed()) {
    if (!touches(applied, path) && !others.some((entry) => touches(entry.fields, path))) {
      merged = removePath(merged, path, kind.shape);
    }
  }
  const changes = ownChanges(kind, writer, live ?? { ...kind.blank, metadata: {} }, merged);
  const taken = union(changes.added, changes.modified);
  if (!force) {
    refuseConflicts(others, taken);
  }
  const left = others.map((entry) => ({
    ...entry,
    fields: difference(difference(entry.fields, taken), changes.removed),
  }));
  const unchanged = self !== undefined && isEmpty(taken) && equal(toFieldsV1(self.fields), toFieldsV1(applied));
  const own: Entry = {
    manager: writer.manager,
    operation: 'Apply',
    apiVersion: configuration.apiVersion,
    subresource: writer.subresource,
    time: unchanged ? self.time : writer.time,
    fields: applied,
  };
  return { ...merged, metadata: { ...merged.metadata, managedFields: encode([...left, own]) } };
}

/** Whether two states differ in nothing but the times of field ownership: such a write is none. */
export function sameButTimes(left: KubeObject, right: KubeObject): boolean {
  const timeless = (object: KubeObject): JsonObject => ({
    ...object,
    metadata: {
      ...object.metadata,
      managedFields: objectsAt(object, 'metadata', 'managedFields').map((entry) => ({ ...entry, time: '' })),
    },
  });
  return equal(timeless(left), timeless(right));
}

function refuseConflicts(others: readonly Entry[], taken: FieldSet): void {
  const conflicts = others.flatMap((entry) =>
    paths(intersection(entry.fields, taken)).map((path) => ({ entry, path: pathText(path) })),
  );
  if (conflicts.length === 0) {
    return;
  }
  const causes = conflicts.map(({ entry, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${describeManager(entry)}`,
    field: path,
  }));
  const plural = conflicts.length === 1 ? 'conflict' : 'conflicts';
  const listed = conflicts.map(({ entry, path }) => `conflict with ${describeManager(entry)}: ${path}`).join('\n');
  throw new ApiError(409, 'Conflict', `Apply failed with ${conflicts.length} ${plural}: ${listed}`, { causes });
}

function describeManager(entry: Entry): string {
  const subresource = entry.subresource === '' ? '' : ` with subresource "${entry.subresource}"`;
  return `"${entry.manager}"${subresource}${entry.operation === 'Update' ? ` using ${entry.apiVersion}` : ''}`;
}

function isSelf(entry: Entry, operation: string, apiVersion: string, writer: Writer): boolean {
  return (
    entry.operation === operation &&
    entry.manager === writer.manager &&
    entry.subresource === writer.subresource &&
    (operation === 'Apply' || entry.apiVersion === apiVersion)
  );
}

/** Fields that the endpoint ignores are nobody's gain: status on the object itself, the spec on `/status`. */
function withoutReset(kind: Kind, writer: Writer, set: FieldSet): FieldSet {
  if (!kind.statusSubresource) {
    return set;
  }
  return withoutRoot(set, writer.subresource === '' ? 'f:status' : 'f:spec');
}

function ownChanges(kind: Kind, writer: Writer, before: JsonObject, after: JsonObject): Comparison {
  const changes = compareObjects(before, after, kind.shape);
  return {
    added: withoutReset(kind, writer, changes.added),
    modified: withoutReset(kind, writer, changes.modified),
    removed: withoutReset(kind, writer, changes.removed),
  };
}

function entriesOf(object: KubeObject | undefined): Entry[] {
  return objectsAt(object, 'metadata', 'managedFields').map((entry) => ({
    manager: stringAt(entry, 'manager'),
    operation: stringAt(entry, 'operation'),
    apiVersion: stringAt(entry, 'apiVersion'),
    subresource: stringAt(entry, 'subresource'),
    time: stringAt(entry, 'time'),
    fields: fromFieldsV1(entry.fieldsV1),
  }));
}

function encode(entries: readonly Entry[]): Json[] {
  return entries
    .filter((entry) => !isEmpty(entry.fields))
    .toSorted(byOperationAndTime)
    .map((entry) => ({
      manager: entry.manager,
      operation: entry.operation,
      apiVersion: entry.apiVersion,
      time: entry.time,
      fieldsType: 'FieldsV1',
      fieldsV1: toFieldsV1(entry.fields),
      ...(entry.subresource === '' ? {} : { subresource: entry.subresource }),
    }));
}

function byOperationAndTime(left: Entry, right: Entry): number {
  for (const key of ['operation', 'time', 'manager', 'apiVersion', 'subresource'] as const) {
    if (left[key] !== right[key]) {
      return left[key] < right[key] ? -1 : 1;
    }
  }
  return 0;
}
