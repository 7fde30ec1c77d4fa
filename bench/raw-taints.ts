import { createInterface } from 'node:readline';
import { createKubeClient } from '../src/kube/client.ts';
import { openConnection } from '../src/kube/connection.ts';
import { NODES } from '../src/kube/resources.ts';
import { systemClock } from '../src/lib/clock.ts';
import { removalAction } from '../src/taints/action.ts';
import { type NodeModel, trimNode } from '../src/taints/models.ts';

/*
 * The bare limit of freeing nodes, in a process of its own as the product is: the product's HTTP stack, and the very
 * PATCHes that the product sends, with the same concurrency. Nothing is watched, judged or remembered.
 * usage: raw-taints.ts <kubeconfig> <concurrency>; says "ready", and begins when it reads a line.
 */
const [kubeconfig = '', concurrency = ''] = process.argv.slice(2);
const connection = openConnection({ path: kubeconfig, clock: systemClock });
const client = createKubeClient({ connection, userAgent: 'bench-raw' });
const { items } = await client.list(NODES);
const actions = items.map((raw) => removal(trimNode(raw)));
process.stdout.write('ready\n');
const lines = createInterface({ input: process.stdin });
for await (const _ of lines) break;
lines.close();
const next = actions.values();
await Promise.all(
  Array.from({ length: Number(concurrency) }, async () => {
    for (const { request } of next) {
      if (request.verb !== 'patch') continue;
      await client.patch(request.resource, request.ref, request.patch, { fieldManager: 'bench-raw' });
    }
  }),
);
client.close();
connection.close();

function removal(node: NodeModel): ReturnType<typeof removalAction> {
  const taints = node.taints;
  return removalAction({
    node,
    cloud: 'cce',
    network: 'cce-vpc-router',
    listed: taints,
    removable: taints,
    judged: [],
    blockedBy: undefined,
    agents: [],
  });
}
