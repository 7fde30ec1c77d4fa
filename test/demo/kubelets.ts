import { PODS } from '../../src/kube/resources.ts';
import { stringAt } from '../fake-api/json.ts';
import type { FakeApi } from '../fake-api/server.ts';

/** How long containers take to end. */
const ENDING_MS = 300;

/**
 * Plays every node's kubelet as far as a person with kubectl sees it: a Pod that is deleted ends, and is gone then.
 * Returns the way to stop.
 */
export function playKubelets(api: FakeApi): () => void {
  const ending = new Set<NodeJS.Timeout>();
  const unlisten = api.onChange(PODS, ({ type, object: { metadata }, previous }) => {
    if (type !== 'MODIFIED' || metadata.deletionTimestamp === undefined) return;
    if (previous?.metadata.deletionTimestamp !== undefined) return;
    const timer = setTimeout(() => {
      ending.delete(timer);
      const ref = { namespace: stringAt(metadata, 'namespace'), name: metadata.name };
      if (api.get(PODS, ref)?.metadata.uid === metadata.uid) api.remove(PODS, ref);
    }, ENDING_MS);
    ending.add(timer);
  });
  return () => {
    unlisten();
    for (const timer of ending) clearTimeout(timer);
  };
}
