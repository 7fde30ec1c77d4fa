import { build, type Metafile } from 'esbuild';
import { builtinModules, quietUrl, unusedParts } from './build-parts.ts';

/** The modules of a bundle, and who loads whom. */
export interface BundleGraph {
  /** Bytes that each module takes in the bundle, by its path in the repository. */
  readonly bytes: ReadonlyMap<string, number>;
  /** Everything that is loaded as soon as `entry` is. */
  loadedBy(entry: string): ReadonlySet<string>;
  /** The same, and what it loads when that is needed. */
  neededBy(entry: string): ReadonlySet<string>;
  /** Modules of this repository that are loaded when they are needed. */
  readonly lazy: readonly string[];
}

/** Looks at what the bundle of an entry would hold; nothing is written. */
export async function bundleGraph(entry: string): Promise<BundleGraph> {
  const { metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node18',
    write: false,
    metafile: true,
    outfile: 'bundle.js',
    define: { 'import.meta.url': '""' },
    plugins: [quietUrl, builtinModules, unusedParts],
    logLevel: 'error',
  });
  const { inputs } = metafile;
  const reached = (module: string, lazily: boolean): ReadonlySet<string> => {
    const found = new Set<string>();
    const follow = (path: string): void => {
      if (found.has(path)) return;
      found.add(path);
      for (const { path: next, kind } of inputs[path]?.imports ?? []) {
        if (lazily || kind !== 'dynamic-import') follow(next);
      }
    };
    follow(module);
    return found;
  };
  const imports = Object.values(inputs).flatMap((input) => input.imports);
  return {
    bytes: bytesOf(metafile),
    loadedBy: (entry) => reached(entry, false),
    neededBy: (entry) => reached(entry, true),
    lazy: imports.flatMap(({ kind, path }) => (kind === 'dynamic-import' && path.startsWith('src/') ? [path] : [])),
  };
}

function bytesOf({ outputs }: Metafile): Map<string, number> {
  return new Map(
    Object.values(outputs).flatMap((output) =>
      Object.entries(output.inputs).map(([path, { bytesInOutput }]) => [path, bytesInOutput] as const),
    ),
  );
}
