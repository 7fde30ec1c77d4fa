import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import * as z from 'zod';

interface BundledPackage {
  /** `pino@10.4.0`. */
  readonly id: string;
  /** SPDX expression. */
  readonly license: string;
  /** The licence's text; empty when the package carries none. */
  readonly text: string;
}

/** The npm packages of which code is in the bundle, by name. */
export function bundledPackages({ inputs }: Metafile): BundledPackage[] {
  const folders = Object.keys(inputs).flatMap((path) => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].map(readPackage).toSorted((a, b) => a.id.localeCompare(b.id));
}

const Manifest = z.object({ name: z.string(), version: z.string(), license: z.string().default('see its text') });

function readPackage(folder: string): BundledPackage {
  const { name, version, license } = Manifest.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  return {
    id: `${name}@${version}`,
    license,
    text: file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim(),
  };
}

/** The licences of bundled packages, each text once, as a comment in ASCII. */
export function licenseComment(packages: readonly BundledPackage[]): string {
  const byText = Map.groupBy(packages, ({ text, license }) => (text === '' ? license : text));
  const sections = [...byText].map(([text, users]) =>
    [users.map(({ id, license }) => `${id} (${license})`).join(', '), '', text].join('\n'),
  );
  const body = sections.join(`\n\n${'-'.repeat(80)}\n`).replaceAll('*/', '* /');
  return `/*\nLicenses of bundled packages\n\n${toAscii(body)}\n*/`;
}

/**
 * The program with its comments in ASCII; esbuild has escaped everything else already. One other character in the
 * file, and V8 keeps the whole of it in memory with two bytes a character.
 */
export function withAsciiComments(program: string): string {
  return program.replaceAll(/^\s*(?:\*|\/\/|\/\*).*$| \/\/ .*$/gm, toAscii);
}

function toAscii(text: string): string {
  return text.normalize('NFKD').replaceAll(/[^\t\n -~]/g, (character) => (character === '\u00A9' ? '(c)' : ''));
}
