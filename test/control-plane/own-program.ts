import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheDir, withCacheLock } from './cache.ts';
import { go } from './go.ts';

/** A Go program of this repository: a module in a folder. */
export interface OwnProgram {
  /** Of the program, and in the cache. */
  readonly name: string;
  readonly folder: string;
}

/** Builds those that aren't there yet. `say` gets a line for each that is built. */
export async function buildOwnPrograms(programs: readonly OwnProgram[], say: (line: string) => void): Promise<void> {
  const missing = (): OwnProgram[] => programs.filter((program) => !existsSync(ownProgramPath(program)));
  if (missing().length === 0) return;
  await withCacheLock(
    () => say('another process is building into the same cache: waiting for it'),
    async () => {
      for (const program of missing()) {
        say(`building ${program.name} ...`);
        const target = ownProgramPath(program);
        const unfinished = `${target}.${process.pid}`;
        mkdirSync(dirname(target), { recursive: true });
        await go(['build', '-trimpath', '-ldflags=-s -w', '-o', unfinished, '.'], program.folder);
        renameSync(unfinished, target);
      }
    },
  );
}

/** Where a program lies once it is built; another place for every state of its source, dependencies included. */
export function ownProgramPath({ name, folder }: OwnProgram): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).sort()) {
    if (/^go\.(mod|sum)$|(?<!_test)\.go$/.test(file)) hash.update(`${file}\0`).update(readFileSync(join(folder, file)));
  }
  return join(cacheDir(), 'bin', `${name}-${hash.digest('hex').slice(0, 16)}`, name.replace(/^.*-/, ''));
}
