import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import * as z from 'zod';

/** An npm package of which code is in the bundle. */
export interface BundledPackage {
  /** `@kubernetes/client-node`. */
  readonly name: string;
  readonly version: string;
  /** Where it lies, from the root of the repository: the key of package-lock.json. */
  readonly folder: string;
  /** SPDX expression. */
  readonly license: string;
  /** The licence's text; empty when the package carries none. */
  readonly text: string;
  /** Folders of the packages that its code imports, of those in the bundle. */
  readonly imports: readonly string[];
}

/** The packages of a bundle, and what this repository's own code imports of them. */
export interface BundledPackages {
  readonly packages: readonly BundledPackage[];
  /** Folders, as in `BundledPackage.imports`. */
  readonly ownImports: readonly string[];
}

const OWN = '';
const Manifest = z.object({ name: z.string(), version: z.string(), license: z.string() });

/**
 * Reads what esbuild tells of a bundle. A package that is imported, but of which no line is left, is not in it.
 * @throws when a package says nothing of its licence
 */
export function bundledPackages({ inputs, outputs }: Metafile): BundledPackages {
  const used = Object.values(outputs).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [folderOf(path)] : [])),
  );
  const folders = [...new Set(used)].filter((folder) => folder !== OWN).toSorted();
  const imports = new Map<string, Set<string>>();
  for (const [path, input] of Object.entries(inputs)) {
    const from = folderOf(path);
    for (const { path: to } of input.imports) {
      const folder = folderOf(to);
      if (folder !== from && folders.includes(folder)) imports.set(from, (imports.get(from) ?? new Set()).add(folder));
    }
  }
  const importsOf = (folder: string): string[] => [...(imports.get(folder) ?? [])].toSorted();
  return {
    packages: folders.map((folder) => ({ ...readPackage(folder), imports: importsOf(folder) })),
    ownImports: importsOf(OWN),
  };
}

/** The package of a module: `node_modules/a/node_modules/@b/c`, empty for this repository's own code. */
function folderOf(path: string): string {
  return /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? OWN;
}

function readPackage(folder: string): Omit<BundledPackage, 'imports'> {
  const manifest = Manifest.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  return { ...manifest, folder, text: licenseText(folder) };
}

/** From a file of its own, else from the last part of the README. */
function licenseText(folder: string): string {
  const files = readdirSync(folder).toSorted();
  const file = files.find((entry) => /^licen[cs]e/i.test(entry));
  if (file !== undefined) return readFileSync(join(folder, file), 'utf8').trim();
  const readme = files.find((entry) => /^readme/i.test(entry));
  const text = readme === undefined ? '' : readFileSync(join(folder, readme), 'utf8');
  return /^(?:#+ *)?licen[cs]e\n(?:-+\n)?([\s\S]+)$/im.exec(text)?.[1]?.trim() ?? '';
}
