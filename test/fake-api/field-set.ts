import { isObject, type Json, type JsonObject, parseJson } from './json.ts';

/**
 * A set of field paths as Kubernetes' fieldsV1 has it. A path's steps are `f:<name>`, `k:<item keys as JSON>` and
 * `v:<item as JSON>`.
 */
export interface FieldSet {
  member: boolean;
  readonly children: Map<string, FieldSet>;
}

export type FieldPath = readonly string[];

export function emptySet(): FieldSet {
  return { member: false, children: new Map() };
}

export function insert(set: FieldSet, path: FieldPath): void {
  let node = set;
  for (const step of path) {
    let child = node.children.get(step);
    if (child === undefined) {
      child = emptySet();
      node.children.set(step, child);
    }
    node = child;
  }
  node.member = true;
}

/** Whether the set has the path or anything below it. */
export function touches(set: FieldSet, path: FieldPath): boolean {
  return nodeAt(set, path) !== undefined;
}

function nodeAt(set: FieldSet, path: FieldPath): FieldSet | undefined {
  let node: FieldSet | undefined = set;
  for (const step of path) {
    node = node?.children.get(step);
  }
  return node;
}

/** All member paths, parents before children. */
export function paths(set: FieldSet, prefix: FieldPath = []): FieldPath[] {
  const own = set.member && prefix.length > 0 ? [prefix] : [];
  return [...own, ...[...set.children].flatMap(([step, child]) => paths(child, [...prefix, step]))];
}

export function isEmpty(set: FieldSet): boolean {
  return !set.member && [...set.children.values()].every(isEmpty);
}

export function union(left: FieldSet, right: FieldSet): FieldSet {
  return combine(left, right, (inLeft, inRight) => inLeft || inRight);
}

/** The members of `left` that `right` doesn't have. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  return combine(left, right, (inLeft, inRight) => inLeft && !inRight);
}

export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  return combine(left, right, (inLeft, inRight) => inLeft && inRight);
}

const NOTHING: FieldSet = { member: false, children: new Map() };

function combine(left: FieldSet, right: FieldSet, keep: (inLeft: boolean, inRight: boolean) => boolean): FieldSet {
  const combined: FieldSet = { member: keep(left.member, right.member), children: new Map() };
  for (const step of new Set([...left.children.keys(), ...right.children.keys()])) {
    const child = combine(left.children.get(step) ?? NOTHING, right.children.get(step) ?? NOTHING, keep);
    if (child.member || child.children.size > 0) {
      combined.children.set(step, child);
    }
  }
  return combined;
}

/** The set without one of its top-level fields. */
export function withoutRoot(set: FieldSet, root: string): FieldSet {
  const children = new Map(set.children);
  children.delete(root);
  return { member: set.member, children };
}

/** The set as `fieldsV1`. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const encoded: JsonObject = {};
  if (set.member && set.children.size > 0) {
    encoded['.'] = {};
  }
  for (const [step, child] of [...set.children].sort(([left], [right]) => (left < right ? -1 : 1))) {
    encoded[step] = toFieldsV1(child);
  }
  return encoded;
}

export function fromFieldsV1(encoded: Json | undefined): FieldSet {
  const set = emptySet();
  for (const [step, inner] of Object.entries(isObject(encoded) ? encoded : {})) {
    if (step === '.') {
      set.member = true;
    } else {
      const child = fromFieldsV1(inner);
      child.member ||= child.children.size === 0;
      set.children.set(step, child);
    }
  }
  return set;
}

/** A path as conflict messages show it: `.spec.ports[port=80,protocol="TCP"].targetPort`. */
export function pathText(path: FieldPath): string {
  return path
    .map((step) => {
      const rest = step.slice(2);
      if (step.startsWith('f:')) {
        return `.${rest}`;
      }
      if (step.startsWith('v:')) {
        return `[=${rest}]`;
      }
      const keys = parseJson(rest);
      const pairs = Object.entries(isObject(keys) ? keys : {}).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
      return `[${pairs.join(',')}]`;
    })
    .join('');
}
