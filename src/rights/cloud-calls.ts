import type { CallSeen } from '../providers/caller.ts';
import type { CloudErrorCategory } from '../providers/errors.ts';

/** What became of one action of the cloud. */
export interface CloudCall {
  readonly action: string;
  readonly result: 'ok' | CloudErrorCategory;
  /** Where, what and the mend; empty when it went well. */
  readonly message: string;
}

/** Remembers what became of each action that the cloud was asked for, also where the code that asked does without it. */
export interface CloudCalls {
  note(seen: Pick<CallSeen, 'action' | 'result' | 'message'>): void;
  /** One entry an action, in the order in which they were asked for first. */
  all(): readonly CloudCall[];
}

export function createCloudCalls(): CloudCalls {
  const byAction = new Map<string, CloudCall>();
  return {
    note({ action, result, message }) {
      // A permission may hold for some things only: a refusal stays one, whatever went well besides.
      if (byAction.get(action)?.result === 'denied') return;
      byAction.set(action, { action, result, message });
    },
    all: () => [...byAction.values()],
  };
}
