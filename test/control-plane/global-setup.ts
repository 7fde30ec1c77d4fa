import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { runCommand } from './command.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The program as users run it: one file. */
    bundle: string;
  }
}

/** Builds the program once for all test files, outside the checkout, where no other run can replace it midway. */
export async function setup(project: TestProject): Promise<() => void> {
  const dir = mkdtempSync(join(tmpdir(), 'ccb-bundle-'));
  const bundle = join(dir, 'cilium-cloud-bridge.js');
  const root = fileURLToPath(new URL('../..', import.meta.url));
  await runCommand(process.execPath, ['scripts/build.ts', '--outfile', bundle], { cwd: root });
  project.provide('bundle', bundle);
  // It is started some hundreds of times: what Node has compiled of it once need not be compiled each time.
  process.env.NODE_COMPILE_CACHE = join(dir, 'compiled');
  return () => {
    delete process.env.NODE_COMPILE_CACHE;
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  };
}
