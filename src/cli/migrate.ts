import type { Config } from '../config/config.types.ts';
import type { Announcer } from '../controller/announcer.ts';
import { assembleObservation } from '../gateway/observe.ts';
import { createGatewayReconciler } from '../gateway/reconciler.ts';
import { mayHaveCopies } from '../gateway/redirect-copy.ts';
import { gatewayKey } from '../gateway/subjects.ts';
import type { GatewayView } from '../gateway/view.ts';
import type { Permission } from '../kube/access.ts';
import { KubeError } from '../kube/errors.ts';
import { createLease } from '../kube/lease.ts';
import { readLeaseHolder } from '../kube/lease-holder.ts';
import { takeLeaseOver } from '../kube/lease-takeover.ts';
import { LEASES, SERVICES } from '../kube/resources.ts';
import type { ObjectRef } from '../kube/types.ts';
import { type Bell, createBell } from '../lib/bell.ts';
import type { Clock } from '../lib/clock.ts';
import { usageError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { suggest } from '../lib/suggest.ts';
import { planMigration } from '../migrate/plan.ts';
import { finalizersOf, readMigration } from '../migrate/read.ts';
import { finding, targetOf } from '../plan/make.ts';
import { ONCE_MANAGER } from '../plan/ours.ts';
import type { Finding } from '../plan/plan.types.ts';
import type { MigrateOptions } from './args.types.ts';
import { createCloudAddresses } from './cloud-addresses.ts';
import { leaseIdentity } from './identity.ts';
import { type Run, reportMove } from './migrate-report.ts';
import type { MigrateReport } from './migrate-report.types.ts';
import { asSeen, carryOn, type End, type Moved, type Mover, WORDS } from './migrate-run.ts';
import { createExecutor } from './once-executor.ts';
import { type ConnectedCluster, expectRights, openView, whereOf } from './session.ts';

/** Cilium's operator elects its leader by it, in Cilium's namespace. */
const OPERATOR_LEASE = 'cilium-operator-resource-lock';
/** For what the report says besides. */
const LAST_LOOK_MS = 5_000;

export interface MigratePorts {
  readonly cluster: ConnectedCluster;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly announcer: Announcer;
  /** Shows the steps and asks. Not called with `--yes` or when nothing is to be done. */
  readonly confirm: (plan: MigrateReport) => Promise<boolean>;
  /** Tells what is going on, for people who wait. */
  readonly progress: (text: string) => void;
}

/**
 * Moves one Gateway to another GatewayClass. One writer at a time: it takes the Lease over, so that controllers stand by
 * until it is done; should it die, they go on when the Lease runs out, from whatever is there.
 * @throws UsageError or KubeError when it cannot begin; nothing was written then
 */
export async function runMigrate(
  options: MigrateOptions,
  config: Config,
  ports: MigratePorts,
  signal: AbortSignal,
): Promise<MigrateReport> {
  const { cluster, clock, logger } = ports;
  const finished = new AbortController();
  const changes = createBell();
  const watching = AbortSignal.any([signal, finished.signal]);
  // Nodes are none of this command's business.
  const gatewaysOnly = { ...config, taints: { ...config.taints, enabled: false } };
  const onChange = { gateways: changes.ring, taints: changes.ring };
  const { view, stopped } = await openView(cluster, clock, logger, onChange, gatewaysOnly, watching).catch(
    (error: unknown) => {
      finished.abort();
      throw error;
    },
  );
  try {
    if (await mayHaveCopies(cluster.client, signal)) view.watchEnvoyConfigs();
    return await migrate(options, config, { ...ports, view, changes, watching }, signal);
  } finally {
    finished.abort();
    await stopped;
  }
}

interface Parts extends MigratePorts {
  readonly view: GatewayView;
  readonly changes: Bell;
  /** Aborted at the end of the command. */
  readonly watching: AbortSignal;
}

async function migrate(
  options: MigrateOptions,
  config: Config,
  parts: Parts,
  signal: AbortSignal,
): Promise<MigrateReport> {
  const { cluster, clock, progress } = parts;
  const startedAt = clock.now();
  const { lease } = config;
  const holder = await readLeaseHolder(cluster.client, lease.namespace, lease.name, clock, { signal });
  const mover = createMover(options, config, holder.live, parts);
  const first = await mover.look(signal);
  const reportOf = (now: Moved, run: Run): MigrateReport =>
    reportMove(options, config, cluster, startedAt, first, now, run);
  const idle: Run = { outcomes: [], extra: [], former: '', stopped: false, notConfirmed: false };
  if (first.plan.stage === undefined || first.plan.stage === 'done') return reportOf(first, idle);
  const operator = await operatorFinding(cluster, clock, signal);
  if (operator !== undefined) return reportOf(refusedBy(first, operator), idle);
  const notes = await notesOn(first, cluster, signal);
  if (options.dryRun) return reportOf(first, { ...idle, extra: notes });
  await expectRights(cluster, rightsOf(options.gateway, first, config), signal);
  if (!options.yes && !(await parts.confirm(reportOf(first, { ...idle, extra: notes })))) {
    return reportOf(first, { ...idle, extra: notes, notConfirmed: true });
  }
  const identity = `migrate_${await leaseIdentity({})}`;
  const taken = await takeLeaseOver(
    { client: cluster.client, ...lease, identity, fieldManager: ONCE_MANAGER, clock, seen: holder },
    { signal },
  );
  const held = createLease({
    client: cluster.client,
    ...lease,
    identity,
    clock,
    logger: parts.logger,
    fieldManager: ONCE_MANAGER,
  });
  const letGo = new AbortController();
  const holding = held.run(letGo.signal);
  const quietAt = clock.monotonic() + taken.waitMs;
  const mayWrite = (): boolean => held.isLeader() && clock.monotonic() >= quietAt;
  try {
    await held.whenLeader(AbortSignal.any([signal, AbortSignal.timeout(lease.durationMs)])).catch((error: unknown) => {
      throw signal.aborted ? error : notHeld(lease);
    });
    if (taken.waitMs > 0) progress(`Controller ${taken.former} stands by; waiting until it surely writes no more`);
    await clock.sleep(Math.max(0, quietAt - clock.monotonic()), signal);
    const executor = createExecutor(
      { ...parts, client: cluster.client, reconciler: mover.reconciler, mayWrite },
      signal,
    );
    const end = await carryOn(mover, executor, options.waitMs, first, parts, signal);
    const outcomes = asSeen(executor.outcomes(), end.now.plan.stage);
    const unfinished = end.now.plan.stage === 'done' ? [] : await unfinishedFindings(end, options, cluster);
    return reportOf(end.now, {
      ...idle,
      outcomes,
      extra: [...notes, ...unfinished],
      former: taken.former,
      stopped: signal.aborted,
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    return reportOf(first, { ...idle, extra: notes, former: taken.former, stopped: true });
  } finally {
    letGo.abort();
    await holding;
  }
}

function notHeld({ namespace, name }: ObjectRef): Error {
  const fix = 'Another one may be moving a Gateway, or uninstalling. See who: kubectl get lease -n';
  return usageError(
    `Lease ${namespace}/${name}`,
    'it could not be held, so nothing was written',
    `${fix} ${namespace} ${name}`,
  );
}

/** Looks by the same planning as every other command; NodePorts are always given back here. */
function createMover(options: MigrateOptions, config: Config, followed: boolean, parts: Parts): Mover {
  const { cluster, view, clock, logger, changes, watching } = parts;
  const { client, place } = cluster;
  const cloud = { client, view, clock, logger, onChange: changes.ring };
  const addresses = createCloudAddresses(cloud, config.cloud, watching);
  const reconciler = createGatewayReconciler({
    client,
    view,
    place,
    addresses,
    cloudWaitMs: options.waitMs,
    config: () => ({ ...config.gateway, pinNodePorts: true }),
    clock,
    fieldManager: ONCE_MANAGER,
    readOnly: () => config.readOnly || options.dryRun,
    copies: followed ? 'followed' : 'frozen',
  });
  const key = gatewayKey(options.gateway.namespace, options.gateway.name);
  return {
    reconciler,
    look: async (signal) => {
      const reads = await readMigration(client, options.gateway, signal).catch((error: unknown) => {
        throw notThere(error, options.gateway, parts);
      });
      const look = await reconciler.look(signal);
      const state = look.subjects.find(({ subject }) => subject.key === key);
      const memory = { ipModeStored: 'unasked', unwantedForMs: new Map(), refusedPins: new Set<string>() } as const;
      const observation = assembleObservation(view.reads(), place.namespace, memory);
      const { toClass, force } = options;
      return { reads, state, plan: planMigration({ ...reads, look, state, observation, config, toClass, force }) };
    },
  };
}

function notThere(error: unknown, { namespace, name }: ObjectRef, { cluster, view }: Parts): unknown {
  if (!(error instanceof KubeError) || error.category !== 'not-found') return error;
  const { gateways, ingresses } = view.reads();
  const isIngress = ingresses.items.some(({ meta }) => meta.namespace === namespace && meta.name === name);
  const what = `there is no Gateway ${namespace}/${name}`;
  if (isIngress) {
    const fix = 'Only Gateways are moved: no class gives the Service of an Ingress a loadBalancerClass.';
    return usageError(whereOf(cluster), `${what}, but an Ingress of that name`, fix, error);
  }
  const near = suggest(
    `${namespace}/${name}`,
    gateways.items.map(({ meta }) => `${meta.namespace}/${meta.name}`),
  );
  const fix = near === undefined ? 'See which there are: kubectl get gateways -A' : `Did you mean ${near}?`;
  return usageError(whereOf(cluster), what, fix, error);
}

/** An operator that does not run would not make the Service anew. What cannot be seen is no reason to refuse. */
async function operatorFinding(
  { client, place }: ConnectedCluster,
  clock: Clock,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const holder = await readLeaseHolder(client, place.namespace, OPERATOR_LEASE, clock, { signal }).catch(
    (error: unknown) => {
      if (error instanceof KubeError) return undefined;
      throw error;
    },
  );
  if (holder === undefined || holder.live || holder.holder === '') return undefined;
  return finding('migrate', 'fail', {
    reason: 'CiliumOperatorNotLeading',
    target: undefined,
    message: `Cilium's operator does not run: nobody renews the Lease ${place.namespace}/${OPERATOR_LEASE}. Nobody would make the Service anew.`,
    fix: `See why: kubectl -n ${place.namespace} get pods -l io.cilium/app=operator`,
  });
}

function refusedBy(first: Moved, refusal: Finding): Moved {
  return { ...first, plan: { ...first.plan, stage: undefined, actions: [], preview: [], refusals: [refusal] } };
}

/** What a user should know before saying yes. */
async function notesOn({ state }: Moved, { client }: ConnectedCluster, signal: AbortSignal): Promise<Finding[]> {
  const service = state?.subject.service;
  if (service === undefined) return [];
  const finalizers = await finalizersOf(client, service.meta, { signal });
  if (finalizers.length === 0) return [];
  return [
    finding('migrate', 'warn', {
      reason: 'ServiceHasFinalizers',
      target: targetOf(SERVICES, service.meta),
      message: `The old Service goes only when ${finalizers.join(', ')} is taken off it, by the controller that set it; what that controller made for it (a load balancer, say) goes with it. Until then the old Service serves on.`,
    }),
  ];
}

async function unfinishedFindings(
  { now, trouble }: End,
  { gateway }: MigrateOptions,
  { client }: ConnectedCluster,
): Promise<Finding[]> {
  const { stage } = now.plan;
  if (stage === undefined) return [];
  const { state } = now;
  const ref = { namespace: gateway.namespace, name: state?.subject.serviceName ?? '' };
  const finalizers = stage === 'await-service' ? await finalizersOf(client, ref, { timeoutMs: LAST_LOOK_MS }) : [];
  const held =
    finalizers.length === 0 ? '' : ` ${finalizers.join(', ')} keeps the old Service, which serves on meanwhile.`;
  return [
    finding('migrate', 'fail', {
      reason: 'MigrationUnfinished',
      target: state?.subject.target,
      message: `It stopped at: ${WORDS[stage].toLowerCase()}${trouble === undefined ? '' : ` (${trouble})`}.${held}`,
      fix: 'Run the same command again: it goes on from there. What was done stays, and a controller that runs keeps the Gateway in sync.',
    }),
  ];
}

function rightsOf({ namespace, name }: ObjectRef, { state }: Moved, { lease }: Config): Permission[] {
  const service = {
    group: SERVICES.group,
    resource: SERVICES.plural,
    namespace,
    name: state?.subject.serviceName ?? '',
  };
  const { entrypoint } = state ?? {};
  const leases = { group: LEASES.group, resource: LEASES.plural, namespace: lease.namespace };
  return [
    { verb: 'patch', group: 'gateway.networking.k8s.io', resource: 'gateways', namespace, name },
    { verb: 'delete', ...service },
    { verb: 'patch', ...service },
    { verb: 'patch', ...service, subresource: 'status' },
    ...(entrypoint === undefined
      ? []
      : [{ verb: 'patch' as const, ...service, namespace: entrypoint.meta.namespace, name: entrypoint.meta.name }]),
    { verb: 'create', ...leases },
    { verb: 'patch', ...leases, name: lease.name },
  ];
}
