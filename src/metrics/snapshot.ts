import type { Clock } from '../lib/clock.ts';
import type { Finding } from '../plan/plan.types.ts';
import type { CopyLag } from './copy-lag.ts';
import type { Instruments } from './instruments.ts';
import type { MetricSources } from './metrics.types.ts';
import type { QueueTimes } from './queue-times.ts';

export interface SnapshotParts {
  readonly copyLag: CopyLag;
  /** By the name of their loop. */
  readonly queues: ReadonlyMap<string, QueueTimes>;
  readonly leaseName: string;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** So many late copies get a series of their own. */
const MAX_COPIES = 20;

/**
 * Sets what is so now, which nobody counts while it happens. What only the leader may say is taken back in a standby: facts
 * that it knows from an earlier term, or sees a moment before the leader acts on them.
 */
export function takeSnapshot(instruments: Instruments, sources: MetricSources, parts: SnapshotParts): void {
  const isLeader = sources.isLeader();
  instruments.leader.set({ name: parts.leaseName }, isLeader ? 1 : 0);
  setQueues(instruments, sources, parts);
  setWatches(instruments, sources, parts);
  setFindings(instruments, sources, isLeader);
  setCopies(instruments, parts, isLeader);
  setReload(instruments, sources);
  setRights(instruments, sources);
  instruments.holdOffs.reset();
  for (const { name, loop } of sources.loops) {
    if (isLeader) instruments.holdOffs.set({ loop: name }, loop.status().heldOff);
  }
}

function setQueues(
  { queueDepth, unfinished, longest }: Instruments,
  sources: MetricSources,
  parts: SnapshotParts,
): void {
  for (const { name, loop } of sources.loops) {
    const underWay = parts.queues.get(name)?.underWay() ?? [];
    queueDepth.set({ name }, loop.status().queued);
    unfinished.set({ name }, underWay.reduce((sum, ms) => sum + ms, 0) / 1_000);
    longest.set({ name }, Math.max(0, ...underWay) / 1_000);
  }
}

function setWatches(instruments: Instruments, sources: MetricSources, { clock }: SnapshotParts): void {
  const { watchAge, watchSynced, watchRestarts, watchFailures } = instruments;
  for (const metric of [watchAge, watchSynced, watchRestarts, watchFailures]) metric.reset();
  for (const [watch, { synced, lastEventAt, watchesOpened, failures }] of sources.watches()) {
    watchSynced.set({ watch }, synced ? 1 : 0);
    watchRestarts.inc({ watch }, Math.max(0, watchesOpened - 1));
    watchFailures.inc({ watch }, failures);
    if (synced && lastEventAt !== undefined) watchAge.set({ watch }, (clock.monotonic() - lastEventAt) / 1_000);
  }
}

function setReload({ configOk, configChanged, configWaiting }: Instruments, sources: MetricSources): void {
  const { ok, changedAt, waiting } = sources.reload();
  configOk.set(ok ? 1 : 0);
  configChanged.set((changedAt ?? 0) / 1_000);
  configWaiting.set(waiting.length);
}

function setRights({ missingRights }: Instruments, sources: MetricSources): void {
  missingRights.reset();
  for (const [part, count] of sources.missingRights()) missingRights.set({ part }, count);
}

function setFindings({ findings }: Instruments, sources: MetricSources, isLeader: boolean): void {
  findings.reset();
  if (!isLeader) return;
  const add = (source: string, { check, verdict }: Finding): void => findings.inc({ source, check, verdict });
  for (const { loop } of sources.loops) {
    for (const finding of loop.findings()) add('controller', finding);
  }
  const outcomes = sources.lastChecks()?.diagnosis?.outcomes ?? [];
  for (const finding of outcomes.flatMap((outcome) => outcome.findings)) add('doctor', finding);
}

function setCopies(instruments: Instruments, { copyLag }: SnapshotParts, isLeader: boolean): void {
  instruments.copyLag.reset();
  const late = isLeader ? copyLag.late() : [];
  instruments.copiesBehind.set(late.length);
  instruments.copyMaxLag.set((late[0]?.lagMs ?? 0) / 1_000);
  for (const { copy, lagMs } of late.slice(0, MAX_COPIES)) {
    instruments.copyLag.set({ copy }, lagMs / 1_000);
  }
}
