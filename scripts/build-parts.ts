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

interface UnusedPart {
  readonly path: string;
  /** Who imports it. */
  readonly importer: RegExp;
  /** What is imported. */
  readonly names: readonly string[];
}

const UNUSED_PARTS: readonly UnusedPart[] = [
  // What `KubeConfig` needs for `makeApiClient` and fetch alone: 2 of 3 MB, 13 of 86 MB RSS.
  {
    path: 'undici',
    importer: /\/@kubernetes\/client-node\/dist\/config\.js$/,
    names: ['Agent', 'ProxyAgent'],
  },
  {
    path: './gen/index.js',
    importer: /\/@kubernetes\/client-node\/dist\/config\.js$/,
    names: ['ServerConfiguration', 'createConfiguration'],
  },
  // Messages in fifty languages: code that is loaded later keeps all that it might reach, 560 kB of it.
  { path: '../locales/index.js', importer: /\/zod\/v4\/(?:classic|core)\/\w+\.js$/, names: [] },
  // Tencent Cloud's SDK: node-fetch has Node's URL, and nothing is sent as a form. 390 kB minified, and the deprecation
  // warning of Node's punycode.
  { path: 'whatwg-url', importer: /\/node-fetch\/lib\/index\.m?js$/, names: ['URL'] },
  { path: 'mime-types', importer: /\/form-data\/lib\/form_data\.js$/, names: ['lookup'] },
];

/**
 * Leaves out what packages import for functions that this program never calls. A name that is missing in the table fails
 * the build, a call of one fails with its name.
 */
export const unusedParts: Plugin = {
  name: 'unused-parts',
  setup(build) {
    build.onResolve(
      { filter: /^(?:undici|\.\/gen\/index\.js|\.\.\/locales\/index\.js|whatwg-url|mime-types)$/ },
      ({ path, importer }) => {
        const isUnused = UNUSED_PARTS.some((part) => part.path === path && part.importer.test(importer));
        return isUnused ? { path, namespace: 'unused' } : null;
      },
    );
    build.onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({
      contents: (UNUSED_PARTS.find((part) => part.path === path)?.names ?? [])
        .map((name) => `export function ${name}() { throw new Error("${name} of ${path} is not in this bundle"); }`)
        .join('\n'),
    }));
  },
};

/** Who gets an own `url`, and what its `parse` answers: as much as they read of it. */
const QUIET_URLS: readonly { readonly name: string; readonly importer: RegExp; readonly parse: string }[] = [
  { name: 'node-fetch', importer: /\/node-fetch\/lib\/index\.m?js$/, parse: 'urlToHttpOptions(new URL(text))' },
  // `host` and `pathname`.
  { name: 'signer', importer: /\/huaweicloud-sdk-core\/auth\/\w+\.js$/, parse: 'new URL(text)' },
];

/**
 * Gives the clouds' SDKs an own `url`: each of their requests calls `url.parse`, for which Node writes a deprecation
 * warning to stderr once the code is no longer below node_modules. Goes before `builtinModules`.
 */
export const quietUrl: Plugin = {
  name: 'quiet-url',
  setup(build) {
    build.onResolve({ filter: /^url$/ }, ({ importer }) => {
      const found = QUIET_URLS.find((one) => one.importer.test(importer));
      return found && { path: found.name, namespace: 'quiet-url' };
    });
    build.onLoad({ filter: /.*/, namespace: 'quiet-url' }, ({ path }) => ({
      contents: [
        'const { URL, urlToHttpOptions } = process.getBuiltinModule("node:url");',
        `const parse = (text) => ${QUIET_URLS.find(({ name }) => name === path)?.parse ?? ''};`,
        'module.exports = { URL, parse, format: ({ href }) => href };',
      ].join('\n'),
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
