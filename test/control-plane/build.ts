import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { cacheDir, withCacheLock } from './cache.ts';
import { makePart, PARTS, type PartName, partPath, partVersion } from './parts.ts';
import { GUIDE_CILIUM, MAIN_VERSIONS, NEW_KUBERNETES, OLD_KUBERNETES, type Versions } from './versions.ts';

/** What a control plane needs. */
const CONTROL_PLANE_PARTS: readonly PartName[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kubectl',
  'cilium-operator-generic',
  'cilium-source',
  'gateway-api-crds',
];

/** What a node needs beside it. */
export const DATAPATH_PARTS: readonly PartName[] = ['cilium-agent', 'cilium-dbg', 'cilium-source'];

/** What the tests need of releases other than the main ones. */
const OTHER_RELEASES: readonly (readonly [parts: readonly PartName[], versions: Versions])[] = [
  ...[OLD_KUBERNETES, NEW_KUBERNETES].map(
    (kubernetes) => [['kube-apiserver', 'kube-controller-manager'], { ...MAIN_VERSIONS, kubernetes }] as const,
  ),
  [['cilium-operator-generic', 'cilium-source'], { ...MAIN_VERSIONS, cilium: GUIDE_CILIUM }],
];

/**
 * Builds the parts that aren't there yet. Safe beside other processes that do the same: one builds, the others wait,
 * and a file appears in its place only when it is complete.
 * @param say gets one line a part that is built, none when everything is there
 */
export async function buildParts(
  parts: readonly PartName[],
  versions: Versions,
  say: (line: string) => void,
): Promise<void> {
  const missing = (): PartName[] => parts.filter((part) => !existsSync(partPath(part, versions)));
  if (missing().length === 0) return;
  await withCacheLock(
    () => say('another process is building into the same cache: waiting for it'),
    async () => {
      for (const part of missing()) await buildPart(part, versions, say);
    },
  );
}

async function buildPart(part: PartName, versions: Versions, say: (line: string) => void): Promise<void> {
  const target = partPath(part, versions);
  const unfinished = `${target}.${process.pid}`;
  const startedAt = performance.now();
  say(`building ${part} ${partVersion(part, versions)} (the first time takes minutes) ...`);
  mkdirSync(dirname(target), { recursive: true });
  rmSync(target, { force: true }); // a link whose source was cleaned away counts as missing, but still stands there
  try {
    await makePart(part, versions, unfinished);
    renameSync(unfinished, target);
  } catch (error) {
    rmSync(unfinished, { force: true });
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`could not build ${part} ${partVersion(part, versions)}: ${why}`, { cause: error });
  }
  say(`built ${part} ${partVersion(part, versions)} in ${Math.round((performance.now() - startedAt) / 1000)} s`);
}

const USAGE = `usage: node test/control-plane/build.ts [--kubernetes=V] [--cilium=V] [--etcd=V] [--gateway-api=V] [--helm=V]
       [--prometheus-operator=V] [part...]

Builds parts of the real control plane from Go modules into ${cacheDir()}.
Parts: control-plane (default), datapath, ${PARTS.join(', ')};
       tested (every part, and what the tests need of other releases)`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      kubernetes: { type: 'string', default: MAIN_VERSIONS.kubernetes },
      cilium: { type: 'string', default: MAIN_VERSIONS.cilium },
      etcd: { type: 'string', default: MAIN_VERSIONS.etcd },
      'gateway-api': { type: 'string', default: MAIN_VERSIONS.gatewayApi },
      helm: { type: 'string', default: MAIN_VERSIONS.helm },
      'prometheus-operator': { type: 'string', default: MAIN_VERSIONS.prometheusOperator },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const versions: Versions = {
    ...values,
    gatewayApi: values['gateway-api'],
    prometheusOperator: values['prometheus-operator'],
  };
  const parts = positionals.length === 0 ? CONTROL_PLANE_PARTS : positionals.flatMap(partsNamed);
  const say = (line: string): void => console.log(line);
  await buildParts(parts, versions, say);
  for (const [others, of] of positionals.includes('tested') ? OTHER_RELEASES : []) await buildParts(others, of, say);
  for (const part of new Set(parts)) console.log(partPath(part, versions));
}

function partsNamed(word: string): readonly PartName[] {
  if (word === 'control-plane') return CONTROL_PLANE_PARTS;
  if (word === 'datapath') return DATAPATH_PARTS;
  if (word === 'tested') return PARTS;
  const part = PARTS.find((name) => name === word);
  if (part === undefined) throw new Error(`no such part: ${word}\n${USAGE}`);
  return [part];
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  });
}
