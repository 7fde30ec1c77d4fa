import type { Action } from './plan.types.ts';

/** What is remembered of one field of one object, to tell a second writer from ordinary change (rule 7). */
export interface WriteRecord {
  /** What we wrote last, as text, by field. */
  readonly written: ReadonlyMap<string, string>;
  /** That write was found undone, and counted; the next one is counted when it is undone in its turn. */
  readonly undone: boolean;
  /** Monotonic times, milliseconds, at which our value was found undone. */
  readonly reverts: readonly number[];
  /** Monotonic time until which nothing is written; 0: no hold-off. */
  readonly heldUntil: number;
  /** Who undid it, as far as managedFields tell; empty: unknown. */
  readonly writer: string;
}

/** Keyed by `actionId`. */
export type WriteHistory = ReadonlyMap<string, WriteRecord>;

export interface HoldOffPolicy {
  /** Reverts of our value within `windowMs` after which nothing is written for `durationMs`. */
  readonly reverts: number;
  readonly windowMs: number;
  readonly durationMs: number;
}

/** Identifies what an action writes: the object by uid, and the kind of write. */
export function actionId(action: Action): string {
  const { uid, namespace, name } = action.target;
  return `${uid === '' ? `${namespace}/${name}` : uid} ${writtenPart(action)}`;
}

/** Publishing and clearing fight over the same field. */
function writtenPart(action: Action): string {
  return action.kind === 'publish-address' || action.kind === 'clear-address' ? 'status' : action.kind;
}

/** What an action leaves behind, as text that can be compared. */
export function afterOf(action: Action): string {
  return JSON.stringify(action.changes.map((change) => [change.field, change.after ?? null]));
}

/** The same by field: of several fields written at once a second writer may set back only some. */
export function writtenBy(action: Action): ReadonlyMap<string, string> {
  return new Map(action.changes.map((change) => [change.field, JSON.stringify(change.after ?? null)]));
}

/** Whether an action would write again what was written before: then somebody undid that. */
export function undoes(written: ReadonlyMap<string, string>, action: Action): boolean {
  return [...writtenBy(action)].some(([field, after]) => written.get(field) === after);
}

/** Remembers a write that was carried out. */
export function recordWrite(history: WriteHistory, action: Action): WriteHistory {
  const id = actionId(action);
  const previous = history.get(id);
  const now = writtenBy(action);
  const changed = [...now].some(([field, after]) => (previous?.written.get(field) ?? after) !== after);
  const next = new Map(history);
  next.set(id, {
    written: new Map([...(previous?.written ?? []), ...now]),
    undone: false,
    // Another wanted value is another story: the count starts anew.
    reverts: changed ? [] : (previous?.reverts ?? []),
    heldUntil: previous?.heldUntil ?? 0,
    writer: previous?.writer ?? '',
  });
  return next;
}

export interface RevertsNoted {
  readonly history: WriteHistory;
  /** Actions that have just gone into hold-off. */
  readonly started: readonly Action[];
}

/**
 * Notes, for each planned action, whether it would write again what was written before: then somebody undid it.
 * Call it once for each observation in which an action turns up anew, not for each retry of a failed write.
 * @param writerOf names who holds the field now, as far as managedFields tell
 */
export function noteReverts(
  history: WriteHistory,
  actions: readonly Action[],
  policy: HoldOffPolicy,
  now: number,
  writerOf: (action: Action) => string,
): RevertsNoted {
  const next = new Map(history);
  const started: Action[] = [];
  for (const action of actions) {
    const id = actionId(action);
    const record = next.get(id);
    if (record === undefined || record.undone || !undoes(record.written, action) || record.heldUntil > now) continue;
    const reverts = [...record.reverts.filter((time) => now - time < policy.windowMs), now];
    const held = reverts.length >= policy.reverts;
    next.set(id, {
      written: record.written,
      undone: true,
      reverts: held ? [] : reverts,
      heldUntil: held ? now + policy.durationMs : 0,
      writer: writerOf(action),
    });
    if (held) started.push(action);
  }
  return { history: next, started };
}
