import type { KubeClient } from '../kube/client.types.ts';
import { asString } from '../kube/read.ts';
import { readAll } from '../kube/read-all.ts';
import { EVENTS } from '../kube/resources.ts';
import type { Clock } from '../lib/clock.ts';
import { BOOTSTRAP_TAINT_REMOVED, TAINT_REMOVED } from './action.ts';
import { CAP_WINDOW_MS } from './cap.ts';

/**
 * When earlier processes freed nodes within the last 60 s, as far as their Events tell: a restart must not begin the
 * count of the limit anew. Times of the monotonic clock, oldest first. What cannot be read is not known.
 */
export async function readRecentRemovals(
  client: KubeClient,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const reads = [TAINT_REMOVED, BOOTSTRAP_TAINT_REMOVED].map((reason) =>
    readAll(client, EVENTS, { fieldSelector: `reason=${reason}`, signal }, (raw) =>
      asString(raw.reportingComponent).startsWith('cilium-cloud-bridge') ? Date.parse(asString(raw.eventTime)) : NaN,
    ),
  );
  const found = (await Promise.all(reads)).flatMap((read) => (read.ok ? read.items : []));
  return found
    .map((at) => clock.now() - at)
    .filter((age) => age >= 0 && age < CAP_WINDOW_MS)
    .map((age) => clock.monotonic() - age)
    .toSorted((a, b) => a - b);
}
