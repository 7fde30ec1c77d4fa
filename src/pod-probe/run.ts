import type { KubeClient } from '../kube/client.types.ts';
import { KubeError } from '../kube/errors.ts';
import { asArray, asRecord, asString, readMeta } from '../kube/read.ts';
import { PODS } from '../kube/resources.ts';
import type { Meta, RawObject } from '../kube/types.ts';
import type { Clock } from '../lib/clock.ts';
import { measuresOf, POD_DEADLINE_S, PROBE_LABEL, probePod, RUN_LABEL } from './pod.ts';
import type { PodProbePlan, PodProbeResult } from './pod-probe.types.ts';
import { readMessage } from './read-message.ts';

const POLL_MS = 1_000;
/** Pulling the image included. */
const WAIT_MS = POD_DEADLINE_S * 1000;
const REMOVE_MS = 15_000;
const CREATE_AT_A_TIME = 4;
/** Of another run that cannot be under way any more. */
const LEFTOVER_MS = (POD_DEADLINE_S + 30) * 1000;

export interface PodProbePorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly fieldManager: string;
  /** Unique to this run, fit for a label and a name. */
  readonly run: string;
  readonly progress: (text: string) => void;
  /** Tells why the end must wait, once Pods are made; returns the way to say that it need not. */
  readonly hold?: ((why: string) => () => void) | undefined;
  /** Told of Pods that could not be removed, also after Ctrl-C. */
  readonly onRemains: (names: readonly string[], command: string) => void;
}

/**
 * Creates the Pods, waits for what they say, and removes them, whatever happens in between: errors and an aborted signal
 * too. What an earlier run left behind is removed first.
 * @throws the signal's reason, after the removal
 */
export async function runPodProbe(
  plan: PodProbePlan,
  ports: PodProbePorts,
  signal: AbortSignal,
): Promise<{ readonly results: readonly PodProbeResult[]; readonly remains: readonly string[] }> {
  const { progress } = ports;
  await removeLeftovers(plan, ports, signal);
  const names = new Map(plan.nodes.map(({ name }, index) => [name, `ccb-probe-${ports.run}-${index}`]));
  let results: readonly PodProbeResult[] = [];
  let remains: readonly string[] = [];
  const release = ports.hold?.(
    `The Pods are being removed, which takes ${REMOVE_MS / 1000} s at most. Once more ends at once; then remove them: ${removeCommand(plan, ports)}`,
  );
  try {
    progress(`Creating ${plan.nodes.length} Pods`);
    const refused = await createAll(plan, names, ports, signal);
    const ended = await untilEnded(plan, names.size - refused.size, ports, signal);
    results = [...names].map(([node, pod]): PodProbeResult => {
      const why = refused.get(node);
      if (why !== undefined) return { node, pod, measures: undefined, why };
      return { node, pod, ...readPod(ended.get(pod), plan) };
    });
  } finally {
    progress('Removing the Pods');
    remains = await removeAll(plan, [...names.values()], ports);
    release?.();
  }
  return { results, remains };
}

/** Creates the Pods; which nodes got none, and why. What was begun is waited for, so that it can be removed. */
async function createAll(
  plan: PodProbePlan,
  names: ReadonlyMap<string, string>,
  { client, fieldManager, run }: PodProbePorts,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const refused = new Map<string, string>();
  const queue = [...names].values();
  let verdict: string | undefined;
  async function createOn(): Promise<void> {
    for (const [node, name] of queue) {
      if (signal.aborted) return;
      if (verdict !== undefined) {
        refused.set(node, verdict);
        continue;
      }
      try {
        await client.create(PODS, probePod(plan, node, name, run), { fieldManager });
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        // Without its name all of one cause are told together.
        const why = `it could not be created (${error.message.replaceAll(name, 'ccb-probe')})`;
        refused.set(node, why);
        // What this account may not do on one node, it may not on another.
        if (error.category === 'forbidden') verdict = why;
      }
    }
  }
  const settled = await Promise.allSettled(Array.from({ length: CREATE_AT_A_TIME }, createOn));
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
  signal.throwIfAborted();
  return refused;
}

/** Waits until so many Pods of this run have ended, or time is up; all of them by name. */
async function untilEnded(
  plan: PodProbePlan,
  count: number,
  ports: PodProbePorts,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, RawObject>> {
  const { clock, progress, run } = ports;
  const startedAt = clock.monotonic();
  let pods: readonly RawObject[] = [];
  let failure: KubeError | undefined;
  while (count > 0) {
    try {
      pods = await listPods(plan, `${RUN_LABEL}=${run}`, ports, signal);
      failure = undefined;
    } catch (error) {
      // One list that fails is no end: the Pods run on.
      if (!(error instanceof KubeError)) throw error;
      failure = error;
    }
    const ended = pods.filter(hasEnded).length;
    progress(`${ended} of ${count} Pods have ended`);
    if (ended >= count || clock.monotonic() - startedAt >= WAIT_MS) break;
    await clock.sleep(POLL_MS, signal);
  }
  if (failure !== undefined) throw failure;
  return new Map(pods.map((raw) => [readMeta(raw).name, raw]));
}

function hasEnded(raw: RawObject): boolean {
  const { phase } = asRecord(raw.status);
  return phase === 'Succeeded' || phase === 'Failed' || isHopeless(raw);
}

/** An image that cannot be had, or a container that cannot be made, does not mend itself within the time. */
function isHopeless(raw: RawObject): boolean {
  return /^(?:ImagePullBackOff|InvalidImageName|CreateContainerConfigError|CreateContainerError|RunContainerError)$/.test(
    containerOf(raw).waiting,
  );
}

function containerOf(raw: RawObject): { readonly waiting: string; readonly said: string; readonly message: string } {
  const [status] = asArray(asRecord(raw.status).containerStatuses).map(asRecord);
  const state = asRecord(status?.state);
  const waiting = asRecord(state.waiting);
  return {
    waiting: asString(waiting.reason),
    said: asString(waiting.message),
    message: asString(asRecord(state.terminated).message),
  };
}

function readPod(raw: RawObject | undefined, plan: PodProbePlan): Pick<PodProbeResult, 'measures' | 'why'> {
  if (raw === undefined) return { measures: undefined, why: 'somebody removed it before it ended' };
  const { waiting, said, message } = containerOf(raw);
  const measures = message === '' ? undefined : readMessage(message, measuresOf(plan));
  if (measures !== undefined) return { measures, why: '' };
  const status = asRecord(raw.status);
  const why = [asString(status.reason), asString(status.message)].filter((one) => one !== '').join(': ');
  if (waiting !== '')
    return { measures, why: `it does not start (${[waiting, said].filter((one) => one !== '').join(': ')})` };
  if (message !== '') return { measures, why: 'what it reports cannot be read' };
  if (status.phase === 'Failed' || status.phase === 'Succeeded') {
    return { measures, why: `it ended without a report${why === '' ? '' : ` (${why})`}` };
  }
  return { measures, why: `it did not end within ${WAIT_MS / 1000} s (phase ${asString(status.phase) || 'unknown'})` };
}

async function listPods(
  { namespace }: PodProbePlan,
  labelSelector: string,
  { client }: PodProbePorts,
  signal: AbortSignal,
): Promise<readonly RawObject[]> {
  return (await client.list(PODS, { namespace, labelSelector, signal })).items;
}

/** Removes Pods of runs that have ended long ago: one that is under way on another machine keeps its own. */
async function removeLeftovers(plan: PodProbePlan, ports: PodProbePorts, signal: AbortSignal): Promise<void> {
  const { clock } = ports;
  const pods = (await listPods(plan, PROBE_LABEL, ports, signal)).map(readMeta);
  const old = pods.filter(({ creationTimestamp }) => clock.now() - Date.parse(creationTimestamp) >= LEFTOVER_MS);
  await Promise.all(old.map(async (meta) => await removeOne(meta, ports, signal)));
}

function removeCommand({ namespace }: PodProbePlan, { run }: PodProbePorts): string {
  return `kubectl -n ${namespace} delete pod -l ${RUN_LABEL}=${run}`;
}

/** @throws the signal's reason; nothing else */
async function removeOne(
  { namespace, name }: Pick<Meta, 'namespace' | 'name'>,
  { client, fieldManager }: PodProbePorts,
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.delete(PODS, { namespace, name }, { fieldManager, signal });
  } catch (error) {
    // Gone already, or tried again: what remains is told in the end.
    if (!(error instanceof KubeError)) throw error;
  }
}

/** Removes the Pods of this run, and makes sure of it; the names of those that remain. */
async function removeAll(
  plan: PodProbePlan,
  names: readonly string[],
  ports: PodProbePorts,
): Promise<readonly string[]> {
  const { clock, run, onRemains } = ports;
  const { namespace } = plan;
  // The caller's signal may have been aborted: this must be done all the same.
  const during = AbortSignal.timeout(REMOVE_MS);
  let remains: readonly string[] = names;
  while (remains.length > 0 && !during.aborted) {
    try {
      await Promise.all(remains.map(async (name) => await removeOne({ namespace, name }, ports, during)));
      remains = (await listPods(plan, `${RUN_LABEL}=${run}`, ports, during)).map((raw) => readMeta(raw).name);
      if (remains.length > 0) await clock.sleep(POLL_MS, during);
    } catch (error) {
      // A failed answer is no proof: asked again until time is up.
      if (!during.aborted && !(error instanceof KubeError)) throw error;
      await clock.sleep(POLL_MS, during).catch(() => undefined);
    }
  }
  if (remains.length > 0) onRemains(remains, removeCommand(plan, ports));
  return remains;
}
