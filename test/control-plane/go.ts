import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from './cache.ts';
import { runCommand } from './command.ts';

const GO_ENVIRONMENT = { GOTOOLCHAIN: 'local', GOFLAGS: '-buildvcs=false' };
const GO_MISSING =
  'Go 1.26 or newer builds the real control plane from source. Install it from https://go.dev/dl/ ' +
  '(or `npm test`, which needs no Go)';

/** Runs the machine's own Go, without downloading another toolchain. Returns stdout. */
export function go(args: readonly string[], cwd: string): Promise<string> {
  mkdirSync(cwd, { recursive: true });
  return runCommand('go', args, { cwd, env: { ...GO_ENVIRONMENT, PWD: cwd }, ifMissing: GO_MISSING });
}

/** Downloads a module (once; Go keeps it) and returns the read-only folder that holds its source. */
export async function moduleDir(module: string, version: string): Promise<string> {
  const answer: unknown = JSON.parse(await go(['mod', 'download', '-json', `${module}@v${version}`], sourceDir('.')));
  if (typeof answer === 'object' && answer !== null && 'Dir' in answer && typeof answer.Dir === 'string') {
    return answer.Dir;
  }
  throw new Error(`go mod download ${module}@v${version}: no Dir in its answer`);
}

/**
 * A go.mod of our own that requires one module, so that a main package inside it can be built: a module's replace
 * lines hold only where it is the main module.
 * @returns the folder to build in, with `-mod=mod`
 */
export async function wrapModule(
  name: string,
  module: string,
  version: string,
  replacements: ReadonlyMap<string, string> = new Map(),
): Promise<string> {
  const dir = sourceDir(name);
  mkdirSync(dir, { recursive: true });
  if (!existsSync(join(dir, 'go.mod'))) writeFileSync(join(dir, 'go.mod'), `module build/${name}\n\ngo 1.24.0\n`);
  const edits = [...replacements].map(([from, to]) => `-replace=${from}=${to}`);
  await go(['mod', 'edit', `-require=${module}@v${version}`, ...edits], dir);
  return dir;
}

function sourceDir(name: string): string {
  return join(cacheDir(), 'src', name);
}
