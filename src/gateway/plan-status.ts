import type { Action, Finding } from '../plan/plan.types.ts';
import type { IngressEntry, ServiceModel } from './models/service.ts';
import { provesAbsence } from './observation.ts';
import { lbIpamAddress } from './other-owners.ts';
import type { ActionParts, SubjectContext, SubjectState } from './plan-subject.types.ts';
import { clearAction, decideIpMode, publishAction, type Wanted, wantedAddresses } from './publish.ts';
import { wrongType } from './subject-findings.ts';
import type { Subject } from './subjects.ts';

/** What is to become of a Gateway Service's status. */
export interface StatusPlan {
  readonly wanted: Wanted;
  readonly action: Action | undefined;
  readonly annotateEntrypoint: boolean;
  /** What will stand in the status once the action is done; empty when nothing is published. */
  readonly addresses: readonly IngressEntry[];
  readonly question: SubjectState['ipModeQuestion'];
}

/** The status of the Gateway Service: what it should be, and the write that brings it there. */
export function planStatus(
  subject: Subject,
  service: ServiceModel,
  entrypoint: ServiceModel | undefined,
  context: SubjectContext,
  findings: Finding[],
  parts: ActionParts,
): StatusPlan {
  const keep: StatusPlan = {
    wanted: { kind: 'keep' },
    action: undefined,
    annotateEntrypoint: false,
    addresses: [],
    question: undefined,
  };
  if (service.type !== 'LoadBalancer') {
    if (entrypoint !== undefined) findings.push(wrongType(subject, service));
    return keep;
  }
  // Another subject's traffic arrives at this address: it is not published anew, and not taken back either.
  if (context.losers.has(subject.key)) return keep;
  const notTheClouds = entrypoint && lbIpamAddress(subject, entrypoint, context.observation);
  if (notTheClouds !== undefined) {
    findings.push(notTheClouds);
    return keep;
  }
  const wanted = wantedAddresses(subject, service, entrypoint, context.observation, context.config, findings);
  switch (wanted.kind) {
    case 'keep':
      return keep;
    case 'clear': {
      const gone = entrypoint !== undefined || provesAbsence(context.observation.services);
      const certain = gone && !context.claims.uncertain.has(subject.key);
      const action = certain ? clearAction(subject, service, parts) : undefined;
      return { ...keep, wanted, action };
    }
    case 'publish': {
      const mode = decideIpMode(service, entrypoint, wanted.entries, context.observation);
      if (mode.finding !== undefined) findings.push(mode.finding);
      if (mode.ipMode === undefined) return keep;
      const action = publishAction(subject, service, wanted.entries, mode.ipMode, wanted.source, parts);
      const ip = wanted.entries.find((entry) => entry.ip !== '')?.ip;
      const ref = { namespace: service.meta.namespace, name: service.meta.name };
      return {
        wanted,
        action,
        annotateEntrypoint: mode.annotateEntrypoint,
        addresses: wanted.entries,
        question: mode.question && ip !== undefined ? { ref, ip } : undefined,
      };
    }
  }
}
