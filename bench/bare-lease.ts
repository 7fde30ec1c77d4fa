import { createServer } from 'node:http';
import { createKubeClient } from '../src/kube/client.ts';
import { openConnection } from '../src/kube/connection.ts';
import { LEASES } from '../src/kube/resources.ts';
import { microTime } from '../src/kube/times.ts';
import { systemClock } from '../src/lib/clock.ts';

/*
 * What idling costs on this machine, whoever idles: a Node process that only renews a Lease as often as a leader does, with
 * the product's HTTP stack, and answers each request with one word. Prints the address of its page.
 * usage: bare-lease.ts KUBECONFIG NAMESPACE NAME
 */

const RENEW_EVERY_MS = 2_000;

const [path = '', namespace = '', name = ''] = process.argv.slice(2);
const connection = openConnection({ path, clock: systemClock });
const client = createKubeClient({ connection, userAgent: 'bench-bare' });
const options = { fieldManager: 'bench-bare' };
await client.create(
  LEASES,
  {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace, name },
    spec: { holderIdentity: 'bare' },
  },
  options,
);
const server = createServer((_, response) => response.end('ok\n'));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.stdout.write(`127.0.0.1:${address.port}\n`);
});
for (;;) {
  await systemClock.sleep(RENEW_EVERY_MS);
  const body = { spec: { renewTime: microTime(systemClock.now()) } };
  await client.patch(LEASES, { namespace, name }, { type: 'merge', body }, options);
}
