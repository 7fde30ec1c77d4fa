import type { Config } from '../config/config.types.ts';
import type { KubeClient } from '../kube/client.types.ts';
import { KubeError } from '../kube/errors.ts';
import { keepLease, type TakeoverOptions, takeLeaseOver } from '../kube/lease-takeover.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { applyAction } from '../plan/apply.ts';
import { ONCE_MANAGER } from '../plan/ours.ts';
import type { Action, Outcome } from '../plan/plan.types.ts';
import { deleteCopyAction, listCopies } from '../uninstall/copies.ts';
import type { UninstallOptions } from './args.types.ts';
import { leaseIdentity } from './identity.ts';
import { buildReport } from './report.ts';
import type { Report } from './report.types.ts';
import { originOf } from './report-head.ts';
import type { OpenClient } from './session.ts';

/**
 * So long the controllers stand by after the last copy is gone, unless they are deleted before: `helm uninstall` deletes
 * them, and their rights, within seconds. When it does not, they lead again and make the copies anew: nothing is broken.
 */
const STAND_BY_MS = 120_000;
/** Of all requests together; a Job is given up after ten minutes. */
const PATIENCE_MS = 300_000;
const AFTER_FAILURE_MS = 1_000;

export interface UninstallPorts {
  readonly cluster: OpenClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Shows what would be removed and asks. Not called with `--yes` or when there is nothing. */
  readonly confirm: (plan: Report, count: number) => Promise<boolean>;
}

/**
 * Removes every redirect copy, and nothing else. It holds the controllers' Lease first, so that none makes one anew, and
 * leaves it held for two minutes: by then they are deleted.
 * @throws KubeError when the copies cannot be listed or the Lease cannot be had
 */
export async function runUninstall(
  options: UninstallOptions,
  { lease }: Config,
  ports: UninstallPorts,
  signal: AbortSignal,
): Promise<Report> {
  const { cluster, clock, logger } = ports;
  const { client } = cluster;
  const startedAt = clock.now();
  const report = (actions: readonly Action[], outcomes: readonly Outcome[], notConfirmed = false): Report =>
    buildReport({
      ...originOf(cluster.connection),
      mode: options.dryRun ? 'dry-run' : 'once',
      startedAt,
      subjects: [],
      actions,
      declined: notConfirmed
        ? actions.map((action) => ({ action, reason: 'NotConfirmed', message: 'You did not agree.' }))
        : [],
      outcomes,
      findings: [],
      stopped: signal.aborted,
    });
  const planned = (await copiesOf(client, signal)).map(deleteCopyAction);
  if (options.dryRun) return report(planned, []);
  // Without copies, too: a controller that runs might be about to make one.
  if (!options.yes && !(await ports.confirm(report(planned, []), planned.length))) return report(planned, [], true);
  const takeover: TakeoverOptions = {
    client,
    ...lease,
    identity: `uninstall_${await leaseIdentity({})}`,
    durationMs: STAND_BY_MS,
    fieldManager: ONCE_MANAGER,
    clock,
  };
  const taken = await takeLeaseOver(takeover, { signal });
  if (taken.waitMs > 0) {
    logger.info(
      { former: taken.former, waitMs: taken.waitMs },
      'waiting until the former leader surely writes no more',
    );
    await clock.sleep(taken.waitMs, signal);
  }
  const { actions, outcomes } = await removeAll(takeover, signal);
  logger.info({ removed: outcomes.filter(({ status }) => status === 'applied').length }, 'redirect copies removed');
  return report(actions, outcomes);
}

/** Where the API server does not know the kind, there are none. */
async function copiesOf(client: KubeClient, signal: AbortSignal): ReturnType<typeof listCopies> {
  try {
    return await listCopies(client, signal);
  } catch (error) {
    if (error instanceof KubeError && error.category === 'not-served') return [];
    throw error;
  }
}

/** Deletes until a complete list shows none, and prolongs the Lease before each round. */
async function removeAll(
  takeover: TakeoverOptions,
  signal: AbortSignal,
): Promise<{ readonly actions: readonly Action[]; readonly outcomes: readonly Outcome[] }> {
  const { client, clock } = takeover;
  const actions = new Map<string, Action>();
  const outcomes = new Map<string, Outcome>();
  const endsAt = clock.monotonic() + PATIENCE_MS;
  for (;;) {
    const patient = clock.monotonic() < endsAt;
    try {
      // Also the last time: from here on the controllers stand by for the whole time.
      await keepLease(takeover, { signal });
      const heldUntil = clock.monotonic() + STAND_BY_MS / 2;
      const copies = await copiesOf(client, signal);
      for (const copy of copies) {
        const action = deleteCopyAction(copy);
        const applied = await applyAction(
          action,
          {
            client,
            fieldManager: ONCE_MANAGER,
            prepare: () => Promise.reject(new Error('nothing is copied here')),
            mayWrite: () => clock.monotonic() < heldUntil,
          },
          signal,
        );
        actions.set(copy.uid, action);
        outcomes.set(copy.uid, applied.outcome);
      }
      const gone = new Set(copies.map(({ uid }) => uid));
      // What is not there any more was removed, whatever the answer said.
      for (const [uid, { action }] of outcomes) {
        if (!gone.has(uid)) outcomes.set(uid, { action, status: 'applied', reason: '', message: '' });
      }
      if (copies.length === 0) break;
      if ([...outcomes.values()].some(({ status }) => status === 'refused') || !patient) break;
      if ([...outcomes.values()].some(({ status }) => status === 'failed')) await clock.sleep(AFTER_FAILURE_MS, signal);
    } catch (error) {
      if (!(error instanceof KubeError) || !error.retryable || error.category === 'conflict' || !patient) throw error;
      await clock.sleep(AFTER_FAILURE_MS, signal);
    }
  }
  return { actions: [...actions.values()], outcomes: [...outcomes.values()] };
}
