import type { Config, LeaseConfig } from '../config/config.types.ts';
import type { Permission } from '../kube/access.ts';
import type { KubeClient } from '../kube/client.types.ts';
import { KubeError } from '../kube/errors.ts';
import { finishLease, giveLeaseBack, keepLease, type TakeoverOptions, takeLeaseOver } from '../kube/lease-takeover.ts';
import { ENVOY_CONFIGS, LEASES } from '../kube/resources.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { applyAction } from '../plan/apply.ts';
import { finding } from '../plan/make.ts';
import { ONCE_MANAGER } from '../plan/ours.ts';
import type { Action, Finding, Outcome } from '../plan/plan.types.ts';
import { deleteCopyAction, listCopies } from '../uninstall/copies.ts';
import type { UninstallOptions } from './args.types.ts';
import { leaseIdentity } from './identity.ts';
import { buildReport, type ReportInput } from './report.ts';
import type { Report } from './report.types.ts';
import { originOf } from './report-head.ts';
import { expectRights, type OpenClient } from './session.ts';

/**
 * So long the controllers stand by after the last copy is gone, unless they are deleted before: `helm uninstall` deletes
 * them, and their rights, within seconds. When it does not, they lead again and make the copies anew: nothing is broken.
 */
const STAND_BY_MS = 120_000;
/** Of all requests together; a Job is given up after ten minutes. */
const PATIENCE_MS = 300_000;
const AFTER_FAILURE_MS = 1_000;
/** How names begin under which runs of this command hold the Lease. */
const IDENTITY = 'uninstall_';
/** To give the Lease back. */
const LAST_WORD_MS = 2_000;
const NEVER = new AbortController().signal;

export interface UninstallPorts {
  readonly cluster: OpenClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Shows what would be removed and asks. Not called with `--yes` or when there is nothing. */
  readonly confirm: (plan: Report, count: number) => Promise<boolean>;
}

/**
 * Removes every redirect copy, and nothing else. It holds the controllers' Lease first, so that none makes one anew, and
 * leaves it held for two minutes: by then they are deleted. Stopped early, it gives the Lease back.
 * @throws KubeError when the copies cannot be listed or the Lease cannot be had; UsageError without the rights
 */
export async function runUninstall(
  options: UninstallOptions,
  { lease, readOnly }: Config,
  ports: UninstallPorts,
  signal: AbortSignal,
): Promise<Report> {
  const { cluster, clock, logger } = ports;
  const { client } = cluster;
  const startedAt = clock.now();
  const report = (actions: readonly Action[], end: Partial<Pick<ReportInput, 'outcomes' | 'declined' | 'findings'>>) =>
    buildReport({
      ...originOf(cluster.connection),
      mode: options.dryRun ? 'dry-run' : 'once',
      startedAt,
      subjects: [],
      actions,
      declined: [],
      outcomes: [],
      findings: [],
      stopped: signal.aborted,
      ...end,
    });
  const planned = (await copiesOf(client, signal)).map(deleteCopyAction);
  const declined = (reason: string, message: string): Report =>
    report(planned, { declined: planned.map((action) => ({ action, reason, message })) });
  if (options.dryRun) return report(planned, {});
  if (readOnly) return declined('ReadOnly', 'The configuration says readOnly.');
  await expectRights(cluster, rightsOf(planned, lease), signal);
  // Without copies, too: a controller that runs might be about to make one.
  if (!options.yes && !(await ports.confirm(report(planned, {}), planned.length))) {
    return declined('NotConfirmed', 'You did not agree.');
  }
  const who = await leaseIdentity({});
  const takeover: TakeoverOptions = {
    client,
    ...lease,
    identity: `${IDENTITY}${who}`,
    durationMs: STAND_BY_MS,
    fieldManager: ONCE_MANAGER,
    clock,
  };
  const removal: Removal = {
    actions: new Map(planned.map((action) => [action.target.uid, action])),
    outcomes: new Map(),
  };
  let former = '';
  try {
    const taken = await takeLeaseOver(takeover, { signal });
    ({ former } = taken);
    // An earlier run, killed on its way, has taken it for two minutes; who led before that one has stopped when its own Lease is over.
    const waitMs = former.startsWith(IDENTITY) ? Math.min(lease.durationMs, taken.waitMs) : taken.waitMs;
    if (waitMs > 0) {
      logger.info({ former, waitMs }, 'waiting until the former leader surely writes no more');
      await clock.sleep(waitMs, signal);
    }
    await removeAll(takeover, removal, signal);
    // Without it, who takes it next would wait for this process.
    await finishLease(takeover, who, { timeoutMs: LAST_WORD_MS }).catch(() => undefined);
  } catch (error) {
    // Who runs on shall lead on.
    await giveLeaseBack(takeover, { timeoutMs: LAST_WORD_MS }).catch(() => undefined);
    if (!signal.aborted) throw error;
  }
  const outcomes = [...removal.outcomes.values()];
  logger.info({ removed: outcomes.filter(({ status }) => status === 'applied').length }, 'redirect copies removed');
  const findings = former === '' || former.startsWith(IDENTITY) || signal.aborted ? [] : [standsBy(former)];
  return report([...removal.actions.values()], { outcomes, findings });
}

function standsBy(controller: string): Finding {
  return finding('uninstall', 'warn', {
    reason: 'ControllerStandsBy',
    target: undefined,
    message: `The controller ${controller} stands by for two minutes. If it still runs then, it makes the redirects anew.`,
    fix: 'Take it away by then: helm uninstall <release> (which also does all of this).',
  });
}

/** Of copies that come in between it is asked only when they are there. */
function rightsOf(planned: readonly Action[], lease: LeaseConfig): Permission[] {
  const namespaces = new Set(planned.map(({ target }) => target.namespace));
  const leases = { group: LEASES.group, resource: LEASES.plural, namespace: lease.namespace };
  return [
    ...[...namespaces].map(
      (namespace): Permission => ({
        verb: 'delete',
        group: ENVOY_CONFIGS.group,
        resource: ENVOY_CONFIGS.plural,
        namespace,
      }),
    ),
    { verb: 'create', ...leases },
    { verb: 'get', ...leases, name: lease.name },
    { verb: 'patch', ...leases, name: lease.name },
  ];
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

/** What is to be removed, and what became of it, by uid. */
interface Removal {
  readonly actions: Map<string, Action>;
  readonly outcomes: Map<string, Outcome>;
}

/** Deletes until a complete list shows none, and prolongs the Lease before each round. */
async function removeAll(
  takeover: TakeoverOptions,
  { actions, outcomes }: Removal,
  signal: AbortSignal,
): Promise<void> {
  const { client, clock } = takeover;
  const endsAt = clock.monotonic() + PATIENCE_MS;
  for (;;) {
    const patient = clock.monotonic() < endsAt;
    try {
      // Also the last time: from here on the controllers stand by for the whole time.
      await keepLease(takeover, { signal });
      const heldUntil = clock.monotonic() + STAND_BY_MS / 2;
      const copies = await copiesOf(client, signal);
      for (const copy of copies) {
        signal.throwIfAborted();
        const action = deleteCopyAction(copy);
        // A write that has begun is seen through, so that the report can say what became of it.
        const applied = await applyAction(
          action,
          {
            client,
            fieldManager: ONCE_MANAGER,
            prepare: () => Promise.reject(new Error('nothing is copied here')),
            mayWrite: () => clock.monotonic() < heldUntil,
          },
          NEVER,
        );
        actions.set(copy.uid, action);
        outcomes.set(copy.uid, applied.outcome);
      }
      const there = new Set(copies.map(({ uid }) => uid));
      // What is not there any more was removed, whatever the answer said.
      for (const [uid, action] of actions) {
        if (!there.has(uid)) outcomes.set(uid, { action, status: 'applied', reason: '', message: '' });
      }
      if (copies.length === 0) return;
      if ([...outcomes.values()].some(({ status }) => status === 'refused') || !patient) return;
      if ([...outcomes.values()].some(({ status }) => status === 'failed')) await clock.sleep(AFTER_FAILURE_MS, signal);
    } catch (error) {
      if (!(error instanceof KubeError) || !error.retryable || error.category === 'conflict' || !patient) throw error;
      await clock.sleep(AFTER_FAILURE_MS, signal);
    }
  }
}
