import { readFileSync } from 'node:fs';

/** Replaced by the build with the version as a string; not there when the sources run. */
declare const BUILD_VERSION: string | undefined;

/** The program's version: what the build was given, else that of package.json. */
export function programVersion(): string {
  return typeof BUILD_VERSION === 'string' ? BUILD_VERSION : packageVersion();
}

function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : '';
  return typeof version === 'string' ? version : '';
}
