import type { Config } from '../config/config.types.ts';
import type { LoopObserver } from '../controller/loop-observer.ts';
import type { Clock } from '../lib/clock.ts';
import type { ActionKind, Outcome } from '../plan/plan.types.ts';
import { createCodeLabel } from './code-label.ts';
import { createCopyLag } from './copy-lag.ts';
import { createInstruments, type Instruments } from './instruments.ts';
import type { MetricSources, Metrics } from './metrics.types.ts';
import { createQueueTimes, type QueueTimes } from './queue-times.ts';
import { takeSnapshot } from './snapshot.ts';

export interface MetricsOptions {
  readonly version: string;
  /** Asked whenever it matters: it may change. */
  readonly config: () => Pick<Config, 'readOnly' | 'resyncMs' | 'checks' | 'lease'>;
  readonly clock: Clock;
}

/** The metrics of this process, in a registry of their own. */
export function createMetrics({ version, config, clock }: MetricsOptions): Metrics {
  const instruments = createInstruments();
  const codeLabel = createCodeLabel();
  const copyLag = createCopyLag(clock);
  const queues = new Map<string, QueueTimes>();
  let sources: MetricSources | undefined;
  instruments.buildInfo.set({ version, node_version: process.version }, 1);
  const leaseName = config().lease.name;
  let areChecksExpected = false;
  instruments.leader.set({ name: leaseName }, 0);
  countFromZero(instruments);

  /**
   * Only the leader runs checks: they are expected from the beginning of its term, or since somebody switched them on. A
   * standby says nothing of them.
   */
  function expectChecks(isLeader: boolean): void {
    const { enabled, intervalMs } = config().checks;
    const isExpected = isLeader && enabled;
    if (isExpected) instruments.interval.set({ task: 'checks' }, intervalMs / 1_000);
    if (isExpected && !areChecksExpected) succeeded('checks');
    if (!isExpected) for (const task of ['checks', 'cloud-audit']) forgetTask(task);
    areChecksExpected = isExpected;
  }

  /** A task that never went well counts from now: silence must be heard, too. */
  function expectTask(task: string, everyMs: number): void {
    instruments.interval.set({ task }, everyMs / 1_000);
    succeeded(task);
  }

  function forgetTask(task: string): void {
    instruments.lastSuccess.remove({ task });
    instruments.interval.remove({ task });
  }

  function succeeded(task: string): void {
    instruments.lastSuccess.set({ task }, clock.now() / 1_000);
  }

  function observerOf(name: string): LoopObserver {
    const times = createQueueTimes(clock);
    queues.set(name, times);
    expectTask(`pass-${name}`, config().resyncMs);
    instruments.queueAdds.inc({ name }, 0);
    instruments.retries.inc({ name }, 0);
    for (const result of ['ok', 'failed']) instruments.passes.inc({ loop: name, result }, 0);
    return {
      passEnded(isOk, tookMs) {
        instruments.passes.inc({ loop: name, result: isOk ? 'ok' : 'failed' });
        instruments.passSeconds.observe({ loop: name }, tookMs / 1_000);
        if (isOk) succeeded(`pass-${name}`);
      },
      planned(actions) {
        // What is never written is behind for good: that is no news.
        if (name === COPIES_OF && !config().readOnly) copyLag.planned(actions);
      },
      queued(keys) {
        instruments.queueAdds.inc({ name }, times.queued(keys));
      },
      started(key) {
        instruments.queueSeconds.observe({ name }, times.started(key) / 1_000);
      },
      ended(key) {
        instruments.workSeconds.observe({ name }, times.ended(key) / 1_000);
      },
      retried() {
        instruments.retries.inc({ name });
      },
      settled(outcome) {
        const { action, status } = outcome;
        instruments.actions.inc({ kind: action.kind, result: status });
        if (status === 'applied' && action.target.kind === 'Service')
          instruments.serviceWrites.inc({ kind: action.kind });
        const lagMs = copyLag.settled(outcome);
        if (lagMs !== undefined) instruments.copyFollow.observe(lagMs / 1_000);
      },
      holdOffStarted({ kind }) {
        instruments.holdOffsStarted.inc({ kind });
      },
    };
  }

  return {
    observerOf,
    onRequest({ verb, resource, code, result, tookMs }) {
      instruments.kubeRequests.inc({ verb, resource, code: code === 0 ? '<error>' : String(code), result });
      instruments.kubeSeconds.observe({ verb }, tookMs / 1_000);
    },
    onCall(provider, { service: api, action, result, code, tookMs, queuedMs }) {
      instruments.cloudRequests.inc({ provider, api, action, result, code: codeLabel(code) });
      instruments.cloudSeconds.observe({ provider, api }, tookMs / 1_000);
      instruments.cloudWait.observe({ provider, api }, queuedMs / 1_000);
      if (result === 'ok') succeeded('cloud');
    },
    onChecks({ diagnosis, tookMs }) {
      instruments.checkRuns.inc({ result: diagnosis === undefined ? 'failed' : 'ok' });
      instruments.checkSeconds.set(tookMs / 1_000);
      if (diagnosis !== undefined) succeeded('checks');
    },
    // Before it went well once, it may not be wanted at all.
    cloudRead: () => expectTask('cloud-audit', config().checks.intervalMs),
    look(found) {
      sources = found;
    },
    contentType: instruments.registry.contentType,
    async render() {
      if (sources !== undefined) {
        expectChecks(sources.isLeader());
        takeSnapshot(instruments, sources, { copyLag, queues, leaseName, clock });
      }
      return await instruments.registry.metrics();
    },
  };
}

/** The loop that keeps redirect copies. */
const COPIES_OF = 'gateways';

/** Every kind of write, and whether it goes to a Service. */
const ON_SERVICES: Readonly<Record<ActionKind, boolean>> = {
  'write-redirect-copy': false,
  'delete-redirect-copy': false,
  'patch-entrypoint': true,
  'create-entrypoint': true,
  'delete-entrypoint': true,
  'pin-node-port': true,
  'publish-address': true,
  'clear-address': true,
  'remove-taints': false,
  'recreate-service': true,
  'switch-class': false,
};
const RESULTS = [
  'applied',
  'conflict',
  'refused',
  'failed',
  'declined',
] as const satisfies readonly Outcome['status'][];

/** The first of something is an increase only where zero was told before. */
function countFromZero({ actions, serviceWrites, holdOffsStarted, checkRuns }: Instruments): void {
  for (const [kind, isOnService] of Object.entries(ON_SERVICES)) {
    for (const result of RESULTS) actions.inc({ kind, result }, 0);
    holdOffsStarted.inc({ kind }, 0);
    if (isOnService) serviceWrites.inc({ kind }, 0);
  }
  for (const result of ['ok', 'failed']) checkRuns.inc({ result }, 0);
}
