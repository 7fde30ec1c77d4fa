import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import { isKubeObject } from '../control-plane/objects.ts';
import { waitFor } from '../control-plane/wait.ts';
import type { DemoCluster } from './cluster.ts';
import { addressesOf } from './look.ts';

/** What a user of the demo applies: the same files as `--keep` names. */

const ROOT = new URL('../../', import.meta.url);

/** As `kubectl apply -f` leaves its objects, its own annotation included; then Cilium and the cloud have done their part. */
export async function applyFile(cluster: DemoCluster, file: string): Promise<void> {
  const objects = loadAll(readFileSync(new URL(file, ROOT), 'utf8')).filter(isKubeObject);
  for (const object of objects) {
    const applied = { 'kubectl.kubernetes.io/last-applied-configuration': `${JSON.stringify(object)}\n` };
    const annotations = { ...object.metadata.annotations, ...applied };
    const write = { manager: 'kubectl-client-side-apply' };
    cluster.api.apply({ ...object, metadata: { ...object.metadata, annotations } }, write);
  }
  await cluster.operator.settled();
}

/** The cloud has written the addresses of its load balancer. */
export async function waitForAddress({ api }: DemoCluster, entrypoint: ObjectRef): Promise<void> {
  await waitFor('the address of the entrypoint', () => addressesOf(api.get(SERVICES, entrypoint)).length > 0);
}
