import { type Attempt, garbledError } from './failures.ts';
import type { BodySink, HttpAnswer } from './http.ts';
import { createItemReader, PLACEHOLDER } from './list-items.ts';
import { asRecord, asString, at, isRecord } from './read.ts';
import type { RawObject } from './types.ts';

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  /** Empty on the last page. */
  readonly continuation: string;
  /** As it came over the wire, uncompressed. */
  readonly bytes: number;
}

/** @throws KubeError `garbled` when the body is no JSON object */
export function parseObject(attempt: Attempt, answer: Pick<HttpAnswer, 'status' | 'body'>): RawObject {
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

/** Reads a page object by object, as its bytes come in. */
export interface PageReader<T> {
  readonly sink: BodySink;
  /**
   * Insists that the answer is a list: a 200 with something else in it must never pass for an empty one.
   * @param raw what the sink left of it
   * @throws KubeError `garbled`; what `map` threw
   */
  page(raw: RawObject): Page<T>;
}

/**
 * @param map called at once, so for objects of an answer that turns out to be garbled, too
 * @param onText told the length of each text before it is parsed
 */
export function createPageReader<T>(
  attempt: Attempt,
  map: (raw: RawObject) => T,
  onText: (chars: number) => void,
): PageReader<T> {
  let mapped: T[] = [];
  let failure: { readonly error: unknown } | undefined;
  const reader = createItemReader((body) => {
    onText(body.length);
    const object = parseObject(attempt, { status: 200, body });
    if (failure !== undefined) return;
    try {
      mapped.push(map(object));
    } catch (error) {
      failure = { error };
    }
  });

  function page(raw: RawObject): Page<T> {
    const items = mapped;
    mapped = []; // the sink is kept for longer
    if (failure !== undefined) throw failure.error;
    const listed = raw.items ?? [];
    const metadata = asRecord(raw.metadata);
    const resourceVersion = asString(metadata.resourceVersion);
    if (!asString(raw.kind).endsWith('List') || !Array.isArray(listed) || resourceVersion === '') {
      throw garbledError(attempt, `${describe(raw)} instead of a list`, 200);
    }
    if (listed.length !== items.length || !listed.every((item) => item === PLACEHOLDER)) {
      throw garbledError(attempt, 'a list with items that are no objects', 200);
    }
    return { items, resourceVersion, continuation: asString(metadata.continue), bytes: reader.bytes() };
  }

  return { sink: reader, page };
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
