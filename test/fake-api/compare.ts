import { emptySet, type FieldPath, type FieldSet, insert } from './field-set.ts';
import { equal, isObject, type Json, type JsonObject } from './json.ts';
import type { Shape } from './shapes.ts';

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** Members of metadata that nobody owns. */
const UNOWNED_METADATA: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'generation',
  'managedFields',
  'resourceVersion',
]);

/** Which fields differ, by the rules of Kubernetes' structured merge. */
export function compareObjects(before: JsonObject, after: JsonObject, shape: Shape): Comparison {
  const result: Comparison = { added: emptySet(), modified: emptySet(), removed: emptySet() };
  walkFields(ownable(before), ownable(after), shape, [], result);
  return result;
}

/** Every field that an applied configuration names: leaves, empty containers and keyed list items. */
export function fieldsOf(configuration: JsonObject, shape: Shape): FieldSet {
  const set = emptySet();
  collect(ownable(configuration), shape, [], set);
  return set;
}

/** The step that names an item of a keyed list. */
export function itemStep(item: Json, shape: Shape): string {
  if (shape.keys === undefined || !isObject(item)) {
    return `v:${JSON.stringify(item)}`;
  }
  const keys: JsonObject = {};
  for (const key of shape.keys) {
    const value = item[key] ?? shape.keyDefaults?.[key];
    if (value !== undefined) {
      keys[key] = value;
    }
  }
  return `k:${JSON.stringify(keys)}`;
}

export function innerShape(shape: Shape, key: string): Shape {
  return shape.fields?.[key] ?? shape.items ?? {};
}

function ownable(object: JsonObject): JsonObject {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = object;
  const owned = Object.entries(isObject(metadata) ? metadata : {}).filter(([key]) => !UNOWNED_METADATA.has(key));
  return { metadata: Object.fromEntries(owned), ...rest };
}

function isEmptyContainer(value: Json | undefined): boolean {
  if (value === undefined || value === null) {
    return true;
  }
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

function walk(before: Json | undefined, after: Json | undefined, shape: Shape, path: FieldPath, out: Comparison): void {
  const left = before ?? undefined;
  const right = after ?? undefined;
  if (left === undefined && right === undefined) {
    return;
  }
  const sample = right ?? left;
  const containers = sample !== undefined && typeof sample === 'object' && sameKind(left, right);
  const keyedList = Array.isArray(sample) && (shape.keys !== undefined || shape.set === true);
  const granular = containers && shape.atomic !== true && (keyedList || isObject(sample));
  if (!granular || (isEmptyContainer(left) && isEmptyContainer(right))) {
    leaf(left, right, path, out);
    return;
  }
  if (isObject(sample)) {
    walkFields(isObject(left) ? left : {}, isObject(right) ? right : {}, shape, path, out);
  } else {
    walkItems(left, right, shape, path, out);
  }
  if (left === undefined) {
    insert(out.added, path);
  } else if (right === undefined) {
    insert(out.removed, path);
  }
}

function sameKind(left: Json | undefined, right: Json | undefined): boolean {
  return left === undefined || right === undefined || Array.isArray(left) === Array.isArray(right);
}

function leaf(left: Json | undefined, right: Json | undefined, path: FieldPath, out: Comparison): void {
  if (left === undefined) {
    insert(out.added, path);
  } else if (right === undefined) {
    insert(out.removed, path);
  } else if (!equal(left, right)) {
    insert(out.modified, path);
  }
}

function walkFields(left: JsonObject, right: JsonObject, shape: Shape, path: FieldPath, out: Comparison): void {
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    if (left[key] !== right[key]) {
      walk(left[key], right[key], innerShape(shape, key), [...path, `f:${key}`], out);
    }
  }
}

function walkItems(
  left: Json | undefined,
  right: Json | undefined,
  shape: Shape,
  path: FieldPath,
  out: Comparison,
): void {
  const before = indexed(left, shape);
  const after = indexed(right, shape);
  for (const step of new Set([...before.keys(), ...after.keys()])) {
    const inner = step.startsWith('k:') ? (shape.items ?? {}) : { atomic: true as const };
    walk(before.get(step), after.get(step), inner, [...path, step], out);
  }
}

function indexed(list: Json | undefined, shape: Shape): Map<string, Json> {
  return new Map((Array.isArray(list) ? list : []).map((item) => [itemStep(item, shape), item]));
}

function collect(value: Json, shape: Shape, path: FieldPath, out: FieldSet): void {
  if (isObject(value) && shape.atomic !== true && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) {
      if (inner !== undefined) {
        collect(inner, innerShape(shape, key), [...path, `f:${key}`], out);
      }
    }
    return;
  }
  if (Array.isArray(value) && value.length > 0 && (shape.keys !== undefined || shape.set === true)) {
    for (const item of value) {
      const inside = [...path, itemStep(item, shape)];
      insert(out, inside);
      if (shape.keys !== undefined) {
        collect(item, shape.items ?? {}, inside, out);
      }
    }
    return;
  }
  if (path.length > 1 || path[0] !== 'f:metadata') {
    insert(out, path);
  }
}
