import type { KubeClient } from '../kube/client.types.ts';
import { asRecord, asString } from '../kube/read.ts';
import { readAll } from '../kube/read-all.ts';
import { EVENTS } from '../kube/resources.ts';
import type { RawObject } from '../kube/types.ts';
import type { Clock } from '../lib/clock.ts';
import { actionId, type WriteHistory, type WriteRecord } from '../plan/history.ts';
import { describeTarget } from '../plan/make.ts';
import type { Action } from '../plan/plan.types.ts';

/** Reason of the Events by which a hold-off outlives the process (rule 7). */
export const SECOND_WRITER = 'SecondWriter';

const ACTION_PREFIX = 'HoldOff:';

/** What an Event's `action` says about what is not written: the second half of `actionId`. */
export function holdOffAction(action: Action): string {
  return `${ACTION_PREFIX}${actionId(action).split(' ').at(-1) ?? ''}`;
}

/** The Event's message; `readHoldOffs` finds writer and end in it again. */
export function holdOffMessage(action: Action, writer: string, fix: string, until: number): string {
  const who = writer === '' ? 'another writer' : writer;
  return `${describeTarget(action.target)} is not written until ${new Date(until).toISOString()}: ${who} keeps undoing it. ${fix}`;
}

/**
 * Hold-offs that an earlier process, or the controller beside this `--once`, left in Events. What cannot be read is
 * not known: then the count starts anew.
 */
export async function readHoldOffs(client: KubeClient, clock: Clock, signal: AbortSignal): Promise<WriteHistory> {
  const read = await readAll(client, EVENTS, { fieldSelector: `reason=${SECOND_WRITER}`, signal }, (raw) =>
    trimHoldOff(raw, clock),
  );
  const history = new Map<string, WriteRecord>();
  for (const found of read.ok ? read.items : []) {
    const known = history.get(found.id);
    if (known === undefined || known.heldUntil < found.record.heldUntil) history.set(found.id, found.record);
  }
  return history;
}

function trimHoldOff(raw: RawObject, clock: Clock): { readonly id: string; readonly record: WriteRecord } | undefined {
  const action = asString(raw.action);
  const match = /^(.+) is not written until (\S+Z): (.+?) keeps undoing it\./.exec(asString(raw.message));
  const involved = asRecord(raw.involvedObject);
  const uid = asString(involved.uid);
  const until = Date.parse(match?.[2] ?? '');
  if (!action.startsWith(ACTION_PREFIX) || asString(raw.reportingComponent) !== 'cilium-cloud-bridge') return undefined;
  // The Gateway that it concerns is told, too.
  const about = {
    kind: asString(involved.kind),
    namespace: asString(involved.namespace),
    name: asString(involved.name),
  };
  if (match?.[1] !== describeTarget(about)) return undefined;
  if (Number.isNaN(until) || until <= clock.now() || uid === '') return undefined;
  const writer = match?.[3] ?? '';
  return {
    id: `${uid} ${action.slice(ACTION_PREFIX.length)}`,
    record: {
      written: new Map(),
      undone: true,
      reverts: [],
      heldUntil: clock.monotonic() + until - clock.now(),
      writer: writer === 'another writer' ? '' : writer,
    },
  };
}
