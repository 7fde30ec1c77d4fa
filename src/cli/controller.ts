import { hostname } from 'node:os';
import { CHECKS } from '../checks/all.ts';
import { isCloudRead } from '../checks/asked.ts';
import type { Diagnosis } from '../checks/check.types.ts';
import { type CloudChoice, gatherWorld } from '../checks/diagnose.ts';
import { liveSource } from '../checks/object-source.ts';
import { runChecksInTurns } from '../checks/run.ts';
import { thriftySource } from '../checks/thrifty-source.ts';
import type { KubeWorld } from '../checks/world.types.ts';
import type { FollowedConfig, LiveConfig } from '../config/live.ts';
import { createEventAnnouncer } from '../controller/announcer.ts';
import { type CheckScheduleOptions, createCheckSchedule } from '../controller/check-schedule.ts';
import { runCloudTrial } from '../controller/cloud-trial.ts';
import { readHoldOffs } from '../controller/hold-offs.ts';
import { createLoop } from '../controller/loop.ts';
import { createReloadReport, ownPod } from '../controller/reload-report.ts';
import { openStatus } from '../controller/status.ts';
import { createAddressBook } from '../gateway/address-book.ts';
import { createGatewayReconciler } from '../gateway/reconciler.ts';
import { mayHaveCopies, prepareCopy } from '../gateway/redirect-copy.ts';
import { createEventRecorder } from '../kube/events.ts';
import { createLease, type Lease } from '../kube/lease.ts';
import type { CacheState } from '../kube/watch.types.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Metrics } from '../metrics/metrics.types.ts';
import { describeTarget } from '../plan/make.ts';
import { CONTROLLER_MANAGER } from '../plan/ours.ts';
import type { CopyRequest, Finding } from '../plan/plan.types.ts';
import type { CloudAccess } from '../providers/open.types.ts';
import { type CloudReport, tryCloud } from '../rights/cloud.ts';
import { createCloudCalls } from '../rights/cloud-calls.ts';
import { featuresOf, type Need, rightsNeeded } from '../rights/needed.ts';
import { askRights, refusal } from '../rights/preflight.ts';
import { createRightsWatch } from '../rights/watch.ts';
import { readGivenUp } from '../taints/given-up.ts';
import { readRecentRemovals } from '../taints/recent-removals.ts';
import { createTaintReconciler, type TaintReconciler } from '../taints/reconciler.ts';
import { findCloud } from './cloud.ts';
import { chooseCloud } from './doctor-cloud.ts';
import { leaseIdentity } from './identity.ts';
import { type ConnectedCluster, openView, whereOf } from './session.ts';
import { programVersion } from './version.ts';

/** Writes under way may end within so long after the request to stop; Kubernetes kills after 30 s. */
const GRACE_MS = 8_000;
/** A cloud controller shows the address of a load balancer within so long; only then the cloud is asked for it. */
const CLOUD_CONTROLLER_MS = 10_000;
/** For the Event that this process stopped leading; the next leader does not wait for it. */
const LAST_WORD_MS = 1_000;

/**
 * The controller: watches, and keeps everything in sync until `signal` is aborted. Resolves after a graceful stop:
 * no new writes, those under way ended, the lease given up.
 * @param live what can be changed while it runs is asked for anew at each pass
 * @throws UsageError or KubeError when it cannot start
 */
export async function runController(
  cluster: ConnectedCluster,
  live: FollowedConfig,
  clock: Clock,
  logger: Logger,
  signal: AbortSignal,
  metrics?: Metrics,
): Promise<void> {
  const { client, connection, place } = cluster;
  const config = live.current();
  const status = await openStatus({ listen: config.listen, metrics, clock, logger }, signal);
  const needs = (): readonly Need[] => rightsNeeded(featuresOf(live.current(), place.namespace));
  const rights = await askRights(client, needs(), signal);
  const refused = refusal(rights, whereOf(cluster));
  if (refused !== undefined) throw refused;
  const identity = await leaseIdentity(process.env);
  const ended = new AbortController();
  // The loops begin with a look at everything: what changes before that is not missed.
  const wake: { gateways: () => void; taints: () => void } = { gateways: () => undefined, taints: () => undefined };
  const onChange = { gateways: () => wake.gateways(), taints: () => wake.taints() };
  const { view, taints, stopped } = await openView(cluster, clock, logger, onChange, config, ended.signal);
  // Copies of an earlier life must be known before the first plan, so that orphans go first (rule 12).
  if (await mayHaveCopies(client, signal)) view.watchEnvoyConfigs();
  const events = { client, source: { component: CONTROLLER_MANAGER, instance: hostname() }, clock, logger };
  /** Of the Lease and of this Pod, which a standby tells of, too. */
  const ownRecorder = createEventRecorder(events);
  const lease = createLease({ client, ...config.lease, identity, clock, logger, recorder: ownRecorder });
  const recorder = createEventRecorder({ ...events, maySend: () => lease.isLeader() });
  /** The term for which everything was read that a former leader left behind. */
  let ready: AbortSignal | undefined;
  logger.info(
    {
      version: programVersion(),
      server: connection.server.origin,
      ciliumNamespace: place.namespace,
      readOnly: config.readOnly,
      adopt: config.gateway.adopt.mode,
      identity,
    },
    'cilium-cloud-bridge started',
  );
  const cloudCalls = createCloudCalls();
  let cloud: Promise<CloudAccess> | undefined;
  /** A standby has nothing to ask the cloud. */
  const cloudOfLeader = (): Promise<CloudAccess> => {
    cloud ??= findCloud(
      {
        client,
        nodeNames: () => view.reads().ciliumPods.items.map((pod) => pod.node),
        config: config.cloud,
        env: process.env,
        clock,
        logger,
        tryCredentials: true,
        onCall: (name, seen) => {
          cloudCalls.note(seen);
          metrics?.onCall(name, seen);
        },
      },
      ended.signal,
    );
    cloud.catch(() => undefined); // it rejects only when everything ends
    return cloud;
  };
  const reconciler = createGatewayReconciler({
    client,
    view,
    place,
    config: () => live.current().gateway,
    clock,
    fieldManager: CONTROLLER_MANAGER,
    readOnly: () => live.current().readOnly,
    leads: () => lease.isLeader(),
    copies: 'followed',
    addresses: createAddressBook({
      findCloud: cloudOfLeader,
      clock,
      graceMs: CLOUD_CONTROLLER_MS,
      onChange: () => wake.gateways(),
      signal: ended.signal,
    }),
  });
  const common = {
    ports: {
      client,
      fieldManager: CONTROLLER_MANAGER,
      prepare: (request: CopyRequest, during: AbortSignal) => prepareCopy(client, request, during, view.upsert),
      mayWrite: () => lease.isLeader() && ready === lease.term(),
      term: lease.term,
    },
    config: live.current,
    clock,
    logger,
    announcer: createEventAnnouncer(recorder),
    random: Math.random,
  };
  const gatewayLoop = createLoop({
    ...common,
    reconciler,
    observer: metrics?.observerOf('gateways'),
    holdOff: () => live.current().holdOff,
  });
  wake.gateways = gatewayLoop.wake;
  const loops = [gatewayLoop];
  const namedLoops = [{ name: 'gateways', loop: gatewayLoop }];
  let nodes: TaintReconciler | undefined;
  if (taints !== undefined) {
    nodes = createTaintReconciler({ view: taints, config: () => live.current().taints, clock });
    // Whoever sets a taint again is recognised by the reconciler: reboots are no reverts.
    const observer = metrics?.observerOf('taints');
    const taintLoop = createLoop({ ...common, reconciler: nodes, observer, holdOff: undefined });
    wake.taints = taintLoop.wake;
    loops.push(taintLoop);
    namedLoops.push({ name: 'taints', loop: taintLoop });
  }
  const leaseStop = new AbortController();
  const held = lease.run(leaseStop.signal);
  const wakeAll = (): void => {
    for (const loop of loops) loop.wake();
  };
  /** What was planned as a standby is due, after what the former leader has left in Events was read. */
  const beginTerm = async (term: AbortSignal): Promise<void> => {
    void cloudOfLeader();
    const during = AbortSignal.any([term, signal]);
    const [holdOffs, givenUp, recentRemovals] = await Promise.all([
      readHoldOffs(client, clock, during),
      nodes && readGivenUp(client, during),
      nodes && readRecentRemovals(client, clock, during),
    ]);
    gatewayLoop.noteHoldOffs(holdOffs);
    nodes?.noteEarlier({ givenUp, recentRemovals });
    ready = term;
    wakeAll();
  };
  const following = followTerms(lease, beginTerm, signal);
  live.onChange(wakeAll);
  const pod = ownPod(process.env);
  const tell = createReloadReport(ownRecorder, pod);
  const rightsWatch = createRightsWatch({
    client,
    needs,
    first: rights,
    onConfigChange: live.onChange,
    clock,
    logger,
    recorder: ownRecorder,
    pod,
  });
  const askCloud = async (during: AbortSignal): Promise<CloudReport> => {
    const reads = view.reads();
    const trial = {
      client,
      access: await cloudOfLeader(),
      calls: cloudCalls,
      services: reads.services.items,
      nodeNames: reads.ciliumPods.items.map(({ node }) => node),
      checks: live.current().checks.enabled,
    };
    return await tryCloud(trial, during);
  };
  const hardStop = new AbortController();
  signal.addEventListener(
    'abort',
    () => {
      logger.info({}, 'stopping: no new writes');
      setTimeout(() => hardStop.abort(new Error('the time for a graceful stop is over')), GRACE_MS).unref();
    },
    { once: true },
  );
  const checks = createCheckSchedule({
    ...createDiagnose(cluster, live, clock, logger, metrics),
    config: () => live.current().checks,
    onConfigChange: live.onChange,
    whenLeader: async (during) => await lease.whenLeader(during),
    isTold: (finding) => loops.some((loop) => loop.findings().some((told) => isSameFact(told, finding))),
    clock,
    logger,
    announcer: common.announcer,
    onEnded: metrics?.onChecks,
    random: Math.random,
  });
  status.look({
    isLeader: lease.isLeader,
    loops: namedLoops,
    watches: () => new Map([...named('gateways', view.states()), ...named('taints', taints?.states() ?? new Map())]),
    lastChecks: checks.last,
    reload: live.state,
    missingRights: rightsWatch.missing,
  });
  await Promise.all([
    ...loops.map((loop) => loop.run(signal, hardStop.signal)),
    checks.run(signal),
    live.follow({ clock, logger, tell }, signal),
    rightsWatch.run(signal),
    runCloudTrial({ ask: askCloud, whenLeader: lease.whenLeader, logger, recorder: ownRecorder, pod }, signal),
  ]);
  await following;
  await recorder.flush(AbortSignal.timeout(2_000)).catch(() => undefined);
  recorder.close();
  leaseStop.abort();
  await held;
  await ownRecorder.flush(AbortSignal.timeout(LAST_WORD_MS)).catch(() => undefined);
  ownRecorder.close();
  ended.abort();
  await stopped;
  await status.close();
  cluster.close();
  logger.info({}, 'stopped');
}

/** Doctor's checks on the live cluster, read politely and counted; its connections to the cloud end with each look. */
function createDiagnose(
  { client, place }: ConnectedCluster,
  live: LiveConfig,
  clock: Clock,
  logger: Logger,
  metrics: Metrics | undefined,
): Pick<CheckScheduleOptions, 'diagnose' | 'callsMade'> {
  let calls = 0;
  const counted = liveSource(client, () => {
    calls += 1;
  });
  const source = thriftySource(counted, clock);
  const diagnose = async (signal: AbortSignal): Promise<Diagnosis> => {
    const done = new AbortController();
    const config = live.current();
    const during = AbortSignal.any([signal, done.signal]);
    const options = { config: config.cloud, env: process.env, clock, logger, onCall: metrics?.onCall };
    const openCloud = async (kube: KubeWorld): Promise<CloudChoice> => await chooseCloud(kube, options, during);
    try {
      const known = { ...config, cilium: { ...config.cilium, namespace: place.namespace } };
      const world = await gatherWorld(known, { source, openCloud, now: () => clock.now() }, during);
      if (isCloudRead(world.cloud)) metrics?.cloudRead();
      return await runChecksInTurns(CHECKS, world);
    } finally {
      done.abort();
    }
  };
  return { diagnose, callsMade: () => calls };
}

/** The states of a view's watches as metrics and health pages name them. */
function named(view: string, states: ReadonlyMap<string, CacheState>): [string, CacheState][] {
  return [...states].map(([name, state]) => [`${view}/${name}`, state]);
}

/** Whether two findings say the same of the same object, whichever check found it. */
function isSameFact(one: Finding, other: Finding): boolean {
  const nameOf = ({ target }: Finding): string => (target === undefined ? '' : describeTarget(target));
  return one.reason === other.reason && nameOf(one) === nameOf(other);
}

/** Begins each term as leader. */
async function followTerms(
  lease: Lease,
  begin: (term: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const term = await lease.whenLeader(signal).catch(() => undefined);
    if (term === undefined) return;
    await begin(term).catch(() => undefined); // it rejects only when the term, or everything, ends
    const over = AbortSignal.any([term, signal]);
    await new Promise<void>((resolve) => {
      if (over.aborted) resolve();
      else over.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}
