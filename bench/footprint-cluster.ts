import { DAEMON_SETS } from '../src/kube/resources.ts';
import { stringAt } from '../test/fake-api/json.ts';
import { startFakeApi } from '../test/fake-api/server.ts';
import { createCluster, problemsOf } from '../test/faults/cluster.ts';
import { makeAuthority } from '../test/kube/certificates.ts';
import { largeAgent, largeNode } from './large-objects.ts';

/*
 * The cluster of the footprint, a process of its own: a fake API server over TLS with Cilium's operator and large nodes.
 * usage: footprint-cluster.ts KUBECONFIG GATEWAYS NODES   It tells its parent when it is ready, and answers each message
 * with the number of objects that are not as they should be.
 */

const [path = '', gateways = '', nodes = ''] = process.argv.slice(2);
const TOKEN = 'token-of-the-pod';

const authority = makeAuthority();
const api = await startFakeApi({ tls: { ...authority.issue(), ca: authority.cert } });
api.access.addToken(TOKEN);
const cluster = createCluster(api, { gateways: Number(gateways), nodes: 0 });
const set = api.get(DAEMON_SETS, { namespace: 'kube-system', name: 'cilium' });
for (let index = 0; index < Number(nodes); index += 1) {
  const name = `cce-node-${String(index).padStart(5, '0')}`;
  api.apply(largeNode(name));
  api.apply(largeAgent(name, stringAt(set, 'metadata', 'uid')));
}
await cluster.operator.settled();
api.writeKubeconfig(path, { token: TOKEN });
process.on('message', () => {
  process.send?.({ problems: problemsOf(cluster).length, requests: api.requests.length });
  if (api.requests.length > 10_000) api.requests.length = 0;
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
