import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheDir, withCacheLock } from './cache.ts';
import { runCommand } from './command.ts';
import type { ProgramName } from './options.ts';
import type { Versions } from './versions.ts';
import { waitFor } from './wait.ts';

/* Raised when what a seed holds changes, though the versions stay the same. */
const FORMAT = 1;

/** Which CRDs are there from the beginning. */
export interface CrdChoice {
  readonly gatewayCrds: boolean;
  readonly ciliumCrds: boolean;
}

/** A control plane that was started only to fill etcd. */
interface Seedling {
  readonly dir: string;
  signal(program: ProgramName, signal: NodeJS.Signals): void;
  pids(): readonly number[];
  stop(): Promise<void>;
}

/**
 * etcd's data folder as it is once the CRDs are installed, kept in the cache: to create them anew costs every start
 * more than half of its work.
 * @param grow starts etcd and the API server without a seed, and installs the CRDs
 * @returns undefined where no CRDs are wanted
 */
export async function seedFor(
  choice: CrdChoice,
  versions: Versions,
  grow: () => Promise<Seedling>,
  say: (line: string) => void,
): Promise<string | undefined> {
  if (!choice.gatewayCrds && !choice.ciliumCrds) return undefined;
  const seed = seedPath(choice, versions);
  if (existsSync(seed)) return seed;
  await withCacheLock(
    () => say('another process is preparing the CRDs: waiting for it'),
    async () => {
      if (!existsSync(seed)) await harvest(await grow(), seed);
    },
  );
  return seed;
}

/** Makes a data folder of etcd from a seed. */
export async function plantSeed(seed: string, dataDir: string): Promise<void> {
  await copySparse(seed, dataDir);
}

async function harvest(seedling: Seedling, seed: string): Promise<void> {
  const unfinished = `${seed}.${process.pid}`;
  try {
    seedling.signal('apiserver', 'SIGKILL');
    seedling.signal('etcd', 'SIGTERM'); // it writes what it still holds
    await waitFor('etcd to end', () => seedling.pids().length === 0);
    mkdirSync(dirname(seed), { recursive: true });
    await copySparse(join(seedling.dir, 'etcd'), unfinished);
    renameSync(unfinished, seed);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
    await seedling.stop();
  }
}

function seedPath({ gatewayCrds, ciliumCrds }: CrdChoice, versions: Versions): string {
  const parts = [
    `kubernetes-${versions.kubernetes}`,
    `etcd-${versions.etcd}`,
    ...(gatewayCrds ? [`gateway-api-${versions.gatewayApi}`] : []),
    ...(ciliumCrds ? [`cilium-${versions.cilium}`] : []),
  ];
  return join(cacheDir(), `seed-${FORMAT}`, parts.join('_'));
}

/** etcd reserves 128 MB of zeros: holes in a sparse copy. */
async function copySparse(from: string, to: string): Promise<void> {
  await runCommand('cp', ['-r', '--sparse=always', '--reflink=auto', from, to]);
}
