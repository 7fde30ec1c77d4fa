import { clone, equal, isObject, type Json, type JsonObject } from './json.ts';
import type { Shape } from './shapes.ts';

/** RFC 7386 on a copy: null removes, lists are replaced. */
export function applyMergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) {
    return clone(patch);
  }
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      delete merged[key];
    } else if (value !== undefined) {
      merged[key] = applyMergePatch(merged[key], value);
    }
  }
  return merged;
}

/**
 * Kubernetes' strategic merge: as a merge patch, but lists with a merge key are merged item by item, and the
 * directives `$patch: delete|replace`, `$retainKeys`, `$setElementOrder/<list>` and `$deleteFromPrimitiveList/<list>`
 * are followed. Which lists have a merge key is in shapes.ts, for the fields that kubectl's describe, edit, apply and
 * patch meet here; every other list is replaced.
 */
export function applyStrategicMerge(target: Json | undefined, patch: Json, shape: Shape = {}): Json {
  if (!isObject(patch)) {
    return clone(patch);
  }
  if (patch.$patch === 'replace') {
    return withoutDirectives(patch);
  }
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  if (Array.isArray(patch.$retainKeys)) {
    for (const key of Object.keys(merged)) {
      if (!patch.$retainKeys.includes(key)) {
        delete merged[key];
      }
    }
  }
  for (const [key, value] of Object.entries(patch)) {
    const inner = shape.fields?.[key] ?? shape.items ?? {};
    if (key.startsWith('$deleteFromPrimitiveList/')) {
      const list = key.slice('$deleteFromPrimitiveList/'.length);
      const gone = Array.isArray(value) ? value : [];
      const current = merged[list];
      merged[list] = (Array.isArray(current) ? current : []).filter((item) => !gone.some((dead) => equal(dead, item)));
    } else if (key.startsWith('$')) {
      // $setElementOrder is read with its list below; $retainKeys above.
    } else if (value === null) {
      delete merged[key];
    } else if (Array.isArray(value) && (inner.mergeKey !== undefined || inner.mergeSet === true)) {
      merged[key] = mergeLists(merged[key], value, inner);
    } else if (value !== undefined) {
      merged[key] = applyStrategicMerge(merged[key], value, inner);
    }
    const order = patch[`$setElementOrder/${key}`];
    const list = merged[key];
    if (Array.isArray(order) && Array.isArray(list)) {
      merged[key] = reorder(list, order, inner.mergeKey);
    }
  }
  return merged;
}

function mergeLists(target: Json | undefined, patch: Json[], shape: Shape): Json[] {
  let merged = Array.isArray(target) ? [...target] : [];
  const { mergeKey } = shape;
  if (mergeKey === undefined) {
    return [...merged, ...patch.filter((item) => !merged.some((present) => equal(present, item)))];
  }
  if (patch.some((item) => isObject(item) && item.$patch === 'replace')) {
    merged = [];
  }
  for (const item of patch) {
    if (!isObject(item) || item.$patch === 'replace') {
      continue;
    }
    const position = merged.findIndex((present) => isObject(present) && equal(present[mergeKey], item[mergeKey]));
    if (item.$patch === 'delete') {
      merged = merged.filter((_, index) => index !== position);
    } else if (position === -1) {
      merged.push(applyStrategicMerge(undefined, item, shape.items));
    } else {
      merged[position] = applyStrategicMerge(merged[position], item, shape.items);
    }
  }
  return merged;
}

function reorder(list: Json[], order: Json[], mergeKey: string | undefined): Json[] {
  const identity = (item: Json): Json | undefined => (mergeKey !== undefined && isObject(item) ? item[mergeKey] : item);
  const rank = (item: Json): number => {
    const position = order.findIndex((wanted) => equal(identity(wanted), identity(item)));
    return position === -1 ? order.length : position;
  };
  return [...list].sort((left, right) => rank(left) - rank(right));
}

function withoutDirectives(patch: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(patch).filter(([key]) => !key.startsWith('$')));
}
