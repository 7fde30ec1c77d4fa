import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/**
 * Who holds the Lease. In a Pod that says who it is (POD_NAME and POD_UID, as the chart sets them) it is the Pod: the
 * kubelet starts a container anew only after the former has ended, so it leads on at once instead of after the Lease's
 * 15 s. Elsewhere it is this very process.
 */
export function leaseIdentity(env: Readonly<Record<string, string | undefined>>): string {
  const { POD_NAME: name = '', POD_UID: uid = '' } = env;
  if (name !== '' && uid !== '') return `${name}_${uid}`;
  return `${hostname()}_${randomBytes(4).toString('hex')}`;
}
