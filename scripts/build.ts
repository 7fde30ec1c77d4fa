// Builds dist/cilium-cloud-bridge.js, the one file that is shipped, and beside it what is in it: `npm run build`.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { build, type Metafile } from 'esbuild';
import * as z from 'zod';
import { licenseComment, withAsciiComments } from './build-licenses.ts';
import { bundledPackages } from './build-packages.ts';
import { builtinModules, quietUrl, unusedParts, versionGuard } from './build-parts.ts';
import { sbomText } from './build-sbom.ts';

const { values } = parseArgs({
  options: {
    entry: { type: 'string', default: 'src/main.ts' },
    outfile: { type: 'string', default: 'dist/cilium-cloud-bridge.js' },
  },
});

const manifest = z
  .object({
    name: z.string(),
    version: z.string(),
    description: z.string(),
    license: z.string(),
    engines: z.object({ node: z.string() }),
  })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));

const { metafile } = await build({
  entryPoints: [values.entry],
  outfile: values.outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  // Syntax of Node 18, so that old Nodes can read the file as far as the guard; nothing of ours needs more.
  target: 'node18',
  treeShaking: true,
  // Paths of modules are in the text: they shall not tell where node_modules lies.
  preserveSymlinks: true,
  // The text of the program stays in memory. Names and lines stay, so that a stack says where it was.
  minifyWhitespace: true,
  lineLimit: 120,
  legalComments: 'none',
  metafile: true,
  define: { BUILD_VERSION: JSON.stringify(manifest.version), 'import.meta.url': '""' },
  plugins: [quietUrl, builtinModules, unusedParts],
  logLevel: 'warning',
});

// The program becomes the body of an async function behind the guard. It has no import statement (`builtinModules`),
// so Node can read the file as a CommonJS script or as an ES module, with or without a package.json beside it.
const program = readFileSync(values.outfile, 'utf8');
if (/^(?:import|export)\b|\bimport\.meta\b/m.test(program)) {
  throw new Error(`${values.outfile} would hold import, export or import.meta: it could not be wrapped`);
}
const bundled = bundledPackages(metafile);
const text = [
  '#!/usr/bin/env node',
  `// cilium-cloud-bridge ${manifest.version}, Apache-2.0. Made by \`npm run build\`; licenses of bundled packages at the end.`,
  versionGuard(manifest.engines.node),
  ';(async () => {',
  'const require = process.getBuiltinModule("node:module").createRequire(process.execPath);',
  withAsciiComments(program),
  '})();',
  licenseComment(bundled.packages),
  '',
].join('\n');
writeFileSync(values.outfile, text);
chmodSync(values.outfile, 0o755);
writeFileSync(
  values.outfile.replace(/\.js$/, '.cdx.json'),
  sbomText(manifest, text, bundled, readFileSync('package-lock.json', 'utf8')),
);
report(metafile, text.length);

function report({ outputs }: Metafile, size: number): void {
  const sizes = new Map<string, number>();
  for (const output of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
      const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? 'own code';
      sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
    }
  }
  const largest = [...sizes].toSorted(([, a], [, b]) => b - a).slice(0, 8);
  const parts = largest.map(([name, bytes]) => `${name} ${kilobytes(bytes)}`).join(', ');
  process.stdout.write(`${values.outfile}: ${kilobytes(size)} (${parts}, …)\n`);
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`;
}
