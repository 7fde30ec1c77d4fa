import { innerShape, itemStep } from './compare.ts';
import type { FieldPath } from './field-set.ts';
import { clone, isObject, type Json, type JsonObject, type KubeObject } from './json.ts';
import type { Shape } from './shapes.ts';

/** The live object with an applied configuration laid over it: keyed lists merge, atomic values are replaced. */
export function mergeApplied(live: KubeObject | undefined, configuration: KubeObject, shape: Shape): KubeObject {
  const merged = mergeObjects(live ?? {}, configuration, shape);
  return {
    ...merged,
    apiVersion: configuration.apiVersion,
    kind: configuration.kind,
    metadata: {
      ...mergeObjects(live?.metadata ?? {}, configuration.metadata, innerShape(shape, 'metadata')),
      name: configuration.metadata.name,
    },
  };
}

function mergeObjects(live: JsonObject, applied: JsonObject, shape: Shape): JsonObject {
  const merged: JsonObject = { ...live };
  for (const [key, value] of Object.entries(applied)) {
    if (value === null) {
      delete merged[key];
    } else if (value !== undefined) {
      merged[key] = mergeValues(live[key], value, innerShape(shape, key));
    }
  }
  return merged;
}

function mergeValues(live: Json | undefined, applied: Json, shape: Shape): Json {
  if (isObject(applied) && isObject(live) && shape.atomic !== true) {
    return mergeObjects(live, applied, shape);
  }
  if (!Array.isArray(applied) || !Array.isArray(live) || (shape.keys === undefined && shape.set !== true)) {
    return clone(applied);
  }
  const merged = new Map(live.map((item) => [itemStep(item, shape), item]));
  for (const item of applied) {
    const step = itemStep(item, shape);
    const present = merged.get(step);
    merged.set(step, present === undefined ? clone(item) : mergeValues(present, item, shape.items ?? {}));
  }
  return [...merged.values()];
}

/** The object without the field at a path; items of keyed lists are removed whole. */
export function removePath(object: KubeObject, path: FieldPath, shape: Shape): KubeObject {
  const copy = clone(object);
  let parent: Json | undefined = copy;
  let current = shape;
  for (const step of path.slice(0, -1)) {
    const inner: Shape = step.startsWith('f:') ? innerShape(current, step.slice(2)) : (current.items ?? {});
    parent = child(parent, step, current);
    current = inner;
  }
  const last = path.at(-1) ?? '';
  if (Array.isArray(parent)) {
    const position = parent.findIndex((item) => itemStep(item, current) === last);
    if (position !== -1) {
      parent.splice(position, 1);
    }
  } else if (isObject(parent)) {
    delete parent[last.slice(2)];
  }
  return copy;
}

function child(parent: Json | undefined, step: string, shape: Shape): Json | undefined {
  if (Array.isArray(parent)) {
    return parent.find((item) => itemStep(item, shape) === step);
  }
  return isObject(parent) ? parent[step.slice(2)] : undefined;
}
