import type { KubeClient } from '../kube/client.types.ts';
import { KubeError } from '../kube/errors.ts';
import { asArray, at } from '../kube/read.ts';
import { SERVICES } from '../kube/resources.ts';
import type { ObjectRef } from '../kube/types.ts';
import type { IpModeStored } from './observation.ts';

/**
 * Asks with a dry-run patch whether the API server keeps `ipMode` (rule 2): one without the feature accepts and drops
 * it silently. A server that refuses the question altogether leaves it open.
 * @throws the signal's reason when it is aborted; nothing else
 */
export async function askIpModeStored(
  client: KubeClient,
  question: { readonly ref: ObjectRef; readonly ip: string },
  fieldManager: string,
  signal: AbortSignal,
): Promise<IpModeStored> {
  const body = { status: { loadBalancer: { ingress: [{ ip: question.ip, ipMode: 'Proxy' }] } } };
  const options = { subresource: 'status', dryRun: true, fieldManager, signal } as const;
  try {
    const answer = await client.patch(SERVICES, question.ref, { type: 'merge', body }, options);
    const first = asArray(at(answer, 'status', 'loadBalancer', 'ingress'))[0];
    return at(first, 'ipMode') === 'Proxy' ? 'yes' : 'no';
  } catch (error) {
    if (error instanceof KubeError) return error.category === 'forbidden' ? 'denied' : 'unknown';
    throw error;
  }
}
