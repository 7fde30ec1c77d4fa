import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { BundledPackages } from './build-packages.ts';

/*
 * The bill of materials of the bundle: CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/. `npm sbom` lists what is
 * installed, which is several times what is in the bundle, under a new serial number each time.
 */

const Lock = z.object({ packages: z.record(z.string(), z.object({ integrity: z.string().optional() })) });

interface Program {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
}

/**
 * The same text for the same bundle: no time, no serial number.
 * @param program what package.json says of it
 * @param bundle the file that is shipped
 * @param lock text of package-lock.json, for the hashes under which npm knows its packages
 */
export function sbomText(
  program: Program,
  bundle: string,
  { packages, ownImports }: BundledPackages,
  lock: string,
): string {
  const { packages: locked } = Lock.parse(JSON.parse(lock));
  const refs = new Map(packages.map((one) => [one.folder, purlOf(one)]));
  const refsOf = (folders: readonly string[]): string[] => folders.flatMap((folder) => refs.get(folder) ?? []);
  const own = purlOf(program);
  const bom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      lifecycles: [{ phase: 'build' }],
      component: {
        type: 'application',
        'bom-ref': own,
        name: program.name,
        version: program.version,
        description: program.description,
        hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(bundle).digest('hex') }],
        licenses: [{ expression: program.license }],
        purl: own,
      },
    },
    components: packages.map((one) => ({
      type: 'library',
      'bom-ref': purlOf(one),
      name: one.name,
      version: one.version,
      scope: 'required',
      hashes: hashesOf(locked[one.folder]?.integrity),
      licenses: [{ expression: one.license }],
      purl: purlOf(one),
    })),
    dependencies: [
      { ref: own, dependsOn: refsOf(ownImports) },
      ...packages.map((one) => ({ ref: purlOf(one), dependsOn: refsOf(one.imports) })),
    ],
  };
  return `${JSON.stringify(bom, undefined, 1)}\n`;
}

/** `pkg:npm/%40kubernetes/client-node@2.0.1`, https://github.com/package-url/purl-spec. */
function purlOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

/** From `sha512-` and base64 to what CycloneDX has; of the package's archive. */
function hashesOf(integrity: string | undefined): { readonly alg: string; readonly content: string }[] | undefined {
  const hash = /^sha512-(\S+)$/.exec(integrity ?? '')?.[1];
  return hash === undefined ? undefined : [{ alg: 'SHA-512', content: Buffer.from(hash, 'base64').toString('hex') }];
}
