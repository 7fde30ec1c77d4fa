import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { buildParts } from '../control-plane/build.ts';
import { type CommandResult, tryCommand } from '../control-plane/command.ts';
import type { ControlPlane } from '../control-plane/fixture.ts';
import { isKubeObject, type KubeObject } from '../control-plane/objects.ts';
import { partPath } from '../control-plane/parts.ts';
import { MAIN_VERSIONS } from '../control-plane/versions.ts';

/** The real helm, and this repository's chart. */

export const CHART = fileURLToPath(new URL('../../deploy/chart', import.meta.url));
export const RELEASE = 'cilium-cloud-bridge';
export const NAMESPACE = 'cilium-cloud-bridge';

/** Values of common clusters, by name. */
export const EXAMPLES = ['cce', 'tke-overlay', 'tke-native', 'ha', 'minimal', 'oidc'] as const;

/** The file of an example; `defaults`: none. */
export function exampleFlags(name: string): readonly string[] {
  return name === 'defaults' ? [] : ['--values', join(CHART, 'ci', `${name}-values.yaml`)];
}

/** Builds helm where it is missing. */
export async function buildHelm(): Promise<void> {
  await buildParts(['helm'], MAIN_VERSIONS, (line) => console.error(line));
}

/** Runs helm to its end; it reads no configuration of this machine's user. */
export async function helm(...args: readonly string[]): Promise<CommandResult> {
  const home = mkdtempSync(join(tmpdir(), 'ccb-helm-'));
  try {
    const env = { HELM_CONFIG_HOME: home, HELM_CACHE_HOME: home, HELM_DATA_HOME: home, KUBECONFIG: '/nonexistent' };
    return await tryCommand(partPath('helm', MAIN_VERSIONS), args, { env });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Runs helm on a control plane, as its admin. */
export async function helmOn(cluster: ControlPlane, ...args: readonly string[]): Promise<CommandResult> {
  const home = join(cluster.dir, 'helm');
  const env = { HELM_CONFIG_HOME: home, HELM_CACHE_HOME: home, HELM_DATA_HOME: home };
  const all = [...args, '--namespace', NAMESPACE, '--kubeconfig', cluster.kubeconfigPath];
  return await tryCommand(partPath('helm', MAIN_VERSIONS), all, { env });
}

/** Renders the chart; a failure rejects with helm's own words. */
export async function render(flags: readonly string[], release = RELEASE): Promise<readonly KubeObject[]> {
  const { code, stdout, stderr } = await helm('template', release, CHART, '--namespace', NAMESPACE, ...flags);
  if (code !== 0) throw new Error(stderr);
  return loadAll(stdout).filter(isKubeObject);
}

/** Renders the chart with these values. */
export async function renderWith(values: object, release = RELEASE): Promise<readonly KubeObject[]> {
  return await withValues(values, (flags) => render(flags, release));
}

/** What `helm install` says at its end with these values; nothing is installed. */
export async function notesWith(values: object): Promise<string> {
  return await withValues(values, async (flags) => {
    const args = ['install', RELEASE, CHART, '--namespace', NAMESPACE, '--dry-run=client', ...flags];
    const { code, stdout, stderr } = await helm(...args);
    if (code !== 0) throw new Error(stderr);
    return stdout.slice(stdout.indexOf('\nNOTES:'));
  });
}

async function withValues<T>(values: object, use: (flags: readonly string[]) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'ccb-values-'));
  try {
    const file = join(dir, 'values.yaml');
    writeFileSync(file, JSON.stringify(values)); // JSON is YAML
    return await use(['--values', file]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
