import type { Meta } from '../../kube/types.ts';

const MOST = 3;

/** Up to three names, and how many more: `a, b, c and 7 more`. Cluster-scoped objects without a namespace. */
export function namesOf(objects: readonly { readonly meta: Meta }[]): string {
  return listOf(objects.map(({ meta }) => (meta.namespace === '' ? meta.name : `${meta.namespace}/${meta.name}`)));
}

/** The same of any words. */
export function listOf(words: readonly string[]): string {
  const more = words.length - MOST;
  return more > 0 ? `${words.slice(0, MOST).join(', ')} and ${more} more` : words.join(', ');
}
