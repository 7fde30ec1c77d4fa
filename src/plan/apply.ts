import type { KubeClient } from '../kube/client.types.ts';
import { KubeError, NotSentError } from '../kube/errors.ts';
import type { RawObject } from '../kube/types.ts';
import type { Action, Change, CopyRequest, Outcome, WriteRequest } from './plan.types.ts';

/** What carrying an action out needs of the world. */
export interface ApplyPorts {
  readonly client: KubeClient;
  readonly fieldManager: string;
  /** Makes a request whose bulk is read at the last moment into one that can be sent. Rejects with a KubeError. */
  readonly prepare: (request: CopyRequest, signal: AbortSignal) => Promise<Prepared>;
  /** Asked in the same tick in which the request is sent, and once more when the kernel takes it (rule 15). */
  readonly mayWrite: () => boolean;
  /** Aborted when the leadership is lost: no request under way outlives it. Undefined: nobody leads. */
  readonly term?: () => AbortSignal;
}

/** A request that can be sent as it is. */
export type PreparedRequest = Exclude<WriteRequest, CopyRequest>;

export interface Prepared {
  readonly request: PreparedRequest;
  /** The one change that came out newer than it was planned; undefined: none did. */
  readonly newer: Pick<Change, 'field' | 'after'> | undefined;
}

export interface Applied {
  /** With the action as it was carried out. */
  readonly outcome: Outcome;
  /** The object as the server returned it; undefined after a delete, or when nothing was written. */
  readonly object: RawObject | undefined;
  /** Of a failed request, for back-off. */
  readonly error: KubeError | undefined;
}

/**
 * Carries one action out: one write, with its precondition in the request. Never throws for a failed write, never
 * repeats one. Rejects only when `signal` is aborted.
 */
export async function applyAction(action: Action, ports: ApplyPorts, signal: AbortSignal): Promise<Applied> {
  signal.throwIfAborted();
  const term = ports.term?.();
  const during = term === undefined ? signal : AbortSignal.any([signal, term]);
  try {
    const { request } = action;
    const { request: prepared, newer } =
      request.verb === 'copy' ? await ports.prepare(request, during) : { request, newer: undefined };
    // Nothing may be awaited between this question and the request.
    if (!ports.mayWrite()) return notLeading(action);
    const object = await send(prepared, ports, during);
    const done = newer === undefined ? action : { ...action, changes: withNewer(action.changes, newer) };
    return { outcome: { action: done, status: 'applied', reason: '', message: '' }, object, error: undefined };
  } catch (error) {
    if (error instanceof NotSentError) return notLeading(action);
    if (term?.aborted === true && !signal.aborted) return lostUnderWay(action);
    if (!(error instanceof KubeError)) throw error;
    return { outcome: outcomeOf(action, error), object: undefined, error };
  }
}

function notLeading(action: Action): Applied {
  const outcome: Outcome = { action, status: 'declined', reason: 'NotLeader', message: 'The lease is not held.' };
  return { outcome, object: undefined, error: undefined };
}

/** It may have been carried out all the same: its precondition was in it, and the next look shows. */
function lostUnderWay(action: Action): Applied {
  const message = 'The lease was lost while the request was under way.';
  return { outcome: { action, status: 'failed', reason: 'NotLeader', message }, object: undefined, error: undefined };
}

/** So that a source which goes back to what was planned is not taken for somebody who undid the write (rule 7). */
function withNewer(changes: readonly Change[], newer: Pick<Change, 'field' | 'after'>): readonly Change[] {
  const planned = changes.find(({ field }) => field === newer.field);
  return [{ before: planned?.before, ...newer }, ...changes.filter((change) => change !== planned)];
}

async function send(request: PreparedRequest, ports: ApplyPorts, signal: AbortSignal): Promise<RawObject | undefined> {
  const options = { fieldManager: ports.fieldManager, signal, maySend: ports.mayWrite };
  switch (request.verb) {
    case 'create':
      return await ports.client.create(request.resource, request.object, options);
    case 'patch': {
      const subresource = request.subresource === undefined ? {} : { subresource: request.subresource };
      return await ports.client.patch(request.resource, request.ref, request.patch, { ...options, ...subresource });
    }
    case 'delete': {
      const { uid, resourceVersion } = request;
      await ports.client.delete(request.resource, request.ref, { ...options, uid, resourceVersion });
      return undefined;
    }
  }
}

function outcomeOf(action: Action, error: KubeError): Outcome {
  const failure = { action, reason: error.category, message: error.message };
  switch (error.category) {
    case 'conflict':
    case 'exists':
    case 'gone':
      return { ...failure, status: 'conflict' };
    case 'not-found':
      // The object went away between look and write: the next look decides.
      return { ...failure, status: 'conflict' };
    case 'forbidden':
    case 'invalid':
    case 'not-served':
      return { ...failure, status: 'refused' };
    // Credentials rotate: what is refused with 401 now may go through in a moment.
    case 'unauthorized':
    case 'unreachable':
    case 'timeout':
    case 'throttled':
    case 'unavailable':
    case 'garbled':
      return { ...failure, status: 'failed' };
  }
}
