import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from './cache.ts';
import { go, moduleDir, wrapModule } from './go.ts';
import type { Versions } from './versions.ts';

/** Everything that can be built: programs, and folders of source that tests read. */
export const PARTS = [
  'kube-apiserver',
  'kube-controller-manager',
  'kubectl',
  'helm',
  'etcd',
  'cilium-operator-generic',
  'cilium-agent',
  'cilium-dbg',
  'cilium-source',
  'gateway-api-crds',
  'monitoring-crds',
] as const;
export type PartName = (typeof PARTS)[number];

interface Recipe {
  readonly component: keyof Versions;
  /** Makes the file or link at `target`, which doesn't exist yet. */
  make(version: string, target: string): Promise<void>;
}

/** Where a part lies once it is built. The file name is the program's own: the Cilium operator looks at it. */
export function partPath(part: PartName, versions: Versions): string {
  return join(cacheDir(), 'bin', `${part}-${partVersion(part, versions)}`, part);
}

/** The release that a part is built from. */
export function partVersion(part: PartName, versions: Versions): string {
  return versions[RECIPES[part].component];
}

/** Builds one part at `target`. */
export function makePart(part: PartName, versions: Versions, target: string): Promise<void> {
  return RECIPES[part].make(partVersion(part, versions), target);
}

const RECIPES: Readonly<Record<PartName, Recipe>> = {
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  kubectl: kubernetes('kubectl'),
  helm: { component: 'helm', make: makeHelm },
  etcd: { component: 'etcd', make: makeEtcd },
  'cilium-operator-generic': cilium('operator'),
  'cilium-agent': cilium('daemon'),
  'cilium-dbg': cilium('cilium-dbg'),
  'cilium-source': {
    component: 'cilium',
    make: async (version, target) => symlinkSync(await moduleDir('github.com/cilium/cilium', version), target),
  },
  'gateway-api-crds': {
    component: 'gatewayApi',
    make: async (version, target) =>
      symlinkSync(join(await moduleDir('sigs.k8s.io/gateway-api', version), 'config', 'crd'), target),
  },
  'monitoring-crds': {
    component: 'prometheusOperator',
    make: async (version, target) => {
      const source = await moduleDir('github.com/prometheus-operator/prometheus-operator', version);
      symlinkSync(join(source, 'example', 'prometheus-operator-crd'), target);
    },
  },
};

/** k8s.io/kubernetes requires its staging modules at v0.0.0 from its own folder: each has a published twin at v0.<minor>. */
function kubernetes(program: string): Recipe {
  return {
    component: 'kubernetes',
    async make(version, target) {
      const source = await moduleDir('k8s.io/kubernetes', version);
      const twins = new Map<string, string>();
      for (const match of readFileSync(join(source, 'go.mod'), 'utf8').matchAll(
        /^\t(k8s\.io\/\S+) => \.\/staging\//gm,
      )) {
        const module = match[1] ?? '';
        twins.set(module, `${module}@v0.${version.slice(version.indexOf('.') + 1)}`);
      }
      const dir = await wrapModule(`kubernetes-${version}`, 'k8s.io/kubernetes', version, twins);
      // Without a version of its own, `kubectl version` and helm refuse to talk to the server.
      const stamp = 'k8s.io/component-base/version';
      const flags = [
        ['gitVersion', `v${version}`],
        ['gitMajor', '1'],
        ['gitMinor', version.split('.')[1] ?? ''],
        ['gitTreeState', 'clean'],
        ['gitCommit', 'module'],
      ].map(([key, value]) => `-X ${stamp}.${key}=${value}`);
      const ldflags = `-ldflags=-s -w ${flags.join(' ')}`;
      await go(['build', '-mod=mod', '-trimpath', ldflags, '-o', target, `k8s.io/kubernetes/cmd/${program}`], dir);
    },
  };
}

async function makeEtcd(version: string, target: string): Promise<void> {
  const module = 'go.etcd.io/etcd/server/v3';
  const dir = await wrapModule(`etcd-${version}`, module, version);
  await go(['build', '-mod=mod', '-trimpath', '-ldflags=-s -w', '-o', target, module], dir);
}

async function makeHelm(version: string, target: string): Promise<void> {
  const module = `helm.sh/helm/v${version.split('.')[0] ?? ''}`;
  const dir = await wrapModule(`helm-${version}`, module, version);
  const ldflags = `-ldflags=-s -w -X ${module}/internal/version.version=v${version}`;
  await go(['build', '-mod=mod', '-trimpath', ldflags, '-o', target, `${module}/cmd/helm`], dir);
}

/** Built inside Cilium's own module folder, where its replace lines and its go.sum hold. */
function cilium(mainPackage: string): Recipe {
  return {
    component: 'cilium',
    async make(version, target) {
      const dir = await moduleDir('github.com/cilium/cilium', version);
      const ldflags = `-ldflags=-s -w -X github.com/cilium/cilium/pkg/version.ciliumVersion=${version}`;
      await go(['build', '-trimpath', '-tags=ipam_provider_operator', ldflags, '-o', target, `./${mainPackage}`], dir);
    },
  };
}
