import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { expect } from 'vitest';
import type { ControlPlane } from '../control-plane/fixture.ts';
import { isKubeObject, valueAt } from '../control-plane/objects.ts';
import { helmOn, RELEASE } from './helm.ts';

/* The release that helm keeps on a control plane, held against what is really there. */

/** Kinds of which a release may have objects. */
const KINDS = [
  'serviceaccounts',
  'configmaps',
  'services',
  'deployments',
  'jobs',
  'poddisruptionbudgets',
  'networkpolicies',
  'clusterroles',
  'clusterrolebindings',
  'roles',
  'rolebindings',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
];

/** Runs helm on the control plane; what it says. */
export async function helmDone(cluster: ControlPlane, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await helmOn(cluster, ...args);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('Error')]);
  return stdout;
}

/** The objects that carry the release's label, as `Deployment name`, in order. */
export async function objectsOf(cluster: ControlPlane): Promise<readonly string[]> {
  const label = `-l=app.kubernetes.io/instance=${RELEASE}`;
  const { stdout, stderr } = await cluster.kubectl('get', KINDS.join(','), '-A', '-o=json', label);
  expect(stderr).toBe('');
  const items = valueAt(JSON.parse(stdout), 'items');
  if (!Array.isArray(items)) throw new Error('kubectl gives no list');
  return items.filter(isKubeObject).map(describe).toSorted();
}

/** Expects that what helm thinks is there is there, to the last field, and nothing else; the kinds of it. */
export async function whatHelmSays(cluster: ControlPlane): Promise<readonly string[]> {
  const manifest = await helmDone(cluster, 'get', 'manifest', RELEASE);
  const file = join(cluster.dir, 'manifest.yaml');
  writeFileSync(file, manifest);
  const { code, stdout } = await cluster.kubectl('diff', '-f', file);
  expect([stdout, code]).toEqual(['', 0]);
  const objects = loadAll(manifest).filter(isKubeObject);
  expect(await objectsOf(cluster)).toEqual(objects.map(describe).toSorted());
  return [...new Set(objects.map(({ kind }) => kind))];
}

function describe({ kind, metadata }: { readonly kind: string; readonly metadata: { readonly name: string } }): string {
  return `${kind} ${metadata.name}`;
}
