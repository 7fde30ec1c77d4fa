import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { bundledPackages } from '../../scripts/build-packages.ts';
import { bundleGraph } from '../../scripts/bundle-graph.ts';

const run = promisify(execFile);

/** What is read of it here. */
const Component = z.object({
  'bom-ref': z.string(),
  name: z.string(),
  version: z.string().regex(/^\d+\.\d+\.\d+/),
  hashes: z.array(z.object({ alg: z.string(), content: z.string() })).length(1),
  licenses: z.array(z.strictObject({ expression: z.string().regex(/^[\w.-]+(?: (?:OR|AND) [\w.-]+)*$/) })).length(1),
  purl: z.string().regex(/^pkg:npm\/(?:%40[\w-]+\/)?[\w.-]+@[\w.-]+$/),
});
const Bom = z.object({
  metadata: z.object({ component: Component }),
  components: z.array(Component),
  dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()) })),
});
/** By CycloneDX's own schema; no field beyond it is taken. */
const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);

describe('what the build leaves beside the bundle', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cilium-cloud-bridge-sbom-'));
  let bundle: Buffer;
  let text: string;
  let bom: z.infer<typeof Bom>;

  beforeAll(async () => {
    const file = join(folder, 'program.js');
    await run(process.execPath, ['scripts/build.ts', '--outfile', file]);
    bundle = readFileSync(file);
    text = readFileSync(join(folder, 'program.cdx.json'), 'utf8');
    bom = Bom.parse(JSON.parse(text));
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is as CycloneDX's own schema has it", async () => {
    expect(JSON.parse(text)).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' });
    expect(await validator.validate(text)).toBeNull();
  });

  it('would not be with half a hash, or a field of our own', async () => {
    const hash = bom.components[0]?.hashes[0]?.content ?? '';
    const spoiled = [text.replaceAll(hash, hash.slice(1)), text.replace('"components"', '"parts": [], "components"')];
    const problems = await Promise.all(spoiled.map((one) => validator.validate(one)));
    expect(problems.map((one) => JSON.stringify(one))).toEqual([
      expect.stringContaining('"instancePath":"/components/0/hashes/0/content"'),
      expect.stringContaining('"additionalProperty":"parts"'),
    ]);
  });

  it('is a bill of materials of that very bundle', () => {
    const { name, hashes } = bom.metadata.component;
    expect(name).toBe('cilium-cloud-bridge');
    expect(hashes).toEqual([{ alg: 'SHA-256', content: createHash('sha256').update(bundle).digest('hex') }]);
  });

  it('names the packages of which there is code in the bundle, and no other', async () => {
    const { bytes } = await bundleGraph('src/main.ts');
    const used = [...bytes].flatMap(([path, size]) =>
      size > 0 ? (/.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []) : [],
    );
    expect(new Set(bom.components.map(({ name }) => name))).toEqual(new Set(used));
    expect(used).toContain('@kubernetes/client-node');
    // Installed, imported by what is bundled, and not in the bundle.
    expect(bom.components.map(({ name }) => name)).not.toContain('undici');
  });

  it('has each once, and all of them follow from the program', () => {
    const refs = bom.components.map((component) => component['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    expect(bom.dependencies.map(({ ref }) => ref)).toEqual([bom.metadata.component['bom-ref'], ...refs]);
    const edges = new Map(bom.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
    const reached = new Set<string>();
    const follow = (ref: string): void => {
      if (reached.has(ref)) return;
      reached.add(ref);
      for (const next of edges.get(ref) ?? []) follow(next);
    };
    follow(bom.metadata.component['bom-ref']);
    expect([...reached].toSorted()).toEqual([bom.metadata.component['bom-ref'], ...refs].toSorted());
  });

  it('has versions and hashes as they are locked', () => {
    const { packages } = z
      .object({ packages: z.record(z.string(), z.object({ version: z.string(), integrity: z.string().optional() })) })
      .parse(JSON.parse(readFileSync('package-lock.json', 'utf8')));
    const zod = bom.components.find(({ name }) => name === 'zod');
    expect(zod?.version).toBe(packages['node_modules/zod']?.version);
    const digest = Buffer.from(zod?.hashes[0]?.content ?? '', 'hex').toString('base64');
    expect(packages['node_modules/zod']?.integrity).toBe(`sha512-${digest}`);
  });

  it('tells the license of each, as the bundle does, with its text', () => {
    const comment = bundle.toString('latin1');
    const said = bom.components.map(({ name, version, licenses }) => `${name}@${version} (${licenses[0]?.expression})`);
    expect(said.filter((line) => !comment.includes(line))).toEqual([]);
    // Its license is in its README.
    expect(comment).toMatch(/https-proxy-agent@5\.[\d.]+ \(MIT\)[^\n]*\n\n\(The MIT License\)/);
  });

  it('is the same in another folder, byte by byte, and so is the bundle', async () => {
    const other = join(folder, 'other');
    for (const name of ['src', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json']) {
      cpSync(name, join(other, name), { recursive: true });
    }
    symlinkSync(resolve('node_modules'), join(other, 'node_modules'));
    await run(process.execPath, ['scripts/build.ts'], {
      cwd: other,
      env: { ...process.env, LANG: 'tr_TR', TZ: 'Asia/Shanghai' },
    });
    expect(readFileSync(join(other, 'dist/cilium-cloud-bridge.js')).equals(bundle)).toBe(true);
    expect(readFileSync(join(other, 'dist/cilium-cloud-bridge.cdx.json'), 'utf8')).toBe(text);
  }, 60_000);
});

describe('bundledPackages', () => {
  const module = (
    imports: readonly string[] = [],
  ): { bytes: number; imports: { path: string; kind: 'import-statement' }[] } => ({
    bytes: 1,
    imports: imports.map((path) => ({ path, kind: 'import-statement' })),
  });

  it('leaves out what is imported, but of which no line is left', () => {
    const pino = 'node_modules/pino/pino.js';
    const zod = 'node_modules/zod/index.js';
    const { packages, ownImports } = bundledPackages({
      inputs: { 'src/main.ts': module([pino, zod]), [pino]: module([zod]), [zod]: module() },
      outputs: {
        'a.js': {
          bytes: 2,
          exports: [],
          imports: [],
          inputs: { 'src/main.ts': { bytesInOutput: 1 }, [pino]: { bytesInOutput: 1 }, [zod]: { bytesInOutput: 0 } },
        },
      },
    });
    expect(packages.map(({ name, license, imports }) => [name, license, imports])).toEqual([['pino', 'MIT', []]]);
    expect(ownImports).toEqual(['node_modules/pino']);
  });
});
