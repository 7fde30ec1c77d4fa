import { builtinModules as builtinNames } from 'node:module';
import type { Plugin } from 'esbuild';

/**
 * Turns `import … from 'node:fs'` and `require('fs')` into a call when the program runs. Import statements would be
 * linked before the first line runs, and an old Node that lacks one name would fail there, with a stack instead of a
 * sentence.
 */
export const builtinModules: Plugin = {
  name: 'builtin-modules',
  setup(build) {
    const names = new Set(builtinNames.flatMap((name) => [name, `node:${name.replace(/^node:/, '')}`]));
    build.onResolve({ filter: /^[a-z_:/0-9]+$/ }, ({ path }) =>
      names.has(path) ? { path: `node:${path.replace(/^node:/, '')}`, namespace: 'builtin', sideEffects: false } : null,
    );
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

/**
 * Leaves out what `KubeConfig` of client-node imports for `makeApiClient` and fetch alone, which this program never
 * calls: undici and the generated API, 2 of 3 MB and 13 of 86 MB RSS. A name that is missing here fails the build, a
 * call of one fails with its name.
 */
export const unusedParts: Plugin = {
  name: 'unused-parts',
  setup(build) {
    const parts: Readonly<Record<string, readonly string[]>> = {
      undici: ['Agent', 'ProxyAgent'],
      './gen/index.js': ['ServerConfiguration', 'createConfiguration'],
    };
    build.onResolve({ filter: /^(?:undici|\.\/gen\/index\.js)$/ }, ({ path, importer }) =>
      /node_modules\/@kubernetes\/client-node\/dist\/config\.js$/.test(importer) ? { path, namespace: 'unused' } : null,
    );
    build.onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({
      contents: (parts[path] ?? [])
        .map((name) => `export function ${name}() { throw new Error("${name} of ${path} is not in this bundle"); }`)
        .join('\n'),
    }));
  },
};

/**
 * JavaScript that every Node can read: ends the process with one line when Node is older than the range `>=22.19`.
 */
export function versionGuard(range: string): string {
  const [, major = '', minor = ''] = /^>=(\d+)\.(\d+)/.exec(range) ?? [];
  if (major === '' || minor === '') {
    throw new Error(`engines.node in package.json must look like >=22.19, not ${range}`);
  }
  return [
    '(function () {',
    '  var have = process.versions.node.split(".");',
    `  if (Number(have[0]) < ${major} || (Number(have[0]) === ${major} && Number(have[1]) < ${minor})) {`,
    `    console.error("cilium-cloud-bridge needs Node.js ${major}.${minor} or newer, and this is " + process.versions.node + " (" + process.execPath + "). Install a newer one from https://nodejs.org.");`,
    '    process.exit(1);',
    '  }',
    '})();',
  ].join('\n');
}
