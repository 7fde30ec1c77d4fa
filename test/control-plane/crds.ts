import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import type { Api } from './api.ts';
import { isKubeObject, type KubeObject, valueAt } from './objects.ts';
import { partPath } from './parts.ts';
import type { Versions } from './versions.ts';
import { waitFor } from './wait.ts';

/** The standard channel as its kustomization lists it, and TLSRoutes, for which the operator asks on every look. */
export function gatewayCrds(versions: Versions): readonly KubeObject[] {
  const dir = partPath('gateway-api-crds', versions);
  const files = valueAt(load(readFileSync(join(dir, 'kustomization.yaml'), 'utf8')), 'resources');
  if (!Array.isArray(files)) throw new Error(`${dir}/kustomization.yaml: no resources`);
  return [...files.map(String), 'experimental/gateway.networking.k8s.io_tlsroutes.yaml']
    .map((file) => readObject(join(dir, file)))
    .filter((object) => object.kind === 'CustomResourceDefinition');
}

/** Cilium's own. The operator would create them too, but one a second. */
export function ciliumCrds(versions: Versions): readonly KubeObject[] {
  const dir = join(partPath('cilium-source', versions), 'pkg/k8s/apis/cilium.io/client/crds');
  return ['v2', 'v2alpha1'].flatMap((version) =>
    readdirSync(join(dir, version))
      .filter((file) => file.endsWith('.yaml'))
      .map((file) => readObject(join(dir, version, file))),
  );
}

/** Those of the Prometheus Operator's that the chart can make objects of. */
export function monitoringCrds(versions: Versions): readonly KubeObject[] {
  const dir = partPath('monitoring-crds', versions);
  return ['podmonitors', 'servicemonitors', 'prometheusrules'].map((plural) =>
    readObject(join(dir, `monitoring.coreos.com_${plural}.yaml`)),
  );
}

/** Creates the CRDs and waits until the API server serves every one of them. */
export async function installCrds(api: Api, crds: readonly KubeObject[]): Promise<void> {
  await Promise.all(crds.map((crd) => api.create(crd)));
  // Asked by discovery: a list of CRDs is so large that asking in a loop would slow the server down.
  const wanted = new Map<string, Set<string>>();
  for (const crd of crds) {
    for (const groupVersion of servedVersions(crd)) {
      const plurals = wanted.get(groupVersion) ?? new Set();
      wanted.set(groupVersion, plurals.add(String(valueAt(crd, 'spec', 'names', 'plural'))));
    }
  }
  await Promise.all(
    [...wanted].map(([groupVersion, plurals]) =>
      waitFor(
        `${[...plurals].join(', ')} to be served in ${groupVersion}`,
        async () => {
          const answer = await api.request('GET', `/apis/${groupVersion}`);
          const resources = valueAt(answer.body, 'resources');
          const served = new Set(Array.isArray(resources) ? resources.map((entry) => valueAt(entry, 'name')) : []);
          return [...plurals].every((plural) => served.has(plural));
        },
        { timeoutMs: 60_000, everyMs: 50 },
      ),
    ),
  );
}

function servedVersions(crd: KubeObject): readonly string[] {
  const versions = valueAt(crd, 'spec', 'versions');
  if (!Array.isArray(versions)) return [];
  const served = versions.filter((version) => valueAt(version, 'served') === true);
  return served.map((version) => `${String(valueAt(crd, 'spec', 'group'))}/${String(valueAt(version, 'name'))}`);
}

function readObject(path: string): KubeObject {
  const object: unknown = load(readFileSync(path, 'utf8'));
  if (!isKubeObject(object)) throw new Error(`${path}: no Kubernetes object`);
  return object;
}
