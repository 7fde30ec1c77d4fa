import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildParts, DATAPATH_PARTS } from '../control-plane/build.ts';
import { cacheDir, withCacheLock } from '../control-plane/cache.ts';
import { go } from '../control-plane/go.ts';
import type { Versions } from '../control-plane/versions.ts';

/** Go programs of our own, each a module in the folder of its name. */
const OWN_PROGRAMS = ['envoy', 'client'] as const;
type OwnProgram = (typeof OWN_PROGRAMS)[number];

/** Builds whatever nodes and client need and isn't there yet. `say` gets a line for each that is built. */
export async function buildDatapath(versions: Versions, say: (line: string) => void): Promise<void> {
  await buildParts(DATAPATH_PARTS, versions, say);
  const missing = (): OwnProgram[] => OWN_PROGRAMS.filter((name) => !existsSync(ownProgramPath(name)));
  if (missing().length === 0) return;
  await withCacheLock(
    () => say('another process is building into the same cache: waiting for it'),
    async () => {
      for (const name of missing()) {
        say(`building the datapath's ${name} ...`);
        const target = ownProgramPath(name);
        const unfinished = `${target}.${process.pid}`;
        mkdirSync(dirname(target), { recursive: true });
        await go(['build', '-trimpath', '-ldflags=-s -w', '-o', unfinished, '.'], sourceDir(name));
        renameSync(unfinished, target);
      }
    },
  );
}

/** Where a program lies once it is built; another place for every state of its source, dependencies included. */
export function ownProgramPath(name: OwnProgram): string {
  const hash = createHash('sha256');
  const dir = sourceDir(name);
  for (const file of readdirSync(dir).sort()) {
    if (/^go\.(mod|sum)$|(?<!_test)\.go$/.test(file)) hash.update(`${file}\0`).update(readFileSync(join(dir, file)));
  }
  return join(cacheDir(), 'bin', `datapath-${name}-${hash.digest('hex').slice(0, 16)}`, name);
}

function sourceDir(name: OwnProgram): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
