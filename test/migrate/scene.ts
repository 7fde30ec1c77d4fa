import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import type { TestContext } from 'vitest';
import type { MigrateReport } from '../../src/cli/migrate-report.types.ts';
import type { Report } from '../../src/cli/report.types.ts';
import type { UninstallReport } from '../../src/cli/uninstall-report.ts';
import { asRecord } from '../../src/kube/read.ts';
import { ENVOY_CONFIGS, GATEWAYS, type Resource, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef, RawObject } from '../../src/kube/types.ts';
import { isKubeObject } from '../control-plane/objects.ts';
import { listAt, numberAt, objectsAt, stringAt } from '../fake-api/json.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { type Cluster, createCluster, problemsOf } from '../faults/cluster.ts';
import { nameOf, writesOf } from '../faults/write-log.ts';
import { type Hooks, readLeftoversHere, runMigrateHere, runOnceHere, runUninstallHere } from './in-process.ts';

export const OURS = 'cilium-cloud-bridge.io/entrypoint';
export const GATEWAY: ObjectRef = { namespace: 'default', name: 'gw-0' };
export const SERVICE: ObjectRef = { namespace: 'default', name: 'cilium-gateway-gw-0' };
export const ENTRYPOINT: ObjectRef = { namespace: 'kube-system', name: 'entry-gw-0' };
export const LEASE: ObjectRef = { namespace: 'kube-system', name: 'cilium-cloud-bridge' };
/** The writes of a move, each once, and no other. */
export const MOVE = [
  'patch gateways default/gw-0 200',
  'delete services default/cilium-gateway-gw-0 200',
  'patch services default/cilium-gateway-gw-0 200',
  'patch services/status default/cilium-gateway-gw-0 200',
];
const OWN_CLASS = new URL('../demo/manifests/own-class.yaml', import.meta.url);
const CONFIG = 'taints: { enabled: false }\nchecks: { enabled: false }\nlisten: none\n';

/** Two Gateways in sync, with a redirect copy each, and the class of our own; the commands run in this process. */
export interface MoveScene {
  readonly api: FakeApi;
  readonly cluster: Cluster;
  readonly dir: string;
  readonly kubeconfig: string;
  /** Path of the configuration file. */
  readonly config: string;
  /** Writes another configuration, besides the usual (YAML). */
  configure(yaml: string): void;
  once(words?: readonly string[], hooks?: Hooks): Promise<Report>;
  /** Of the first Gateway, with `--yes` unless there is an answer. */
  migrate(words?: readonly string[], hooks?: Hooks): Promise<MigrateReport>;
  /** With `--yes` unless there is an answer. */
  uninstall(words?: readonly string[], hooks?: Hooks): Promise<Report>;
  /** `--uninstall-report`. */
  leftovers(): Promise<UninstallReport>;
  /** Writes since the cluster was in sync: `patch gateways default/gw-0 200`. */
  writes(): readonly string[];
  /** Those that were carried out: without the ones that met a change of Cilium's and were planned anew. */
  carriedOut(): readonly string[];
  /** What clients depend on, and must be after a move as it was before, save the Service's class and identity. */
  outcome(): unknown;
  loadBalancerClass(): string;
}

/**
 * Stops by itself at the end of the test.
 * @param more configuration besides the usual (YAML)
 */
export async function startMoveScene({ onTestFinished }: TestContext, more = ''): Promise<MoveScene> {
  const dir = mkdtempSync(join(tmpdir(), 'ccb-move-'));
  const api = await startFakeApi();
  const cluster = createCluster(api, { gateways: 2, nodes: 0 });
  onTestFinished(async () => {
    cluster.stop();
    await api.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  for (const object of ownClass()) api.apply(object);
  await cluster.operator.settled();
  const config = join(dir, 'config.yaml');
  writeFileSync(config, `${CONFIG}${more}`);
  const kubeconfig = api.writeKubeconfig(join(dir, 'kubeconfig'));
  const around = { kubeconfig, config };
  const yes = ({ answer }: Hooks): readonly string[] => (answer === undefined ? ['--yes'] : []);
  const first = await runOnceHere(['--yes', '--allow-static-redirect', '--wait=0s'], around);
  await cluster.operator.settled();
  if (first.exitCode !== 0 || problemsOf(cluster).length > 0) throw new Error(JSON.stringify(first, null, 2));
  const before = writesOf(api.requests).length;
  const service = () => api.get(SERVICES, SERVICE);
  const writes = (): readonly string[] => writesOf(api.requests).slice(before).map(nameOf);

  return {
    api,
    cluster,
    dir,
    kubeconfig,
    config,
    configure: (yaml) => writeFileSync(config, `${CONFIG}${yaml}`),
    once: (words = [], hooks = {}) => runOnceHere([...yes(hooks), ...words], around, hooks),
    migrate: (words = [], hooks = {}) => {
      const gateway = words[0]?.includes('/') === true ? [] : [`${GATEWAY.namespace}/${GATEWAY.name}`];
      return runMigrateHere([...gateway, ...words, ...yes(hooks)], around, hooks);
    },
    uninstall: (words = [], hooks = {}) => runUninstallHere([...yes(hooks), ...words], around, hooks),
    leftovers: () => readLeftoversHere(around),
    writes,
    carriedOut: () => writes().filter((line) => /20\d$/.test(line)),
    outcome: () => [
      problemsOf(cluster),
      objectsAt(service(), 'spec', 'ports').map((port) => [stringAt(port, 'name'), numberAt(port, 'nodePort')]),
      listAt(service(), 'status', 'loadBalancer', 'ingress'),
      listAt(api.get(GATEWAYS, GATEWAY), 'status', 'addresses'),
      // Untouched, to the version: entrypoints, copies, and everything of the other Gateway.
      [...api.list(SERVICES), ...api.list(ENVOY_CONFIGS)]
        .filter(({ metadata }) => metadata.name !== SERVICE.name)
        .map(({ kind, metadata }) => [kind, metadata.name, metadata.resourceVersion]),
    ],
    loadBalancerClass: () => stringAt(service(), 'spec', 'loadBalancerClass'),
  };
}

/** The class of the README, without the demo's Gateway. */
function ownClass(): readonly RawObject[] {
  return loadAll(readFileSync(OWN_CLASS, 'utf8'))
    .filter(isKubeObject)
    .filter(({ kind }) => kind !== 'Gateway');
}

export function reasonsOf({ findings }: MigrateReport): string[] {
  return findings.map(({ reason }) => reason);
}

/** @param manager who does it, as managedFields tell */
export function annotate(
  api: FakeApi,
  resource: Resource,
  ref: ObjectRef,
  key: string,
  value: string,
  manager = 'kubectl',
): void {
  api.update(
    resource,
    ref,
    ({ metadata }) => {
      const before = Object.entries(asRecord(metadata.annotations)).map(([name, one]): readonly [string, string] => [
        name,
        String(one),
      ]);
      metadata.annotations = { ...Object.fromEntries(before), [key]: value };
    },
    { manager },
  );
}

export function portsOf(api: FakeApi, ref: ObjectRef): readonly { targetPort: number; nodePort: number }[] {
  return objectsAt(api.get(SERVICES, ref), 'spec', 'ports').map((port) => ({
    targetPort: numberAt(port, 'targetPort'),
    nodePort: numberAt(port, 'nodePort'),
  }));
}

/** A Lease of a minute that was renewed just now. */
export function leadBy(api: FakeApi, holderIdentity: string): void {
  const renewTime = new Date().toISOString().replace('Z', '000Z');
  api.apply({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: LEASE,
    spec: { holderIdentity, leaseDurationSeconds: 60, renewTime, acquireTime: renewTime, leaseTransitions: 0 },
  });
}
