import type { TaintRule } from '../config/config.types.ts';
import type { KubeClient } from '../kube/client.types.ts';
import { asRecord, asString } from '../kube/read.ts';
import { readAll } from '../kube/read-all.ts';
import { EVENTS } from '../kube/resources.ts';
import type { Removals } from './memory.ts';
import type { NodeModel } from './models.ts';
import { listedTaints, taintId } from './rules.ts';

/** Nodes of which an earlier process said that it gives up: boot ids by uid. */
export type GivenUp = ReadonlyMap<string, ReadonlySet<string>>;

/** Reason of the Event, and of the finding behind it. */
const TAINT_KEEPS_COMING_BACK = 'TaintKeepsComingBack';

const BOOT = /until the node boots anew \(boot ([^)\s]+)\)/;

/**
 * What earlier processes gave up, as far as their Events tell (they live for an hour): a restart must not begin the
 * tries anew. What cannot be read is not known.
 */
export async function readGivenUp(client: KubeClient, signal: AbortSignal): Promise<GivenUp> {
  const read = await readAll(client, EVENTS, { fieldSelector: `reason=${TAINT_KEEPS_COMING_BACK}`, signal }, (raw) => {
    const uid = asString(asRecord(raw.involvedObject).uid);
    const boot = BOOT.exec(asString(raw.message))?.[1];
    const isOurs = asString(raw.reportingComponent).startsWith('cilium-cloud-bridge');
    return isOurs && uid !== '' && boot !== undefined ? { uid, boot } : undefined;
  });
  const found = new Map<string, Set<string>>();
  for (const { uid, boot } of read.ok ? read.items : []) {
    found.set(uid, (found.get(uid) ?? new Set()).add(boot));
  }
  return found;
}

/** The removals that a node begins with: none, or so many that its present taints are left alone in this boot. */
export function givenUpFor(
  givenUp: GivenUp,
  node: NodeModel,
  rules: readonly TaintRule[] | undefined,
): ReadonlyMap<string, Removals> {
  if (givenUp.get(node.meta.uid)?.has(node.bootId || 'unknown') !== true) return NOTHING;
  const taints = listedTaints(node.taints, rules);
  const lost: Removals = { count: Number.POSITIVE_INFINITY, lastAt: 0, cameBack: true };
  return new Map(taints.map(({ taint }) => [taintId(taint), lost]));
}

const NOTHING: ReadonlyMap<string, Removals> = new Map();
