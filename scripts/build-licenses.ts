import type { BundledPackage } from './build-packages.ts';

/** The licences of bundled packages, each text once, as a comment in ASCII. */
export function licenseComment(packages: readonly BundledPackage[]): string {
  const byText = Map.groupBy(packages, ({ text, license }) => (text === '' ? license : text));
  const sections = [...byText].map(([text, users]) =>
    [users.map(({ name, version, license }) => `${name}@${version} (${license})`).join(', '), '', text].join('\n'),
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
