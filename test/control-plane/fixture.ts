import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Api, createApi } from './api.ts';
import { type Audit, createAudit } from './audit.ts';
import { buildParts } from './build.ts';
import { atDeath } from './cleanup.ts';
import { type CommandResult, tryCommand } from './command.ts';
import { ciliumCrds, gatewayCrds, installCrds } from './crds.ts';
import { compact } from './etcd.ts';
import type { KubeObject } from './objects.ts';
import type { ControlPlaneOptions, ProgramName } from './options.ts';
import { type PartName, partPath } from './parts.ts';
import { makeCertificates } from './pki.ts';
import { freePort } from './port.ts';
import { auditLogPath, etcdDataDir, etcdSocket, relaySocket, type Site } from './programs.ts';
import { programRecipes } from './recipes.ts';
import { openRelay } from './relay.ts';
import { plantSeed, seedFor } from './seed.ts';
import { createSupervisor, logPath, type Supervisor } from './supervisor.ts';
import { makeUsers, type User, writeKubeconfig, writeTokens } from './users.ts';
import { MAIN_VERSIONS, type Versions } from './versions.ts';

const LOOPBACK = '127.0.0.1';

/** A running Kubernetes control plane with Cilium's operator. As an `Api` it acts as the admin. */
export interface ControlPlane extends Api {
  /** The API server's URL, as this process reaches it. */
  readonly server: string;
  /** CA certificate, PEM; also in `dir/ca.crt`. */
  readonly ca: string;
  readonly adminToken: string;
  /** The admin's, for this process and its children. */
  readonly kubeconfigPath: string;
  /** The admin's, for programs in the network namespace; the same file when there is none. */
  readonly innerKubeconfigPath: string;
  /** Everything it writes, logs too. */
  readonly dir: string;
  readonly versions: Versions;
  readonly audit: Audit;
  logPath(program: ProgramName): string;
  /** A kubeconfig of one of the `users`, by name; or of somebody with any token, such as an expired one. */
  kubeconfigFor(user: string | Pick<User, 'name' | 'token'>): string;
  /** Talks to the API server as one of the `users`. `close` it, or leave that to `stop`. */
  apiFor(user: string): Api;
  /** kubectl as the admin; any exit code resolves. */
  kubectl(...args: readonly string[]): Promise<CommandResult>;
  /** Such as SIGSTOP (a server that hangs), SIGCONT, SIGKILL (one that is gone until `restart`). */
  signal(program: ProgramName, signal: NodeJS.Signals): void;
  /** SIGKILL, then the same program on the same port and data; resolves when it is ready. */
  restart(program: ProgramName): Promise<void>;
  /**
   * Compacts etcd at the current revision: a continuation of a list from before is 410 Expired. Watches are served
   * from the API server's memory: they end in 410 only when `apiserver` was restarted after it.
   */
  compactEtcd(): Promise<void>;
  /** Of the programs that run. */
  pids(): readonly number[];
  /** Kills every program, waits for its end and removes `dir`. */
  stop(): Promise<void>;
}

/** Builds what is missing, starts a control plane of its own for the caller, and resolves when all of it is ready. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const versions: Versions = {
    ...MAIN_VERSIONS,
    kubernetes: options.kubernetes ?? MAIN_VERSIONS.kubernetes,
    cilium: options.cilium ?? MAIN_VERSIONS.cilium,
  };
  const say = options.say ?? ((line: string) => console.error(line));
  await buildNeeded(options, versions, say);
  const choice = { gatewayCrds: options.gatewayCrds !== false, ciliumCrds: options.ciliumCrds !== false };
  const grow = (): Promise<ControlPlane> =>
    start({ ...choice, operator: false, controllerManager: false }, versions, undefined);
  return start(options, versions, await seedFor(choice, versions, grow, say));
}

/** Starts what the options say, on a copy of the seed; without one, the CRDs are installed on the way. */
async function start(
  options: ControlPlaneOptions,
  versions: Versions,
  seed: string | undefined,
): Promise<ControlPlane> {
  const prefix = options.namespacePrefix ?? [];
  const port = options.port ?? (await freePort());
  const dir = mkdtempSync(join(tmpdir(), 'ccb-'));
  const site: Site = { dir, address: options.address ?? LOOPBACK, port, versions };
  const forgetDir = options.keepLogs === true ? () => undefined : atDeath(() => removeDir(dir));
  const users = makeUsers(options.users ?? []);
  writeTokens(dir, users);
  const ca = await makeCertificates(dir, [LOOPBACK, site.address]);

  const relay = prefix.length === 0 ? undefined : await openRelay({ path: relaySocket(site) });
  const inner = `https://${site.address}:${site.port}`;
  const endpoint = { server: relay === undefined ? inner : `https://${LOOPBACK}:${relay.port}`, ca };
  const admin = userNamed(users, 'admin');
  const kubeconfigAt = (file: string, server: string, user: Pick<User, 'name' | 'token'>): string =>
    writeKubeconfig(join(dir, file), server, join(dir, 'ca.crt'), user);
  const kubeconfigPath = kubeconfigAt('kubeconfig', endpoint.server, admin);
  const innerKubeconfigPath = relay === undefined ? kubeconfigPath : kubeconfigAt('kubeconfig-inner', inner, admin);

  const api = createApi(endpoint, admin.token);
  const apis = [api];
  const recipes = programRecipes({
    site,
    api,
    kubeconfig: innerKubeconfigPath,
    apiServerFlags: options.apiServerFlags ?? [],
    // The operator would replace each of Cilium's CRDs, one a second, by the one it was built with: the same.
    ciliumConfig: { 'skip-crd-creation': String(options.ciliumCrds !== false), ...options.ciliumConfig },
  });
  const supervisor = createSupervisor(dir, recipes, prefix);

  async function stop(): Promise<void> {
    for (const each of apis) each.close();
    await supervisor.stopAll();
    relay?.close();
    forgetDir();
    if (options.keepLogs !== true) removeDir(dir);
  }

  try {
    if (seed !== undefined) await plantSeed(seed, etcdDataDir(site));
    const crds = seed === undefined ? () => crdsFor(options, versions) : () => [];
    await startPrograms(supervisor, api, options, crds);
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    ...api,
    ...endpoint,
    adminToken: admin.token,
    kubeconfigPath,
    innerKubeconfigPath,
    dir,
    versions,
    audit: createAudit(auditLogPath(site), api.request),
    logPath: (program) => logPath(dir, program),
    kubeconfigFor(user) {
      const found = typeof user === 'string' ? userNamed(users, user) : user;
      return kubeconfigAt(`kubeconfig-${encodeURIComponent(found.name)}`, endpoint.server, found);
    },
    apiFor(user) {
      const found = createApi(endpoint, userNamed(users, user).token);
      apis.push(found);
      return found;
    },
    kubectl: (...args) => tryCommand(partPath('kubectl', MAIN_VERSIONS), ['--kubeconfig', kubeconfigPath, ...args]),
    signal: supervisor.signal,
    restart: supervisor.restart,
    compactEtcd: () => compact(etcdSocket(site)),
    pids: supervisor.pids,
    stop,
  };
}

/** In the order in which one needs the other; the CRDs before the programs that look for them only at their start. */
async function startPrograms(
  supervisor: Supervisor<ProgramName>,
  api: Api,
  options: ControlPlaneOptions,
  missingCrds: () => readonly KubeObject[],
): Promise<void> {
  if (options.namespacePrefix !== undefined) await supervisor.start('relay');
  await supervisor.start('etcd');
  const apiserver = supervisor.start('apiserver');
  const crds = missingCrds(); // read while the server starts
  await apiserver;
  if (crds.length > 0) await installCrds(api, crds);
  await Promise.all([
    options.controllerManager === false ? undefined : supervisor.start('controller-manager'),
    options.operator === false ? undefined : supervisor.start('operator'),
  ]);
}

function crdsFor(options: ControlPlaneOptions, versions: Versions): readonly KubeObject[] {
  return [
    ...(options.gatewayCrds === false ? [] : gatewayCrds(versions)),
    ...(options.ciliumCrds === false ? [] : ciliumCrds(versions)),
  ];
}

async function buildNeeded(
  options: ControlPlaneOptions,
  versions: Versions,
  say: (line: string) => void,
): Promise<void> {
  const parts: PartName[] = ['etcd', 'kube-apiserver', 'gateway-api-crds', 'cilium-source'];
  if (options.controllerManager !== false) parts.push('kube-controller-manager');
  if (options.operator !== false) parts.push('cilium-operator-generic');
  await buildParts(parts, versions, say);
  await buildParts(['kubectl'], MAIN_VERSIONS, say); // one kubectl talks to all of them
}

function userNamed(users: readonly User[], name: string): User {
  const found = users.find((user) => user.name === name);
  if (found === undefined) throw new Error(`no user ${name} in this control plane: name it in the option \`users\``);
  return found;
}

function removeDir(dir: string): void {
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}
