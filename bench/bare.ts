import { createKubeClient } from '../src/kube/client.ts';
import { openConnection } from '../src/kube/connection.ts';
import { at, readMeta } from '../src/kube/read.ts';
import { type Resource, SERVICES } from '../src/kube/resources.ts';
import { systemClock } from '../src/lib/clock.ts';

/*
 * The bare limit, in a process of its own as the product is: the product's HTTP stack, one watch, and for each event of
 * the watched object one PATCH that copies a value into another object. Nothing is parsed, planned or checked.
 * usage: bare.ts <kubeconfig> <source namespace/name> <target namespace/name> <resource as JSON>
 */
const [kubeconfig = '', source = '', target = '', kind = ''] = process.argv.slice(2);
const resource = (kind === '' ? SERVICES : JSON.parse(kind)) as Resource;
const connection = openConnection({ path: kubeconfig, clock: systemClock });
const client = createKubeClient({ connection, userAgent: 'bench-bare' });
const [sourceNamespace = '', sourceName = ''] = source.split('/');
const [namespace = '', name = ''] = target.split('/');
const list = await client.list(resource, { namespace: sourceNamespace });
let last = '';
process.stdout.write('ready\n');
for await (const event of client.watch(resource, {
  namespace: sourceNamespace,
  resourceVersion: list.resourceVersion,
  serverTimeoutSeconds: 3_600,
  idleTimeoutMs: 3_600_000,
})) {
  if (event.type === 'BOOKMARK' || readMeta(event.object).name !== sourceName) continue;
  const body =
    resource === SERVICES || resource.plural === 'services'
      ? servicePatch(event.object)
      : { spec: { resources: at(event.object, 'spec', 'resources') } };
  const text = JSON.stringify(body);
  if (text === last) continue;
  last = text;
  await client.patch(resource, { namespace, name }, { type: 'merge', body }, { fieldManager: 'bench-bare' });
}

function servicePatch(service: unknown): { readonly [key: string]: unknown } {
  const nodePort = at(service, 'spec', 'ports', 0, 'nodePort');
  return { spec: { ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: nodePort }] } };
}
