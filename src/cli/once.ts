import type { Config } from '../config/config.types.ts';
import type { Announcer } from '../controller/announcer.ts';
import { isServed } from '../gateway/programmed.ts';
import { createGatewayReconciler } from '../gateway/reconciler.ts';
import { mayHaveCopies } from '../gateway/redirect-copy.ts';
import type { Permission } from '../kube/access.ts';
import { KubeError } from '../kube/errors.ts';
import { readLeaseHolder } from '../kube/lease-holder.ts';
import { createBell } from '../lib/bell.ts';
import type { Clock } from '../lib/clock.ts';
import { usageError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { actionId, type WriteHistory } from '../plan/history.ts';
import { limit } from '../plan/limit.ts';
import { ONCE_MANAGER } from '../plan/ours.ts';
import type { Action, Declined, Finding, Outcome } from '../plan/plan.types.ts';
import { createTaintReconciler } from '../taints/reconciler.ts';
import type { OnceOptions } from './args.types.ts';
import { createCloudAddresses } from './cloud-addresses.ts';
import { createExecutor } from './once-executor.ts';
import { combineReconcilers, type OncePlan } from './once-reconciler.ts';
import { type Settled, type SettleParts, settle } from './once-settle.ts';
import { buildReport } from './report.ts';
import type { Report } from './report.types.ts';
import { originOf } from './report-head.ts';
import { type ConnectedCluster, expectRights, openView, whereOf } from './session.ts';

export interface OncePorts {
  readonly cluster: ConnectedCluster;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly announcer: Announcer;
  /** Hold-offs that a controller left in Events. */
  readonly history: WriteHistory;
  /** Tells a person why it takes a while. */
  readonly tell: (line: string) => void;
  /** Shows the plan and asks; resolves with the user's answer. Not called with `--yes` or when nothing is to be done. */
  readonly confirm: (plan: Report, count: number) => Promise<boolean>;
}

const WAITING_FOR_PROOF =
  'A list came back empty, and something would be removed if that is true: reading it again before, in 10 seconds.';

/**
 * One pass from a laptop: look, plan, ask, write, wait. The report says what was done and what is still wrong.
 * @throws UsageError or KubeError when it cannot go on; nothing was written then
 */
export async function runOnce(
  options: OnceOptions,
  config: Config,
  ports: OncePorts,
  signal: AbortSignal,
): Promise<Report> {
  const { cluster, clock, logger } = ports;
  const startedAt = clock.now();
  const leader = await findLeader(config, options.force || options.dryRun, ports, signal);
  if (leader !== undefined && !options.force && !options.dryRun) throw besideLeader(config, leader);
  const finished = new AbortController();
  const changes = createBell();
  const { view, taints, stopped } = await openView(
    cluster,
    clock,
    logger,
    { gateways: changes.ring, taints: changes.ring },
    config,
    AbortSignal.any([signal, finished.signal]),
  ).catch((error: unknown) => {
    finished.abort();
    throw error;
  });
  try {
    // A copy whose Gateway is gone is seen even where no exposure needs one.
    if (await mayHaveCopies(cluster.client, signal)) view.watchEnvoyConfigs();
    const running = AbortSignal.any([signal, finished.signal]);
    const cloud = { client: cluster.client, view, clock, logger, onChange: changes.ring };
    const addresses = createCloudAddresses(cloud, config.cloud, running);
    const gateways = createGatewayReconciler({
      ...cluster,
      view,
      addresses,
      cloudWaitMs: options.waitMs,
      onWaitForProof: () => ports.tell(WAITING_FOR_PROOF),
      config: () => config.gateway,
      clock,
      fieldManager: ONCE_MANAGER,
      readOnly: () => config.readOnly,
      copies: leader !== undefined ? 'followed' : options.allowStaticRedirect ? 'static' : 'frozen',
    });
    const nodes = taints && createTaintReconciler({ view: taints, config: () => config.taints, clock });
    const reconciler = combineReconcilers(gateways, nodes, clock);
    const plan = await reconciler.look(signal);
    const verdicts = nodes?.verdicts() ?? [];
    const policy = {
      readOnly: config.readOnly,
      dryRun: options.dryRun,
      history: ports.history,
      now: clock.monotonic(),
    };
    const limited = limit(plan.actions, policy);
    const { held } = plan;
    const base = {
      ...originOf(cluster.connection),
      mode: options.dryRun ? ('dry-run' as const) : ('once' as const),
      startedAt,
    };
    const report = (now: OncePlan, run: Run, extra: readonly Finding[]): Report =>
      buildReport({
        ...base,
        subjects: now.subjects.filter(isServed).map((state) => state.subject.key),
        nodes: verdicts,
        actions: asCarriedOut([...plan.actions, ...held.map((one) => one.action), ...run.followUps], run),
        declined: run.declined,
        outcomes: run.outcomes,
        findings: [...now.findings, ...extra],
        stopped: run.stopped === true,
      });
    const declined = [...limited.declined.filter((one) => one.reason !== 'DryRun'), ...held];
    const pending = reconciler.explainDeclined(declined);
    const run: Run = { declined, outcomes: [], followUps: [], superseded: new Set() };
    if (options.dryRun) return report(plan, run, pending);
    if (limited.actions.length > 0) {
      await refuseWithoutRights(limited.actions, ports, signal);
      if (!options.yes && !(await ports.confirm(report(plan, run, pending), limited.actions.length))) {
        const notConfirmed = limited.actions.map(
          (action): Declined => ({
            action,
            reason: 'NotConfirmed',
            message: 'You did not agree.',
          }),
        );
        return report(plan, { ...run, declined: [...declined, ...notConfirmed] }, pending);
      }
    }
    const executor = createExecutor({ ...ports, client: cluster.client, reconciler }, signal);
    const end = await finish(
      limited.actions,
      { waitMs: options.waitMs, config: config.gateway, reconciler, executor, changes, clock },
      signal,
    );
    const done = { outcomes: executor.outcomes(), superseded: executor.superseded(), followUps: end?.followUps ?? [] };
    if (end === undefined) return report(plan, { declined, ...done, stopped: true }, pending);
    return report(end.plan, { declined, ...done }, [...pending, ...end.findings]);
  } finally {
    finished.abort();
    await stopped;
  }
}

/** Writes, and waits for what comes of it. Undefined: the user stopped it; what was written stays, and is told. */
async function finish(
  actions: readonly Action[],
  parts: SettleParts,
  signal: AbortSignal,
): Promise<Settled | undefined> {
  try {
    await parts.executor.apply(actions);
    return await settle(parts, signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

interface Run {
  /** The user stopped it. */
  readonly stopped?: boolean;
  readonly declined: readonly Declined[];
  readonly outcomes: readonly Outcome[];
  readonly followUps: readonly Action[];
  readonly superseded: ReadonlySet<string>;
}

/** Each planned write as it was carried out in the end: after a conflict it was planned anew, or is not wanted any more. */
function asCarriedOut(planned: readonly Action[], { outcomes, superseded }: Run): readonly Action[] {
  const latest = new Map(outcomes.map(({ action }) => [actionId(action), action]));
  return planned
    .filter((action) => !superseded.has(actionId(action)))
    .map((action) => latest.get(actionId(action)) ?? action);
}

interface Leader {
  readonly holder: string;
  readonly renewTime: string;
}

async function findLeader(
  { lease: { namespace, name } }: Config,
  force: boolean,
  { cluster, clock }: OncePorts,
  signal: AbortSignal,
): Promise<Leader | undefined> {
  try {
    const holder = await readLeaseHolder(cluster.client, namespace, name, clock, { signal });
    return holder.live ? holder : undefined;
  } catch (error) {
    if (!(error instanceof KubeError) || error.category !== 'forbidden') throw error;
    if (force) return undefined;
    throw usageError(
      whereOf(cluster),
      `this user may not get the Lease ${namespace}/${name}, so it cannot be seen whether a controller is running`,
      'Ask a cluster administrator for that right, look with --dry-run, or write without that look with --force.',
      error,
    );
  }
}

function besideLeader({ lease }: Config, leader: Leader): Error {
  return usageError(
    `Lease ${lease.namespace}/${lease.name}`,
    `the controller ${leader.holder} is running and holds the lease (renewed ${leader.renewTime})`,
    'Let it do the work (its log and Events say what it does), look with --dry-run, or write beside it with --force.',
  );
}

/** Asks for each write whether it is allowed before the first is made, so that nothing is half-written. */
async function refuseWithoutRights(actions: readonly Action[], ports: OncePorts, signal: AbortSignal): Promise<void> {
  await expectRights(ports.cluster, actions.flatMap(permissionsOf), signal);
}

/** What carrying an action out asks of the API server. */
function permissionsOf({ request, target }: Action): Permission[] {
  const kind = {
    group: request.resource.group,
    resource: request.resource.plural,
    ...(request.resource.namespaced ? { namespace: target.namespace } : {}),
  };
  switch (request.verb) {
    case 'create':
      return [{ verb: 'create', ...kind }];
    case 'delete':
      return [{ verb: 'delete', ...kind, name: target.name }];
    case 'patch': {
      const subresource = request.subresource === undefined ? {} : { subresource: request.subresource };
      return [{ verb: 'patch', ...kind, ...subresource, name: target.name }];
    }
    case 'copy':
      return request.existing === undefined
        ? [{ verb: 'create', ...kind }]
        : [{ verb: 'patch', ...kind, name: target.name }];
  }
}
