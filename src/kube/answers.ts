import { type Attempt, garbledError } from './failures.ts';
import type { HttpAnswer } from './http.ts';
import { asRecord, asString, at, isRecord } from './read.ts';
import type { RawObject } from './types.ts';

/** One page of a list. */
export interface Page {
  readonly items: readonly RawObject[];
  readonly resourceVersion: string;
  /** Empty on the last page. */
  readonly continuation: string;
}

/** @throws KubeError `garbled` when the body is no JSON object */
export function parseObject(attempt: Attempt, answer: HttpAnswer): RawObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer.body);
  } catch (error) {
    throw garbledError(attempt, 'something that is no JSON', answer.status, error);
  }
  if (!isRecord(parsed)) {
    throw garbledError(attempt, 'JSON that is no object', answer.status);
  }
  return parsed;
}

/**
 * Insists that an answer is a list: a 200 with something else in it must never pass for an empty one.
 * @throws KubeError `garbled`
 */
export function readPage(attempt: Attempt, raw: RawObject): Page {
  const items = raw.items ?? [];
  const metadata = asRecord(raw.metadata);
  const resourceVersion = asString(metadata.resourceVersion);
  if (!asString(raw.kind).endsWith('List') || !Array.isArray(items) || resourceVersion === '') {
    throw garbledError(attempt, `${describe(raw)} instead of a list`, 200);
  }
  if (!items.every(isRecord)) {
    throw garbledError(attempt, 'a list with items that are no objects', 200);
  }
  return { items, resourceVersion, continuation: asString(metadata.continue) };
}

/**
 * Insists that an answer is the object that was asked for.
 * @throws KubeError `garbled`
 */
export function expectObject(attempt: Attempt, raw: RawObject, name: string): RawObject {
  if (at(raw, 'metadata', 'name') !== name) {
    throw garbledError(attempt, `${describe(raw)} instead of the object`, 200);
  }
  return raw;
}

/**
 * Insists that an answer tells of a deletion: a Status that says so, or the object, while its finalizers hold it.
 * @throws KubeError `garbled`
 */
export function expectDeleted(attempt: Attempt, raw: RawObject, name: string): void {
  if (raw.kind === 'Status' ? raw.status !== 'Success' : at(raw, 'metadata', 'name') !== name) {
    throw garbledError(attempt, `${describe(raw)} instead of a deletion`, 200);
  }
}

function describe(raw: RawObject): string {
  const kind = asString(raw.kind);
  return kind === '' ? 'JSON without a kind' : `a ${kind.slice(0, 60)}`;
}
