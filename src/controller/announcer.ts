import type { EventRecorder } from '../kube/events.ts';
import type { Action, Finding, Target } from '../plan/plan.types.ts';
import { holdOffAction, holdOffMessage, SECOND_WRITER } from './hold-offs.ts';

/** Tells people in the cluster, by Kubernetes Events, what was done and found. Never blocks, never fails. */
export interface Announcer {
  applied(action: Action): void;
  refused(action: Action, message: string): void;
  finding(finding: Finding, target: Target): void;
  /** @param until wall clock, milliseconds: kept in the Event, so that a restart knows of the hold-off */
  holdOff(action: Action, writer: string, fix: string, until: number): void;
}

/** Events on the Gateway and the entrypoint that a write concerns, and on the object of a finding. */
export function createEventAnnouncer(recorder: EventRecorder): Announcer {
  return {
    applied: (action) => {
      for (const target of action.related) {
        recorder.record({
          target,
          type: 'Normal',
          reason: action.reason,
          action: verbOf(action),
          message: action.message,
        });
      }
    },
    refused: (action, message) => {
      for (const target of action.related) {
        recorder.record({ target, type: 'Warning', reason: 'WriteRefused', action: verbOf(action), message });
      }
    },
    finding: ({ reason, check, message, fix }, target) => {
      // An object that does not exist, or of which only the name is known, has no uid to hang an Event on.
      if (target.uid === '') return;
      recorder.record({
        target,
        type: 'Warning',
        reason,
        action: check,
        message: fix === '' ? message : `${message} ${fix}`,
      });
    },
    holdOff: (action, writer, fix, until) => {
      const written = action.target;
      const targets = [written, ...action.related.filter((target) => target.uid !== written.uid)];
      for (const target of targets) {
        const message = holdOffMessage(action, writer, fix, until);
        recorder.record({ target, type: 'Warning', reason: SECOND_WRITER, action: holdOffAction(action), message });
      }
    },
  };
}

/** `PublishAddress`. */
function verbOf(action: Action): string {
  return action.kind
    .split('-')
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join('');
}
