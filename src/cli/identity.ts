import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { hostname } from 'node:os';

/**
 * Who holds the Lease: never two processes under one name. In a Pod that says who it is (POD_NAME and POD_UID, as the
 * chart sets them) it is the Pod: the kubelet starts a container anew only after the former has ended, so it leads on
 * at once instead of after the Lease's 15 s. Where another process of the Pod has that name (a second one, by
 * `kubectl exec`, or a former one that hangs), and outside of Pods, it is this very process.
 */
export async function leaseIdentity(env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const { POD_NAME: name = '', POD_UID: uid = '' } = env;
  const random = randomBytes(4).toString('hex');
  if (name === '' || uid === '') return `${hostname()}_${random}`;
  const pod = `${name}_${uid}`;
  return (await isAlone(pod)) ? pod : `${pod}_${random}`;
}

/**
 * Takes a name in the Pod's network namespace for as long as this process lives: a socket without a file (unix(7),
 * "abstract"), which the kernel gives to one process at a time and takes back when it ends.
 */
async function isAlone(name: string): Promise<boolean> {
  const server = createServer((peer) => peer.destroy());
  server.unref();
  server.on('error', () => undefined); // later ones
  try {
    server.listen(`\0cilium-cloud-bridge/${name}`);
    await once(server, 'listening');
    return true;
  } catch {
    return false; // taken, or no Linux
  }
}
