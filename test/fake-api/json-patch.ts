import { badRequest, patchDoesNotApply } from './api-error.ts';
import { clone, equal, isObject, type Json } from './json.ts';

/** RFC 6902 on a copy. Throws the API server's 422 when an operation, a `test` included, does not hold. */
export function applyJsonPatch(target: Json, patch: Json): Json {
  if (!Array.isArray(patch)) {
    throw badRequest(
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    );
  }
  let document = clone(target);
  for (const operation of patch) {
    document = applyOperation(document, operation);
  }
  return document;
}

function applyOperation(document: Json, operation: Json): Json {
  if (!isObject(operation) || typeof operation.path !== 'string') {
    throw patchDoesNotApply();
  }
  const path = pointer(operation.path);
  switch (String(operation.op)) {
    case 'test':
      if (!equal(read(document, path) ?? null, operation.value ?? null)) {
        throw patchDoesNotApply();
      }
      return document;
    case 'add':
      return write(document, path, clone(operation.value ?? null), 'add');
    case 'replace':
      if (read(document, path) === undefined) {
        throw patchDoesNotApply();
      }
      return write(document, path, clone(operation.value ?? null), 'replace');
    case 'remove':
      return write(document, path, undefined, 'remove');
    case 'move': {
      const from = pointer(String(operation.from));
      const value = read(document, from);
      return write(write(document, from, undefined, 'remove'), path, value, 'add');
    }
    case 'copy':
      return write(document, path, clone(read(document, pointer(String(operation.from)))), 'add');
    default:
      throw patchDoesNotApply();
  }
}

function pointer(path: string): string[] {
  if (path === '') {
    return [];
  }
  if (!path.startsWith('/')) {
    throw patchDoesNotApply();
  }
  return path
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(document: Json, path: readonly string[]): Json | undefined {
  let current: Json | undefined = document;
  for (const step of path) {
    if (Array.isArray(current)) {
      current = current[index(step, current.length - 1)];
    } else if (isObject(current)) {
      current = current[step];
    } else {
      throw patchDoesNotApply();
    }
  }
  return current;
}

function write(
  document: Json,
  path: readonly string[],
  value: Json | undefined,
  mode: 'add' | 'replace' | 'remove',
): Json {
  const last = path.at(-1);
  if (last === undefined) {
    return value ?? null;
  }
  const parent = read(document, path.slice(0, -1));
  if (Array.isArray(parent)) {
    const position = last === '-' && mode === 'add' ? parent.length : index(last, parent.length);
    if (position > (mode === 'add' ? parent.length : parent.length - 1)) {
      throw patchDoesNotApply();
    }
    parent.splice(position, mode === 'add' ? 0 : 1, ...(value === undefined ? [] : [value]));
  } else if (isObject(parent) && value !== undefined) {
    parent[last] = value;
  } else if (isObject(parent) && parent[last] !== undefined) {
    delete parent[last];
  } else {
    throw patchDoesNotApply();
  }
  return document;
}

function index(step: string, maximum: number): number {
  if (!/^(0|[1-9]\d*)$/.test(step) || Number(step) > maximum) {
    throw patchDoesNotApply();
  }
  return Number(step);
}
