import type { EventRecorder } from '../kube/events.ts';
import type { Logger } from '../lib/logger.ts';
import type { Target } from '../plan/plan.types.ts';
import type { CloudReport } from '../rights/cloud.ts';

export interface CloudTrialOptions {
  /** Asks the cloud; rejects with the signal's reason. */
  readonly ask: (signal: AbortSignal) => Promise<CloudReport>;
  /** A standby asks nothing. */
  readonly whenLeader: (signal: AbortSignal) => Promise<unknown>;
  readonly logger: Logger;
  readonly recorder: Pick<EventRecorder, 'record'>;
  /** The program's own Pod; undefined: it runs in none. */
  readonly pod: Target | undefined;
}

/**
 * Tells at the start of the first term, once, which actions the cloud refuses, with the policy that allows them. Nothing
 * waits for it. Never rejects.
 */
export async function runCloudTrial(options: CloudTrialOptions, signal: AbortSignal): Promise<void> {
  const { ask, whenLeader, logger } = options;
  try {
    await whenLeader(signal);
    tell(await ask(signal), options);
  } catch (error) {
    if (!signal.aborted) logger.warn({ err: error }, 'the cloud could not be tried');
  }
}

function tell(report: CloudReport, { logger, recorder, pod }: CloudTrialOptions): void {
  if (report.state === 'not-asked') return;
  const { title, asked, refused, policy, failed, untried } = report;
  if (failed.length > 0) {
    logger.info({ cloud: title, why: failed.map(({ message }) => message) }, 'the cloud does not answer everything');
  }
  if (refused.length === 0) {
    if (failed.length === 0) logger.info({ cloud: title, asked, untried }, 'the cloud refuses nothing');
    return;
  }
  const actions = refused.map(({ action }) => action);
  const why = refused.map(({ message }) => message);
  const reason = 'CloudRightsMissing';
  logger.warn({ reason, cloud: title, actions, why, policy, untried }, 'the cloud refuses actions');
  if (pod === undefined) return;
  const message = `${title} refuses ${actions.join(', ')}. What needs them is unknown, the rest goes on. This policy allows them: ${policy ?? 'none'}`;
  recorder.record({ target: pod, type: 'Warning', reason, action: 'Preflight', message });
}
