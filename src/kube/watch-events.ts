import type { WatchEvent } from './client.types.ts';
import { KubeError } from './errors.ts';
import { type Attempt, garbledError, timeoutError, watchEventError } from './failures.ts';
import type { HttpStream } from './http.ts';
import { LineTooLong, readLines } from './lines.ts';
import { asRecord, asString, at, isRecord } from './read.ts';
import { transportError } from './transport-failures.ts';
import type { RawObject } from './types.ts';

/**
 * Reads the events of a watch until the server ends it.
 * @param idleTimeoutMs the stream is given up when not a byte came for so long
 * @throws KubeError for an ERROR event, a line that is no event, a broken connection, and silence; the signal's reason
 * when it is aborted
 */
export async function* readWatchEvents(
  attempt: Attempt,
  stream: HttpStream,
  idleTimeoutMs: number,
): AsyncGenerator<WatchEvent, void, void> {
  let silence: Error | undefined;
  const idle = setTimeout(() => {
    silence = timeoutError(attempt, `nothing came for ${idleTimeoutMs / 1000} s`);
    stream.body.destroy(silence);
  }, idleTimeoutMs);
  try {
    for await (const line of readLines(stream.body, () => idle.refresh())) {
      yield toEvent(attempt, parseLine(attempt, line));
    }
  } catch (error) {
    throw stream.abortedBy() ?? silence ?? explain(attempt, error);
  } finally {
    clearTimeout(idle);
  }
  const reason = stream.abortedBy();
  if (reason !== undefined) {
    throw reason;
  }
}

function explain(attempt: Attempt, error: unknown): KubeError {
  if (error instanceof KubeError) {
    return error;
  }
  return error instanceof LineTooLong
    ? garbledError(attempt, error.message, 200, error)
    : transportError(attempt, error);
}

function parseLine(attempt: Attempt, line: string): RawObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (error) {
    throw garbledError(attempt, 'a watch event that is no JSON (cut off?)', 200, error);
  }
  return asRecord(parsed);
}

function toEvent(attempt: Attempt, event: RawObject): WatchEvent {
  const object = event.object;
  if (!isRecord(object)) {
    throw garbledError(attempt, 'a watch event without an object', 200);
  }
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type: event.type, object };
    case 'BOOKMARK':
      return { type: 'BOOKMARK', resourceVersion: asString(at(object, 'metadata', 'resourceVersion')) };
    case 'ERROR':
      throw watchEventError(attempt, object);
    default:
      throw garbledError(attempt, `a watch event of unknown type ${JSON.stringify(event.type)}`.slice(0, 100), 200);
  }
}
