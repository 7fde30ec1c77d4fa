import { fileURLToPath } from 'node:url';
import { buildParts, DATAPATH_PARTS } from '../control-plane/build.ts';
import { buildOwnPrograms, type OwnProgram, ownProgramPath as pathOf } from '../control-plane/own-program.ts';
import type { Versions } from '../control-plane/versions.ts';

/** Go programs of our own, each a module in the folder of its name. */
const OWN_PROGRAMS = ['envoy', 'client'] as const;
type OwnName = (typeof OWN_PROGRAMS)[number];

/** Builds whatever nodes and client need and isn't there yet. `say` gets a line for each that is built. */
export async function buildDatapath(versions: Versions, say: (line: string) => void): Promise<void> {
  await buildParts(DATAPATH_PARTS, versions, say);
  await buildOwnPrograms(OWN_PROGRAMS.map(ownProgram), say);
}

/** Where a program lies once it is built. */
export function ownProgramPath(name: OwnName): string {
  return pathOf(ownProgram(name));
}

function ownProgram(name: OwnName): OwnProgram {
  return { name: `datapath-${name}`, folder: fileURLToPath(new URL(name, import.meta.url)) };
}
